# fuzz/: one target per parser, under forty lines each.  Without
# --enable-fuzz each is linked with replay.c and is a test: it takes what lies
# in corpus/NAME, and damaged copies of it.  `make fuzz SECONDS_EACH=60` builds
# all with libFuzzer and looks for new trouble.
FUZZ_TARGETS =
include fuzz/certs.mk
include fuzz/cms.mk
include fuzz/identity.mk
include fuzz/pdf.mk
include fuzz/pdf-verify.mk
include fuzz/keys.mk
include fuzz/signd.mk
include fuzz/xml.mk
include fuzz/worker.mk
include fuzz/asic.mk
include fuzz/trust.mk
include fuzz/validation.mk

noinst_LTLIBRARIES += fuzz/libreplay.la
fuzz_libreplay_la_SOURCES = %D%/replay.c %D%/seeds.h
EXTRA_DIST += %D%/run %D%/make-corpus %D%/corpus %D%/pdf.dict

if !FUZZING
FUZZ_LDFLAGS += fuzz/libreplay.la
check_PROGRAMS += $(FUZZ_TARGETS)
$(FUZZ_TARGETS): fuzz/libreplay.la
endif

SECONDS_EACH = 60
.PHONY: fuzz
fuzz:
	SECONDS_EACH='$(SECONDS_EACH)' $(top_srcdir)/fuzz/run
