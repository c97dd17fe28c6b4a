check_PROGRAMS += tests/cms/test-cms
tests_cms_test_cms_SOURCES = tests/cms/test-cms.c tests/cms/people.h
tests_cms_test_cms_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_cms_test_cms_LDADD = $(CMS_LIBS)
