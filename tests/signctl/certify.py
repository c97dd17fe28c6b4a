#!/usr/bin/env python3
"""signctl sign --certify and --lock, --field and --anchor, from the command line
to other people's programs: pyHanko and pdfsig judge what comes out, and changes
to it are judged by us and by pyHanko alike; seed values of a field and locks of
others are obeyed."""
import glob
import os
import subprocess
import sys

sys.dont_write_bytecode = True
SRC = os.environ.get("top_srcdir", ".")
BUILD = os.path.abspath(os.environ.get("top_builddir", "."))
sys.path[:0] = [SRC + "/tests/interop", SRC + "/tests/pdf"]
import attacks
from common import PYTHON, done, folder, have, have_module, ok, run, skip

SIGNCTL = BUILD + "/signctl/signctl"
PIN = "648-tokenpin"
MODULES = glob.glob("/usr/lib/softhsm/libsofthsm2.so") + \
    glob.glob("/usr/lib/*/softhsm/libsofthsm2.so")
# Four fields: text, an empty signature, one with its lock, three with seeds.
FIELDS = {
    19: b"<</Type/Annot/Subtype/Widget/FT/Sig/T(locks)/Rect[300 200 400 250]"
        b"/P 3 0 R/Lock<</Type/SigFieldLock/Action/Include"
        b"/Fields[(amount)]>>>>",
    20: b"<</Type/Annot/Subtype/Widget/FT/Sig/T(sha512)/Rect[9 9 9 9]/P 3 0 R"
        b"/SV<</Type/SV/Ff 64/DigestMethod[(SHA512)]>>>>",
    21: b"<</Type/Annot/Subtype/Widget/FT/Sig/T(reasons)/Rect[9 9 9 9]/P 3 0 R"
        b"/SV<</Type/SV/Ff 8/Reasons[(Duy\\341t)(Approved)]>>>>",
    22: b"<</Type/Annot/Subtype/Widget/FT/Sig/T(certifies)/Rect[9 9 9 9]"
        b"/P 3 0 R/SV<</Type/SV/MDP<</P 2>>>>>>",
}
PYHANKO = """
import json, logging, sys
logging.disable(50)
from pyhanko.keys import load_cert_from_pemder
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext
trust = ValidationContext(trust_roots=[load_cert_from_pemder(sys.argv[1])],
    allow_fetching=False)
for path in sys.argv[2:]:
    said = []
    with open(path, "rb") as f:
        for s in PdfFileReader(f).embedded_signatures:
            v = validate_pdf_signature(s, trust)
            said.append([v.bottom_line, s.docmdp_level is not None and
                         s.docmdp_level.value, s.fieldmdp is not None])
    print(json.dumps([path, said]))
"""


class Person:
    """A token with a key and a certificate."""

    def __init__(self, d):
        self.d = d
        os.mkdir(d + "/tokens")
        with open(d + "/softhsm.conf", "w") as f:
            f.write("directories.tokendir = %s/tokens\n" % d)
        os.environ["SOFTHSM2_CONF"] = d + "/softhsm.conf"
        with open(d + "/pin", "w") as f:
            f.write(PIN + "\n")
        os.chmod(d + "/pin", 0o600)
        run("softhsm2-util", "--init-token", "--free", "--label", "t",
            "--pin", PIN, "--so-pin", "0987654321")
        made = subprocess.run(
            self.command("token", "key-new", "--token", "pkcs11:token=t",
                         "--kind", "P-256"), stdout=subprocess.PIPE)
        self.key = made.stdout.decode().strip()
        run(*self.command("token", "csr", "--token", self.key, "--subject",
                          "CN=An", "--out", d + "/an.csr"))
        ca = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
              "-nodes", "-days", "30", "-subj", "/CN=CA")
        run("openssl", "req", "-x509", *ca, "-keyout", d + "/ca.key", "-out",
            d + "/ca.pem")
        with open(d + "/ext", "w") as f:
            f.write("keyUsage=critical,digitalSignature,nonRepudiation\n")
        run("openssl", "x509", "-req", "-in", d + "/an.csr", "-CA",
            d + "/ca.pem", "-CAkey", d + "/ca.key", "-CAcreateserial",
            "-days", "20", "-extfile", d + "/ext", "-out", d + "/an.pem")
        run(*self.command("token", "put-cert", "--token", self.key,
                          d + "/an.pem"))

    def command(self, *words):
        verbs = 2 if words[0] == "token" else 1
        return [SIGNCTL, *words[:verbs], "--module", MODULES[0], "--lang",
                "en", "--pin-file", self.d + "/pin", *words[verbs:]]

    def sign(self, source, to, *options):
        path = "%s/%s.pdf" % (self.d, to)
        status, out = run(*self.command("sign", "--token", self.key, "--out",
                                        path, *options, source))
        return path if status == 0 else None, out


def whole_file():
    base, ends = dict(attacks.BASE), b" 19 0 R 20 0 R 21 0 R 22 0 R]"
    base.update(FIELDS)
    base[3] = base[3].replace(b" 18 0 R]", b" 18 0 R" + ends)
    base[9] = base[9].replace(b" 18 0 R]", b" 18 0 R" + ends)
    before, attacks.BASE = attacks.BASE, base
    data = attacks.whole_file()
    attacks.BASE = before
    return data


def pyhanko_says(d, files):
    import json
    _, out = run(PYTHON, "-c", PYHANKO, d + "/ca.pem", *files, timeout=300)
    return dict(json.loads(s) for s in out.splitlines() if s[:1] == "[")


def refused(person, code, what, source, *options):
    path, out = person.sign(source, "refused", *options)
    ok(path is None and "[%s]" % code in out, what, out)


def changes_after(d, name, path):
    """What follows is judged by what was allowed; by pyHanko, too."""
    with open(path, "rb") as f:
        data = f.read()
    filled = {8: attacks.BASE[8].replace(b"/V(1)", b"/V(2)")}
    page = attacks.newest(data, 3)
    note = {3: page.replace(b"/Annots[", b"/Annots[60 0 R "),
            60: b"<</Type/Annot/Subtype/Text/Rect[9 9 20 20]/P 3 0 R>>"}
    allowed = {"nothing": (), "form": ("filled",),
               "comments": ("filled", "note"), "lock": (), "own": (),
               "other": ("filled",)}[name]
    made = {}
    for kind, objects in (("filled", filled), ("note", note)):
        made[kind] = "%s/%s-%s.pdf" % (d, name, kind)
        with open(made[kind], "wb") as f:
            f.write(attacks.changed(data, objects))
        status, out = run(SIGNCTL, "verify", "--policy", "path-only",
                          "--trust", d + "/ca.pem", "--lang", "en",
                          made[kind])
        good = kind in allowed
        ok((status == 0) == good, "%s: %s afterwards is %s" %
           (name, kind, "allowed" if good else "refused"), out)
    return made, allowed


def signs(person, source):
    """By name of the kind: file, DocMDP level, FieldMDP."""
    out = {}
    for name, level, lock, options in (
            ("nothing", 1, False, ("--certify", "nothing")),
            ("form", 2, False, ("--certify", "form")),
            ("comments", 3, False, ("--certify", "comments")),
            ("lock", False, True, ("--lock", "amount,empty")),
            ("other", False, True, ("--lock", "empty")),
            ("own", False, True, ("--field", "locks"))):
        path, said = person.sign(source, name, *options)
        ok(path is not None, "signed with " + " ".join(options), said)
        if path is not None:
            out[name] = (path, level, lock)
    return out


def others_agree(d, files, changed):
    for name, (path, _, _) in files.items():
        if have("pdfsig"):
            _, said = run("pdfsig", "-nocert", path)
            ok("Signature is Valid" in said, name + ": pdfsig agrees", said)
    if not have_module("pyhanko.sign.validation"):
        skip("pyHanko agrees", "pyhanko is not installed (SIGND_TEST_PYTHON)")
        return
    told = pyhanko_says(d, [f[0] for f in files.values()])
    for name, (path, level, lock) in files.items():
        ok(told.get(path) == [[True, level, lock]],
           name + ": pyHanko agrees, with level and lock", told.get(path))
    for name, (made, allowed) in changed.items():
        # It knows no kind of annotation that DocMDP allows.
        kinds = [k for k in made if (name, k) != ("comments", "note")]
        told = pyhanko_says(d, [made[k] for k in kinds])
        bad = {k: told.get(made[k]) for k in kinds
               if told.get(made[k], [[None]])[0][0] != (k in allowed)}
        ok(not bad, name + ": pyHanko judges the changes as we do", bad)


def seeds(person, source):
    refused(person, "pdf-seed", "a digest that the field does not want",
            source, "--field", "sha512")
    refused(person, "pdf-seed", "a reason that it does not know", source,
            "--field", "reasons", "--reason", "because")
    path, said = person.sign(source, "reason", "--field", "reasons",
                             "--reason", "Approved")
    ok(path is not None, "one that it knows", said)
    path, said = person.sign(source, "seeded", "--field", "certifies")
    ok(path is not None, "a field that wants a certification is signed", said)
    if path is not None:
        with open(path, "rb") as f:
            ok(b"/TransformMethod/DocMDP" in f.read(), "and certifies")


def locked(person, files):
    first = files["form"][0]
    refused(person, "pdf-certified", "nothing may follow", files["nothing"][0])
    refused(person, "pdf-certify-late", "a certification comes first", first,
            "--certify", "form")
    refused(person, "pdf-locked", "a locked field is not signed",
            files["lock"][0], "--field", "empty")
    refused(person, "pdf-field-signed", "nor one that is signed",
            files["own"][0], "--field", "locks")
    path, said = person.sign(first, "second", "--field", "empty")
    ok(path is not None, "a field that is free is", said)


def main():
    if not MODULES or not have("openssl") or not have("softhsm2-util"):
        print("1..0 # SKIP no openssl or SoftHSM here")
        return
    with folder() as d:
        person = Person(d)
        source = d + "/base.pdf"
        with open(source, "wb") as f:
            f.write(whole_file())
        files = signs(person, source)
        changed = {n: changes_after(d, n, f[0]) for n, f in files.items()}
        others_agree(d, files, changed)
        seeds(person, source)
        locked(person, files)
    done()


main()
