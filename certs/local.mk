# certs/: certificates, keys, digests, paths, CRL, OCSP, issuing.
# Uses base, OpenSSL.
noinst_LTLIBRARIES += certs/libcerts.la
certs_libcerts_la_SOURCES = \
	%D%/aead.c %D%/aead.h \
	%D%/spki.c %D%/spki.h \
	%D%/alg.c %D%/alg.h \
	%D%/cert.c %D%/cert.h \
	%D%/cmp.c %D%/cmp.h \
	%D%/crl.c %D%/crl.h %D%/crl_index.c %D%/crl_index.h \
	%D%/csr.h %D%/csr_make.c %D%/csr_read.c \
	%D%/der.c %D%/der.h \
	%D%/digest.c \
	%D%/hpke.c %D%/hpke.h \
	%D%/issue.c %D%/issue.h %D%/issue_crl.c \
	%D%/judge.c %D%/judge.h \
	%D%/held.c \
	%D%/known.c \
	%D%/lint.c %D%/lint.h \
	%D%/list.c \
	%D%/often.c %D%/often.h \
	%D%/missing.c %D%/missing.h \
	%D%/ossl.c %D%/ossl.h \
	%D%/ocsp.c %D%/ocsp.h \
	%D%/ocsp_make.c %D%/ocsp_make.h \
	%D%/path.c %D%/path.h \
	%D%/path_check.c %D%/path_check.h \
	%D%/path_crl.c %D%/path_crl.h \
	%D%/path_names.c \
	%D%/path_policy.c \
	%D%/path_purpose.c \
	%D%/path_rules.c \
	%D%/path_status.c \
	%D%/pin_message.c %D%/pin_message.h \
	%D%/profile_file.c %D%/profile_file.h \
	%D%/profiles.c %D%/profiles.h \
	%D%/signed.c %D%/signed.h \
	%D%/totp.c %D%/totp.h \
	%D%/signer.h \
	%D%/softkey.c %D%/softkey.h \
	%D%/source.c %D%/source.h \
	%D%/verify.c
certs_libcerts_la_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)

CERTS_LIBS = certs/libcerts.la $(BASE_LIBS) $(CRYPTO_LIBS)
