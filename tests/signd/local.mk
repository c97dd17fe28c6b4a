# Tests of signd/.
check_PROGRAMS += tests/signd/test-ipc
tests_signd_test_ipc_SOURCES = tests/signd/test-ipc.c
tests_signd_test_ipc_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_signd_test_ipc_LDADD = $(SIGND_LIBS)

check_PROGRAMS += tests/signd/test-budget
tests_signd_test_budget_SOURCES = tests/signd/test-budget.c
tests_signd_test_budget_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_signd_test_budget_LDADD = $(SIGND_LIBS)

check_PROGRAMS += tests/signd/test-json
tests_signd_test_json_SOURCES = tests/signd/test-json.c
tests_signd_test_json_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS) $(JANSSON_CFLAGS)
tests_signd_test_json_LDADD = $(SIGND_LIBS)

check_PROGRAMS += tests/signd/test-queue
tests_signd_test_queue_SOURCES = tests/signd/test-queue.c
tests_signd_test_queue_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS) $(JANSSON_CFLAGS) \
	$(MHD_CFLAGS)
tests_signd_test_queue_LDADD = $(SIGND_LIBS)

check_PROGRAMS += tests/signd/test-lanes
tests_signd_test_lanes_SOURCES = tests/signd/test-lanes.c
tests_signd_test_lanes_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_signd_test_lanes_LDADD = $(SIGND_LIBS)

check_PROGRAMS += tests/signd/test-ocsp-cache
tests_signd_test_ocsp_cache_SOURCES = tests/signd/test-ocsp-cache.c
tests_signd_test_ocsp_cache_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_signd_test_ocsp_cache_LDADD = $(SIGND_LIBS)

check_PROGRAMS += tests/signd/test-settings
tests_signd_test_settings_SOURCES = tests/signd/test-settings.c
tests_signd_test_settings_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_signd_test_settings_LDADD = $(SIGND_LIBS)

check_PROGRAMS += tests/signd/test-spool
tests_signd_test_spool_SOURCES = tests/signd/test-spool.c
tests_signd_test_spool_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_signd_test_spool_LDADD = $(SIGND_LIBS)

check_PROGRAMS += tests/signd/test-fetch-private
tests_signd_test_fetch_private_SOURCES = tests/signd/test-fetch-private.c
tests_signd_test_fetch_private_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_signd_test_fetch_private_LDADD = $(SIGND_LIBS)

check_PROGRAMS += tests/signd/test-fetcher
tests_signd_test_fetcher_SOURCES = tests/signd/test-fetcher.c
tests_signd_test_fetcher_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_signd_test_fetcher_LDADD = $(SIGND_LIBS)

check_PROGRAMS += tests/signd/test-list-shelf
tests_signd_test_list_shelf_SOURCES = tests/signd/test-list-shelf.c
tests_signd_test_list_shelf_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_signd_test_list_shelf_LDADD = $(SIGND_LIBS)
include tests/signd/keys.mk

# A whole service: token, processes, HTTP.
dist_check_SCRIPTS += %D%/strict.sh
TESTS += %D%/strict.sh

# The token's PIN as a systemd credential: root's alone.
dist_check_SCRIPTS += %D%/credential.sh
TESTS += %D%/credential.sh
dist_check_SCRIPTS += %D%/valgrind.sh %D%/job.sh %D%/xml.sh %D%/front.sh %D%/kill.sh %D%/audit.sh %D%/token-away.sh
EXTRA_DIST += %D%/service.sh %D%/token.sh
TESTS += %D%/job.sh %D%/xml.sh %D%/front.sh %D%/kill.sh %D%/audit.sh %D%/token-away.sh

# Keyholders die and hang under a steady load.
dist_check_SCRIPTS += %D%/storm.sh
TESTS += %D%/storm.sh
# Verification as programs ask for it.
dist_check_SCRIPTS += %D%/verify.sh %D%/verdict.sh %D%/online.sh
EXTRA_DIST += %D%/only-stamp.py tests/status.sh tests/status-server.py
TESTS += %D%/verify.sh %D%/verdict.sh %D%/online.sh

# A token that fails on order.
dist_check_SCRIPTS += %D%/faulty.sh
TESTS += %D%/faulty.sh

# Who may do what: wants root, skips aloud without.
noinst_PROGRAMS += tests/signd/ask
tests_signd_ask_SOURCES = tests/signd/ask.c
tests_signd_ask_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_signd_ask_LDADD = $(SIGND_LIBS)
dist_check_SCRIPTS += %D%/flood.sh %D%/intruder.sh %D%/public.sh %D%/hostile.sh
EXTRA_DIST += %D%/strangers.py
TESTS += %D%/flood.sh %D%/intruder.sh %D%/public.sh %D%/hostile.sh

# The desk and the ceremony.
dist_check_SCRIPTS += %D%/issue.sh %D%/servers.sh %D%/ceremony.sh
TESTS += %D%/issue.sh %D%/servers.sh %D%/ceremony.sh

# Revocation lists of a million entries.
dist_check_SCRIPTS += %D%/lists.sh %D%/life.sh
EXTRA_DIST += %D%/large-list.py
TESTS += %D%/lists.sh %D%/life.sh

# A CA of somebody else, asked by CMP.
dist_check_SCRIPTS += %D%/external.sh
TESTS += %D%/external.sh

# PINs that the front cannot read.
dist_check_SCRIPTS += %D%/sealed.sh
EXTRA_DIST += %D%/seal-pin.py
TESTS += %D%/sealed.sh

# New keys that wrap and cover; a backup.
dist_check_SCRIPTS += %D%/rotate.sh
TESTS += %D%/rotate.sh

dist_check_SCRIPTS += %D%/levels.sh %D%/preserve.sh %D%/cms.sh %D%/pictures.sh
TESTS += %D%/levels.sh %D%/preserve.sh %D%/cms.sh %D%/pictures.sh

# The trust list, replaced while the service runs.
dist_check_SCRIPTS += %D%/trust.sh
TESTS += %D%/trust.sh

# Within what the systemd unit lets pass.
noinst_PROGRAMS += tests/signd/only
tests_signd_only_SOURCES = tests/signd/only.c
tests_signd_only_CFLAGS = $(AM_CFLAGS) $(SECCOMP_CFLAGS)
tests_signd_only_LDADD = $(SECCOMP_LIBS)
dist_check_SCRIPTS += %D%/unit.sh
TESTS += %D%/unit.sh
