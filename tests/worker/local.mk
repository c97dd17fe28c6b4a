check_PROGRAMS += tests/worker/test-sandbox
tests_worker_test_sandbox_SOURCES = tests/worker/test-sandbox.c
tests_worker_test_sandbox_CFLAGS = $(AM_CFLAGS)
tests_worker_test_sandbox_LDADD = $(WORKER_LIBS)
