# tests of base/
check_PROGRAMS += tests/base/test-err
tests_base_test_err_SOURCES = tests/base/test-err.c
tests_base_test_err_LDADD = $(BASE_LIBS)
