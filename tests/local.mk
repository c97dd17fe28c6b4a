# tests/: one folder per room; each test links its room and no more.
EXTRA_DIST += %D%/tap.h
include tests/certs/local.mk
include tests/format/local.mk
include tests/cms/local.mk
include tests/validation/local.mk
include tests/report/local.mk
include tests/worker/local.mk
TESTS += $(check_PROGRAMS)
include tests/client-sdk/local.mk
