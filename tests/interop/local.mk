# Files of many sorts and signatures by many programs.  Judges that Debian has
# not (pyHanko, signxml, EU DSS) are asked where SIGND_TEST_PYTHON and
# SIGND_TEST_DSS say that they are; doc is in README here.
TESTS += tests/interop/kinds.py tests/interop/foreign.py tests/interop/levels.py \
	tests/interop/cades.sh
EXTRA_DIST += %D%/common.py %D%/kinds.py %D%/foreign.py %D%/README.md \
	%D%/requirements.txt %D%/levels.py %D%/cades.sh %D%/dss/pom.xml %D%/dss/Judge.java \
	%D%/vera/pom.xml %D%/vera/Vera.java \
	%D%/preflight/pom.xml %D%/preflight/Flight.java
tests/interop/kinds.log: tests/pdf/maker$(EXEEXT) signctl/signctl$(EXEEXT)
tests/interop/foreign.log: tests/pdf/maker$(EXEEXT) tests/xml/signer$(EXEEXT) \
	signctl/signctl$(EXEEXT)
tests/interop/levels.log: tests/pdf/maker$(EXEEXT) tests/pdf/levels$(EXEEXT) \
	tests/pdf/looks$(EXEEXT) \
	tests/pdf/judge$(EXEEXT) signctl/signctl$(EXEEXT)

# Containers, raised.
TESTS += tests/interop/asic.py
EXTRA_DIST += %D%/asic.py
tests/interop/asic.log: tests/xml/signer$(EXEEXT) signctl/signctl$(EXEEXT)

# Invoices, tax returns and PDF in the shapes that Vietnamese providers write.
TESTS += tests/interop/vietnam.py tests/interop/vietnampdf.py
EXTRA_DIST += %D%/vietnam.py %D%/vietnampdf.py %D%/dss/Invoice.java
tests/interop/vietnam.log: signctl/signctl$(EXEEXT)
tests/interop/vietnampdf.log: signctl/signctl$(EXEEXT)

# The XML report against its schema.
TESTS += tests/interop/etsi.py
EXTRA_DIST += %D%/etsi.py
tests/interop/etsi.log: signctl/signctl$(EXEEXT)

# A receipt of a running service, before other people's judges.
dist_check_SCRIPTS += %D%/receipt.sh
TESTS += %D%/receipt.sh
EXTRA_DIST += %D%/receipt_judges.py

# All verdicts beside those of EU DSS; its constraints serve bench-validation, too.
TESTS += %D%/beside.py
EXTRA_DIST += %D%/beside.py %D%/besidemake.py %D%/dss/Beside.java
tests/interop/beside.log: tests/pdf/maker$(EXEEXT) tests/pdf/levels$(EXEEXT) \
	tests/xml/signer$(EXEEXT) signctl/signctl$(EXEEXT)
