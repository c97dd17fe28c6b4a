check_PROGRAMS += tests/worker/test-sandbox
tests_worker_test_sandbox_SOURCES = tests/worker/test-sandbox.c
tests_worker_test_sandbox_CFLAGS = $(AM_CFLAGS)
tests_worker_test_sandbox_LDADD = $(WORKER_LIBS)

check_PROGRAMS += tests/worker/test-job
tests_worker_test_job_SOURCES = \
	tests/worker/test-job.c tests/validation/facts.h
tests_worker_test_job_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS) $(JANSSON_CFLAGS)
tests_worker_test_job_LDADD = $(WORKER_LIBS)

check_PROGRAMS += tests/worker/test-torture
tests_worker_test_torture_SOURCES = \
	tests/worker/test-torture.c tests/validation/facts.h tests/torture.h
tests_worker_test_torture_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_worker_test_torture_LDADD = $(WORKER_LIBS)
