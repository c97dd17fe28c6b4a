# tests of pdf/
check_PROGRAMS += tests/pdf/test-lex
tests_pdf_test_lex_SOURCES = tests/pdf/test-lex.c tests/pdf/build.h tests/pdf/signing.h
tests_pdf_test_lex_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_pdf_test_lex_LDADD = $(PDF_LIBS)

check_PROGRAMS += tests/pdf/test-text
tests_pdf_test_text_SOURCES = tests/pdf/test-text.c
tests_pdf_test_text_LDADD = $(PDF_LIBS)

check_PROGRAMS += tests/pdf/test-xref
tests_pdf_test_xref_SOURCES = tests/pdf/test-xref.c tests/pdf/build.h tests/pdf/signing.h
tests_pdf_test_xref_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_pdf_test_xref_LDADD = $(PDF_LIBS)

check_PROGRAMS += tests/pdf/test-document
tests_pdf_test_document_SOURCES = tests/pdf/test-document.c tests/pdf/build.h tests/pdf/signing.h
tests_pdf_test_document_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_pdf_test_document_LDADD = $(PDF_LIBS)

check_PROGRAMS += tests/pdf/test-increment
tests_pdf_test_increment_SOURCES = tests/pdf/test-increment.c tests/pdf/build.h tests/pdf/signing.h
tests_pdf_test_increment_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_pdf_test_increment_LDADD = $(PDF_LIBS)

check_PROGRAMS += tests/pdf/test-sign
tests_pdf_test_sign_SOURCES = tests/pdf/test-sign.c tests/pdf/build.h tests/pdf/signing.h
tests_pdf_test_sign_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_pdf_test_sign_LDADD = $(PDF_LIBS)

check_PROGRAMS += tests/pdf/test-torture
tests_pdf_test_torture_SOURCES = tests/pdf/test-torture.c tests/torture.h tests/pdf/build.h tests/pdf/signing.h
tests_pdf_test_torture_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_pdf_test_torture_LDADD = $(PDF_LIBS)

# Signs files that interop.sh shows to programs which we did not write.
EXTRA_PROGRAMS += tests/pdf/maker
tests_pdf_maker_SOURCES = tests/pdf/maker.c tests/pdf/signing.h
tests_pdf_maker_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_pdf_maker_LDADD = $(PDF_LIBS)
tests/pdf/interop.log: tests/pdf/maker$(EXEEXT)

TESTS += tests/pdf/interop.sh
EXTRA_DIST += tests/pdf/interop.sh

check_PROGRAMS += tests/pdf/test-params
tests_pdf_test_params_SOURCES = tests/pdf/test-params.c
tests_pdf_test_params_LDADD = $(PDF_LIBS)

check_PROGRAMS += tests/pdf/test-extend
tests_pdf_test_extend_SOURCES = tests/pdf/test-extend.c tests/pdf/levels.h
tests_pdf_test_extend_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_pdf_test_extend_LDADD = $(PDF_LIBS)

# Makes files of every level for tests/interop/levels.py.
EXTRA_PROGRAMS += tests/pdf/levels
tests_pdf_levels_SOURCES = tests/pdf/levels.c tests/pdf/levels.h
tests_pdf_levels_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_pdf_levels_LDADD = $(PDF_LIBS)

TESTS += tests/pdf/attacks.py tests/pdf/shadows.py
EXTRA_DIST += tests/pdf/attacks.py tests/pdf/shadows.py
tests/pdf/shadows.log: tests/pdf/levels$(EXEEXT) tests/pdf/judge$(EXEEXT)
tests/pdf/attacks.log: tests/pdf/levels$(EXEEXT) tests/pdf/judge$(EXEEXT)

# Signs pages visibly; looks.py draws them and compares with tests/pdf/golden.
EXTRA_PROGRAMS += tests/pdf/looks
tests_pdf_looks_SOURCES = tests/pdf/looks.c tests/pdf/build.h tests/pdf/signing.h
tests_pdf_looks_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_pdf_looks_LDADD = $(PDF_LIBS)

TESTS += tests/pdf/looks.py
EXTRA_DIST += tests/pdf/looks.py tests/pdf/golden
tests/pdf/looks.log: tests/pdf/looks$(EXEEXT) tests/pdf/judge$(EXEEXT)

check_PROGRAMS += tests/pdf/test-look
tests_pdf_test_look_SOURCES = tests/pdf/test-look.c tests/pdf/build.h tests/pdf/signing.h
tests_pdf_test_look_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_pdf_test_look_LDADD = $(PDF_LIBS)

# Says where words stand; anchors.py asks pdftotext the same.
EXTRA_PROGRAMS += tests/pdf/where
tests_pdf_where_SOURCES = tests/pdf/where.c
tests_pdf_where_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_pdf_where_LDADD = $(PDF_LIBS)

TESTS += tests/pdf/anchors.py
EXTRA_DIST += tests/pdf/anchors.py
tests/pdf/anchors.log: tests/pdf/where$(EXEEXT)
