EXTRA_PROGRAMS += tests/pdf/judge
tests_pdf_judge_SOURCES = tests/pdf/judge.c
tests_pdf_judge_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_pdf_judge_LDADD = $(PDF_LIBS)
