# web/: pages served by signd, as part of the program.
WEB_FILES = %D%/index.html %D%/activate.html %D%/app.js %D%/activate.js \
	%D%/check.js %D%/seal.js \
	%D%/style.css
noinst_LTLIBRARIES += web/libweb.la
nodist_web_libweb_la_SOURCES = web/pages.c
web_libweb_la_SOURCES = %D%/pages.h

web/pages.c: $(WEB_FILES) %D%/embed.sh
	$(AM_V_GEN)$(MKDIR_P) web && cd $(srcdir) && \
	  $(SHELL) web/embed.sh $(WEB_FILES) > $(abs_builddir)/$@.new && \
	  mv $(abs_builddir)/$@.new $(abs_builddir)/$@

CLEANFILES += web/pages.c
EXTRA_DIST += $(WEB_FILES) %D%/embed.sh

WEB_LIBS = web/libweb.la
