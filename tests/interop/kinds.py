#!/usr/bin/env python3
"""PDF files of many sorts, written here byte by byte or by the programs that
are installed: signed twice, and shown to pdfsig, openssl, qpdf, mutool,
pyHanko and signctl.  What cannot be signed is refused by a code."""
import json
import os
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from common import (BUILD, PYTHON, done, folder, have, have_module, ok, run,
                    signctl_verify, skip, skip_all)

ROOT = "/Root 1 0 R"
ID = "/ID[<00112233445566778899aabbccddeeff><00112233445566778899aabbccddeeff>]"


class Pdf:
    """A file that is written object by object."""

    def __init__(self, version="1.7", eol=b"\n", front=b""):
        self.eol, self.at = eol, {}
        self.out = bytearray(front + b"%PDF-" + version.encode() + eol +
                             b"%\xe2\xe3\xcf\xd3" + eol)

    def obj(self, n, body, gen=0):
        self.at[n] = (len(self.out), gen)
        self.out += b"%d %d obj" % (n, gen) + self.eol + \
            body.encode("latin1") + self.eol + b"endobj" + self.eol

    def stream(self, n, keys, data):
        self.obj(n, "<<%s/Length %d>>\r\nstream\r\n%s\r\nendstream" %
                 (keys, len(data), data))

    def table(self, trailer=ROOT, tail=b"%%EOF\n", size=None):
        start, e = len(self.out), self.eol
        row = {b"\n": b" \n", b"\r": b" \r"}.get(e, b"\r\n")
        n = max(self.at) + 1
        self.out += b"xref" + e + b"0 %d" % n + e
        self.out += b"0000000000 65535 f" + row
        for i in range(1, n):
            at, gen = self.at.get(i, (0, 0))
            self.out += b"%010d %05d %c" % (at, gen, b"fn"[i in self.at]) + row
        self.out += b"trailer" + e + (
            "<<%s/Size %d>>" % (trailer, size or n)).encode("latin1") + e
        self.out += b"startxref" + e + b"%d" % start + e + tail
        return self.out


def hello(version="1.7", catalog="", page="", **k):
    w = Pdf(version, **k)
    w.obj(1, "<</Type/Catalog/Pages 2 0 R%s>>" % catalog)
    w.obj(2, "<</Type/Pages/Kids[3 0 R]/Count 1>>")
    w.obj(3, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources"
          "<</Font<</F1 5 0 R>>>>/Contents 4 0 R%s>>" % page)
    w.stream(4, "", "BT /F1 24 Tf 72 720 Td (Xin chao) Tj ET")
    w.obj(5, "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>")
    return w


def form(field="", extra="", rect="[50 50 250 120]"):
    w = hello("1.7", "/AcroForm 6 0 R", "/Annots[7 0 R 8 0 R]")
    w.obj(6, "<</Fields[7 0 R 8 0 R]/DA(/Helv 0 Tf 0 g)"
          "/DR<</Font<</Helv 5 0 R>>>>%s>>" % extra)
    w.obj(7, "<</Type/Annot/Subtype/Widget/FT/Sig/T(ChuKy)/Rect%s/P 3 0 R"
          "/F 4%s>>" % (rect, field))
    w.obj(8, "<</Type/Annot/Subtype/Widget/FT/Tx/T(ten)/V(An)/P 3 0 R/F 4"
          "/Rect[50 150 250 170]>>")
    return w.table(ROOT + ID)


def many_pages(n):
    w = Pdf("1.4")
    w.obj(1, "<</Type/Catalog/Pages 2 0 R>>")
    w.obj(2, "<</Type/Pages/Count %d/Kids[%s]>>" %
          (n, " ".join("%d 0 R" % (i + 3) for i in range(n))))
    for i in range(n):
        w.obj(3 + i, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]"
              "/Resources<<>>>>")
    return w.table()


def many_objects(n):
    w = hello()
    for i in range(6, n + 6):
        w.obj(i, str(i))
    return w.table()


def updated(times):
    b = bytearray(hello().table())
    prev = int(b.split(b"startxref\n")[-1].split()[0])
    for _ in range(times):
        at = len(b)
        b += b"5 0 obj\n<</Type/Font/Subtype/Type1/BaseFont/Courier>>\nendobj\n"
        x = len(b)
        b += (b"xref\n0 1\n0000000000 65535 f \n5 1\n%010d 00000 n \ntrailer\n"
              b"<</Root 1 0 R/Size 6/Prev %d>>\nstartxref\n%d\n%%%%EOF\n" %
              (at, prev, x))
        prev = x
    return b


def xref_stream(widths):
    w = hello("1.5")
    at = len(w.out)
    w.at[6] = (at, 0)
    rows = b""
    for i in range(7):
        row = (1, w.at[i][0], 0) if i else (0, 0, 65535)
        for width, v in zip(widths, row):
            if width:
                rows += (v & (256 ** width - 1)).to_bytes(width, "big")
    w.out += ("6 0 obj\n<</Type/XRef/Size 7/W[%d %d %d]/Root 1 0 R/Length %d"
              ">>\nstream\n" % (*widths, len(rows))).encode() + rows
    w.out += b"\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % at
    return w.out


def by_hand():
    """name: bytes that can be signed"""
    made = {"version-" + v: hello(v).table(ROOT + ID)
            for v in ("1.0", "1.3", "1.4", "1.5", "1.6", "2.0")}
    gen = hello()
    gen.obj(1, "<</Type/Catalog/Pages 2 0 R>>", gen=3)
    xfa = hello("1.7", "/AcroForm<</Fields[8 0 R]/XFA[(a) 7 0 R (b) 9 0 R]>>",
                "/Annots[8 0 R]")
    xfa.stream(7, "", '<xdp:xdp xmlns:xdp="http://ns.adobe.com/xdp/">')
    xfa.obj(8, "<</Type/Annot/Subtype/Widget/FT/Tx/T(ten)/P 3 0 R/F 4"
            "/Rect[50 150 250 170]>>")
    xfa.stream(9, "", "</xdp:xdp>")
    clash = hello("1.7", "/AcroForm<</Fields[7 0 R]>>", "/Annots[7 0 R]")
    clash.obj(7, "<</T(Signature1)/Type/Annot/Subtype/Widget/FT/Tx/P 3 0 R"
              "/Rect[0 0 0 0]/F 4>>")
    beyond = hello()
    beyond.obj(6, "<</Type/Catalog/Pages 2 0 R>>")
    made.update({
        "crlf": hello(eol=b"\r\n").table(tail=b"%%EOF\r\n"),
        "cr": hello(eol=b"\r").table(tail=b"%%EOF\r"),
        "no-end-of-line": hello().table(tail=b"%%EOF"),
        "comments": hello().table("/Root % c (here\n 1 % x\n 0 R %[ \n"),
        "generation-3": gen.table("/Root 1 3 R"),
        "names": hello(catalog="/#4eote (a\\(b\\)\\\n c\\053)/X<AB C>"
                       "/Y[-.5 +3 4. 00007 .0]/Z<</A null/B true>>").table(),
        "catalog-null-form": hello(catalog="/AcroForm null").table(),
        "catalog-dangling-form": hello(catalog="/AcroForm 99 0 R").table(),
        "form-without-fields": hello(catalog="/AcroForm<<>>").table(),
        "form-name-taken": clash.table(),
        "form-empty-signature": form(),
        "form-seed-values": form("/SV<</Type/SV/Ff 2/SubFilter"
                                 "[/ETSI.CAdES.detached]>>"),
        "form-lock": form("/Lock<</Type/SigFieldLock/Action/All>>"),
        "xfa-static": xfa.table(),
        "updated-30": updated(30),
        "pages-3000": many_pages(3000),
        "objects-100000": many_objects(100000),
        "pdfunite-size": beyond.table("/Root 6 0 R", size=3),
        "xref-121": xref_stream((1, 2, 1)),
        "xref-188": xref_stream((1, 8, 8)),
    })
    return made


def refused():
    """name: (bytes, code)"""
    nest = hello(catalog="/X " + "[" * 5000 + "]" * 5000).table()
    whole = bytes(hello().table())
    wrong = whole.replace(b"/Length 39", b"/Length 12")
    dynamic = hello(catalog="/NeedsRendering true/AcroForm<</Fields[]/XFA 7 0 R"
                    ">>")
    dynamic.stream(7, "", "<a/>")
    return {
        "empty": (b"", "not-pdf"), "text": (b"hello", "not-pdf"),
        "only-header": (b"%PDF-1.7\n", "pdf-damaged"),
        "cut": (whole[:-100], "pdf-damaged"),
        "junk-in-front": (b"junk\n" + whole, "pdf-damaged"),
        "junk-behind": (whole + b"<!-- page -->", "pdf-ambiguous"),
        "wrong-length": (wrong, "pdf-damaged"),
        "nested-5000": (nest, "pdf-too-complex"),
        "xfa-dynamic": (dynamic.table(), "pdf-xfa"),
        "size-divides": (hello().table(size=3), "pdf-ambiguous"),
    }


def by_programs(d, plain):
    """What the programs that are here make of it; a failure of theirs is no
    test of ours."""
    text = d + "/t.html"
    with open(text, "w") as f:
        f.write("<html><meta charset=utf-8><h1>Tờ khai</h1><form><input "
                "name=x></form><table><tr><td>a<td>b</table></html>")
    q = ["qpdf", "--allow-weak-crypto"]
    recipes = {
        "qpdf-os": ["qpdf", "--object-streams=generate", plain],
        "qpdf-lin": ["qpdf", "--linearize", plain],
        "qpdf-qdf": ["qpdf", "--qdf", plain],
        "qpdf-r2": q + ["--encrypt", "", "o", "40", "--", plain],
        "qpdf-r3": q + ["--encrypt", "", "o", "128", "--use-aes=n", "--",
                        plain],
        "qpdf-v4": q + ["--encrypt", "", "o", "128", "--force-V4", "--",
                        plain],
        "qpdf-r5": q + ["--encrypt", "", "o", "256", "--force-R5", "--",
                        plain],
        "qpdf-r6": q + ["--encrypt", "", "o", "256", "--cleartext-metadata",
                        "--", plain],
        "mutool-z": ["mutool", "clean", "-z", plain],
        "mutool-gggg": ["mutool", "clean", "-gggg", "-z", plain],
        "pdfunite": ["pdfunite", plain, plain],
        "cairo": ["pdftocairo", "-pdf", plain],
        "pdftk": ["pdftk", plain, "output", None, "compress"],
        "wkhtmltopdf": ["wkhtmltopdf", "-q", "--enable-forms", text],
        "weasyprint": ["weasyprint", text],
    }
    for v in ("1.3", "1.5", "2.0"):
        recipes["gs-" + v] = ["gs", "-q", "-dBATCH", "-dNOPAUSE",
                              "-sDEVICE=pdfwrite", "-dCompatibilityLevel=" + v,
                              "-sOutputFile=" + d + "/in/gs-" + v + ".pdf",
                              plain]
    missing = set()
    for name, args in recipes.items():
        out = "%s/in/%s.pdf" % (d, name)
        if not have(args[0]):
            missing.add(args[0])
            continue
        if None in args:
            args = [out if a is None else a for a in args]
        elif args[0] != "gs":
            args = args + [out]
        run(*args, timeout=300)
    for program in sorted(missing):
        skip("files made by " + program, "it is not installed")


PYHANKO = """
import json, logging, sys
logging.disable(50)
from pyhanko.keys import load_cert_from_pemder
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext
ca = load_cert_from_pemder(sys.argv[1])
for path in sys.argv[2:]:
    said = []
    try:
        with open(path, "rb") as f:
            r = PdfFileReader(f, strict=False)
            if r.encrypted:
                r.decrypt("")
            for s in r.embedded_signatures:
                st = validate_pdf_signature(s, ValidationContext(
                    trust_roots=[ca], allow_fetching=False))
                said.append(bool(st.bottom_line))
    except Exception as e:
        said = "%s" % e
    print(json.dumps([path, said]))
"""


def pyhanko_agrees(d, names):
    if not have_module("pyhanko.sign.validation"):
        skip("pyHanko agrees", "pyhanko is not installed (SIGND_TEST_PYTHON)")
        return
    # It wants what some inputs have not, signed or not.
    cannot = {"generation-3", "comments", "pdfunite", "pdfunite-size", "gs-2.0",
              "qpdf-r5"}
    files = ["%s/out/%s.2.pdf" % (d, n) for n in names if n not in cannot]
    _, out = run(PYTHON, "-c", PYHANKO, d + "/out/ca.pem", *files, timeout=600)
    told = dict(json.loads(s) for s in out.splitlines() if s.startswith("["))
    bad = [(f, told.get(f, out[-300:])) for f in files
           if told.get(f) != [True, True]]
    ok(not bad, "pyHanko agrees with both signatures of %d files" % len(files),
       "\n".join(map(str, bad)))


def openssl_agrees(path, d):
    data = open(path, "rb").read()
    a, b, c, e = [int(x) for x in re.findall(
        rb"/ByteRange *\[ *(\d+) +(\d+) +(\d+) +(\d+) *\]", data)[-1]]
    with open(d + "/content", "wb") as f:
        f.write(data[a:a + b] + data[c:c + e])
    with open(d + "/cms", "wb") as f:
        f.write(bytes.fromhex(data[b + 1:c - 1].decode()))
    status, out = run("openssl", "cms", "-verify", "-binary", "-cades",
                      "-inform", "DER", "-in", d + "/cms", "-content",
                      d + "/content", "-CAfile", d + "/out/ca.pem",
                      "-purpose", "any", "-out", "/dev/null")
    return "" if status == 0 and c + e == len(data) else out + "openssl"


def complaints(d, name):
    """Empty if all agree."""
    files = ["%s/in/%s.pdf" % (d, name)] + \
        ["%s/out/%s.%d.pdf" % (d, name, i) for i in (1, 2)]
    bytes_of = [open(f, "rb").read() for f in files]
    said = ""
    if not bytes_of[1].startswith(bytes_of[0]) or \
            not bytes_of[2].startswith(bytes_of[1]):
        said += "the bytes before were changed\n"
    for i in (1, 2):
        _, out = run("pdfsig", "-nssdir", "sql:%s/nss" % d, files[i])
        if out.count("Signature is Valid") != i or \
                out.count("Certificate is Trusted") != i or \
                out.count("Total document signed") != 1:
            said += "pdfsig: " + out
        said += openssl_agrees(files[i], d)
        status, out = signctl_verify(files[i], "--trust", d + "/out/ca.pem")
        if status != 0:
            said += "signctl: " + out
    status, out = run("qpdf", "--check", files[2])
    before, _ = run("qpdf", "--check", files[0])
    if status > before:
        said += "qpdf: " + out
    if have("mutool"):
        loud = [len(re.findall("warning|error", run("mutool", "info", f)[1]))
                for f in (files[0], files[2])]
        if loud[1] > loud[0]:
            said += "mutool complains more than before"
    return said


def main():
    for tool in ("pdfsig", "certutil", "qpdf", "openssl"):
        if not have(tool):
            skip_all("there is no " + tool)
    with folder() as d:
        os.mkdir(d + "/in")
        os.mkdir(d + "/out")
        os.mkdir(d + "/nss")
        for name, data in by_hand().items():
            open("%s/in/%s.pdf" % (d, name), "wb").write(data)
        by_programs(d, d + "/in/form-empty-signature.pdf")
        names = sorted(f[:-4] for f in os.listdir(d + "/in"))
        maker = BUILD + "/tests/pdf/maker"
        _, out = run(maker, d + "/out",
                     *["%s/in/%s.pdf" % (d, n) for n in names])
        run("certutil", "-N", "-d", "sql:%s/nss" % d, "--empty-password")
        run("certutil", "-A", "-d", "sql:%s/nss" % d, "-n", "ca", "-t",
            "CT,CT,CT", "-i", d + "/out/ca.pem")
        signed = set(re.findall(r"^ok (\S+)$", out, re.M))
        for name in names:
            if ok(name in signed, name + " is signed twice",
                  "\n".join(s for s in out.splitlines() if name in s)):
                said = complaints(d, name)
                ok(not said, name + ": all agree with both", said)
        pyhanko_agrees(d, [n for n in names if n in signed])
        for name, (data, code) in refused().items():
            path = "%s/%s.pdf" % (d, name)
            open(path, "wb").write(data or b" ")
            _, out = run(maker, d, path)
            ok(" %s %s " % (name, code) in out,
               "%s is refused as %s" % (name, code), out)
    done()


main()
