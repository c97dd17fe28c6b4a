#!/usr/bin/env python3
"""Containers of all four kinds, with signatures by openssl, by ourselves and by
EU DSS, raised by signctl to T, LT and LTA and renewed: unzip and Python's
zipfile find them whole, every other file is where and what it was, our own
judge and EU DSS report the level that was meant.  What cannot be raised is
refused."""
import glob
import base64
import hashlib
import json
import os
import subprocess
import sys
import zipfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
for name in ("top_srcdir", "top_builddir"):  # this one changes its folder
    os.environ[name] = os.path.abspath(os.environ.get(name, "."))
from common import BUILD, SRC, Dss, done, folder, have, ok, run, skip, skip_all

SIGNCTL = BUILD + "/signctl/signctl"
TYPE = "application/vnd.etsi.asic-%s+zip"
NS = 'xmlns:asic="http://uri.etsi.org/02918/v1.2.1#" xmlns:ds="http://www.w3.org/2000/09/xmldsig#"'
LEVELS = ("t", "lt", "lta")
CONTENT = "nội dung\n".encode()
CA_CONF = """[ca]
default_ca=c
[c]
database=index
crlnumber=number
default_md=sha256
"""


def must(*words):
    status, out = run(*words)
    if status != 0:
        raise RuntimeError("%s: %s" % (words[:3], out))
    return out


def write(path, data):
    with open(path, "wb") as f:
        f.write(data.encode() if isinstance(data, str) else data)


def read(path):
    with open(path, "rb") as f:
        return f.read()


def people():
    ec = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    must("openssl", "req", "-x509", *ec, "-days", "3000", "-subj", "/CN=CA",
         "-keyout", "ca.key", "-out", "ca.pem", "-addext",
         "keyUsage=critical,keyCertSign,cRLSign")
    must("openssl", "req", *ec, "-subj", "/CN=An", "-keyout", "an.key", "-out",
         "an.csr")
    write("ext", "keyUsage=critical,digitalSignature,nonRepudiation\n")
    must("openssl", "x509", "-req", "-in", "an.csr", "-CA", "ca.pem", "-CAkey",
         "ca.key", "-CAcreateserial", "-days", "300", "-extfile", "ext", "-out",
         "an.pem")
    write("ca.cnf", CA_CONF)
    write("index", "")
    write("number", "01\n")
    must("openssl", "ca", "-config", "ca.cnf", "-gencrl", "-keyfile", "ca.key",
         "-cert", "ca.pem", "-crldays", "30", "-out", "ca.crl")
    must("openssl", "pkcs12", "-export", "-inkey", "an.key", "-in", "an.pem",
         "-certfile", "ca.pem", "-out", "an.p12", "-passout", "pass:x")


# ---- making containers ----

def cms(data):
    write("data", data)
    must("openssl", "cms", "-sign", "-binary", "-cades", "-in", "data",
         "-signer", "an.pem", "-inkey", "an.key", "-outform", "DER", "-out",
         "data.p7s")
    return read("data.p7s")


def manifest(signature, *files):
    entry = ('<asic:DataObjectReference URI="%s"><ds:DigestMethod Algorithm='
             '"http://www.w3.org/2001/04/xmlenc#sha256"/><ds:DigestValue>%s'
             '</ds:DigestValue></asic:DataObjectReference>')
    rows = "".join(entry % (name, base64.b64encode(
        hashlib.sha256(data).digest()).decode()) for name, data in files)
    return ('<asic:ASiCManifest %s><asic:SigReference URI="%s"/>%s'
            '</asic:ASiCManifest>' % (NS, signature, rows)).encode()


def xades(*files):
    """Detached, by our own signer, over files under their names."""
    write("xml.in", "<x/>")
    objects = []
    for i, (name, data) in enumerate(files):
        write("object%d" % i, data)
        objects.append("object=%s=object%d" % (name, i))
    must(BUILD + "/tests/xml/signer", "an.key", "an.pem", "ecdsa", "xml.in",
         "xml.out", "packaging=detached", *objects)
    text = read("xml.out").decode().split("?>", 1)[-1].strip()
    return ("<asic:XAdESSignatures %s>%s</asic:XAdESSignatures>" %
            (NS, text)).encode()


def container(path, kind, *files, method=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", method) as z:
        z.writestr("mimetype", TYPE % kind, zipfile.ZIP_STORED)
        for name, data in files:
            z.writestr(name, data)
        if kind == "e":
            z.writestr("META-INF/manifest.xml", listing(kind, files))


def listing(kind, files):
    """EU DSS wants one in ASiC-E."""
    entry = '<m:file-entry m:full-path="%s" m:media-type="%s"/>'
    return ('<m:manifest xmlns:m="urn:oasis:names:tc:opendocument:xmlns:'
            'manifest:1.0" m:version="1.2">%s</m:manifest>' % "".join(
                [entry % ("/", TYPE % kind)] +
                [entry % (name, "text/plain") for name, _ in files
                 if not name.startswith("META-INF/")]))


def streamed(path, kind, *files):
    """Sizes behind the data, as programs write that cannot go back."""
    class Pipe:
        def __init__(self, f):
            self.f = f

        def write(self, data):
            return self.f.write(data)

        def flush(self):
            self.f.flush()
    with open(path, "wb") as f, zipfile.ZipFile(Pipe(f), "w",
                                                zipfile.ZIP_DEFLATED) as z:
        for name, data in (("mimetype", TYPE % kind),) + files:
            z.writestr(name, data, zipfile.ZIP_DEFLATED)


def ours():
    """Path, level at which it ends."""
    form, plan = ("form.txt", CONTENT), ("plan.txt", b"plan" * 1000)
    container("s-cades.zip", "s", form,
              ("META-INF/signature.p7s", cms(CONTENT)))
    yield "s-cades.zip", "lta"
    container("s-xades.zip", "s", ("META-INF/signatures.xml", xades(form)),
              form, method=zipfile.ZIP_STORED)
    yield "s-xades.zip", "lta"
    container("e-xades.zip", "e", form,
              ("META-INF/signatures001.xml", xades(form, plan)), plan)
    yield "e-xades.zip", "lta"
    streamed("e-streamed.zip", "e", form, plan,
             ("META-INF/signatures.xml", xades(form, plan)))
    yield "e-streamed.zip", "lta"
    container("e-two.zip", "e", form, plan,
              ("META-INF/signatures001.xml", xades(form, plan)),
              ("META-INF/signatures002.xml", xades(plan, form)))
    yield "e-two.zip", "lta"
    p7s = "META-INF/signature001.p7s"
    listed = manifest(p7s, form, plan)
    container("e-cades.zip", "e", form, plan,
              ("META-INF/ASiCManifest001.xml", listed), (p7s, cms(listed)))
    yield "e-cades.zip", "lt"


def by_dss(dss):
    write("content.txt", CONTENT)
    for kind, last in (("asics-xades", "lta"), ("asice-xades", "lta"),
                       ("asics-cades", "lta"), ("asice-cades", "lt")):
        path = "dss-%s.zip" % kind
        status, out = dss.ask("sign", "an.p12", "x", "ca.pem", "content.txt",
                              path, kind)
        if ok(status == 0, "EU DSS signs " + kind, out):
            yield path, last


# ---- raising them ----

class Authority:
    def __init__(self):
        self.server = subprocess.Popen(
            [sys.executable, SRC + "/tests/tsa.py", "."],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.url = self.server.stdout.readline().decode().strip()

    def stop(self):
        self.server.stdin.close()
        self.server.wait()


def extend(tsa, level, source, to, *more):
    return run(SIGNCTL, "extend", "--lang", "en", "--level", level, "--tsa",
               tsa.url, "--trust", "ca.pem", "--trust", "tsa-ca.pem", "--cert",
               "tsa.pem", "--crl", "ca.crl", "--crl", "tsa-ca.crl", "--out",
               to, *more, source)


def is_signature(name):
    return name.startswith("META-INF/") and "ignature" in name


def packed(path, info):
    """The entry as its bytes lie: local header and data."""
    data = read(path)
    at = info.header_offset
    head = 30 + int.from_bytes(data[at + 26:at + 28], "little") + \
        int.from_bytes(data[at + 28:at + 30], "little")
    return data[at:at + head + info.compress_size]


def rest_is_same(before, after):
    with zipfile.ZipFile(before) as a, zipfile.ZipFile(after) as b:
        return a.namelist() == b.namelist() and b.testzip() is None and all(
            is_signature(x.filename) or packed(before, x) == packed(after, y)
            for x, y in zip(a.infolist(), b.infolist()))


def level_here(path):
    status, out = run(SIGNCTL, "verify", "--json", "--policy", "path-only",
                      "--trust", "ca.pem", "--trust", "tsa-ca.pem", path)
    try:
        return [(s["indication"], s["level"])
                for s in json.loads(out)["signatures"]]
    except ValueError:
        return out


def raise_one(tsa, source, last):
    """The outcomes, each with its level."""
    stem, out = source[:-4], []
    steps = list(LEVELS[:LEVELS.index(last) + 1])
    previous = source
    for level, name in [(x, x) for x in steps] + \
            ([("lta", "lta2")] if last == "lta" else []):
        to = "%s.%s.zip" % (stem, name)
        status, said = extend(tsa, level, previous, to)
        whole = status == 0 and rest_is_same(source, to) and (
            not have("unzip") or run("unzip", "-t", to)[0] == 0)
        got = level_here(to) if whole else said
        wanted = ("TOTAL-PASSED", level.upper())
        ok(whole and set(got) == {wanted}, "%s: %s, and nothing else is "
           "touched" % (stem, name), got)
        out.append((to, level.upper()))
        previous = to
    return out


def dss_agrees(dss, outcomes):
    if not dss.ready:
        skip("EU DSS agrees", "SIGND_TEST_DSS names no folder of its jars")
        return
    _, out = dss.ask("verify", "ca.pem", *(p for p, _ in outcomes))
    told = dict(line.split("\t", 1) for line in out.splitlines()
                if "\t" in line)
    bad = []
    for path, level in outcomes:
        said = told.get(path, "nothing").split()
        if not said or not all(s.startswith("TOTAL_PASSED/null/") and
                               s.endswith("-BASELINE-" + level) for s in said):
            bad.append((path, level, said))
    ok(not bad, "EU DSS reports the level that was meant of %d containers" %
       len(outcomes), "\n".join(map(str, bad)))


# ---- what is refused ----

def refuses(tsa, what, source, level, code, *more):
    before = read(source)
    status, out = extend(tsa, level, source, "never.zip", *more)
    ok(status != 0 and "[%s]" % code in out and not os.path.exists("never.zip")
       and read(source) == before, "refused: " + what, out)


def refusals(tsa):
    refuses(tsa, "LTA of CAdES over a manifest", "e-cades.zip", "lta",
            "level-unsupported")
    form = ("form.txt", CONTENT)
    first = xades(form)
    inner = ("META-INF/signatures001.xml", first)
    container("covered.zip", "e", form, inner,
              ("META-INF/signatures002.xml", xades(form, inner)))
    refuses(tsa, "a signature that another covers", "covered.zip", "t",
            "asic-would-break", "--id", ids("covered.zip")[0])
    status, out = extend(tsa, "t", "covered.zip", "outer.zip", "--id",
                         ids("covered.zip")[1])
    ok(status == 0 and rest_is_same("covered.zip", "outer.zip") and
       [g[1] for g in level_here("outer.zip")] == ["B", "T"],
       "the outer one of the two is raised alone", out)
    refuses(tsa, "a signature that is not there", "covered.zip", "t",
            "no-signature", "--id", "META-INF/signatures009.xml")
    write("broken.zip", read("s-cades.zip") + b"x")
    refuses(tsa, "bytes behind the archive", "broken.zip", "t",
            "asic-zip-broken")


def ids(path):
    _, out = run(SIGNCTL, "verify", "--json", "--policy", "path-only",
                 "--trust", "ca.pem", path)
    return [s["id"] for s in json.loads(out)["signatures"]]


def main():
    if not have("openssl"):
        skip_all("there is no openssl")
    with folder() as d:
        os.chdir(d)
        people()
        tsa = Authority()
        os.mkdir("classes")
        dss = Dss(d)
        made = list(ours()) + (list(by_dss(dss)) if dss.ready else [])
        outcomes = []
        for path, last in made:
            outcomes += raise_one(tsa, path, last)
        # DSS wants the mimetype stored.
        dss_agrees(dss, [o for o in outcomes if "streamed" not in o[0]])
        refusals(tsa)
        tsa.stop()
        os.chdir(SRC)
    done()


main()
