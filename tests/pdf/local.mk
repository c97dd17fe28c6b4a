# Signs files that interop.sh shows to programs which we did not write.
EXTRA_PROGRAMS += tests/pdf/maker
tests_pdf_maker_SOURCES = tests/pdf/maker.c tests/pdf/signing.h
tests_pdf_maker_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_pdf_maker_LDADD = $(PDF_LIBS)
CLEANFILES += tests/pdf/maker$(EXEEXT)
