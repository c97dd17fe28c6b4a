# tests of base/
check_PROGRAMS += \
	tests/base/test-bytes \
	tests/base/test-encoding \
	tests/base/test-err \
	tests/base/test-json \
	tests/base/test-messages \
	tests/base/test-nfc \
	tests/base/test-pack \
	tests/base/test-record \
	tests/base/test-time \
	tests/base/test-torture

tests_base_test_bytes_SOURCES = tests/base/test-bytes.c
tests_base_test_bytes_LDADD = $(BASE_LIBS)
tests_base_test_encoding_SOURCES = tests/base/test-encoding.c
tests_base_test_encoding_LDADD = $(BASE_LIBS)
tests_base_test_err_SOURCES = tests/base/test-err.c
tests_base_test_err_LDADD = $(BASE_LIBS)
tests_base_test_messages_SOURCES = tests/base/test-messages.c
tests_base_test_messages_LDADD = $(BASE_LIBS)
tests_base_test_json_SOURCES = tests/base/test-json.c
tests_base_test_json_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
tests_base_test_json_LDADD = $(BASE_LIBS)
tests_base_test_nfc_SOURCES = tests/base/test-nfc.c
tests_base_test_nfc_LDADD = $(BASE_LIBS)
tests_base_test_pack_SOURCES = tests/base/test-pack.c
tests_base_test_pack_LDADD = $(BASE_LIBS)
tests_base_test_record_SOURCES = tests/base/test-record.c
tests_base_test_record_LDADD = $(BASE_LIBS)
tests_base_test_time_SOURCES = tests/base/test-time.c
tests_base_test_time_LDADD = $(BASE_LIBS)
tests_base_test_torture_SOURCES = tests/base/test-torture.c tests/torture.h
tests_base_test_torture_LDADD = $(BASE_LIBS)
