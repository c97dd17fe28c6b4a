# bench/: make bench-ROOM runs one and appends rows to bench/out.tsv:
# name, value, unit, limit, ratio.  make bench runs all and renders
# bench/report.html.  Each takes five minutes at most.
BENCHES =
EXTRA_DIST += %D%/bench.h %D%/report

BENCH_ENVIRONMENT = top_srcdir='$(abs_top_srcdir)' \
	top_builddir='$(abs_top_builddir)' \
	BENCH_OUT="$${BENCH_OUT:-$(abs_top_srcdir)/bench/out.tsv}"

.PHONY: bench
bench: $(BENCHES)
	$(top_srcdir)/bench/report
