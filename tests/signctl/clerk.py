#!/usr/bin/env python3
"""What a clerk is told: files of all outcomes, by signctl with a token, openssl
and xmlsec1, each under circumstances that are fixed (anchors, lists, time of
validation), and for each the word, the one sentence and the next step, in
Vietnamese and English.  The words are in clerk.tsv, which `clerk.py --write FILE`
writes anew, to be read before it is kept: can one act on this alone?"""
import datetime
import glob
import json
import os
import shutil
import subprocess
import sys
import zipfile

sys.dont_write_bytecode = True
SRC = os.path.abspath(os.environ.get("top_srcdir", "."))
BUILD = os.path.abspath(os.environ.get("top_builddir", "."))
sys.path[:0] = [SRC + "/tests/interop", SRC + "/tests/pdf"]
import attacks
from common import done, folder, have, ok, run, skip_all

SIGNCTL = BUILD + "/signctl/signctl"
PIN = "648-tokenpin"
MODULES = glob.glob("/usr/lib/softhsm/libsofthsm2.so") + \
    glob.glob("/usr/lib/*/softhsm/libsofthsm2.so")
NOW = datetime.datetime.utcnow().replace(microsecond=0)
DAY = datetime.timedelta(days=1)
HOUR = datetime.timedelta(hours=1)


def when(offset):
    return (NOW + offset).strftime("%Y-%m-%dT%H:%M:%SZ")


def asn1(offset):
    return (NOW + offset).strftime("%y%m%d%H%M%SZ")


def must(*args, **more):
    status, out = run(*args, **more)
    if status != 0:
        raise RuntimeError("%s: %s" % (args[:4], out))
    return out


class World:
    """Authorities, An with a key in a token, people with keys in files."""

    def __init__(self, d):
        self.d = d
        os.chdir(d)
        os.mkdir("tokens")
        with open("softhsm.conf", "w") as f:
            f.write("directories.tokendir = %s/tokens\n" % d)
        os.environ["SOFTHSM2_CONF"] = d + "/softhsm.conf"
        with open("pin", "w") as f:
            f.write(PIN + "\n")
        os.chmod("pin", 0o600)
        with open("ca.cnf", "w") as f:
            f.write("[ca]\ndefault_ca=c\n[c]\ndatabase=index\ncrlnumber=number\n"
                    "default_md=sha256\n")
        with open("ext", "w") as f:
            f.write("[sign]\nkeyUsage=critical,digitalSignature,nonRepudiation\n"
                    "[seal]\nkeyUsage=critical,keyEncipherment\n")
        for name in ("ca", "other"):
            must("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                 "ec_paramgen_curve:P-256", "-nodes", "-days", "3650",
                 "-subj", "/CN=CA " + name, "-keyout", name + ".key",
                 "-out", name + ".pem", "-addext",
                 "keyUsage=critical,keyCertSign,cRLSign")
        self.make_an()
        self.make_person("binh", ("ec", "-pkeyopt",
                                  "ec_paramgen_curve:P-256"), 300)
        self.make_person("weak", ("rsa:1024",), 300)
        self.make_person("seal", ("rsa:2048",), 300, "seal")
        self.lists()
        self.start_tsa()

    def command(self, *words):
        verbs = 2 if words[0] == "token" else 1
        return [SIGNCTL, *words[:verbs], "--module", MODULES[0], "--pin-file",
                "pin", *words[verbs:]]

    def issue(self, name, days, use):
        must("openssl", "x509", "-req", "-in", name + ".csr", "-CA", "ca.pem",
             "-CAkey", "ca.key", "-CAcreateserial", "-days", str(days),
             "-extfile", "ext", "-extensions", use, "-out", name + ".pem")

    def make_an(self):
        must("softhsm2-util", "--init-token", "--free", "--label", "t",
             "--pin", PIN, "--so-pin", "0987654321")
        self.key = must(*self.command(
            "token", "key-new", "--token", "pkcs11:token=t")).strip()
        self.key = self.key.splitlines()[-1]
        must(*self.command("token", "csr", "--token", self.key, "--subject",
                           "CN=Nguyễn Văn An", "--out", "an.csr"))
        self.issue("an", 300, "sign")
        must(*self.command("token", "put-cert", "--token", self.key, "an.pem"))

    def make_person(self, name, key, days, use="sign"):
        must("openssl", "req", "-newkey", *key, "-nodes", "-subj",
             "/CN=" + name, "-keyout", name + ".key", "-out", name + ".csr")
        self.issue(name, days, use)

    def later_tsa_list(self):
        with open("index", "w") as f:
            f.write("")
        must("openssl", "ca", "-config", "ca.cnf", "-gencrl", "-keyfile",
             "tsa-ca.key", "-cert", "tsa-ca.pem", "-crl_lastupdate",
             asn1(399 * DAY), "-crl_nextupdate", asn1(409 * DAY), "-out",
             "tsa-later.crl")

    def crl(self, name, revoked=None, at=-3 * DAY):
        """`revoked`: of An, when, and why; the list is made `at`."""
        serial = must("openssl", "x509", "-in", "an.pem", "-noout",
                      "-serial").strip().split("=")[1]
        with open("index", "w") as f:
            if revoked is not None:
                f.write("R\t%s\t%s,%s\t%s\tunknown\t/CN=An\n" % (
                    asn1(300 * DAY), asn1(revoked[0]), revoked[1], serial))
        with open("number", "w") as f:
            f.write("01\n")
        must("openssl", "ca", "-config", "ca.cnf", "-gencrl", "-keyfile",
             "ca.key", "-cert", "ca.pem", "-crl_lastupdate", asn1(at),
             "-crl_nextupdate", asn1(at + 8 * DAY), "-out", name + ".crl")

    def lists(self):
        self.crl("good", at=-HOUR / 60)
        self.crl("old", at=-30 * DAY)
        self.crl("revoked", (-HOUR, "keyCompromise"), at=HOUR)
        self.crl("revoked-later", (DAY, "keyCompromise"), at=2 * DAY)
        self.crl("held", (HOUR, "certificateHold"), at=2 * HOUR)

    def start_tsa(self):
        self.tsa = subprocess.Popen(
            [sys.executable, SRC + "/tests/tsa.py", self.d],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.tsa_url = self.tsa.stdout.readline().decode().strip()
        self.later_tsa_list()

    def stop(self):
        self.tsa.stdin.close()
        self.tsa.wait()

    def sign(self, source, to, *options):
        must(*self.command("sign", "--token", self.key, "--out", to,
                           "--trust", "ca.pem", "--tsa", self.tsa_url,
                           *options, source))

    def cms(self, who, to, *options):
        must("openssl", "cms", "-sign", "-binary", "-in", "content", "-signer",
             who + ".pem", "-inkey", who + ".key", "-outform", "DER", "-out",
             to, *options)


def read(path):
    with open(path, "rb") as f:
        return f.read()


def write(path, data):
    with open(path, "wb") as f:
        f.write(data)


def replaced(source, to, old, new):
    data = read(source)
    assert old in data and len(old) == len(new), (source, old)
    write(to, data.replace(old, new, 1))


XML = "<đơn><tên>Nguyễn Văn An</tên><tiền>100</tiền></đơn>"
TEMPLATE = """<đơn><tiền>100</tiền><Signature xmlns="http://www.w3.org/2000/09/xmldsig#">
<SignedInfo><CanonicalizationMethod Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315"/>
<SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"/>
<Reference URI=""><Transforms><Transform
Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/></Transforms>
<DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><DigestValue/>
</Reference></SignedInfo><SignatureValue/><KeyInfo>%s</KeyInfo></Signature></đơn>"""


def make_pdfs(w):
    write("plain.pdf", attacks.whole_file())
    w.sign("plain.pdf", "b.pdf")
    w.sign("plain.pdf", "t.pdf", "--level", "t")
    w.sign("plain.pdf", "lta.pdf", "--level", "lta", "--trust", "tsa-ca.pem",
           "--cert", "tsa.pem", "--crl", "good.crl", "--crl", "tsa-ca.crl")
    w.sign("plain.pdf", "certified.pdf", "--certify", "nothing")
    replaced("b.pdf", "digit.pdf", b"(Pay 100)", b"(Pay 900)")
    data = read("b.pdf")
    write("amount.pdf", attacks.changed(data, {
        5: attacks.stream(b"", b"BT /F1 24 Tf 72 700 Td (Pay 900) Tj ET")}))
    filled = {8: attacks.BASE[8].replace(b"/V(1)", b"/V(2)")}
    write("filled.pdf", attacks.changed(data, filled))
    write("filled-certified.pdf",
          attacks.changed(read("certified.pdf"), filled))
    w.sign("plain.pdf", "comments.pdf", "--certify", "comments")
    data = read("comments.pdf")
    page = attacks.newest(data, 3)
    write("annotated.pdf", attacks.changed(data, {
        3: page.replace(b"/Annots[", b"/Annots[60 0 R "),
        60: b"<</Type/Annot/Subtype/Text/Rect[9 9 20 20]/P 3 0 R"
            b"/Contents(paid)>>"}))
    w.sign("b.pdf", "two.pdf")
    data = read("b.pdf")
    write("cut.pdf", data[:len(data) // 2])


def make_xml(w):
    write("form.xml", XML.encode())
    w.sign("form.xml", "b.xml")
    write("parts.xml", XML.replace("<tên>", "<tên Id='a'>").encode())
    w.sign("parts.xml", "part.xml", "--object", "#a")
    replaced("b.xml", "changed.xml", b">100<", b">900<")
    for name, key in (("xmlsec", "<X509Data/>"),
                      ("bare", "<KeyName/>")):
        write("template.xml", (TEMPLATE % key).encode())
        must("xmlsec1", "--sign", "--output", name + ".xml", "--privkey-pem",
             "binh.key,binh.pem", "template.xml")


def make_cms(w):
    write("content", "nội dung của công văn\n".encode())
    write("other", "nội dung khác\n".encode())
    w.cms("binh", "binh.p7m", "-nodetach", "-cades")
    w.cms("binh", "binh.p7s", "-cades")
    w.cms("binh", "sha1.p7m", "-nodetach", "-md", "sha1")
    w.cms("weak", "weak.p7m", "-nodetach", "-cades")
    w.cms("seal", "seal.p7m", "-nodetach", "-cades")
    w.cms("binh", "nocerts.p7m", "-nodetach", "-cades", "-nocerts")
    write("cut.p7m", read("binh.p7m")[:-100])
    write("empty.pdf", b"")
    write("broken.xml", "<đơn><tên>An</đơn>".encode())
    # What else comes by mail.
    with zipfile.ZipFile("dossier.zip", "w") as z:
        z.write("b.pdf")
    with zipfile.ZipFile("letter.docx", "w") as z:
        z.writestr("[Content_Types].xml", "<Types/>")
        z.writestr("word/document.xml", "<a/>")
    write("photo.jpg", b"\xff\xd8\xff\xe0\0\x10JFIF\0")
    write("error.pdf", b"<!DOCTYPE html><html><body>404 Not Found</body></html>")
    write("letter.eml", b"From: a@b\r\nSubject: c\r\n\r\nd\r\n")
    must("openssl", "x509", "-in", "an.pem", "-outform", "DER", "-out",
         "an.cer")
    must("openssl", "ts", "-query", "-data", "content", "-sha256", "-cert",
         "-out", "content.tsq")
    must("curl", "-s", "--data-binary", "@content.tsq", "-o", "content.tsr",
         w.tsa_url)
    must("openssl", "ts", "-reply", "-in", "content.tsr", "-token_out", "-out",
         "content.tst")


TRUST = ("--trust", "ca.pem", "--trust", "tsa-ca.pem")
GOOD = TRUST + ("--crl", "good.crl", "--crl", "tsa-ca.crl")
TODAY = ("--time", when(2 * HOUR))


def with_list(name, later=2 * HOUR):
    return TRUST + ("--crl", name + ".crl", "--crl", "tsa-ca.crl", "--time",
                    when(later))


# What it is called, the file, and the circumstances; all under vn-2025 but for
# those that say otherwise.
CASES = [
    ("valid-pdf", "b.pdf", GOOD + TODAY),
    ("valid-stamped", "t.pdf", GOOD + TODAY),
    ("valid-xml", "b.xml", GOOD + TODAY),
    ("valid-xmlsec1", "xmlsec.xml", GOOD + TODAY),
    ("valid-openssl", "binh.p7m", GOOD + TODAY),
    ("valid-detached", "binh.p7s", GOOD + TODAY + ("--content", "content")),
    ("valid-two-signers", "two.pdf", GOOD + TODAY),
    ("valid-form-filled", "filled.pdf", GOOD + TODAY),
    ("valid-annotated", "annotated.pdf", GOOD + TODAY),
    ("valid-in-part", "part.xml", GOOD + TODAY),
    ("valid-expired-since", "lta.pdf", TRUST + (
        "--crl", "tsa-later.crl", "--time", when(400 * DAY))),
    ("expired-stamp-open", "lta.pdf", TRUST + ("--time", when(400 * DAY))),
    ("expired-stamp-stranger", "lta.pdf", (
        "--trust", "ca.pem", "--time", when(400 * DAY))),
    ("valid-revoked-since", "t.pdf", with_list("revoked-later", 3 * DAY)),
    ("digit-changed", "digit.pdf", GOOD + TODAY),
    ("amount-replaced", "amount.pdf", GOOD + TODAY),
    ("filled-though-certified", "filled-certified.pdf", GOOD + TODAY),
    ("xml-changed", "changed.xml", GOOD + TODAY),
    ("another-content", "binh.p7s", GOOD + TODAY + ("--content", "other")),
    ("no-content", "binh.p7s", GOOD + TODAY),
    ("not-signed", "plain.pdf", GOOD + TODAY),
    ("cut-off", "cut.pdf", GOOD + TODAY),
    ("a-text-file", "content", GOOD + TODAY),
    ("empty-file", "empty.pdf", GOOD + TODAY),
    ("broken-xml", "broken.xml", GOOD + TODAY),
    ("cut-off-cms", "cut.p7m", GOOD + TODAY),
    ("archive", "dossier.zip", GOOD + TODAY),
    ("office", "letter.docx", GOOD + TODAY),
    ("picture", "photo.jpg", GOOD + TODAY),
    ("web-page", "error.pdf", GOOD + TODAY),
    ("mail", "letter.eml", GOOD + TODAY),
    ("certificate", "an.cer", GOOD + TODAY),
    ("stamp-alone", "content.tst", GOOD + TODAY),
    ("stranger", "b.pdf", ("--trust", "other.pem") + TODAY),
    ("no-list", "b.pdf", TRUST + TODAY),
    ("old-list", "b.pdf", with_list("old")),
    ("revoked-before", "b.pdf", with_list("revoked")),
    ("revoked-after-no-stamp", "b.pdf", with_list("revoked-later", 3 * DAY)),
    ("suspended", "b.pdf", with_list("held", 3 * HOUR)),
    ("expired-no-stamp", "b.pdf", TRUST + ("--time", when(400 * DAY))),
    ("sha1", "sha1.p7m", GOOD + TODAY),
    ("weak-key", "weak.p7m", GOOD + TODAY),
    ("not-for-signing", "seal.p7m", GOOD + TODAY),
    ("no-certificate", "nocerts.p7m", GOOD + TODAY),
    ("bare-key", "bare.xml", GOOD + TODAY),
    ("strict-no-stamp", "b.pdf", GOOD + TODAY + ("--policy", "strict")),
    ("path-only", "b.pdf", TRUST + TODAY + ("--policy", "path-only")),
    ("crypto-only", "b.pdf", TODAY + ("--policy", "crypto-only")),
]
COLUMNS = ("case", "code", "exit", "result_vi", "sentence_vi", "next_vi",
           "result_en", "sentence_en", "next_en")


def told(name, path, options):
    """A row of what is said of one file, whatever it is: never an error."""
    if "--policy" not in options:
        options += ("--policy", "vn-2025")
    r = subprocess.run([SIGNCTL, "verify", "--json", *options, path],
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    row = {"case": name, "exit": str(r.returncode)}
    try:
        report = json.loads(r.stdout)
    except ValueError:
        raise RuntimeError("%s: %s" % (name, r.stderr.decode()))
    row["code"] = report["code"]
    for lang in ("vi", "en"):
        row["result_" + lang] = report["result_text"][lang]
        row["sentence_" + lang] = report["sentence"][lang]
        row["next_" + lang] = report["next"][lang]
    return row


def rows_of(path):
    rows = {}
    with open(path, encoding="utf-8") as f:
        for line in f:
            if line.startswith("#"):
                continue
            row = dict(zip(COLUMNS, line.rstrip("\n").split("\t")))
            rows[row["case"]] = row
    return rows


def compare(wanted, row):
    name = row["case"]
    differs = ["%s: %r, not %r" % (c, row[c], wanted.get(name, {}).get(c))
               for c in COLUMNS if row[c] != wanted.get(name, {}).get(c)]
    ok(not differs, "%s: %s [%s]" % (name, row["result_en"], row["code"]),
       "\n".join(differs))
    # Whoever reads no more than this must know what to do.
    ok(row["sentence_vi"] and row["next_vi"] and row["sentence_en"] and
       row["next_en"], "%s: there is a sentence and a next step" % name,
       str(row))
    if row["result_en"] in ("NOT VALID", "INDETERMINATE"):
        ok(row["next_vi"].startswith(("Không sử dụng", "Chưa sử dụng")) and
           row["next_en"].startswith("Do not use"),
           "%s: it says first that the file is not to be used" % name,
           row["next_vi"] + row["next_en"])


def main():
    if not MODULES or not have("openssl", "softhsm2-util", "xmlsec1", "curl"):
        skip_all("no openssl, SoftHSM, xmlsec1 or curl here")
    wanted = rows_of(SRC + "/tests/signctl/clerk.tsv") \
        if len(sys.argv) < 2 else None
    with folder() as d:
        w = World(d)
        try:
            make_pdfs(w)
            make_xml(w)
            make_cms(w)
            rows = [told(*case) for case in CASES]
            shown = [run(SIGNCTL, "verify", "--policy", "vn-2025", *GOOD,
                         *TODAY, *o, "filled.pdf")[1] for o in ((), ("--html",))]
        finally:
            w.stop()
        os.chdir(SRC)
    if wanted is None:
        with open(sys.argv[2], "w", encoding="utf-8") as f:
            f.write("#" + "\t".join(COLUMNS) + "\n")
            for row in rows:
                f.write("\t".join(row[c] for c in COLUMNS) + "\n")
        return
    for row in rows:
        compare(wanted, row)
    ok(all("(amount)" in s for s in shown),
       "text and page name the field that was filled in", "\n".join(shown))
    ok(set(wanted) == {r["case"] for r in rows}, "nothing else is awaited",
       set(wanted) ^ {r["case"] for r in rows})
    ok({r["result_en"] for r in rows} >= {"VALID", "NOT VALID",
                                          "INDETERMINATE"} and
       len({r["code"] for r in rows}) >= 20, "all outcomes were there")
    done()


main()
