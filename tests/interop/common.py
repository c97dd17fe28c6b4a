"""What the tests of this folder share: TAP, tools, certificates."""
import os
import shutil
import subprocess
import sys
import tempfile

SRC = os.environ.get("top_srcdir", ".")
BUILD = os.environ.get("top_builddir", ".")
# Where pyhanko and signxml may be found: an interpreter of a virtual
# environment, if the system's has them not.
PYTHON = os.environ.get("SIGND_TEST_PYTHON", sys.executable)

_n = _bad = 0


def ok(good, name, why=""):
    global _n, _bad
    _n += 1
    _bad += not good
    print(("ok" if good else "not ok"), _n, "-", name, flush=True)
    if not good:
        for line in str(why).splitlines()[-12:]:
            print("#", line[:300])
    return good


def skip(name, why):
    global _n
    _n += 1
    print("ok", _n, "-", name, "# SKIP", why, flush=True)


def skip_all(why):
    print("1..0 # SKIP", why)
    sys.exit(0)


def done():
    print("1..%d" % _n)
    sys.exit(1 if _bad else 0)


def have(*tools):
    return all(shutil.which(t) for t in tools)


def have_module(name):
    return run(PYTHON, "-c", "import " + name)[0] == 0


def run(*args, stdin=None, timeout=600):
    """Status and all output; 124 for what takes too long."""
    try:
        r = subprocess.run(args, stdout=subprocess.PIPE, timeout=timeout,
                           stderr=subprocess.STDOUT, input=stdin)
        return r.returncode, r.stdout.decode(errors="replace")
    except subprocess.TimeoutExpired:
        return 124, "took longer than %d s" % timeout


def signctl_verify(path, *options):
    """Exit status and "INDICATION SUB code" under path-only."""
    status, out = run(BUILD + "/signctl/signctl", "verify", "--lang", "en",
                      "--policy", "path-only", "--indication", *options, path)
    return status, out.strip()


def folder():
    return tempfile.TemporaryDirectory(prefix="signd-interop-")


def make_people(d):
    """root, inter, and the signers ec and rsa, as PEM files in d."""
    def openssl(*a):
        status, out = run("openssl", *a)
        if status != 0:
            raise RuntimeError(out)
    with open(d + "/ext", "w") as f:
        f.write("[ca]\nbasicConstraints=critical,CA:TRUE\n"
                "keyUsage=critical,keyCertSign,cRLSign\n"
                "subjectKeyIdentifier=hash\n"
                "[leaf]\nbasicConstraints=critical,CA:FALSE\n"
                "keyUsage=critical,digitalSignature,nonRepudiation\n"
                "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n")
    ec = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]
    rsa = ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]
    for name, kind, issuer, ext in (
            ("root", rsa, None, "ca"), ("inter", ec, "root", "ca"),
            ("ec", ec, "inter", "leaf"), ("rsa", rsa, "inter", "leaf")):
        key, pem = f"{d}/{name}.key", f"{d}/{name}.pem"
        openssl("genpkey", *kind, "-out", key)
        openssl("req", "-new", "-key", key, "-subj", "/C=VN/CN=Interop " +
                name, "-out", d + "/csr")
        by = (["-signkey", key] if issuer is None else
              ["-CA", f"{d}/{issuer}.pem", "-CAkey", f"{d}/{issuer}.key",
               "-set_serial", str(1000 + len(name))])
        openssl("x509", "-req", "-in", d + "/csr", *by, "-days", "30",
                "-extfile", d + "/ext", "-extensions", ext, "-out", pem)
    for name in ("ec", "rsa"):
        with open(f"{d}/{name}-chain.pem", "wb") as out:
            for part in (name, "inter"):
                out.write(open(f"{d}/{part}.pem", "rb").read())


class Dss:
    """tests/interop/dss with the jars that SIGND_TEST_DSS names (a folder
    filled by mvn dependency:copy-dependencies)."""

    def __init__(self, d, program="Judge"):
        jars = os.environ.get("SIGND_TEST_DSS", "")
        self.ready = bool(jars) and have("java", "javac")
        self.path = d + "/classes:" + jars + "/*"
        if self.ready:
            self.ready = run("javac", "-nowarn", "-d", d + "/classes", "-cp",
                             jars + "/*", SRC +
                             "/tests/interop/dss/%s.java" % program)[0] == 0

    def ask(self, *args):
        return run("java", "-cp", self.path, "Judge", *args)
