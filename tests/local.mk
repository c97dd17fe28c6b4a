# tests/: one folder per room; each test links its room and no more.
EXTRA_DIST += %D%/tap.h %D%/torture.h %D%/machine.sh %D%/bare-debian %D%/tsa.py

include tests/base/local.mk
include tests/certs/local.mk
include tests/format/local.mk
include tests/cms/local.mk
include tests/identity/local.mk
include tests/validation/local.mk
include tests/trust/local.mk
include tests/report/local.mk
include tests/pdf/local.mk
include tests/xml/local.mk
include tests/pdf/verify.mk
include tests/asic/local.mk
include tests/pkcs11/local.mk
include tests/store/local.mk
include tests/signd/local.mk
include tests/web/local.mk
include tests/worker/local.mk
include tests/client-sdk/local.mk
include tests/signctl/local.mk
include tests/torture/local.mk
include tests/interop/local.mk

# What is said about the tree as a whole.
TREE_TESTS = %D%/layers.sh %D%/headers.sh %D%/codes.py %D%/man.sh \
	%D%/install.sh
dist_check_SCRIPTS += $(TREE_TESTS)
TESTS += $(check_PROGRAMS) $(TREE_TESTS)
