# certs/: certificates, keys, digests, paths, CRL, OCSP, issuing.
# Uses base, OpenSSL.
noinst_LTLIBRARIES += certs/libcerts.la
certs_libcerts_la_SOURCES = %D%/room.c
certs_libcerts_la_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)

CERTS_LIBS = certs/libcerts.la $(BASE_LIBS) $(CRYPTO_LIBS)
