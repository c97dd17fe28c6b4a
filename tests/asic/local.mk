check_PROGRAMS += tests/asic/test-layout
tests_asic_test_layout_SOURCES = tests/asic/test-layout.c tests/asic/zip.h
tests_asic_test_layout_CFLAGS = $(AM_CFLAGS)
tests_asic_test_layout_LDADD = $(ASIC_LIBS)

check_PROGRAMS += tests/asic/test-rewrite
tests_asic_test_rewrite_SOURCES = tests/asic/test-rewrite.c tests/asic/zip.h
tests_asic_test_rewrite_CFLAGS = $(AM_CFLAGS)
tests_asic_test_rewrite_LDADD = $(ASIC_LIBS)

check_PROGRAMS += tests/asic/test-format
tests_asic_test_format_SOURCES = \
	tests/asic/test-format.c tests/asic/zip.h tests/xml/make.h
tests_asic_test_format_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS) $(XML_CFLAGS)
tests_asic_test_format_LDADD = $(ASIC_LIBS)

TESTS += tests/asic/sandbox.sh
EXTRA_DIST += tests/asic/sandbox.sh
