# signd/: processes, HTTP, API, ledger, settings, wiring.
# The processes are a library, so that tests can run parts of them; the
# program is main.c alone.
noinst_LTLIBRARIES += signd/libservice.la
signd_libservice_la_SOURCES = \
	%D%/budget.c %D%/budget.h \
	%D%/fetch-memory.c %D%/fetch-memory.h \
	%D%/fetch-source.c %D%/fetch-source.h \
	%D%/fetcher.c \
	%D%/front.c %D%/front.h \
	%D%/front-auth.c %D%/front-auth.h \
	%D%/front-backend.c \
	%D%/front-check.c \
	%D%/front-choices.c %D%/front-choices.h \
	%D%/front-credential.c \
	%D%/front-form.c \
	%D%/front-hash.c \
	%D%/front-daemon.c \
	%D%/front-hashes.c %D%/front-hashes.h \
	%D%/front-http.c %D%/front-http.h \
	%D%/front-idempotency.c \
	%D%/front-level.c %D%/front-level.h \
	%D%/front-ocsp.c %D%/front-ocsp.h \
	%D%/front-batch.c \
	%D%/front-batch.h \
	%D%/front-tsa.c \
	%D%/front-ocsp-batch.c \
	%D%/front-ocsp-cache.c \
	%D%/front-ocsp-keep.c \
	%D%/front-officer.c \
	%D%/front-online.c \
	%D%/front-pages.c \
	%D%/front-public.c \
	%D%/front-receipt.c \
	%D%/front-reply.c \
	%D%/front-routes.c \
	%D%/front-seal.c %D%/front-seal.h \
	%D%/front-sign.c \
	%D%/front-trust.c %D%/front-trust.h \
	%D%/front-verdict.c %D%/front-verdict.h \
	%D%/front-verify.c \
	%D%/ipc.c %D%/ipc.h %D%/ipc-io.h \
	%D%/ipc-serve.c \
	%D%/json.c %D%/json.h \
	%D%/lanes.c %D%/lanes.h \
	%D%/list-shelf.c %D%/list-shelf.h \
	%D%/listen.c %D%/listen.h \
	%D%/log.c %D%/log.h \
	%D%/notify.c %D%/notify.h \
	%D%/own-list.c %D%/own-list.h \
	%D%/problem.c %D%/problem.h \
	%D%/process.c %D%/process.h \
	%D%/proto.h \
	%D%/queue.c %D%/queue.h \
	%D%/roles.h \
	%D%/settings.c %D%/settings.h %D%/settings.def \
	%D%/spawn.c %D%/spawn.h \
	%D%/spool.c %D%/spool.h \
	%D%/supervisor.c %D%/supervisor.h \
	%D%/tokenwatch.c %D%/tokenwatch.h \
	%D%/wait.c %D%/wait.h \
	%D%/worker.c
signd_libservice_la_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS) $(JANSSON_CFLAGS) \
	$(MHD_CFLAGS) $(GNUTLS_CFLAGS) $(CURL_CFLAGS) $(SECCOMP_CFLAGS)

SIGND_LIBS = signd/libservice.la net/libnet.la client-sdk/libclient.la trust/libtrust.la $(WEB_LIBS) $(WORKER_LIBS) $(STORE_LIBS) \
	$(PKCS11_LIBS) $(JANSSON_LIBS) $(MHD_LIBS) $(GNUTLS_LIBS) $(CURL_LIBS) \
	-lpthread -ldl

sbin_PROGRAMS += signd/signd
signd_signd_SOURCES = %D%/main.c %D%/help.c %D%/help.h
signd_signd_CPPFLAGS = $(AM_CPPFLAGS) \
	-DSIGND_CONFIG_FILE='"$(sysconfdir)/signd/signd.conf"'
signd_signd_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
signd_signd_LDADD = $(SIGND_LIBS)
signd_signd_LDFLAGS = $(AM_LDFLAGS) $(HARDEN_PROGRAM_LDFLAGS)
include signd/keys.mk

# Manual pages; the one of the settings, and the sample file, come from the
# table of settings, by the program itself.
man_MANS += %D%/signd.8 signd/signd.conf.5
EXTRA_DIST += %D%/signd.8
CLEANFILES += signd/signd.conf.5 signd/signd.conf.sample
signdconfdir = $(sysconfdir)/signd
signdconf_DATA = signd/signd.conf.sample

signd/signd.conf.5: signd/signd$(EXEEXT)
	$(AM_V_GEN)signd/signd$(EXEEXT) --settings-man > $@.tmp && mv $@.tmp $@
signd/signd.conf.sample: signd/signd$(EXEEXT)
	$(AM_V_GEN)signd/signd$(EXEEXT) --sample-config > $@.tmp && mv $@.tmp $@
