# Tests of the keyholder, the ledger and the ceremony, with a real token.
KEYS_TEST_LIBS = $(SIGND_LIBS)

check_PROGRAMS += tests/signd/test-keyholder
tests_signd_test_keyholder_SOURCES = tests/signd/test-keyholder.c tests/signd/citizen.h \
	tests/signd/world.h tests/softhsm.h tests/tap.h
tests_signd_test_keyholder_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS) $(P11KIT_CFLAGS)
tests_signd_test_keyholder_LDADD = $(KEYS_TEST_LIBS)

check_PROGRAMS += tests/signd/test-pins
tests_signd_test_pins_SOURCES = tests/signd/test-pins.c tests/signd/citizen.h \
	tests/signd/world.h tests/softhsm.h tests/tap.h
tests_signd_test_pins_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS) $(P11KIT_CFLAGS)
tests_signd_test_pins_LDADD = $(KEYS_TEST_LIBS)

check_PROGRAMS += tests/signd/test-rotation
tests_signd_test_rotation_SOURCES = tests/signd/test-rotation.c tests/signd/citizen.h \
	tests/signd/world.h tests/softhsm.h tests/tap.h
tests_signd_test_rotation_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS) $(P11KIT_CFLAGS)
tests_signd_test_rotation_LDADD = $(KEYS_TEST_LIBS)

check_PROGRAMS += tests/signd/test-recovery
tests_signd_test_recovery_SOURCES = tests/signd/test-recovery.c tests/signd/citizen.h \
	tests/signd/world.h tests/softhsm.h tests/tap.h
tests_signd_test_recovery_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS) $(P11KIT_CFLAGS)
tests_signd_test_recovery_LDADD = $(KEYS_TEST_LIBS)

check_PROGRAMS += tests/signd/test-hostile
tests_signd_test_hostile_SOURCES = tests/signd/test-hostile.c tests/signd/citizen.h \
	tests/signd/world.h tests/softhsm.h tests/tap.h
tests_signd_test_hostile_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS) $(P11KIT_CFLAGS)
tests_signd_test_hostile_LDADD = $(KEYS_TEST_LIBS)

check_PROGRAMS += tests/signd/test-moments
tests_signd_test_moments_SOURCES = tests/signd/test-moments.c tests/signd/citizen.h \
	tests/signd/world.h tests/pkcs11/faulty.h tests/softhsm.h tests/tap.h
tests_signd_test_moments_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS) $(P11KIT_CFLAGS)
tests_signd_test_moments_LDADD = $(KEYS_TEST_LIBS)

check_PROGRAMS += tests/signd/test-operator
tests_signd_test_operator_SOURCES = tests/signd/test-operator.c \
	tests/signd/world.h tests/softhsm.h tests/tap.h
tests_signd_test_operator_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS) $(P11KIT_CFLAGS)
tests_signd_test_operator_LDADD = $(KEYS_TEST_LIBS)

check_PROGRAMS += tests/signd/test-seal
tests_signd_test_seal_SOURCES = tests/signd/test-seal.c tests/pdf/build.h \
	tests/signd/world.h tests/softhsm.h tests/tap.h
tests_signd_test_seal_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS) $(P11KIT_CFLAGS) \
	$(MHD_CFLAGS) $(GNUTLS_CFLAGS) $(JANSSON_CFLAGS)
tests_signd_test_seal_LDADD = $(KEYS_TEST_LIBS)

check_PROGRAMS += tests/signd/test-module
tests_signd_test_module_SOURCES = tests/signd/test-module.c \
	tests/pkcs11/makes.h tests/softhsm.h tests/tap.h
tests_signd_test_module_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS) $(P11KIT_CFLAGS)
tests_signd_test_module_LDADD = $(KEYS_TEST_LIBS)

check_PROGRAMS += tests/signd/test-tokenwatch
tests_signd_test_tokenwatch_SOURCES = tests/signd/test-tokenwatch.c tests/tap.h
tests_signd_test_tokenwatch_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_signd_test_tokenwatch_LDADD = $(KEYS_TEST_LIBS)

check_PROGRAMS += tests/signd/test-clockwatch
tests_signd_test_clockwatch_SOURCES = tests/signd/test-clockwatch.c tests/tap.h
tests_signd_test_clockwatch_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_signd_test_clockwatch_LDADD = $(KEYS_TEST_LIBS)

check_PROGRAMS += tests/signd/test-second
tests_signd_test_second_SOURCES = tests/signd/test-second.c \
	tests/signd/world.h tests/softhsm.h tests/tap.h
tests_signd_test_second_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS) $(P11KIT_CFLAGS)
tests_signd_test_second_LDADD = $(KEYS_TEST_LIBS)
dist_check_SCRIPTS += tests/signd/second.sh
TESTS += tests/signd/second.sh

check_PROGRAMS += tests/signd/test-pool
tests_signd_test_pool_SOURCES = tests/signd/test-pool.c \
	tests/signd/world.h tests/softhsm.h tests/tap.h
tests_signd_test_pool_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS) $(P11KIT_CFLAGS)
tests_signd_test_pool_LDADD = $(KEYS_TEST_LIBS)
dist_check_SCRIPTS += tests/signd/rsa.sh
TESTS += tests/signd/rsa.sh

# The same with operator keys of other kinds.
check_PROGRAMS += tests/signd/test-operator-rsa
tests_signd_test_operator_rsa_SOURCES = $(tests_signd_test_operator_SOURCES)
tests_signd_test_operator_rsa_CFLAGS = $(tests_signd_test_operator_CFLAGS) -DOTHER_KINDS
tests_signd_test_operator_rsa_LDADD = $(KEYS_TEST_LIBS)

check_PROGRAMS += tests/signd/test-seal-rsa
tests_signd_test_seal_rsa_SOURCES = $(tests_signd_test_seal_SOURCES)
tests_signd_test_seal_rsa_CFLAGS = $(tests_signd_test_seal_CFLAGS) -DOTHER_KINDS
tests_signd_test_seal_rsa_LDADD = $(KEYS_TEST_LIBS)
