# fuzz/: one target per parser, under forty lines each.
FUZZ_TARGETS =
include fuzz/signd.mk
include fuzz/cms.mk
