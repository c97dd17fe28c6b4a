"""Documents of our own at every level for beside.py, and what is asked about each: now, without
revocation data, revoked before and after, after the ends of certificates, changed, believed by
nobody.  Time stamps are made by `openssl ts` (tests/tsa.py)."""
import glob
import os
import subprocess
import sys
import time
import zipfile

from common import BUILD, SRC, run

DAY = 24 * 3600
LEVELS = ("T", "LT", "LTA")
SIGNCTL = BUILD + "/signctl/signctl"
FORM = "<don xmlns='urn:don'><ten>Ông Bình</ten><ky/></don>\n"
CONFIG = """[ca]
default_ca = c
[c]
database = %(name)s.index
crlnumber = %(name)s.number
default_md = sha256
default_crl_days = 30
[dn]
[root]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[leaf]
keyUsage = critical,digitalSignature,nonRepudiation
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
"""


def must(*words, cwd=None):
    r = subprocess.run(words, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120, check=False)
    if r.returncode != 0:
        raise RuntimeError(" ".join(words[:6]) + "\n" + r.stdout.decode(errors="replace"))


def utc(at, form="%y%m%d%H%M%SZ"):
    return time.strftime(form, time.gmtime(at))


class World:
    """A root, an authority, a signer, a time-stamp authority and what they say."""

    def __init__(self, d):
        self.d = d
        for name, issuer, days in (("root", None, 9000), ("ca", "root", 8000), ("an", "ca", 300),
                                   ("stranger", None, 9000)):
            self.person(name, issuer, days)
        self.stop = subprocess.Popen([sys.executable, SRC + "/tests/tsa.py", d], stdin=subprocess.PIPE,
                                     stdout=subprocess.PIPE)
        self.tsa = self.stop.stdout.readline().decode().strip()
        # DSS does not count a list that is older than the certificate.
        self.now = int(time.time())
        self.root_crl = self.crl("root", "root-none", self.now, None)
        self.ca_crl = self.crl("ca", "ca-none", self.now, None)
        self.revoked_later = self.crl("ca", "ca-later", self.now + 2 * DAY, self.now + DAY)
        self.revoked_before = self.crl("ca", "ca-before", self.now + 1, self.now)
        time.sleep(2)  # so that signing comes after that second
        self.good_later = self.crl("ca", "ca-good-later", self.now + 2 * DAY, None)

    def person(self, name, issuer, days):
        with open("%s/%s.cnf" % (self.d, name), "w", encoding="utf-8") as f:
            f.write(CONFIG % {"name": name})
        must("openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
             "/C=VN/CN=Beside %s" % name, "-keyout", name + ".key", "-out", name + ".csr", cwd=self.d)
        by = ["-CA", issuer + ".pem", "-CAkey", issuer + ".key"] if issuer else ["-signkey", name + ".key"]
        must("openssl", "x509", "-req", "-in", name + ".csr", *by, "-set_serial", str(len(name) + 7), "-days",
             str(days), "-extfile", name + ".cnf", "-extensions", "leaf" if name == "an" else "root", "-out",
             name + ".pem", cwd=self.d)

    def crl(self, issuer, name, at, revoked):
        """The list of `issuer` made at `at`; the signer is in it since `revoked`."""
        with open("%s/%s.index" % (self.d, issuer), "w", encoding="ascii") as f:
            if revoked:
                f.write("R\t%s\t%s\t%02X\tunknown\t/CN=An\n" % (utc(self.now + 300 * DAY), utc(revoked), len("an") + 7))
        with open("%s/%s.number" % (self.d, issuer), "w", encoding="ascii") as f:
            f.write("01\n")
        must("openssl", "ca", "-config", issuer + ".cnf", "-gencrl", "-keyfile", issuer + ".key", "-cert",
             issuer + ".pem", "-crl_lastupdate", utc(at), "-crl_nextupdate", utc(at + 30 * DAY), "-out",
             name + ".pem", cwd=self.d)
        must("openssl", "crl", "-in", name + ".pem", "-outform", "DER", "-out", name + ".crl", cwd=self.d)
        return "%s/%s.crl" % (self.d, name)

    def file(self, name):
        return self.d + "/" + name

    def tsa_crl(self):
        must("openssl", "crl", "-in", "tsa-ca.crl", "-outform", "DER", "-out", "tsa.crl", cwd=self.d)
        return self.file("tsa.crl")

    def end(self):
        self.stop.stdin.close()
        self.stop.wait(10)
        self.stop.stdout.close()


def raised(w, name, end, *options):
    """NAME.B.END taken to each level; their files, the first one with it."""
    out = [w.file("%s.B.%s" % (name, end))]
    for level in LEVELS:
        path = w.file("%s.%s.%s" % (name, level, end))
        must(SIGNCTL, "extend", "--level", level.lower(), "--tsa", w.tsa, "--trust", w.file("root.pem"), "--trust",
             w.file("tsa-ca.pem"), "--cert", w.file("ca.pem"), "--cert", w.file("tsa.pem"), "--crl", w.root_crl,
             "--crl", w.ca_crl, "--crl", w.tsa_crl(), *options, "--out", path, out[0])
        out.append(path)
    return out


def xml_files(w):
    form = w.file("don.xml")
    with open(form, "w", encoding="utf-8") as f:
        f.write(FORM)
    with open(w.file("an-chain.pem"), "w", encoding="ascii") as f:
        for part in ("an", "ca"):
            with open(w.file(part + ".pem"), encoding="ascii") as g:
                f.write(g.read())
    for name, options in (("enveloped", []), ("enveloping", ["packaging=enveloping"]),
                          ("detached", ["packaging=detached", "uri=don.xml"])):
        path = w.file(name + ".B.xml")
        must(BUILD + "/tests/xml/signer", w.file("an.key"), w.file("an-chain.pem"), "ecdsa", form, path, *options)
        if name == "detached":
            yield path, "xml", [("don.xml", form)]
        else:
            for f in raised(w, name, "xml"):
                yield f, "xml", []


def cms_files(w):
    content = w.file("content.txt")
    with open(content, "w", encoding="utf-8") as f:
        f.write("nội dung\n")
    for name, end, options in (("attached", "p7m", ["-nodetach"]), ("detached", "p7s", [])):
        must("openssl", "cms", "-sign", "-binary", "-cades", "-in", content, "-signer", w.file("an.pem"), "-inkey",
             w.file("an.key"), "-certfile", w.file("ca.pem"), "-outform", "DER", "-out",
             w.file("%s.B.%s" % (name, end)), *options)
        more = [] if name == "attached" else ["--content", content]
        for f in raised(w, name, end, *more):
            yield f, "cms", [] if name == "attached" else [("content.txt", content)]


def asic_files(w):
    """ASiC-S around what the others made."""
    for level in ("B",) + LEVELS:
        path = w.file("simple.%s.asics" % level)
        with zipfile.ZipFile(path, "w") as z:
            z.writestr("mimetype", "application/vnd.etsi.asic-s+zip", zipfile.ZIP_STORED)
            z.write(w.file("content.txt"), "content.txt")
            z.write(w.file("detached.%s.p7s" % level), "META-INF/signature.p7s")
        yield path, "asic", []
    path = w.file("xades.B.asics")
    wrapped = '<asic:XAdESSignatures xmlns:asic="http://uri.etsi.org/02918/v1.2.1#">%s</asic:XAdESSignatures>'
    with open(w.file("detached.B.xml"), encoding="utf-8") as f:
        signature = f.read().split("?>", 1)[-1].strip()
    with zipfile.ZipFile(path, "w") as z:
        z.writestr("mimetype", "application/vnd.etsi.asic-s+zip", zipfile.ZIP_STORED)
        z.write(w.file("don.xml"), "don.xml")
        z.writestr("META-INF/signatures.xml", wrapped % signature)
    yield path, "asic", []


def changed(path):
    """A copy with one byte of what is signed changed; None where there is none at hand."""
    if zipfile.is_zipfile(path):  # its checksum would be wrong, too
        return None
    with open(path, "rb") as f:
        data = f.read()
    at = max(data.find("Bình".encode()), data.find("nội dung".encode()))
    if at < 0:
        return None
    base, end = os.path.splitext(path)
    with open(base + "-changed" + end, "wb") as f:
        f.write(data[:at] + b"X" + data[at + 1:])
    return base + "-changed" + end


def asked(w, case):
    """One document under all circumstances."""
    crls = [w.root_crl, w.ca_crl, w.tsa_crl()]
    both = [w.file("root.pem"), w.file("tsa-ca.pem")]
    for what, change in (
            ("now", {"crls": crls}),
            ("no lists", {}),
            ("revoked before", {"crls": [w.root_crl, w.revoked_before, w.tsa_crl()]}),
            ("revoked later", {"crls": [w.root_crl, w.revoked_later, w.tsa_crl()], "time": w.now + 3 * DAY}),
            ("three days later", {"crls": [w.root_crl, w.good_later, w.tsa_crl()], "time": w.now + 3 * DAY}),
            ("after 60 days", {"crls": crls, "time": w.now + 60 * DAY}),
            ("signer expired", {"crls": crls, "time": w.now + 400 * DAY}),
            ("TSA expired", {"crls": crls, "time": w.now + 3700 * DAY}),
            ("TSA unknown", {"crls": crls, "anchors": both[:1]}),
            ("a stranger believed", {"crls": crls, "anchors": [w.file("stranger.pem")]}),
            ("algorithms ended", {"crls": crls, "time": w.now + 3600 * DAY}),
            ("before signing", {"crls": crls, "time": w.now - 30 * DAY})):
        yield case._replace(name=case.name + ", " + what, **change)
    other = changed(case.file)
    if other:
        yield case._replace(name=case.name + ", changed", file=other, crls=crls)


def pdf_cases(w, case):
    """tests/pdf/levels has people of its own."""
    d = w.file("pdf")
    os.mkdir(d)
    os.mkdir(d + "/in")
    run(BUILD + "/tests/pdf/maker", "-f", d + "/in")
    run(BUILD + "/tests/pdf/levels", d, *sorted(glob.glob(d + "/in/*.pdf"))[:6], timeout=300)
    for f in sorted(glob.glob(d + "/*.pdf")):
        one = case._replace(name=os.path.basename(f), file=f, kind="pdf", anchors=[d + "/ca.pem"])
        for what, change in (("now", {"crls": [d + "/ca.crl"]}), ("no lists", {}),
                             ("after 60 days", {"crls": [d + "/ca.crl"], "time": w.now + 60 * DAY}),
                             ("all expired", {"crls": [d + "/ca.crl"], "time": w.now + 1200 * DAY}),
                             ("a stranger believed", {"anchors": [w.file("stranger.pem")]})):
            yield one._replace(name=one.name + ", " + what, **change)


def make_ours(d, kind_of_case):
    """All documents and questions, as `kind_of_case`."""
    w = World(d)
    try:
        files = list(xml_files(w)) + list(cms_files(w))
        files += list(asic_files(w))
    finally:
        w.end()
    for path, kind, detached in files:
        yield from asked(w, kind_of_case("ours", os.path.basename(path), kind, path, w.now + 60,
                                         [w.file("root.pem"), w.file("tsa-ca.pem")], [w.file("ca.pem")], [], [],
                                         detached, "eu-basic"))
    yield from pdf_cases(w, kind_of_case("ours", "", "pdf", "", w.now + 3600, [], [], [], [], [], "eu-basic"))
