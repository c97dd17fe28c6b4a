check_PROGRAMS += tests/xml/test-scan
tests_xml_test_scan_SOURCES = tests/xml/test-scan.c
tests_xml_test_scan_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_xml_test_scan_LDADD = $(XML_ROOM_LIBS)

check_PROGRAMS += tests/xml/test-doc
tests_xml_test_doc_SOURCES = tests/xml/test-doc.c
tests_xml_test_doc_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS) $(XML_CFLAGS)
tests_xml_test_doc_LDADD = $(XML_ROOM_LIBS)

check_PROGRAMS += tests/xml/test-sign
tests_xml_test_sign_SOURCES = tests/xml/test-sign.c tests/xml/make.h
tests_xml_test_sign_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS) $(XML_CFLAGS)
tests_xml_test_sign_LDADD = $(XML_ROOM_LIBS)

check_PROGRAMS += tests/xml/test-canon
tests_xml_test_canon_SOURCES = tests/xml/test-canon.c
tests_xml_test_canon_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS) $(XML_CFLAGS)
tests_xml_test_canon_LDADD = $(XML_ROOM_LIBS)

check_PROGRAMS += tests/xml/test-params
tests_xml_test_params_SOURCES = tests/xml/test-params.c
tests_xml_test_params_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_xml_test_params_LDADD = $(XML_ROOM_LIBS)

check_PROGRAMS += tests/xml/test-collect
tests_xml_test_collect_SOURCES = tests/xml/test-collect.c tests/xml/make.h
tests_xml_test_collect_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS) $(XML_CFLAGS)
tests_xml_test_collect_LDADD = $(XML_ROOM_LIBS)

check_PROGRAMS += tests/xml/test-torture
tests_xml_test_torture_SOURCES = tests/xml/test-torture.c tests/xml/make.h
tests_xml_test_torture_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS) $(XML_CFLAGS)
tests_xml_test_torture_LDADD = $(XML_ROOM_LIBS)

# judge says a word about a document; signer signs one.  For interop.sh.
EXTRA_PROGRAMS += tests/xml/judge tests/xml/signer tests/xml/extender
tests_xml_judge_SOURCES = tests/xml/judge.c
tests_xml_judge_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_xml_judge_LDADD = $(XML_ROOM_LIBS)
tests_xml_signer_SOURCES = tests/xml/signer.c
tests_xml_signer_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_xml_signer_LDADD = $(XML_ROOM_LIBS)
tests_xml_extender_SOURCES = tests/xml/extender.c
tests_xml_extender_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_xml_extender_LDADD = $(XML_ROOM_LIBS)
tests/xml/levels.log: tests/xml/judge$(EXEEXT) tests/xml/signer$(EXEEXT) \
    tests/xml/extender$(EXEEXT)
tests/xml/interop.log: tests/xml/judge$(EXEEXT) tests/xml/signer$(EXEEXT)

tests/xml/stamps.log: tests/xml/judge$(EXEEXT)
tests/xml/past.log: tests/xml/signer$(EXEEXT) tests/xml/extender$(EXEEXT) \
    signctl/signctl$(EXEEXT)
TESTS += tests/xml/interop.sh tests/xml/levels.sh tests/xml/past.sh tests/xml/stamps.sh
EXTRA_DIST += tests/xml/opening.sh tests/xml/interop.sh tests/xml/levels.sh tests/xml/past.sh tests/xml/stamps.sh

check_PROGRAMS += tests/xml/test-relations
tests_xml_test_relations_SOURCES = tests/xml/test-relations.c
tests_xml_test_relations_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS) $(XML_CFLAGS)
tests_xml_test_relations_LDADD = $(XML_ROOM_LIBS)
