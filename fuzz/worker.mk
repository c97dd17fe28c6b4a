EXTRA_PROGRAMS += fuzz/fuzz-job-message
FUZZ_TARGETS += fuzz/fuzz-job-message
fuzz_fuzz_job_message_SOURCES = fuzz/fuzz-job-message.c
fuzz_fuzz_job_message_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
fuzz_fuzz_job_message_LDADD = $(WORKER_LIBS)
fuzz_fuzz_job_message_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
