# Tests of store/.
check_PROGRAMS += tests/store/test-front tests/store/test-ledger
tests_store_test_front_SOURCES = tests/store/test-front.c tests/store/place.h
tests_store_test_front_LDADD = $(STORE_LIBS)
tests_store_test_ledger_SOURCES = tests/store/test-ledger.c tests/store/place.h
tests_store_test_ledger_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_store_test_ledger_LDADD = $(STORE_LIBS) $(CRYPTO_LIBS)
