# Tests of pkcs11/.
check_PROGRAMS += tests/pkcs11/test-seal tests/pkcs11/test-token \
	tests/pkcs11/test-own tests/pkcs11/test-uri
tests_pkcs11_test_seal_SOURCES = tests/pkcs11/test-seal.c
tests_pkcs11_test_seal_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_pkcs11_test_seal_LDADD = $(PKCS11_LIBS)
tests_pkcs11_test_token_SOURCES = tests/pkcs11/test-token.c tests/softhsm.h
tests_pkcs11_test_token_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS) $(P11KIT_CFLAGS)
tests_pkcs11_test_token_LDADD = $(PKCS11_LIBS)
tests_pkcs11_test_own_SOURCES = tests/pkcs11/test-own.c tests/pkcs11/makes.h \
	tests/softhsm.h
tests_pkcs11_test_own_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS) $(P11KIT_CFLAGS)
tests_pkcs11_test_own_LDADD = $(PKCS11_LIBS)
tests_pkcs11_test_uri_SOURCES = tests/pkcs11/test-uri.c
tests_pkcs11_test_uri_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_pkcs11_test_uri_LDADD = $(PKCS11_LIBS)

check_PROGRAMS += tests/pkcs11/test-vendor
tests_pkcs11_test_vendor_SOURCES = tests/pkcs11/test-vendor.c \
	tests/pkcs11/faulty.h tests/softhsm.h
tests_pkcs11_test_vendor_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS) $(P11KIT_CFLAGS)
tests_pkcs11_test_vendor_LDADD = $(PKCS11_LIBS)

# A module that forwards to SoftHSM and fails on order, and who gives the orders.
check_LTLIBRARIES = tests/pkcs11/faulty.la
tests_pkcs11_faulty_la_SOURCES = tests/pkcs11/faulty.c tests/pkcs11/faulty.h
tests_pkcs11_faulty_la_CFLAGS = $(WARN_CFLAGS) $(P11KIT_CFLAGS)
tests_pkcs11_faulty_la_LDFLAGS = -module -avoid-version -shared -rpath /nowhere
tests_pkcs11_faulty_la_LIBADD = -ldl
noinst_PROGRAMS += tests/pkcs11/order
tests_pkcs11_order_SOURCES = tests/pkcs11/order.c tests/pkcs11/faulty.h

check_PROGRAMS += tests/pkcs11/test-lean
tests_pkcs11_test_lean_SOURCES = tests/pkcs11/test-lean.c
tests_pkcs11_test_lean_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_pkcs11_test_lean_LDADD = $(PKCS11_LIBS)
