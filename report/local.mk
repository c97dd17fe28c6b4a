# report/: verdicts for people and programs.  Uses base, certs, format,
# validation, jansson.
noinst_LTLIBRARIES += report/libreport.la
report_libreport_la_SOURCES = \
	%D%/dump.c \
	%D%/dump.h \
	%D%/etsi.c \
	%D%/html.c \
	%D%/internal.h \
	%D%/json.c \
	%D%/markup.c \
	%D%/receipt.c \
	%D%/report.h \
	%D%/rows.c \
	%D%/shown.c \
	%D%/shown.h \
	%D%/sources.c \
	%D%/state.c \
	%D%/style.c \
	%D%/text.c \
	%D%/words.c
report_libreport_la_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS) $(JANSSON_CFLAGS)

REPORT_LIBS = report/libreport.la $(VALIDATION_LIBS) $(JANSSON_LIBS)
