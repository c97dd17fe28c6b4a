#!/usr/bin/env python3
"""An archive folder under `signctl preserve`: raised once, left alone then,
renewed by an authority that lasts longer; and everything that can go wrong (the
authority is gone, the disk full, the folder locked or not ours, the file changed
under our hands, the run killed) leaves every file as it was."""
import fcntl
import json
import os
import resource
import signal
import subprocess
import sys
import threading
import zipfile

sys.dont_write_bytecode = True
SRC = os.path.abspath(os.environ.get("top_srcdir", "."))
BUILD = os.path.abspath(os.environ.get("top_builddir", "."))
os.environ["top_srcdir"], os.environ["top_builddir"] = SRC, BUILD
sys.path[:0] = [SRC + "/tests/interop", SRC + "/tests"]
import tsa
from common import done, folder, have, ok, run, skip, skip_all

SIGNCTL = BUILD + "/signctl/signctl"
TYPE = "application/vnd.etsi.asic-s+zip"


def must(*words, **more):
    status, out = run(*words, **more)
    if status != 0:
        raise RuntimeError("%s: %s" % (words[:3], out))
    return out


def write(path, data):
    with open(path, "wb") as f:
        f.write(data.encode() if isinstance(data, str) else data)


def read(path):
    with open(path, "rb") as f:
        return f.read()


class Authority:
    """tests/tsa.py in this process, so that something can happen while it is
    asked."""

    def __init__(self, path, days):
        os.makedirs(path, exist_ok=True)
        tsa.make(os.path.abspath(path), days)
        self.before = before = [lambda: None]
        self.asked = asked = [0]

        class Handler(tsa.Handler):
            path_of_files = os.path.abspath(path)

            def do_POST(self):
                asked[0] += 1
                before[0]()
                super().do_POST()

        self.server = tsa.http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()
        self.url = "http://127.0.0.1:%d/" % self.server.server_address[1]


def people():
    ec = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    must("openssl", "req", "-x509", *ec, "-days", "3000", "-subj", "/CN=CA",
         "-keyout", "ca.key", "-out", "ca.pem", "-addext",
         "keyUsage=critical,keyCertSign,cRLSign")
    must("openssl", "req", *ec, "-subj", "/CN=An", "-keyout", "an.key", "-out",
         "an.csr")
    write("ext", "keyUsage=critical,digitalSignature,nonRepudiation\n")
    must("openssl", "x509", "-req", "-in", "an.csr", "-CA", "ca.pem", "-CAkey",
         "ca.key", "-CAcreateserial", "-days", "300", "-extfile", "ext",
         "-out", "an.pem")
    write("ca.cnf", "[ca]\ndefault_ca=c\n[c]\ndatabase=index\n"
          "crlnumber=number\ndefault_md=sha256\n")
    write("index", "")
    write("number", "01\n")
    must("openssl", "ca", "-config", "ca.cnf", "-gencrl", "-keyfile", "ca.key",
         "-cert", "ca.pem", "-crldays", "30", "-out", "ca.crl")


def cms(data, *options):
    write("data", data)
    must("openssl", "cms", "-sign", "-binary", "-cades", "-in", "data",
         "-signer", "an.pem", "-inkey", "an.key", "-outform", "DER", "-out",
         "signed", *options)
    return read("signed")


def old_pdf():
    """As most programs sign: adbe.pkcs7.detached, which has no levels."""
    rows, out = [], bytearray(b"%PDF-1.6\n%\xe2\xe3\xcf\xd3\n")
    spot, room = b"/ByteRange [0 ********** ********** **********]", 8000
    for i, body in enumerate((
            b"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[4 0 R]/SigFlags 3>>"
            b">>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Annots[4 0 R]>>",
            b"<</Type/Annot/Subtype/Widget/FT/Sig/T(Ky)/P 3 0 R/V 5 0 R"
            b"/Rect[0 0 0 0]/F 132>>",
            b"<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/adbe.pkcs7.detached " +
            spot + b"/Contents<" + b"0" * room + b">>>"), 1):
        rows.append(b"%010d 00000 n \n" % len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (i, body)
    start = len(out)
    out += b"xref\n0 6\n0000000000 65535 f \n" + b"".join(rows) + \
        b"trailer\n<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % start
    begin = out.index(b"/Contents<") + 9
    end = begin + room + 2
    text = b"/ByteRange [0 %d %d %d]" % (begin, end, len(out) - end)
    at = out.index(spot)
    out[at:at + len(spot)] = text.ljust(len(spot))
    value = cms(bytes(out[:begin] + out[end:])).hex().encode()
    out[begin + 1:end - 1] = value.ljust(room, b"0")
    return bytes(out)


def fill(d):
    """An archive as it is received."""
    os.makedirs(d + "/sâu")
    write(d + "/letter.p7m", cms("công văn\n", "-nodetach"))
    write("form.xml", "<đơn><tên>An</tên></đơn>")
    must(BUILD + "/tests/xml/signer", "an.key", "an.pem", "ecdsa", "form.xml",
         d + "/sâu/đơn.xml")
    with zipfile.ZipFile(d + "/both.asics", "w") as z:
        z.writestr("mimetype", TYPE)
        z.writestr("letter.txt", "công văn\n")
        z.writestr("META-INF/signature.p7s", cms("công văn\n"))
    bad = cms("một trăm\n", "-nodetach")
    write(d + "/changed.p7m", bad.replace("trăm".encode(), "răm ".encode()))
    write(d + "/readme.txt", "not signed\n")
    os.chmod(d + "/letter.p7m", 0o640)
    write(d + "/old.pdf", old_pdf())
    must(BUILD + "/tests/xml/signer", "an.key", "an.pem", "ecdsa", "form.xml",
         d + "/invoice.xml", "profile=xmldsig")
    write(d + "/plan.txt", "bản vẽ\n")
    write(d + "/plan.txt.p7s", cms("bản vẽ\n"))


SIGNED = ("letter.p7m", "old.pdf", "plan.txt.p7s", "sâu/đơn.xml",
          "both.asics")


def options(*authorities):
    out = ["--policy", "vn-2025", "--trust", "ca.pem", "--crl", "ca.crl"]
    for a in authorities:
        out += ["--trust", a + "/tsa-ca.pem", "--cert", a + "/tsa.pem",
                "--crl", a + "/tsa-ca.crl"]
    return out


def preserve(d, url, *more, **how):
    return run(SIGNCTL, "preserve", "--lang", "en", "--tsa", url, *more, d,
               **how)


def as_json(d, url, *more):
    r = subprocess.run([SIGNCTL, "preserve", "--json", "--tsa", url, *more, d],
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    report = json.loads(r.stdout)
    return r.returncode, report, {f["file"]: f for f in report["files"]}


def snapshot(d):
    out = {}
    for root, _, files in os.walk(d):
        for name in files:
            path = os.path.join(root, name)
            st = os.lstat(path)
            out[os.path.relpath(path, d)] = (st.st_ino, st.st_mtime_ns,
                                             st.st_mode, read(path))
    return out


def check_schema(name, values):
    try:
        import jsonschema
    except ImportError:
        skip(name + " fits its schema", "there is no python3-jsonschema")
        return
    with open(SRC + "/doc/" + name, encoding="utf-8") as f:
        schema = json.load(f)
    jsonschema.Draft202012Validator.check_schema(schema)
    bad = [e.message for v in values
           for e in jsonschema.Draft202012Validator(schema).iter_errors(v)]
    ok(not bad and values, "%d of %s fit it" % (len(values), name),
       "\n".join(bad))


def raised_once(d, first):
    before = snapshot(d)
    status, report, files = as_json(d, first.url, *options("first"))
    check_schema("preserve.schema.json", [report])
    ok(all(files[n]["action"] == "raised" and files[n]["code"] == "valid" and
           files[n]["holds_until"] for n in SIGNED),
       "what was received at B is raised, in folders below too", report)
    ok(status == 1 and files["changed.p7m"]["action"] == "invalid" and
       report["counts"]["invalid"] == 1, "what is not valid is told, and "
       "decides the exit code", (status, report))
    after = snapshot(d)
    ok(after["changed.p7m"] == before["changed.p7m"] and
       after["readme.txt"] == before["readme.txt"] and
       sorted(after) == sorted(before),
       "and is left as it was, like what is not signed; nothing else appears",
       sorted(after))
    ok(after["letter.p7m"][2] == before["letter.p7m"][2] and
       before["letter.p7m"][2] & 0o777 == 0o640,
       "who may read a file stays so")
    ok(files["invoice.xml"]["action"] == "unsupported" and
       files["invoice.xml"]["indication"] == "TOTAL-PASSED" and
       after["invoice.xml"] == before["invoice.xml"], "plain XMLDSig is told "
       "as what nothing can be added to", files["invoice.xml"])
    os.unlink(d + "/changed.p7m")


def left_alone(d, first):
    before, asked = snapshot(d), first.asked[0]
    status, out = preserve(d, first.url, *options("first"), "--ahead", "30")
    ok(status == 0 and "0 raised, 0 renewed, 5 kept as they are" in out and
       "1 that cannot be raised" in out and
       "holds until: 20" in out, "a second run finds nothing to do", out)
    ok(snapshot(d) == before and first.asked[0] == asked,
       "touches no file and asks no authority")


def no_gain(d, first):
    """The authority ends in 60 days, and --ahead is 90."""
    before = snapshot(d)
    status, out = preserve(d, first.url, *options("first"))
    ok(status == 2 and "5 failed" in out and "would not keep the evidence any "
       "longer" in out, "the same authority cannot renew what ends with it",
       out)
    ok(snapshot(d) == before, "and no time stamp is heaped on another")


def renewed(d, second):
    status, _, files = as_json(d, second.url, *options("first", "second"))
    ok(status == 0 and all(files[n]["action"] == "renewed" and
                           files[n]["code"] == "valid" for n in SIGNED),
       "one that lasts longer renews", files)
    before = snapshot(d)
    status, _, files = as_json(d, second.url, *options("first", "second"))
    ok(status == 0 and snapshot(d) == before and
       all(files[n]["action"] == "kept" for n in SIGNED),
       "and then nothing is to be done", files)


# ---- what goes wrong ----

def stays(d, what, code, how, status=2):
    before = snapshot(d)
    got, out = how()
    ok(got == status and code in out, what + " is told", (got, out))
    ok(snapshot(d) == before, what + ": every file is as it was",
       sorted(snapshot(d)))


def limited():
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))


def on_a_full_disk(d, url, *more):
    r = subprocess.run([SIGNCTL, "preserve", "--lang", "en", "--tsa", url,
                        *more, d], stdout=subprocess.PIPE,
                       stderr=subprocess.STDOUT, preexec_fn=limited)
    return r.returncode, r.stdout.decode()


def close(places):
    """Root is stopped by the immutable bit alone, where there is one."""
    if os.getuid() == 0:
        return run("chattr", "+i", *places)[0] == 0
    for p in places:
        os.chmod(p, 0o500)
    return True


def reopen(places):
    if os.getuid() == 0:
        run("chattr", "-i", *places)
    for p in places:
        os.chmod(p, 0o700)


def goes_wrong(d, first):
    more = options("first")
    stays(d, "an authority that is gone", "5 failed",
          lambda: preserve(d, "http://127.0.0.1:1/", *more))
    stays(d, "a full disk", "5 failed",
          lambda: on_a_full_disk(d, first.url, *more))
    lock = os.open(d, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    stays(d, "another run", "[folder-busy]",
          lambda: preserve(d, first.url, *more), 77)
    os.close(lock)
    places = [d, d + "/sâu"]
    if close(places):
        stays(d, "a folder that may not be written", "5 failed",
              lambda: preserve(d, first.url, *more))
    else:
        skip("a folder that may not be written", "nothing stops root here")
    reopen(places)
    status, out = preserve(d, first.url, *more, "--out", "x")
    ok(status == 64 and "--out is for one file" in out,
       "--out makes no sense for a folder", out)


def changed_meanwhile(d, first):
    """Somebody replaces a file while its time stamp is on the way."""
    other = cms("công văn khác\n", "-nodetach")

    def replace():
        write(d + "/letter.p7m.new", other)
        os.replace(d + "/letter.p7m.new", d + "/letter.p7m")
        first.before[0] = lambda: None
    # The letter is the second by name, after both.asics, which asks twice.
    asked = first.asked[0]
    first.before[0] = lambda: first.asked[0] == asked + 3 and replace()
    status, _, files = as_json(d, first.url, *options("first"))
    ok(status == 2 and files["letter.p7m"]["action"] == "failed" and
       files["letter.p7m"]["code"] == "file-changed" and
       read(d + "/letter.p7m") == other,
       "a file that was changed meanwhile keeps the change", files)
    first.before[0] = lambda: None
    status, _, files = as_json(d, first.url, *options("first"), "--ahead", "1")
    ok(status == 0 and files["letter.p7m"]["action"] == "raised" and
       files["both.asics"]["action"] == "kept",
       "and is raised by the next run", files)


def killed(d, first):
    """In the middle: one file is done, another on its way."""
    before = snapshot(d)
    hang, asked = threading.Event(), first.asked[0]

    def wait():
        if first.asked[0] > asked + 2:
            hang.set()
            threading.Event().wait(60)
    first.before[0] = wait
    p = subprocess.Popen([SIGNCTL, "preserve", "--tsa", first.url,
                          *options("first"), d], stdout=subprocess.DEVNULL)
    hang.wait(60)
    p.kill()
    p.wait()
    first.before[0] = lambda: None
    write(d + "/.signctl-preserve.aB3xyZ", b"half a file")
    after = snapshot(d)
    same = [n for n in SIGNED if after[n] == before[n]]
    ok(len(same) == 4, "a run that is killed has done one file, and left the "
       "others as they were", same)
    status, _, files = as_json(d, first.url, *options("first"), "--ahead", "1")
    ok(status == 0 and sorted(files[n]["action"] for n in SIGNED) ==
       ["kept"] + ["raised"] * 4, "the next one goes on where it ended",
       files)
    ok(sorted(snapshot(d)) == sorted(before), "and clears away what was left",
       sorted(snapshot(d)))


def verify_options(names):
    out, words = [], options(*names)
    for i in range(0, len(words), 2):
        out += ["--certs" if words[i] == "--cert" else words[i], words[i + 1]]
    return out


def verify_lines(d, names):
    status, out = run(SIGNCTL, "verify", "--json", *verify_options(names), d)
    lines = [json.loads(s) for s in out.splitlines()]
    check_schema("folder.schema.json", lines)
    check_schema("report.schema.json",
                 [s["report"] for s in lines if "report" in s])
    told = {s["file"]: s["report"]["code"] for s in lines if "report" in s}
    ok(status == 0 and told == {n: "valid" for n in SIGNED + ("invoice.xml",)} and
       lines[-1] == {"summary": {"valid": 6, "invalid": 0, "indeterminate": 0,
                                 "not_opened": 0, "other": 2}},
       "verify of a folder gives a line of JSON for each file", out[-600:])


def main():
    if not have("openssl"):
        skip_all("there is no openssl")
    with folder() as d:
        os.chdir(d)
        people()
        first, second = Authority("first", "60"), Authority("second", "3000")
        fill("received")
        raised_once("received", first)
        left_alone("received", first)
        no_gain("received", first)
        renewed("received", second)
        for name, wrong in (("wrong", goes_wrong), ("moved", changed_meanwhile),
                            ("killed", killed)):
            fill(name)
            os.unlink(name + "/changed.p7m")
            wrong(name, first)
        verify_lines("received", ("first", "second"))
        os.chdir(SRC)
    done()


main()
