dist_check_SCRIPTS += %D%/names.sh
TESTS += %D%/names.sh

# For tests/signd/levels.sh: a program of somebody else's, on libsignd.
noinst_PROGRAMS += tests/client-sdk/two-steps
tests_client_sdk_two_steps_SOURCES = %D%/two-steps.c
tests_client_sdk_two_steps_LDADD = client-sdk/libsignd.la

# A program of somebody else, against what is installed.
dist_check_SCRIPTS += %D%/program.sh
TESTS += %D%/program.sh
EXTRA_DIST += %D%/program.c %D%/closes.py
