# validation/: EN 319 102-1: facts in, verdict out.  Uses base, certs, format,
# cms, jansson.
POLICY_FILES = %D%/policies/basic.json %D%/policies/crypto-only.json \
	%D%/policies/eu-basic.json %D%/policies/path-only.json \
	%D%/policies/strict.json %D%/policies/vn-2025.json
noinst_LTLIBRARIES += validation/libvalidation.la
nodist_validation_libvalidation_la_SOURCES = validation/policies.c
validation_libvalidation_la_SOURCES = \
	%D%/algorithms.c \
	%D%/calling.c \
	%D%/evidence.c \
	%D%/internal.h \
	%D%/judge.c \
	%D%/names.c \
	%D%/past.c \
	%D%/policy.c \
	%D%/policy.h \
	%D%/policy_parse.c \
	%D%/proof.c \
	%D%/proof.h \
	%D%/stamps.c \
	%D%/status.c \
	%D%/subject.c \
	%D%/trust.c \
	%D%/validation.h
validation_libvalidation_la_CFLAGS = \
	$(AM_CFLAGS) $(CRYPTO_CFLAGS) $(JANSSON_CFLAGS)

validation/policies.c: $(POLICY_FILES) %D%/policies.sh
	$(AM_V_GEN)$(MKDIR_P) validation && cd $(srcdir) && \
	  $(SHELL) validation/policies.sh $(POLICY_FILES) \
	  > $(abs_builddir)/$@.new && mv $(abs_builddir)/$@.new $(abs_builddir)/$@

CLEANFILES += validation/policies.c
EXTRA_DIST += $(POLICY_FILES) %D%/policies.sh

VALIDATION_LIBS = validation/libvalidation.la $(CMS_LIBS) $(JANSSON_LIBS)
