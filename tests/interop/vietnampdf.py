#!/usr/bin/env python3
"""PDF files as signing programs of providers and agencies leave them, written
byte by byte and signed by openssl: old subfilters, BER, long padding, times in
wrong forms, a picture, several signers.  They are valid and what was changed in
them is not; what is really broken is refused with a next step."""
import hashlib
import os
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from common import BUILD, done, folder, have, make_people, ok, run, signctl_verify, skip_all
from foreign import pdf_changes

ROOM = 20000  # bytes for /Contents, unless a shape says otherwise
RANGE = b"/ByteRange [0 ********** ********** **********]"


class Shape:
    """How one signature is written."""

    def __init__(self, sub="adbe.pkcs7.detached", entries="", room=ROOM,
                 visible=False, how=(), contents="upper", gap=b""):
        self.sub, self.entries, self.room = sub, entries, room
        self.visible, self.how, self.contents = visible, how, contents
        self.gap = gap  # white space in front of the token of /Contents


def numbered(objects, base, root, prev=None, junk=b""):
    """The objects and their table behind `base`."""
    out, rows = bytearray(base), []
    for number, body in objects:
        rows.append(b"%d 1\n%010d 00000 n \n" % (number, len(out)))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start, top = len(out), max(n for n, _ in objects) + 1
    if prev is None:
        rows.insert(0, b"0 1\n0000000000 65535 f \n")
    out += b"xref\n" + b"".join(rows) + b"trailer\n<</Size %d/Root %d 0 R%s>>\n" % (
        max(top, 40), root, b"/Prev %d" % prev if prev else b"")
    return bytes(out + b"startxref\n%d\n%%%%EOF\n" % start + junk)


def picture():
    """A red seal, and the layers that Acrobat once asked for."""
    look = b"q 80 0 0 80 10 10 cm /Con Do Q BT /F1 8 Tf 5 5 Td (Ky boi) Tj ET"
    yield 20, (b"<</Type/XObject/Subtype/Form/BBox[0 0 100 100]/Resources<<"
               b"/XObject<</Con 21 0 R>>/Font<</F1 6 0 R>>>>/Length %d>>\n"
               b"stream\n%s\nendstream" % (len(look), look))
    yield 21, (b"<</Type/XObject/Subtype/Image/Width 2/Height 2/BitsPerComponent"
               b" 8/ColorSpace/DeviceRGB/Length 12>>\nstream\n" +
               b"\xff\0\0" * 4 + b"\nendstream")


def field(number, name, shape, value):
    look = b"/Rect[300 100 400 200]/F 132/AP<</N 20 0 R>>" if shape.visible \
        else b"/Rect[0 0 0 0]/F 132"
    return number, (b"<</Type/Annot/Subtype/Widget/FT/Sig/T(%s)/P 3 0 R/V %d 0 R"
                    b"%s>>" % (name, value, look))


def dictionary(number, shape, cert):
    entry = shape.entries.encode("latin-1")
    if shape.sub == "adbe.x509.rsa_sha1":
        entry += b"/Cert<" + cert.hex().encode() + b">"
    return number, (b"<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/%s %s%s\n"
                    b"/Contents%s<%s>>>" % (
                        shape.sub.encode(), RANGE, entry, shape.gap,
                        b"0" * 2 * shape.room))


def first(shape, cert):
    page = b"BT /F1 24 Tf 72 700 Td (Quyet dinh so 16) Tj ET"
    objects = [
        (1, b"<</Type/Catalog/Pages 2 0 R/AcroForm 5 0 R>>"),
        (2, b"<</Type/Pages/Kids[3 0 R]/Count 1>>"),
        (3, b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R"
            b"/Resources<</Font<</F1 6 0 R>>>>/Annots 7 0 R>>"),
        (4, b"<</Length %d>>\nstream\n%s\nendstream" % (len(page), page)),
        (5, b"<</Fields 8 0 R/SigFlags 3/DR<</Font<</F1 6 0 R>>>>>>"),
        (6, b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"),
        (7, b"[10 0 R]"), (8, b"[10 0 R]"),
        field(10, b"Lanh dao", shape, 11), dictionary(11, shape, cert)]
    objects += list(picture()) if shape.visible else []
    return numbered(objects, b"%PDF-1.6\n%\xe2\xe3\xcf\xd3\n", 1)


def second(data, shape, cert):
    """The seal of the office, as an update."""
    objects = [(7, b"[10 0 R 12 0 R]"), (8, b"[10 0 R 12 0 R]"),
               field(12, b"Con dau", shape, 13), dictionary(13, shape, cert)]
    objects += list(picture()) if shape.visible else []
    prev = int(re.findall(rb"startxref\s+(\d+)", data)[-1])
    return numbered(objects, data, 1, prev)


def indefinite(der, depth=3):
    """The outer SEQUENCEs and [0] with the indefinite form of length."""
    if depth == 0 or der[0] not in (0x30, 0xa0):
        return der
    head = 2 + (der[1] & 0x7f if der[1] & 0x80 else 0)
    out, body = b"", der[head:]
    while body:
        n = 2 + (body[1] & 0x7f if body[1] & 0x80 else 0)
        size = body[1] if n == 2 else int.from_bytes(body[2:n], "big")
        part, body = body[:n + size], body[n + size:]
        out += indefinite(part, depth - 1)
    return bytes([der[0], 0x80]) + out + b"\0\0"


def value(d, shape, who, signed):
    """What goes into /Contents."""
    with open(d + "/signed", "wb") as f:
        f.write(hashlib.sha1(signed).digest()
                if shape.sub == "adbe.pkcs7.sha1" else signed)
    pem, key = "%s/%s.pem" % (d, who), "%s/%s.key" % (d, who)
    if shape.sub == "adbe.x509.rsa_sha1":
        run("openssl", "dgst", "-sha1", "-sign", key, "-out", d + "/value",
            d + "/signed")
        with open(d + "/value", "rb") as f:
            raw = f.read()
        return b"\x04\x82" + len(raw).to_bytes(2, "big") + raw
    whole = ["-nodetach"] if shape.sub == "adbe.pkcs7.sha1" else []
    run("openssl", "cms", "-sign", "-binary", "-in", d + "/signed", "-signer",
        pem, "-inkey", key, "-certfile", d + "/inter.pem", "-outform", "DER",
        "-out", d + "/value", *whole, *[h for h in shape.how if h != "ber"])
    with open(d + "/value", "rb") as f:
        der = f.read()
    return indefinite(der) if "ber" in shape.how else der


def fill(d, data, shape, who):
    """ByteRange and Contents of the last signature."""
    at = data.rindex(RANGE)
    start = data.index(b"<" + b"0" * 8, at)
    end = start + 2 * shape.room + 2
    text = b"/ByteRange [0 %d %d %d]" % (start, end, len(data) - end)
    data = data[:at] + text.ljust(len(RANGE)) + data[at + len(RANGE):]
    made = value(d, shape, who, data[:start] + data[end:]).hex()
    made = made.upper() if shape.contents == "upper" else made
    made = made.encode().ljust(2 * shape.room, b"0")
    return data[:start + 1] + made + data[end - 1:]


SHA1, X509 = "adbe.pkcs7.sha1", "adbe.x509.rsa_sha1"
SHAPES = {
    "plain": Shape(entries="/M(D:20261120083000+07'00')/Name(Nguyen Van An)"),
    "no-time": Shape(),
    "time-without-quote": Shape(entries="/M(D:20261120083000+07'00)"),
    "time-without-zone-quotes": Shape(entries="/M(D:20261120083000+0700)"),
    "time-as-iso": Shape(entries="/M(2026-11-20T08:30:00)"),
    "time-as-words": Shape(entries="/M(20/11/2026 08:30 SA)"),
    "utf16-name": Shape(entries="/Reason(\xfe\xff\x00K\x00\xfd)/Location(\xfe\xff"
                                "\x00H\x00\xe0)/ContactInfo()"),
    "long-padding": Shape(room=120000),
    "lower-hex": Shape(contents="lower"),
    "line-end-before-contents": Shape(gap=b"\r\n"),
    "ber": Shape(how=("ber",)),
    "no-attributes": Shape(how=("-noattr",)),
    "pss": Shape(how=("-keyopt", "rsa_padding_mode:pss")),
    "sha512": Shape(how=("-md", "sha512")),
    "etsi": Shape(sub="ETSI.CAdES.detached", how=("-cades",)),
    "pkcs7-sha1": Shape(sub=SHA1),
    "x509": Shape(sub=X509),
    "visible": Shape(visible=True),
}


def cert_of(d, who):
    run("openssl", "x509", "-in", "%s/%s.pem" % (d, who), "-outform", "DER",
        "-out", d + "/cert.der")
    with open(d + "/cert.der", "rb") as f:
        return f.read()


def judged(d, path):
    return signctl_verify(path, "--trust", d + "/root.pem", "--certs",
                          d + "/inter.pem")


def all_changes(d, name, data):
    bad = []
    for what, changed in pdf_changes(data):
        with open(d + "/changed.pdf", "wb") as f:
            f.write(changed)
        status, out = judged(d, d + "/changed.pdf")
        if not 1 <= status < 100:
            bad.append("%s: %d %s" % (what, status, out))
    ok(not bad, name + ": every change is seen", "\n".join(bad))


def is_valid(d, name, data):
    path = "%s/%s.pdf" % (d, name)
    with open(path, "wb") as f:
        f.write(data)
    status, out = judged(d, path)
    return ok(status == 0, name + " is valid", out)


def told_time(d, name):
    out = run(BUILD + "/signctl/signctl", "verify", "--lang", "vi", "--policy",
              "crypto-only", "%s/%s.pdf" % (d, name))[1]
    m = re.search(r"Thời điểm ký: +(\S+ \S+)", out)
    return m[1] if m else out


def one_signer(d):
    for name, shape in SHAPES.items():
        data = fill(d, first(shape, cert_of(d, "rsa")), shape, "rsa")
        if is_valid(d, name, data):
            all_changes(d, name, data)
    # In ISO's form without a zone it is UTC's.
    for name, time in (("plain", "08:30"), ("time-without-quote", "08:30"),
                       ("time-without-zone-quotes", "08:30"),
                       ("time-as-iso", "15:30")):
        said = told_time(d, name)
        ok(said == "20/11/2026 " + time, name + ": its time is told", said)
    ok("20/11/2026" not in told_time(d, "time-as-words"),
       "words are no time", told_time(d, "time-as-words"))


def several_signers(d):
    """The leader signs, then the office puts its seal beside it."""
    for name, one, two in (("two", "plain", "visible"),
                           ("two-old", "x509", "pkcs7-sha1"),
                           ("two-ber", "ber", "ber")):
        data = fill(d, first(SHAPES[one], cert_of(d, "rsa")), SHAPES[one],
                    "rsa")
        who = "ec" if two == "visible" else "rsa"
        data = fill(d, second(data, SHAPES[two], cert_of(d, who)), SHAPES[two],
                    who)
        if is_valid(d, name, data):
            all_changes(d, name, data)


def what_is_broken(d):
    """Never valid, and never without a word for whoever sees it."""
    shape = SHAPES["plain"]
    good = fill(d, first(shape, cert_of(d, "rsa")), shape, "rsa")
    old = SHAPES["x509"]
    x509 = fill(d, first(old, cert_of(d, "rsa")), old, "rsa")
    other = cert_of(d, "ec")
    start = x509.index(b"/Cert<") + 6
    end = x509.index(b">", start)
    cases = {
        "a page behind the end": good + b"9 0 obj\n<</Type/Page>>\nendobj\n",
        "a web server's text behind it": good + b"<!-- Powered by IIS -->",
        "no end": good[:good.rindex(b"startxref")],
        "somebody else's certificate": x509[:start] + other.hex().encode().ljust(
            end - start, b"0") + x509[end:],
        "the other's range": re.sub(
            rb"/ByteRange \[0 (\d+)", lambda m: b"/ByteRange [0 %0*d" % (
                len(m[1]), int(m[1]) - 2), good),
    }
    for name, data in cases.items():
        with open(d + "/broken.pdf", "wb") as f:
            f.write(data)
        status, out = judged(d, d + "/broken.pdf")
        ok(1 <= status < 100, name + " is not valid", out)


def main():
    if not have("openssl"):
        skip_all("there is no openssl")
    with folder() as d:
        make_people(d)
        one_signer(d)
        several_signers(d)
        what_is_broken(d)
    done()


main()
