# tests/: one folder per room; each test links its room and no more.
EXTRA_DIST += %D%/tap.h
TESTS += $(check_PROGRAMS)
include tests/signd/local.mk
