# worker/: jobs on strangers' documents (prepare, embed, verify) and the
# sandbox that they run in.  Uses base, certs, format, cms, xml, pdf,
# asic, validation, report, libseccomp.  signd runs it as a process, signctl in a
# child.
noinst_LTLIBRARIES += worker/libworker.la
worker_libworker_la_SOURCES = \
	%D%/formats.c %D%/formats.h \
	%D%/internal.h \
	%D%/job.c %D%/job.h \
	%D%/job_sign.c \
	%D%/job_verify.c \
	%D%/level.c \
	%D%/message_answer.c \
	%D%/message_extend.c \
	%D%/message_sign.c \
	%D%/message_source.c %D%/message_source.h \
	%D%/message_verify.c \
	%D%/online.c %D%/online.h \
	%D%/other.c \
	%D%/receipt.c %D%/receipt.h \
	%D%/sandbox.c %D%/sandbox.h \
	%D%/sources.c %D%/sources.h
worker_libworker_la_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS) $(SECCOMP_CFLAGS)

WORKER_LIBS = worker/libworker.la $(ASIC_LIBS) $(PDF_LIBS) $(REPORT_LIBS) $(SECCOMP_LIBS)
