noinst_PROGRAMS += tests/xml/judge
tests_xml_judge_SOURCES = %D%/judge.c
tests_xml_judge_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_xml_judge_LDADD = $(XML_ROOM_LIBS)
