dist_check_SCRIPTS += %D%/usage.sh %D%/timestamp.sh %D%/sod.sh %D%/levels.sh \
	%D%/folder.sh %D%/trust.sh %D%/online.sh %D%/epes.sh
TESTS += %D%/usage.sh %D%/timestamp.sh %D%/sod.sh %D%/levels.sh %D%/folder.sh \
	%D%/trust.sh %D%/online.sh %D%/epes.sh

# Certificates, lists and signatures put together byte by byte.
dist_check_SCRIPTS += %D%/forgeries.py %D%/subs.py
EXTRA_DIST += %D%/pki.py
TESTS += %D%/forgeries.py %D%/subs.py
tests/signctl/forgeries.log tests/signctl/subs.log: signctl/signctl$(EXEEXT)

# Wants a token; SoftHSM at least.
dist_check_SCRIPTS += %D%/token.sh %D%/token-ibm.sh %D%/certify.py %D%/clerk.py \
	%D%/archive.py %D%/preserve-folder.py
EXTRA_DIST += %D%/token-lib.sh %D%/prompt.py %D%/clerk.tsv
TESTS += %D%/token.sh %D%/token-ibm.sh %D%/certify.py %D%/clerk.py \
	%D%/archive.py %D%/preserve-folder.py
tests/signctl/token-ibm.log: signctl/signctl$(EXEEXT)
tests/signctl/clerk.log tests/signctl/archive.log: signctl/signctl$(EXEEXT)
tests/signctl/certify.log: signctl/signctl$(EXEEXT)
tests/signctl/epes.log: tests/xml/signer$(EXEEXT) signctl/signctl$(EXEEXT)
tests/signctl/preserve-folder.log: tests/xml/signer$(EXEEXT) signctl/signctl$(EXEEXT)
