FUZZ_TARGETS += fuzz/fuzz-cert fuzz/fuzz-crl fuzz/fuzz-ocsp
EXTRA_PROGRAMS += fuzz/fuzz-cert fuzz/fuzz-crl fuzz/fuzz-ocsp

fuzz_fuzz_cert_SOURCES = fuzz/fuzz-cert.c
fuzz_fuzz_cert_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
fuzz_fuzz_cert_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
fuzz_fuzz_cert_LDADD = $(CERTS_LIBS)

fuzz_fuzz_crl_SOURCES = fuzz/fuzz-crl.c
fuzz_fuzz_crl_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
fuzz_fuzz_crl_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
fuzz_fuzz_crl_LDADD = $(CERTS_LIBS)

fuzz_fuzz_ocsp_SOURCES = fuzz/fuzz-ocsp.c
fuzz_fuzz_ocsp_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
fuzz_fuzz_ocsp_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
fuzz_fuzz_ocsp_LDADD = $(CERTS_LIBS)
