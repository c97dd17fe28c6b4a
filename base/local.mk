# base/: errors, bytes, encodings, time, messages.  Uses libc,
# libunistring, jansson.
noinst_LTLIBRARIES += base/libbase.la
base_libbase_la_SOURCES = \
	%D%/base.h \
	%D%/bytes.c %D%/bytes.h \
	%D%/encoding.c %D%/encoding.h \
	%D%/err.c %D%/err.h \
	%D%/json.c %D%/json.h \
	%D%/memory.h \
	%D%/messages.c %D%/messages.def %D%/messages.h \
	%D%/nfc.c %D%/nfc.h \
	%D%/pack.c %D%/pack.h \
	%D%/record.c %D%/record.h \
	%D%/time.c %D%/time.h

# What the rooms below link, in order.
base_libbase_la_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)

BASE_LIBS = base/libbase.la $(UNISTRING_LIBS) $(JANSSON_LIBS)
