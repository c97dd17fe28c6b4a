# The keyholder, the ledger and the ceremony; part of signd/libservice.la.
signd_libservice_la_SOURCES += \
	%D%/ceremony.c %D%/ceremony.h \
	%D%/clockwatch.c %D%/clockwatch.h \
	%D%/init.c %D%/init.h \
	%D%/root-crl.c %D%/root-crl.h \
	%D%/keyholder.c %D%/keyholder.h \
	%D%/keyholder-citizen.c \
	%D%/keyholder-csr.c \
	%D%/keyholder-external.c \
	%D%/keyholder-generation.c \
	%D%/keyholder-issue.c \
	%D%/keyholder-ledger.c \
	%D%/keyholder-officer.c \
	%D%/keyholder-operator.c %D%/keyholder-audit.c \
	%D%/keyholder-pin.c \
	%D%/keyholder-pool.c \
	%D%/keyholder-seal.c \
	%D%/keyholder-sign.c \
	%D%/keyholder-waiting.c \
	%D%/ledger.c %D%/ledger.h \
	%D%/ledger-issuer.c \
	%D%/ledger-ops.h \
	%D%/ledger-read.c \
	%D%/ledger-write.c \
	%D%/operator.c %D%/operator.h \
	%D%/part.c %D%/part.h \
	%D%/rotate.c %D%/rotate.h \
	%D%/tokencheck.c %D%/tokencheck.h \
	%D%/records.c %D%/records.h
signd_libservice_la_CFLAGS += $(P11KIT_CFLAGS)
