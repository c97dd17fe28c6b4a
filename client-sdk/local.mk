# client-sdk/: libsignd, for other people's programs.  Uses base, libcurl,
# jansson (libcurl is loaded when a client is opened).  Its exported names stand
# in libsignd.map; each has a manual page made from the comment in signd.h;
# tests/client-sdk/names.sh compares.
#
# signctl links the same objects from libclient.la: a program that needs no
# library beside it starts faster, and runs from the build folder as it is.
noinst_LTLIBRARIES += client-sdk/libclient.la
client_sdk_libclient_la_SOURCES = \
	%D%/citizen.c \
	%D%/client.c %D%/client.h \
	%D%/curl.c %D%/curl.h \
	%D%/error.c \
	%D%/officer.c \
	%D%/pin.c \
	%D%/signd.h \
	%D%/steps.c
client_sdk_libclient_la_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS) $(CURL_CFLAGS) $(JANSSON_CFLAGS)

lib_LTLIBRARIES += client-sdk/libsignd.la
include_HEADERS += %D%/signd.h
client_sdk_libsignd_la_SOURCES =
client_sdk_libsignd_la_LIBADD = client-sdk/libclient.la $(CERTS_LIBS) $(JANSSON_LIBS) -ldl
client_sdk_libsignd_la_LDFLAGS = $(AM_LDFLAGS) -version-info 0:0:0 -no-undefined \
	-Wl,--version-script=$(top_srcdir)/client-sdk/libsignd.map
EXTRA_client_sdk_libsignd_la_DEPENDENCIES = %D%/libsignd.map

CLIENT_LIBS = client-sdk/libclient.la $(CERTS_LIBS) $(JANSSON_LIBS) -ldl

pkgconfig_DATA += %D%/libsignd.pc
EXTRA_DIST += %D%/libsignd.map %D%/man.awk

LIBSIGND_MAN = \
	%D%/signd_activate.3 \
	%D%/signd_authorize.3 \
	%D%/signd_ca.3 \
	%D%/signd_close.3 \
	%D%/signd_complete.3 \
	%D%/signd_credential.3 \
	%D%/signd_crl.3 \
	%D%/signd_enrol.3 \
	%D%/signd_error_code.3 \
	%D%/signd_error_detail.3 \
	%D%/signd_error_free.3 \
	%D%/signd_error_next.3 \
	%D%/signd_error_status.3 \
	%D%/signd_error_text.3 \
	%D%/signd_extend.3 \
	%D%/signd_free.3 \
	%D%/signd_info.3 \
	%D%/signd_issue.3 \
	%D%/signd_open.3 \
	%D%/signd_prepare.3 \
	%D%/signd_revoke.3 \
	%D%/signd_sign_document.3 \
	%D%/signd_sign_hash.3 \
	%D%/signd_receipt.3 \
	%D%/signd_verify.3 \
	%D%/signd_verify_hashes.3 \
	%D%/signd_verify_pdf_part.3 \
	%D%/signd_version.3
man_MANS += $(LIBSIGND_MAN)
CLEANFILES += $(LIBSIGND_MAN)

$(LIBSIGND_MAN): %D%/man.stamp
%D%/man.stamp: %D%/signd.h %D%/man.awk
	$(AM_V_GEN)$(MKDIR_P) client-sdk && \
	  $(AWK) -v dir=client-sdk -v version=$(PACKAGE_VERSION) \
	    -f $(top_srcdir)/client-sdk/man.awk $(top_srcdir)/client-sdk/signd.h && \
	  touch $@
CLEANFILES += %D%/man.stamp
