# format/: the four verbs of a signature format, and the facts that collect
# yields.  Uses base, certs.
noinst_LTLIBRARIES += format/libformat.la
format_libformat_la_SOURCES = \
	%D%/facts.c %D%/facts.h \
	%D%/facts_pack.c %D%/facts_pack.h \
	%D%/format.c %D%/format.h
format_libformat_la_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)

FORMAT_LIBS = format/libformat.la $(CERTS_LIBS)
