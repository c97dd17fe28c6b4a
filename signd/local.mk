# signd/: processes, HTTP, API, ledger, settings, wiring.
# The processes are a library, so that tests can run parts of them; the
# program is main.c alone.
noinst_LTLIBRARIES += signd/libservice.la
signd_libservice_la_SOURCES = \
	%D%/ipc.c %D%/ipc.h %D%/ipc-io.h \
	%D%/ipc-serve.c \
	%D%/proto.h \
	%D%/settings.c %D%/settings.h %D%/settings.def
signd_libservice_la_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS) $(JANSSON_CFLAGS) \
	$(MHD_CFLAGS) $(GNUTLS_CFLAGS) $(CURL_CFLAGS) $(SECCOMP_CFLAGS)

SIGND_LIBS = signd/libservice.la $(WORKER_LIBS) $(STORE_LIBS) $(PKCS11_LIBS) \
	$(JANSSON_LIBS) $(MHD_LIBS) $(GNUTLS_LIBS) $(CURL_LIBS)
include signd/keys.mk
