#!/usr/bin/env python3
"""Files at every PAdES level, and certified ones, made by tests/pdf/levels: our
own judge, pyHanko with its strictest comparison, EU DSS, veraPDF, pdfsig, qpdf
and mutool are asked about them."""
import glob
import json
import os
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from common import (BUILD, PYTHON, SRC, Dss, done, folder, have, have_module,
                    ok, run, skip)

SHARED = os.environ.get("SIGND_SHARED", SRC + "/../shared") + "/pdf-samples"
KINDS = ["b", "bt", "t", "lt", "lta", "lta2", "two", "p1", "p2", "p3"]
LEVEL = {"b": "B", "bt": "T", "t": "T", "lt": "LT"}

PYHANKO = """
import asyncio, json, logging, sys
logging.disable(50)
from pyhanko.keys import load_cert_from_pemder
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import (validate_pdf_signature,
    validate_pdf_timestamp, policy_decl as policy)
from pyhanko.sign.validation.ades import ades_lta_validation
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.policy_decl import (REQUIRE_REVINFO,
    CertRevTrustPolicy)
from pyhanko_certvalidator.registry import SimpleTrustManager
ca = load_cert_from_pemder(sys.argv[1])
spec = policy.PdfSignatureValidationSpec(policy.SignatureValidationSpec(
    cert_validation_policy=CertValidationPolicySpec(
        trust_manager=SimpleTrustManager.build([ca]),
        revinfo_policy=CertRevTrustPolicy(REQUIRE_REVINFO)),
    revinfo_gathering_policy=policy.RevocationInfoGatheringSpec(
        online_fetching_rule=policy.RevinfoOnlineFetchingRule.LOCAL_ONLY)))
def judge(s, archived):
    trust = ValidationContext(trust_roots=[ca], allow_fetching=False)
    if s.sig_object_type == "/DocTimeStamp":
        t = validate_pdf_timestamp(s, trust)
        return t.intact and t.valid and t.trusted
    t = validate_pdf_signature(s, trust)
    return t.bottom_line and (not archived or asyncio.run(
        ades_lta_validation(s, spec)).ades_subindic.name == "OK")
for path in sys.argv[2:]:
    try:
        with open(path, "rb") as f:
            r = PdfFileReader(f, strict=False)
            if r.encrypted:
                r.decrypt("")
            said = [bool(judge(s, path.split(".")[-2] not in
                ("b", "bt", "t", "lt"))) for s in r.embedded_signatures]
    except Exception as e:
        said = "%s %s" % (type(e).__name__, e)
    print(json.dumps([path, said]), flush=True)
"""


def signatures(kind):
    """How many signatures and document time stamps a file of a kind has."""
    return {"b": 1, "t": 1, "lt": 1, "lta2": 3, "two": 3}.get(kind, 2)


def files_of(d, names, kinds=KINDS):
    return [p for n in names for k in kinds
            for p in ["%s/%s.%s.pdf" % (d, n, k)] if os.path.exists(p)]


def we_agree(files):
    bad = [f for f in files
           if run(BUILD + "/tests/pdf/judge", f)[1].split()[:1] != ["valid"]]
    ok(not bad, "our own judge finds %d files good" % len(files), bad)


def pyhanko_agrees(d, names):
    if not have_module("pyhanko.sign.validation.ades"):
        skip("pyHanko agrees", "pyhanko is not installed (SIGND_TEST_PYTHON)")
        return
    # It cannot open R5, nor compare revisions where metadata is not encrypted,
    # nor read "/Info null"; 25 has signatures by somebody whom it does not
    # know.
    # Of weasyprint's PDF/UA it calls every later signature a change.
    cannot = ("12-enc", "15-enc", "25-pdfa", "startxref-early", "tagged-ua")
    files = files_of(d, [n for n in names if not n.startswith(cannot)])
    status, out = run(PYTHON, "-c", PYHANKO, d + "/ca.pem", *files, timeout=900)
    told = dict(json.loads(s) for s in out.splitlines() if s.startswith("["))
    bad = [(os.path.basename(f), told.get(f, out[-300:])) for f in files
           if told.get(f) != [True] * signatures(f.split(".")[-2])]
    ok(not bad, "pyHanko agrees with %d files, at LTA with evidence required" %
       len(files), "\n".join(map(str, bad)))


def dss_agrees(d, names):
    os.mkdir(d + "/classes")
    dss = Dss(d)
    if not dss.ready:
        skip("EU DSS reports the level that was meant",
             "SIGND_TEST_DSS names no folder of its jars")
        return
    names = [n for n in names if n.startswith(("01-", "02-", "table", "stream"))]
    files = files_of(d, names)
    r = subprocess.run(["java", "-cp", dss.path, "Judge", "verify",
                        d + "/ca.pem", *files], stdout=subprocess.PIPE,
                       stderr=subprocess.DEVNULL, timeout=900)
    told = dict(s.split("\t", 1) for s in r.stdout.decode().splitlines()
                if "\t" in s)
    bad = []
    for f in files:
        level = LEVEL.get(f.split(".")[-2], "LTA")
        said = told.get(f, "nothing").split()
        if not said or any(s != "TOTAL_PASSED/null/PAdES-BASELINE-" + level
                           for s in said):
            bad.append((os.path.basename(f), said))
    ok(not bad, "EU DSS reports the level that was meant of %d files" %
       len(files), "\n".join(map(str, bad)))


def vera_agrees(d, names):
    jars = os.environ.get("SIGND_TEST_VERA", "")
    where = ["-cp", "%s/classes:%s/*" % (d, jars)]
    if not jars or not have("java", "javac") or run(
            "javac", "-nowarn", "-d", d + "/classes", *where,
            SRC + "/tests/interop/vera/Vera.java")[0] != 0:
        skip("PDF/A stays PDF/A", "SIGND_TEST_VERA names no folder of its jars")
        return
    # 25 was not valid before we touched it.
    files = files_of(d, [n for n in names if n == "tagged-ua" or
                         ("pdfa" in n and n[:2] != "25")])
    files += glob.glob(d + "/given-*.pdf")
    _, out = run("java", *where, "Vera", *files, timeout=900)
    # Its warnings go the same way, and have no tabs.
    said = [s for s in out.splitlines() if "\t" in s]
    bad = [s for s in said if s.split("\t")[2:] != ["yes"]]
    ok(not bad and len(said) == len(files),
       "veraPDF finds %d files of PDF/A-1, 2 and 3 and PDF/UA-1 valid" %
       len(files), bad)


def preflight_agrees(d, names):
    """Preflight knows PDF/A-1b alone."""
    jars = os.environ.get("SIGND_TEST_PREFLIGHT", "")
    where = ["-cp", "%s/classes:%s/*" % (d, jars)]
    if not jars or not have("java", "javac") or run(
            "javac", "-nowarn", "-d", d + "/classes", *where,
            SRC + "/tests/interop/preflight/Flight.java")[0] != 0:
        skip("PDF/A-1b stays PDF/A-1b",
             "SIGND_TEST_PREFLIGHT names no folder of its jars")
        return
    files = files_of(d, [n for n in names if "pdfa1b" in n and n[:2] != "25"])
    files += glob.glob(d + "/given-*pdfa1b.pdf")
    run_out = subprocess.run(["java", *where, "Flight", *files],
                             stdout=subprocess.PIPE, timeout=300,
                             stderr=subprocess.DEVNULL).stdout.decode()
    bad = [s for s in run_out.splitlines() if s.split("\t")[1:] != ["yes"]]
    ok(not bad and len(run_out.splitlines()) == len(files),
       "Preflight finds %d files of PDF/A-1b valid" % len(files), bad)


def sign_visibly(d, sources):
    """PDF/A and PDF/UA with words, QR code, picture and seal: given-*.pdf."""
    given = [f for f in sources if "/25-" not in f and
             ("pdfa" in f or "tagged-ua" in f)]
    status, out = run(BUILD + "/tests/pdf/looks", d, SRC + "/tests/pdf/golden",
                      *given)
    ok(status == 0, "%d files of PDF/A and PDF/UA are signed visibly" %
       len(given), out)


def revisions_come_out(d):
    """The T that was stored, time stamped twice and renewed is still in it."""
    signctl = [BUILD + "/signctl/signctl", "verify", "--policy", "crypto-only",
               "--lang", "en", "--out", d + "/revision"]
    status, out = run(*signctl, "--revision", "2", d + "/table.lta2.pdf")
    with open(d + "/table.t.pdf", "rb") as f:
        signed = f.read()
    got = open(d + "/revision", "rb").read() if status == 0 else b""
    ok(got == signed, "a revision comes out as it was signed", out)
    status, out = run(*signctl, "--revision", "1", d + "/table.lta2.pdf")
    ok(status == 66 and "[no-revision]" in out,
       "a revision that nobody signed does not", out)


def structure_holds(files):
    bad = [f + "\n" + out for f in files
           for status, out in [run("qpdf", "--check", f)] if status != 0]
    ok(not bad, "qpdf finds nothing wrong", "\n".join(bad))
    if have("mutool"):
        bad = [f + "\n" + out for f in files
               for _, out in [run("mutool", "info", f)]
               if "warning" in out or "error" in out]
        ok(not bad, "mutool finds nothing wrong", "\n".join(bad))


def pdfsig_agrees(files):
    """Of document time stamps poppler says only that it does not know them."""
    bad = []
    for f in files:
        _, out = run("pdfsig", "-nocert", f)
        stamps = out.count("Signature Type: unknown")
        if out.count("Signature is Valid") + stamps < signatures(
                f.split(".")[-2]):
            bad.append(f + "\n" + out)
    ok(not bad, "pdfsig agrees with every signature", "\n".join(bad))


UA = """<html lang="vi"><meta charset="utf-8"><title>Đơn đề nghị</title>
<h1>Đơn đề nghị</h1><p>Nội dung. <a href="https://example.vn/">Liên kết</a></p>
"""


def make_tagged(d):
    """PDF/UA-1, by a program that makes it."""
    with open(d + "/ua.html", "w", encoding="utf-8") as f:
        f.write(UA)
    if not have("weasyprint") or run(
            "weasyprint", "--pdf-variant", "pdf/ua-1", d + "/ua.html",
            d + "/in/tagged-ua.pdf")[0] != 0:
        skip("PDF/UA-1 stays what it is", "no weasyprint that makes it")


def main():
    with folder() as d:
        os.mkdir(d + "/in")
        run(BUILD + "/tests/pdf/maker", "-f", d + "/in")
        make_tagged(d)
        sources = glob.glob(d + "/in/*.pdf") + \
            glob.glob(SHARED + "/kinds/*.pdf")
        sources = sorted(f for f in sources if "needs-password" not in f)
        _, out = run(BUILD + "/tests/pdf/levels", d, *sources)
        names = [s.split()[1] for s in out.splitlines() if s[:3] == "ok "]
        ok(len(names) == len(sources),
           "%d files are taken to every level" % len(sources), out)
        files = files_of(d, names)
        we_agree(files)
        revisions_come_out(d)
        pyhanko_agrees(d, names)
        dss_agrees(d, names)
        os.mkdir(d + "/seen")
        sign_visibly(d + "/seen", sources)
        for f in glob.glob(d + "/seen/given-*.pdf"):
            os.rename(f, d + "/" + os.path.basename(f))
        vera_agrees(d, names)
        preflight_agrees(d, names)
        if have("qpdf"):
            structure_holds(files)
        if have("pdfsig"):
            pdfsig_agrees([f for f in files if "/25-" not in f])
    done()


main()
