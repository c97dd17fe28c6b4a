#!/usr/bin/env python3
"""What pyHanko, EU DSS and veraPDF say of one receipt.
receipt_judges.py FILE ROOT.pem ISSUER.pem: lines of yes|no|skip<TAB>name."""
import os
import sys

sys.dont_write_bytecode = True
from common import PYTHON, SRC, Dss, folder, have, have_module, run

PYHANKO = """
import sys, logging
logging.disable(50)
from pyhanko.keys import load_cert_from_pemder
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext
trust = ValidationContext(trust_roots=[load_cert_from_pemder(sys.argv[2])],
                          allow_fetching=False)
with open(sys.argv[1], "rb") as f:
    for s in PdfFileReader(f).embedded_signatures:
        t = validate_pdf_signature(s, trust)
        stamp = t.timestamp_validity
        print("sealed", t.bottom_line, t.coverage.name, "stamped",
              stamp is not None and stamp.valid and stamp.trusted)
"""


def say(good, name, why=""):
    print("%s\t%s" % ("yes" if good else "no", name))
    if not good:
        print("skip\t" + " ".join(why.split())[-600:])


def skip(name):
    print("skip\t" + name)


def main(path, root, issuer):
    if have_module("pyhanko.sign.validation"):
        _, out = run(PYTHON, "-c", PYHANKO, path, root)
        said = [s for s in out.splitlines() if s.startswith("sealed")]
        say(len(said) == 1 and said[0].startswith("sealed True") and
            said[0].endswith("stamped True"),
            "pyHanko finds seal and time stamp valid", out)
    else:
        skip("pyHanko is not installed (SIGND_TEST_PYTHON)")
    with folder() as d:
        os.mkdir(d + "/classes")
        dss = Dss(d)
        if dss.ready:
            # The root gives out no CRL: below it DSS sees level T alone.
            _, out = dss.ask("verify", issuer, path)
            say("TOTAL_PASSED/null/PAdES-BASELINE-LT" in out,
                "EU DSS finds it valid, PAdES-BASELINE-LT", out)
        else:
            skip("SIGND_TEST_DSS names no folder of EU DSS")
        jars = os.environ.get("SIGND_TEST_VERA", "")
        where = ["-cp", "%s/classes:%s/*" % (d, jars)]
        if jars and have("java", "javac") and run(
                "javac", "-nowarn", "-d", d + "/classes", *where,
                SRC + "/tests/interop/vera/Vera.java")[0] == 0:
            _, out = run("java", *where, "Vera", path, timeout=300)
            say("\t2b\tyes" in out, "veraPDF finds it PDF/A-2b", out)
        else:
            skip("SIGND_TEST_VERA names no folder of veraPDF")


main(*sys.argv[1:])
