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

FUZZ_TARGETS += fuzz/fuzz-csr
EXTRA_PROGRAMS += fuzz/fuzz-csr
fuzz_fuzz_csr_SOURCES = fuzz/fuzz-csr.c
fuzz_fuzz_csr_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
fuzz_fuzz_csr_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
fuzz_fuzz_csr_LDADD = $(CERTS_LIBS)

FUZZ_TARGETS += fuzz/fuzz-ocsp-request
EXTRA_PROGRAMS += fuzz/fuzz-ocsp-request
fuzz_fuzz_ocsp_request_SOURCES = fuzz/fuzz-ocsp-request.c
fuzz_fuzz_ocsp_request_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
fuzz_fuzz_ocsp_request_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
fuzz_fuzz_ocsp_request_LDADD = $(CERTS_LIBS)

FUZZ_TARGETS += fuzz/fuzz-cmp
EXTRA_PROGRAMS += fuzz/fuzz-cmp
fuzz_fuzz_cmp_SOURCES = fuzz/fuzz-cmp.c fuzz/cmp-seeds.c fuzz/cmp.h fuzz/seeds.c
fuzz_fuzz_cmp_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
fuzz_fuzz_cmp_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
fuzz_fuzz_cmp_LDADD = $(CERTS_LIBS)
