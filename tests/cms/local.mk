check_PROGRAMS += tests/cms/test-cms
tests_cms_test_cms_SOURCES = tests/cms/test-cms.c tests/cms/people.h
tests_cms_test_cms_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_cms_test_cms_LDADD = $(CMS_LIBS)

check_PROGRAMS += tests/cms/test-judge
tests_cms_test_judge_SOURCES = tests/cms/test-judge.c tests/cms/people.h
tests_cms_test_judge_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_cms_test_judge_LDADD = $(CMS_LIBS)

check_PROGRAMS += tests/cms/test-refs
tests_cms_test_refs_SOURCES = tests/cms/test-refs.c tests/cms/people.h
tests_cms_test_refs_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_cms_test_refs_LDADD = $(CMS_LIBS)

check_PROGRAMS += tests/cms/test-tsp
tests_cms_test_tsp_SOURCES = tests/cms/test-tsp.c tests/cms/people.h
tests_cms_test_tsp_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_cms_test_tsp_LDADD = $(CMS_LIBS)

check_PROGRAMS += tests/cms/test-format
tests_cms_test_format_SOURCES = tests/cms/test-format.c tests/cms/people.h
tests_cms_test_format_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_cms_test_format_LDADD = $(CMS_LIBS)

# Makes the files that interop.sh shows to `openssl cms`.
EXTRA_PROGRAMS += tests/cms/maker
tests_cms_maker_SOURCES = tests/cms/maker.c tests/cms/people.h
tests_cms_maker_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_cms_maker_LDADD = $(CMS_LIBS)
tests/cms/interop.log: tests/cms/maker$(EXEEXT)

TESTS += tests/cms/interop.sh tests/cms/stream.sh
EXTRA_DIST += tests/cms/interop.sh tests/cms/stream.sh

check_PROGRAMS += tests/cms/test-levels
tests_cms_test_levels_SOURCES = tests/cms/test-levels.c tests/cms/people.h
tests_cms_test_levels_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_cms_test_levels_LDADD = $(CMS_LIBS)
