# Fuzz targets of signd/.
EXTRA_PROGRAMS += fuzz/fuzz-ipc
FUZZ_TARGETS += fuzz/fuzz-ipc
fuzz_fuzz_ipc_SOURCES = fuzz/fuzz-ipc.c
fuzz_fuzz_ipc_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
fuzz_fuzz_ipc_LDADD = $(SIGND_LIBS)
fuzz_fuzz_ipc_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)

EXTRA_PROGRAMS += fuzz/fuzz-hashes
FUZZ_TARGETS += fuzz/fuzz-hashes
fuzz_fuzz_hashes_SOURCES = fuzz/fuzz-hashes.c
fuzz_fuzz_hashes_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
fuzz_fuzz_hashes_LDADD = $(SIGND_LIBS)
fuzz_fuzz_hashes_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
