# tests/: one folder per room; each test links its room and no more.
EXTRA_DIST += %D%/tap.h %D%/torture.h

include tests/base/local.mk
include tests/certs/local.mk
include tests/format/local.mk
include tests/cms/local.mk
include tests/signd/local.mk
include tests/worker/local.mk
TESTS += $(check_PROGRAMS)
include tests/client-sdk/local.mk

dist_check_SCRIPTS += %D%/layers.sh %D%/headers.sh
TESTS += $(check_PROGRAMS) %D%/layers.sh %D%/headers.sh
