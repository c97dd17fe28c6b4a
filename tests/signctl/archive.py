#!/usr/bin/env python3
"""What an agency's archive does with a signature at level B over twenty years
(clocks are set by faketime, for signctl, openssl and the time-stamp authorities
alike): it is preserved on arrival; the signer's certificate ends; the first
authority ends, after a second has stamped; SHA-256 ends, after a third has
stamped with SHA-512.  At each time it is verified offline, with the list that
the newest authority publishes then and nothing else.  Who comes too late is
told so."""
import glob
import json
import os
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
YEAR = 365
# Names of authorities: year of their beginning, how long they last, digest.
TSAS = {"first": (2027, 5 * YEAR, "sha256"),   # to 2032
        "second": (2031, 7 * YEAR, "sha256"),  # to 2038
        "third": (2036, 15 * YEAR, "sha512")}  # to 2051
SIGNED, RECEIVED = "2027-03-01 09:00:00", "2027-03-02 09:00:00"
ENDS_2038 = "2038-01-01T00:00:00Z"


# faketime has a semaphore by the number of its process.  Where one of that
# number was killed its own is left, and faketime ends before it has begun.
TRIES = 20


def at(moment, *words, **more):
    for _ in range(TRIES):
        status, out = run("faketime", "-f", moment, *words, **more)
        if not out.startswith(("faketime: ", "libfaketime: ")):
            break
    return status, out


def must(moment, *words):
    status, out = at(moment, *words)
    if status != 0:
        raise RuntimeError("%s: %s: %s" % (moment, words[:5], out))
    return out


class Archive:
    def __init__(self, d):
        self.d, self.servers = d, {}
        os.chdir(d)
        os.mkdir("tokens")
        with open("softhsm.conf", "w") as f:
            f.write("directories.tokendir = %s/tokens\n" % d)
        os.environ["SOFTHSM2_CONF"] = d + "/softhsm.conf"
        # Threads and semaphores of faketime itself do not like one another.
        os.environ["FAKETIME_DONT_FAKE_MONOTONIC"] = "1"
        with open("pin", "w") as f:
            f.write(PIN + "\n")
        os.chmod("pin", 0o600)
        with open("ca.cnf", "w") as f:
            f.write("[ca]\ndefault_ca=c\n[c]\ndatabase=index\ncrlnumber=number\n"
                    "default_md=sha256\n")
        with open("ext", "w") as f:
            f.write("keyUsage=critical,digitalSignature,nonRepudiation\n")
        must(SIGNED, "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:P-256", "-nodes", "-days", "3650", "-subj",
             "/CN=CA", "-keyout", "ca.key", "-out", "ca.pem", "-addext",
             "keyUsage=critical,keyCertSign,cRLSign")
        self.make_an()
        self.crl("ca", "2027-03-02 06:00:00", "ca.crl")
        self.policy()

    def make_an(self):
        run("softhsm2-util", "--init-token", "--free", "--label", "t",
            "--pin", PIN, "--so-pin", "0987654321")
        self.key = run(SIGNCTL, "token", "key-new", "--module", MODULES[0],
                       "--pin-file", "pin", "--token",
                       "pkcs11:token=t")[1].strip().splitlines()[-1]
        token = ("--module", MODULES[0], "--pin-file", "pin", "--token",
                 self.key)
        must(SIGNED, SIGNCTL, "token", "csr", *token, "--subject", "CN=An",
             "--out", "an.csr")
        must(SIGNED, "openssl", "x509", "-req", "-in", "an.csr", "-CA",
             "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days",
             str(2 * YEAR), "-extfile", "ext", "-out", "an.pem")
        must(SIGNED, SIGNCTL, "token", "put-cert", *token, "an.pem")
        self.token = token

    def policy(self):
        """vn-2025 as it may read in 2037: SHA-256 until the end of that year."""
        with open(SRC + "/validation/policies/vn-2025.json") as f:
            p = json.load(f)
        p["name"] = "vn-2037"
        for d in p["algorithms"]["digests"]:
            if d["name"] == "SHA-256":
                d["until"] = ENDS_2038
        with open("vn-2037.json", "w") as f:
            json.dump(p, f)

    def crl(self, ca, moment, out, digest="sha256"):
        with open("index", "w"), open("number", "w") as f:
            f.write("01\n")
        must(moment, "openssl", "ca", "-config", "ca.cnf", "-gencrl", "-md",
             digest, "-keyfile", ca + ".key", "-cert", ca + ".pem",
             "-crldays", "10", "-out", out)

    def begin(self, name):
        """The authority as it is at a time: made at its beginning."""
        year, days, digest = TSAS[name]
        os.mkdir(name)
        self.tsa(name, "%d-01-01 00:00:00" % year, str(days), digest)
        self.stop(name)

    def tsa(self, name, moment, *more):
        for _ in range(TRIES):
            server = subprocess.Popen(
                ["faketime", "-f", moment, sys.executable,
                 SRC + "/tests/tsa.py", name, *more],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            url = server.stdout.readline().decode().strip()
            if url:
                break
            server.wait()
        self.servers[name] = server
        return url

    def stop(self, name):
        server = self.servers.pop(name)
        server.stdin.close()
        server.wait()

    def tsa_crl(self, name, moment):
        out = "%s-%s.crl" % (name, moment[:10])
        self.crl(name + "/tsa-ca", moment, out, TSAS[name][2])
        return out

    def sign(self, source, to):
        must(SIGNED, SIGNCTL, "sign", *self.token, "--out", to, source)

    def preserve(self, moment, tsa, source, to, *options):
        # faketime's "@" lets the clock go on, as the authority's does.
        url = self.tsa(tsa, "@" + moment)
        status, out = at("@" + moment, SIGNCTL, "preserve", "--lang", "en",
                         "--tsa", url, "--out", to, "--json", *options, source)
        self.stop(tsa)
        return status, out

    def verify(self, moment, path, *options):
        """Exit status, code, notes and until when it holds, of the first."""
        status, out = at(moment, SIGNCTL, "verify", "--json", *options, path)
        try:
            r = json.loads(out)
        except ValueError:
            return status, out, [], None
        s = r["signatures"][0]
        return (status, r["code"], [n["code"] for n in s["notes"]],
                s["holds_until"])


def trust(*names):
    out = ["--trust", "ca.pem"]
    for n in names:
        out += ["--trust", n + "/tsa-ca.pem"]
    return out


def holds(out):
    try:
        return json.loads(out)["signatures"][0]["holds_until"] or ""
    except ValueError:
        return out


def is_so(what, got, *wanted):
    ok(got[:len(wanted)] == wanted, what, "%s, not %s" % (got, wanted))


def first_years(a, kind, path):
    """Received, preserved, and kept past the signer's certificate."""
    kept = path + ".2027"
    status, out = a.preserve(
        RECEIVED, "first", path, kept, "--policy", "vn-2025",
        *trust("first"), "--cert", "first/tsa.pem", "--crl", "ca.crl",
        "--crl", a.tsa_crl("first", "2027-03-02 06:00:00"))
    ok(status == 0 and holds(out).startswith("2031-12"),
       kind + ": what was received is preserved; it holds until the "
       "authority's end", out[:400])
    later = "2030-05-01 09:00:00"
    is_so(kind + ": untouched, it cannot be judged when the signer's "
          "certificate has ended", a.verify(
              later, path, "--policy", "vn-2025", *trust("first")),
          2, "certificate-expired")
    got = a.verify(later, kept, "--policy", "vn-2025", *trust("first"),
                   "--crl", a.tsa_crl("first", "2030-04-30 09:00:00"))
    is_so(kind + ": what was preserved is valid", got, 0, "valid")
    ok("certificate-expired-later" in got[2], kind + ": and it is said that "
       "the certificate has expired since", got)
    is_so(kind + ": without a word on the authority it is not known", a.verify(
        later, kept, "--policy", "vn-2025", *trust("first")),
        2, "certificate-expired-stamp-status")
    return kept


def stranger_stamp(a, kind, path, kept):
    """One rule for all formats: a time stamp of an authority whom nobody trusts
    here proves nothing and takes nothing from the signature."""
    for moment, code in (("2027-03-03 09:00:00", "valid"),
                         ("2030-05-01 09:00:00", "certificate-expired")):
        options = ("--policy", "vn-2025", *trust(), "--crl", "ca.crl")
        plain = a.verify(moment, path, *options)
        got = a.verify(moment, kept, *options)
        ok(plain[1] == code and got[1].startswith(code) and
           got[0] == plain[0] and "timestamp-not-used" in got[2] and
           "timestamp-not-used" not in plain[2],
           "%s, %s: with time stamps of a stranger as without" %
           (kind, moment[:4]), "%s, %s" % (plain, got))


def second_stamp(a, kind, kept):
    """Before the first authority ends, a second one stamps."""
    moment, renewed = "2031-06-01 09:00:00", kept.replace("2027", "2031")
    status, out = a.preserve(
        moment, "second", kept, renewed, "--policy", "vn-2025",
        *trust("first", "second"), "--cert", "second/tsa.pem",
        "--crl", a.tsa_crl("first", "2031-06-01 06:00:00"),
        "--crl", a.tsa_crl("second", "2031-06-01 06:00:00"))
    ok(status == 0 and holds(out).startswith("2037-12"),
       kind + ": preserved again by a second authority", out[:400])
    later = "2034-05-01 09:00:00"
    current = ("--crl", a.tsa_crl("second", "2034-04-30 09:00:00"))
    got = a.verify(later, renewed, "--policy", "vn-2025",
                   *trust("first", "second"), *current)
    is_so(kind + ": valid when the first authority is gone", got, 0, "valid")
    got = a.verify(later, kept, "--policy", "vn-2025",
                   *trust("first", "second"), *current)
    ok(got[0] == 2 and got[1].startswith("certificate-expired"),
       kind + ": not so what was not renewed", got)
    return renewed


def stronger_digest(a, kind, renewed):
    """Before SHA-256 ends, a third one stamps with SHA-512."""
    moment, strong = "2037-06-01 09:00:00", renewed.replace("2031", "2037")
    rules = ("--policy-file", "vn-2037.json")
    everybody = trust("first", "second", "third")
    lists = ("--cert", "third/tsa.pem",
             "--crl", a.tsa_crl("second", "2037-06-01 06:00:00"),
             "--crl", a.tsa_crl("third", "2037-06-01 06:00:00"))
    status, out = a.preserve(moment, "third", renewed, strong, *rules,
                             *everybody, *lists, "--stamp-digest", "SHA-512")
    ok(status == 0, kind + ": preserved with SHA-512", out[:400])
    ok(holds(out).startswith("2050-12"), kind + ": which holds until that "
       "authority's end, not that of SHA-256", holds(out))
    weak = strong + ".weak"
    status, out = a.preserve(moment, "third", renewed, weak, *rules,
                             *everybody, *lists)
    ok(holds(out).startswith("2037-12-31") or
       holds(out).startswith("2038-01-01"), kind + ": by SHA-256 it would hold "
       "no longer than SHA-256", holds(out))
    later = "2047-03-01 09:00:00"
    current = ("--crl", a.tsa_crl("third", "2047-02-27 09:00:00"))
    got = a.verify(later, strong, *rules, *everybody, *current)
    is_so(kind + ": valid after twenty years, long after SHA-256", got,
          0, "valid")
    ok("algorithm-legacy" in got[2], kind + ": and it is said that the "
       "algorithm is old", got)
    for path, what in ((renewed, "what was not renewed"),
                       (weak, "what was renewed by SHA-256")):
        got = a.verify(later, path, *rules, *everybody, *current)
        ok(got[0] == 2, kind + ": not so " + what, got)
    return strong


def looked_back(a, kind, strong):
    """The verdict as it would have been, asked for in 2047."""
    then = a.tsa_crl("first", "2030-04-30 09:00:00")
    for moment, code in (("2030-05-01T09:00:00Z", "valid"),
                         ("2027-03-02T12:00:00Z", "valid")):
        got = a.verify("2047-03-01 09:00:00", strong, "--policy", "vn-2025",
                       *trust("first", "second", "third"), "--crl", then,
                       "--crl", "ca.crl", "--crl", "first-2027-03-02.crl",
                       "--time", moment)
        is_so("%s: in 2047, as of %s" % (kind, moment[:4]), got, 0, code)


def too_late(a, kind, kept):
    """Nobody makes good what was left to expire."""
    moment = "2034-06-01 09:00:00"
    status, out = a.preserve(
        moment, "second", kept, kept + ".late", "--policy", "vn-2025",
        *trust("first", "second"), "--cert", "second/tsa.pem",
        "--crl", a.tsa_crl("second", "2034-06-01 06:00:00"))
    code = json.loads(out)["code"] if out.startswith("{") else out
    ok(status == 2 and code.startswith("certificate-expired"),
       kind + ": who comes too late is told that it does not hold",
       "%s %s" % (status, out[:300]))


def contain(a):
    """ASiC-S around CAdES, and ASiC-E around XAdES."""
    must(SIGNED, SIGNCTL, "sign", *a.token, "--format", "cms", "--detached",
         "--out", "an.p7s", "plain.xml")
    must(SIGNED, SIGNCTL, "sign", *a.token, "--packaging", "detached",
         "--object", "plain.xml=plain.xml", "--object", "plain.pdf=plain.pdf",
         "--out", "apart.xml", "plain.xml")
    for kind, signature, name, contents in (
            ("s", "an.p7s", "signature.p7s", ("plain.xml",)),
            ("e", "apart.xml", "signatures.xml", ("plain.xml", "plain.pdf"))):
        with zipfile.ZipFile("an.asic" + kind, "w") as z:
            z.writestr("mimetype", "application/vnd.etsi.asic-%s+zip" % kind)
            for c in contents:
                z.write(c, c, zipfile.ZIP_DEFLATED)
            z.write(signature, "META-INF/" + name, zipfile.ZIP_DEFLATED)


def is_sanitized():
    """faketime and the address sanitizer each wait for the other to begin."""
    with open(BUILD + "/config.h") as f:
        return "#define SIGND_SANITIZED" in f.read()


def main():
    if is_sanitized():
        skip_all("the sanitizers' allocator and faketime wait for each other")
    if not MODULES or not have("openssl", "softhsm2-util", "faketime"):
        skip_all("no openssl, SoftHSM or faketime here")
    with folder() as d:
        a = Archive(d)
        for name in TSAS:
            a.begin(name)
        with open("plain.pdf", "wb") as f:
            f.write(attacks.whole_file())
        with open("plain.xml", "w", encoding="utf-8") as f:
            f.write("<đơn><tiền>100</tiền></đơn>")
        a.sign("plain.pdf", "an.pdf")
        a.sign("plain.xml", "an.xml")
        must(SIGNED, SIGNCTL, "sign", *a.token, "--format", "cms", "--out",
             "an.p7m", "plain.xml")
        contain(a)
        for kind, path in (("PDF", "an.pdf"), ("XML", "an.xml"),
                           ("CMS", "an.p7m"), ("ASiC-S", "an.asics"),
                           ("ASiC-E", "an.asice")):
            kept = first_years(a, kind, path)
            stranger_stamp(a, kind, path, kept)
            renewed = second_stamp(a, kind, kept)
            strong = stronger_digest(a, kind, renewed)
            looked_back(a, kind, strong)
            too_late(a, kind, kept)
        os.chdir(SRC)
    done()


main()
