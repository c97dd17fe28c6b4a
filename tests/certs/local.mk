check_PROGRAMS += \
	tests/certs/test-alg \
	tests/certs/test-cert \
	tests/certs/test-csr-make \
	tests/certs/test-der \
	tests/certs/test-held \
	tests/certs/test-hpke \
	tests/certs/test-issue \
	tests/certs/test-crl \
	tests/certs/test-path \
	tests/certs/test-source \
	tests/certs/test-spki tests/certs/test-often \
	tests/certs/test-status \
	tests/certs/test-torture \
	tests/certs/test-totp
TESTS += %D%/test-issue-interop.sh
EXTRA_DIST += %D%/test-issue-interop.sh

tests_certs_test_alg_SOURCES = tests/certs/test-alg.c
tests_certs_test_alg_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_certs_test_alg_LDADD = $(CERTS_LIBS)

tests_certs_test_cert_SOURCES = tests/certs/test-cert.c tests/certs/make.h
tests_certs_test_cert_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_certs_test_cert_LDADD = $(CERTS_LIBS)

tests_certs_test_held_SOURCES = tests/certs/test-held.c tests/certs/make.h
tests_certs_test_held_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_certs_test_held_LDADD = $(CERTS_LIBS)

tests_certs_test_der_SOURCES = tests/certs/test-der.c
tests_certs_test_der_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_certs_test_der_LDADD = $(CERTS_LIBS)

tests_certs_test_csr_make_SOURCES = tests/certs/test-csr-make.c
tests_certs_test_csr_make_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_certs_test_csr_make_LDADD = $(CERTS_LIBS)

tests_certs_test_issue_SOURCES = tests/certs/test-issue.c tests/certs/ca.h
tests_certs_test_issue_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_certs_test_issue_LDADD = $(CERTS_LIBS)

tests_certs_test_path_SOURCES = tests/certs/test-path.c tests/certs/ca.h
tests_certs_test_path_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_certs_test_path_LDADD = $(CERTS_LIBS)

tests_certs_test_status_SOURCES = tests/certs/test-status.c tests/certs/ca.h
tests_certs_test_status_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_certs_test_status_LDADD = $(CERTS_LIBS)

tests_certs_test_torture_SOURCES = tests/certs/test-torture.c tests/certs/ca.h
tests_certs_test_torture_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_certs_test_torture_LDADD = $(CERTS_LIBS)

tests_certs_test_hpke_SOURCES = tests/certs/test-hpke.c
tests_certs_test_hpke_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_certs_test_hpke_LDADD = $(CERTS_LIBS)
tests_certs_test_source_SOURCES = tests/certs/test-source.c tests/certs/ca.h
tests_certs_test_source_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_certs_test_source_LDADD = $(CERTS_LIBS)

tests_certs_test_crl_SOURCES = tests/certs/test-crl.c tests/certs/ca.h \
	tests/certs/crl.h
tests_certs_test_crl_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_certs_test_crl_LDADD = $(CERTS_LIBS)

# An external CA: wants the server in `openssl cmp`.
noinst_PROGRAMS += tests/certs/test-cmp-client
tests_certs_test_cmp_client_SOURCES = tests/certs/test-cmp.c
tests_certs_test_cmp_client_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_certs_test_cmp_client_LDADD = $(CERTS_LIBS)
dist_check_SCRIPTS += %D%/test-cmp.sh
TESTS += %D%/test-cmp.sh
# One that certifies what it is asked to: for tests/signd/external.sh.
noinst_PROGRAMS += tests/certs/cmp-ca
tests_certs_cmp_ca_SOURCES = tests/certs/cmp-ca.c
tests_certs_cmp_ca_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_certs_cmp_ca_LDADD = $(CERTS_LIBS)
tests_certs_test_often_SOURCES = tests/certs/test-often.c
tests_certs_test_often_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_certs_test_often_LDADD = $(CERTS_LIBS)
tests_certs_test_spki_SOURCES = tests/certs/test-spki.c
tests_certs_test_spki_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_certs_test_spki_LDADD = $(CERTS_LIBS)
tests_certs_test_totp_SOURCES = tests/certs/test-totp.c
tests_certs_test_totp_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_certs_test_totp_LDADD = $(CERTS_LIBS)

check_PROGRAMS += tests/certs/test-profile-file
tests_certs_test_profile_file_SOURCES = tests/certs/test-profile-file.c
tests_certs_test_profile_file_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_certs_test_profile_file_LDADD = $(CERTS_LIBS)
