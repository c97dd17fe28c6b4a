# bench/: make bench-ROOM runs one and appends rows to bench/out.tsv:
# name, value, unit, limit, ratio.  make bench runs all and renders
# bench/report.html.  Each takes five minutes at most.
BENCHES = bench-cms bench-pdf bench-xml bench-service bench-paths bench-validation
include bench/keys.mk
include bench/certs.mk
EXTRA_DIST += %D%/README.md %D%/bench.h %D%/format.h %D%/report %D%/bench-service %D%/bench-public %D%/bench-validation \
	%D%/pdf-large.h %D%/pdf-pyhanko.h %D%/pdf-pyhanko.py
EXTRA_DIST += %D%/bench.h %D%/format.h %D%/report %D%/bench-service %D%/bench-public %D%/bench-validation
EXTRA_DIST += %D%/bench.h %D%/format.h %D%/report %D%/bench-service %D%/bench-public %D%/bench-validation \
	%D%/pdf-large.h %D%/pdf-pyhanko.h %D%/pdf-pyhanko.py

BENCH_ENVIRONMENT = top_srcdir='$(abs_top_srcdir)' \
	top_builddir='$(abs_top_builddir)' \
	LD_LIBRARY_PATH='$(abs_top_builddir)/client-sdk/.libs' \
	BENCH_OUT="$${BENCH_OUT:-$(abs_top_srcdir)/bench/out.tsv}"

EXTRA_PROGRAMS += bench/bench-cms
bench_bench_cms_SOURCES = bench/bench-cms.c
bench_bench_cms_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
bench_bench_cms_LDADD = $(CMS_LIBS)
EXTRA_PROGRAMS += bench/bench-paths bench/bench-pdf bench/bench-xml
bench_bench_paths_SOURCES = bench/bench-paths.c
bench_bench_paths_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
bench_bench_paths_LDADD = $(CERTS_LIBS)
bench_bench_pdf_SOURCES = bench/bench-pdf.c
bench_bench_pdf_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
bench_bench_pdf_LDADD = $(PDF_LIBS)
bench_bench_xml_SOURCES = bench/bench-xml.c
bench_bench_xml_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS) $(XML_CFLAGS)
bench_bench_xml_LDADD = $(XML_ROOM_LIBS)
if XMLSEC
bench_bench_xml_CFLAGS += -DHAVE_XMLSEC $(XMLSEC_CFLAGS)
bench_bench_xml_LDADD += $(XMLSEC_LIBS)
endif

.PHONY: bench $(BENCHES)
bench-cms: bench/bench-cms
	$(BENCH_ENVIRONMENT) bench/bench-cms
bench-paths: bench/bench-paths
	$(BENCH_ENVIRONMENT) bench/bench-paths
bench-pdf: bench/bench-pdf signctl/signctl
	$(BENCH_ENVIRONMENT) bench/bench-pdf
bench-xml: bench/bench-xml signctl/signctl
	$(BENCH_ENVIRONMENT) bench/bench-xml

bench-service: signd/signd signctl/signctl
	$(BENCH_ENVIRONMENT) $(top_srcdir)/bench/bench-service

bench-validation: signd/signd signctl/signctl
	$(BENCH_ENVIRONMENT) $(top_srcdir)/bench/bench-validation

bench: $(BENCHES)
	$(top_srcdir)/bench/report
