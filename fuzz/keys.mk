# Fuzz targets of pkcs11/, and of the keyholder and the ledger.
EXTRA_PROGRAMS += fuzz/fuzz-key-message fuzz/fuzz-ledger-message fuzz/fuzz-pin-message fuzz/fuzz-record fuzz/fuzz-sealed
FUZZ_TARGETS += fuzz/fuzz-key-message fuzz/fuzz-ledger-message fuzz/fuzz-pin-message fuzz/fuzz-record fuzz/fuzz-sealed

fuzz_fuzz_key_message_SOURCES = fuzz/fuzz-key-message.c
fuzz_fuzz_key_message_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS) $(P11KIT_CFLAGS)
fuzz_fuzz_key_message_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
fuzz_fuzz_key_message_LDADD = $(SIGND_LIBS)

fuzz_fuzz_ledger_message_SOURCES = fuzz/fuzz-ledger-message.c
fuzz_fuzz_ledger_message_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS) $(P11KIT_CFLAGS)
fuzz_fuzz_ledger_message_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
fuzz_fuzz_ledger_message_LDADD = $(SIGND_LIBS)

fuzz_fuzz_record_SOURCES = fuzz/fuzz-record.c
fuzz_fuzz_record_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS) $(P11KIT_CFLAGS)
fuzz_fuzz_record_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
fuzz_fuzz_record_LDADD = $(SIGND_LIBS)

fuzz_fuzz_sealed_SOURCES = fuzz/fuzz-sealed.c
fuzz_fuzz_sealed_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS) $(P11KIT_CFLAGS)
fuzz_fuzz_sealed_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
fuzz_fuzz_sealed_LDADD = $(PKCS11_LIBS)

EXTRA_PROGRAMS += fuzz/fuzz-token-uri fuzz/fuzz-token-objects
FUZZ_TARGETS += fuzz/fuzz-token-uri fuzz/fuzz-token-objects
fuzz_fuzz_token_uri_SOURCES = fuzz/fuzz-token-uri.c
fuzz_fuzz_token_uri_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
fuzz_fuzz_token_uri_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
fuzz_fuzz_token_uri_LDADD = $(PKCS11_LIBS)
fuzz_fuzz_token_objects_SOURCES = fuzz/fuzz-token-objects.c
fuzz_fuzz_token_objects_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS) $(P11KIT_CFLAGS)
fuzz_fuzz_token_objects_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
fuzz_fuzz_token_objects_LDADD = $(PKCS11_LIBS)

fuzz_fuzz_pin_message_SOURCES = fuzz/fuzz-pin-message.c
fuzz_fuzz_pin_message_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
fuzz_fuzz_pin_message_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
fuzz_fuzz_pin_message_LDADD = $(CERTS_LIBS)
