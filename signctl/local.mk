# signctl/: the command line, on libsignd and the rooms.
bin_PROGRAMS += signctl/signctl
signctl_signctl_SOURCES = \
	%D%/activate.c \
	%D%/args.c %D%/help.c %D%/help.def \
	%D%/audit.c \
	%D%/judge.c \
	%D%/command.h \
	%D%/enrol.c \
	%D%/extend.c \
	%D%/folder.c \
	%D%/folder.h \
	%D%/info.c \
	%D%/io.c %D%/io.h \
	%D%/main.c \
	%D%/officer.c \
	%D%/offline.c %D%/offline.h \
	%D%/online.c %D%/online.h \
	%D%/pin.c \
	%D%/keep.c %D%/keep.h \
	%D%/preserve.c %D%/preserve_folder.c \
	%D%/raise.c %D%/raise.h \
	%D%/revoke.c \
	%D%/service.c %D%/service.h \
	%D%/sign.c %D%/sign_cms.c %D%/sign_cms.h %D%/sign_xml.c %D%/sign_xml.h \
	%D%/sod.c \
	%D%/sod_show.c %D%/sod_show.h \
	%D%/timestamp.c \
	%D%/token.c %D%/token.h \
	%D%/token-keys.c \
	%D%/token-probe.c %D%/token-tell.c %D%/token-tell.h \
	%D%/trust.c \
	%D%/tsa.c %D%/tsa.h \
	%D%/verify.c \
	%D%/verify_apart.c %D%/verify_apart.h
signctl_signctl_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS) $(CURL_CFLAGS) $(JANSSON_CFLAGS) $(P11KIT_CFLAGS)
signctl_signctl_LDADD = net/libnet.la $(CLIENT_LIBS) identity/libidentity.la trust/libtrust.la \
	$(WORKER_LIBS) $(PKCS11_LIBS)
signctl_signctl_LDFLAGS = $(AM_LDFLAGS) $(HARDEN_PROGRAM_LDFLAGS)
