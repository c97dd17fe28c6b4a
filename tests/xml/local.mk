noinst_PROGRAMS += tests/xml/judge
tests_xml_judge_SOURCES = %D%/judge.c
tests_xml_judge_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_xml_judge_LDADD = $(XML_ROOM_LIBS)

noinst_PROGRAMS += tests/xml/signer
tests_xml_signer_SOURCES = %D%/signer.c
tests_xml_signer_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_xml_signer_LDADD = $(XML_ROOM_LIBS)

TESTS += %D%/interop.sh
EXTRA_DIST += %D%/interop.sh
