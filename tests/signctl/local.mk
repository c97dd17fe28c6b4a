dist_check_SCRIPTS += %D%/usage.sh %D%/timestamp.sh %D%/sod.sh %D%/levels.sh \
	%D%/folder.sh %D%/trust.sh %D%/online.sh %D%/epes.sh
TESTS += %D%/usage.sh %D%/timestamp.sh %D%/sod.sh %D%/levels.sh %D%/folder.sh \
	%D%/trust.sh %D%/online.sh %D%/epes.sh

# Wants a token; SoftHSM at least.
dist_check_SCRIPTS += %D%/token.sh %D%/certify.py %D%/clerk.py %D%/archive.py
TESTS += %D%/token.sh %D%/certify.py %D%/clerk.py %D%/archive.py
EXTRA_DIST += %D%/clerk.tsv
tests/signctl/clerk.log tests/signctl/archive.log: signctl/signctl$(EXEEXT)
tests/signctl/certify.log: signctl/signctl$(EXEEXT)
tests/signctl/epes.log: tests/xml/signer$(EXEEXT) signctl/signctl$(EXEEXT)
