check_PROGRAMS += tests/report/test-report
tests_report_test_report_SOURCES = \
	tests/report/test-report.c tests/validation/facts.h
tests_report_test_report_CFLAGS = \
	$(AM_CFLAGS) $(CRYPTO_CFLAGS) $(JANSSON_CFLAGS)
tests_report_test_report_LDADD = $(REPORT_LIBS)
