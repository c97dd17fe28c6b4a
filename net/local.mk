# net/: going out by HTTP.  Uses base, client-sdk.
noinst_LTLIBRARIES += net/libnet.la
net_libnet_la_SOURCES = %D%/place.c %D%/place.h \
	%D%/transfer.c %D%/transfer.h
net_libnet_la_CFLAGS = $(AM_CFLAGS) $(CURL_CFLAGS)
