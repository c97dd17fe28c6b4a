EXTRA_PROGRAMS += tests/pdf/judge
tests_pdf_judge_SOURCES = tests/pdf/judge.c
tests_pdf_judge_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_pdf_judge_LDADD = $(PDF_LIBS)

check_PROGRAMS += tests/pdf/test-diff
tests_pdf_test_diff_SOURCES = tests/pdf/test-diff.c tests/pdf/build.h tests/pdf/keep.h
tests_pdf_test_diff_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_pdf_test_diff_LDADD = $(PDF_LIBS)

check_PROGRAMS += tests/pdf/test-crypt
tests_pdf_test_crypt_SOURCES = tests/pdf/test-crypt.c tests/pdf/crypt-vectors.h
tests_pdf_test_crypt_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_pdf_test_crypt_LDADD = $(PDF_LIBS)
EXTRA_DIST += tests/pdf/make-crypt-vectors.py

check_PROGRAMS += tests/pdf/test-verify
tests_pdf_test_verify_SOURCES = tests/pdf/test-verify.c tests/pdf/signed.h
tests_pdf_test_verify_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_pdf_test_verify_LDADD = $(PDF_LIBS)

check_PROGRAMS += tests/pdf/test-torture-verify
tests_pdf_test_torture_verify_SOURCES = tests/pdf/test-torture-verify.c tests/torture.h tests/pdf/signed.h
tests_pdf_test_torture_verify_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_pdf_test_torture_verify_LDADD = $(PDF_LIBS)
