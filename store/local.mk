# store/: SQLite behind one interface; the front's store and the ledger's
# tables.  Uses base.
noinst_LTLIBRARIES += store/libstore.la
store_libstore_la_SOURCES = \
	%D%/audit.c %D%/checkpoint.c %D%/audit.h \
	%D%/credential.c \
	%D%/crl.c \
	%D%/db.c %D%/db.h \
	%D%/external.c \
	%D%/front.c %D%/front.h \
	%D%/generation.c \
	%D%/ledger.c %D%/ledger.h \
	%D%/people.c \
	%D%/register.c \
	%D%/root.c
store_libstore_la_CFLAGS = $(AM_CFLAGS) $(SQLITE_CFLAGS)

STORE_LIBS = store/libstore.la $(BASE_LIBS) $(SQLITE_LIBS) -lpthread
