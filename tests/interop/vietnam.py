#!/usr/bin/env python3
"""Invoices, tax returns and notices in the shapes that Vietnamese providers
write, signed by xmlsec1 (and by Java, where it is): they are valid, and any
that was wrapped, moved or changed is not, with a sentence for whoever reads
it."""
import os
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from common import (BUILD, SRC, done, folder, have, make_people, ok, run,
                    signctl_verify, skip, skip_all)

DS = "http://www.w3.org/2000/09/xmldsig#"
ENVELOPED = DS + "enveloped-signature"
C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
EXC = "http://www.w3.org/2001/10/xml-exc-c14n#"
SHA1, SHA256 = (DS + "rsa-sha1", DS + "sha1"), (
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
    "http://www.w3.org/2001/04/xmlenc#sha256")


def reference(uri, transforms=(), digest=SHA256[1], kind=None):
    inner = "".join('<Transform Algorithm="%s"/>' % t for t in transforms)
    return '<Reference URI="%s"%s>%s<DigestMethod Algorithm="%s"/>' \
        "<DigestValue/></Reference>" % (
            uri, ' Type="%s"' % kind if kind else "",
            "<Transforms>%s</Transforms>" % inner if inner else "", digest)


def signature(name, refs, alg=SHA256, c14n=C14N, time_id=None, prefix="",
              subject=True):
    """A template; the time stands in a SignatureProperty, as Circular 78
    wants it, and is signed where `refs` name it."""
    known = "<X509SubjectName/>" if subject else "<X509IssuerSerial/>"
    text = (
        '<Signature Id="%s" xmlns="%s"><SignedInfo>'
        '<CanonicalizationMethod Algorithm="%s"/>'
        '<SignatureMethod Algorithm="%s"/>%s</SignedInfo><SignatureValue/>'
        "<KeyInfo><X509Data>%s<X509Certificate/></X509Data></KeyInfo>"
        '<Object%s><SignatureProperties xmlns=""><SignatureProperty '
        'Target="#%s"><SigningTime>2026-11-20T08:30:00</SigningTime>'
        "</SignatureProperty></SignatureProperties></Object></Signature>" % (
            name, DS, c14n, alg[0], "".join(refs), known,
            ' Id="%s"' % time_id if time_id else "", name))
    if prefix:
        text = re.sub(r"<(/?)(?!SignatureProp|SigningTime)(?=[A-Z])",
                      r"<\1%s:" % prefix, text)
        text = text.replace("xmlns=\"" + DS, "xmlns:%s=\"%s" % (prefix, DS))
    return text


GOODS = "".join(
    "<HHDVu><TChat>1</TChat><STT>%d</STT><THHDVu>Giấy A4 &amp; bìa %d</THHDVu>"
    "<SLuong>2</SLuong><DGia>50000</DGia><ThTien>100000</ThTien><TTKhac><TTin>"
    "<TTruong>Ghi chú</TTruong><DLieu>a&lt;b</DLieu></TTin></TTKhac></HHDVu>" %
    (i, i) for i in (1, 2))


def invoice(name, signatures, number=16, after=""):
    return (
        '<HDon><DLHDon Id="%s"><TTChung><PBan>2.0.1</PBan><THDon>Hóa đơn GTGT'
        "</THDon><SHDon>%d</SHDon><NLap>2026-11-20</NLap></TTChung><NDHDon>"
        "<NBan><Ten>Công ty Trách nhiệm hữu hạn Một</Ten><MST>0100692594-996"
        "</MST></NBan><NMua><Ten>Trần Thị Bình</Ten><MST>0312345678</MST>"
        "</NMua><DSHHDVu>%s</DSHHDVu><TToan><TgTTTBSo>200000</TgTTTBSo>"
        "</TToan></NDHDon></DLHDon>%s<DSCKS>%s</DSCKS></HDon>" % (
            name, number, GOODS, after, signatures))


def seller(data, number="", alg=SHA256, **more):
    """As most providers have it: the data, and the time in the Object."""
    time_id = "SigningTime" + number
    return "<NBan>%s</NBan>" % signature(
        "NBan" + number, [reference("#" + data, [ENVELOPED], alg[1]),
                          reference("#" + time_id, [], alg[1])],
        alg, time_id=time_id, **more)


def tax_return(sign):
    return (
        '<HSoThueDTu xmlns="http://kekhaithue.gdt.gov.vn/TKhaiThue" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        '<HSoKhaiThue id="NODETOSIGN"><TTinChung><TTinTKhaiThue><TKhaiThue>'
        "<maTKhai>842</maTKhai><!-- Tờ khai GTGT --><ngayLapTKhai>2026-11-20"
        '</ngayLapTKhai><nguoiKy>Nguyễn Văn An</nguoiKy><ngay xsi:nil="true"/>'
        "</TKhaiThue></TTinTKhaiThue></TTinChung><CTieuTKhaiChinh>"
        '<ct25>1446670</ct25></CTieuTKhaiChinh></HSoKhaiThue><CKyDTu>%s'
        "</CKyDTu></HSoThueDTu>" % sign)


def shapes():
    """name, document, how often xmlsec1 signs it."""
    yield "invoice", invoice("data", seller("data")), 1
    yield "invoice-sha1", invoice("data", seller("data", alg=SHA1)), 1
    yield "invoice-issuer-serial", invoice(
        "data", seller("data", subject=False)), 1
    # A provider's own Type, exclusive C14N before the plain one.
    yield "invoice-two-c14n", invoice("Id-22884", "<NBan>%s</NBan>" % signature(
        "NBan-22884", [
            reference("#Id-22884", [ENVELOPED, C14N]),
            reference("#SigningTime-22884", [EXC, C14N],
                      kind="https://vidu.vn/2021/xmldsig#SignatureProperties")],
        time_id="SigningTime-22884"), after="<DLQRCode>0002010102</DLQRCode>"), 1
    yield "invoice-typed-time", invoice("TS24", "<NBan>%s</NBan>" % signature(
        "NBan", [reference("#TS24", [ENVELOPED]),
                 reference("#TimeStamp", kind=DS + "SignatureProperties")],
        time_id="TimeStamp"), after='<MCCQT Id="ma">00AB</MCCQT>'), 1
    yield "invoice-prefix", invoice("data", seller("data", prefix="ds")), 1
    # The buyer signs as well, and the tax authority the code that it gave.
    yield "invoice-three", invoice(
        "data", seller("data") + "<NMua>%s</NMua><CQT>%s</CQT>" % (
            signature("NMua", [reference("#data"), reference("#time-mua")],
                      time_id="time-mua"),
            signature("CQT", [reference("#data"), reference("#ma"),
                              reference("#time-cqt")], time_id="time-cqt")),
        after='<MCCQT Id="ma">00AB</MCCQT>'), 3
    # The message to the tax authority around two invoices.
    yield "message-two", (
        "<TDiep><TTChung><PBan>2.0.1</PBan><MLTDiep>203</MLTDiep></TTChung>"
        "<DLieu>%s%s</DLieu></TDiep>" % (
            invoice("d1", seller("d1", "1")),
            invoice("d2", seller("d2", "2"), number=17))), 2
    yield "tax", tax_return(signature(
        "s", [reference("#NODETOSIGN", [ENVELOPED])],
        c14n=C14N + "#WithComments")), 1
    yield "tax-whole", tax_return(signature(
        "s", [reference("", [ENVELOPED])], c14n=C14N + "#WithComments")), 1
    # A notice with the officer's signature and the office's.
    yield "notice-two", tax_return(
        signature("s1", [reference("#NODETOSIGN", [ENVELOPED])]) +
        signature("s2", [reference("#NODETOSIGN", [ENVELOPED])])), 2


ID_ATTRIBUTES = sum((["--id-attr:" + i, name] for i, name in (
    ("Id", "DLHDon"), ("Id", "MCCQT"), ("Id", DS + ":Object"),
    ("id", "http://kekhaithue.gdt.gov.vn/TKhaiThue:HSoKhaiThue"))), [])


def sign(d, name, text, times, opening=""):
    """xmlsec1 fills one template after another; the file's name."""
    path = "%s/%s.xml" % (d, name)
    with open(path, "w", encoding="utf-8") as f:
        f.write(opening + text)
    for i in range(times):
        ids = ["--node-xpath", '(//*[local-name()="Signature"])[%d]' % (i + 1)]
        status, out = run("xmlsec1", "--sign", *ID_ATTRIBUTES, *ids,
                          "--privkey-pem", "%s/rsa.key,%s/rsa.pem,%s/inter.pem"
                          % (d, d, d), "--output", path + ".new", path)
        if status != 0:
            return None, out
        os.replace(path + ".new", path)
    return path, ""


def between(text, start, end):
    a = text.index(start)
    return text[a:text.index(end, a) + len(end)]


def changes(text):
    """What somebody might do to it, and whether it is still one document."""
    def once(what, old, new):
        return (what, text.replace(old, new, 1)) if old in text else None

    yield once("the sum", "<TgTTTBSo>2", "<TgTTTBSo>9")
    yield once("the buyer", "Trần Thị Bình", "Trần Thị Bính")
    yield once("a date", "<ngayLapTKhai>2026", "<ngayLapTKhai>2027")
    yield once("a figure", "<ct25>1", "<ct25>2")
    if text.count("#SigningTime") + text.count("#TimeStamp"):
        yield once("the time", "<SigningTime>2026", "<SigningTime>2025")
    if "#ma" in text:
        yield once("the tax authority's code", "00AB", "00AC")
    for tag in ("DLHDon", "HSoKhaiThue"):
        if "<" + tag not in text:
            continue
        data = between(text, "<" + tag, "</%s>" % tag)
        forged = data.replace("200000", "999999").replace("1446670", "9")
        for attribute in (r' [Ii]d="[^"]*"', r'^$'):
            fake = re.sub(attribute, "", forged, count=1)
            yield "another before it", text.replace(data, fake + data, 1)
            yield "another behind it", text.replace(data, data + fake, 1)
        fake = re.sub(r' [Ii]d="[^"]*"', "", forged, count=1)
        yield "moved into an envelope", text.replace(
            data, fake + "<TTKhac>" + data + "</TTKhac>", 1)
        # Into the signature's Object, where references still find it.
        yield "moved into the signature", text.replace(data, fake, 1).replace(
            "</SignatureProperties>", "</SignatureProperties>" + data, 1)
        yield "the data gone", text.replace(data, "", 1)
    if text.count("<HDon>") == 2:
        first, second = re.findall(r"(?s)<HDon>.*?</HDon>", text)
        swapped = second.replace("<SHDon>17", "<SHDon>18")
        yield "one of two invoices", text.replace(second, swapped)
        unsigned = re.sub("(?s)<DSCKS>.*</DSCKS>", "<DSCKS/>", second)
        yield "one of two signatures", text.replace(
            second, unsigned.replace("17", "18"))


def judged(path, *options):
    status, out = signctl_verify(path, *options)
    return status, out.split("\n")[0]


def sentence(path, d):
    return run(BUILD + "/signctl/signctl", "verify", "--policy", "path-only",
               "--trust", d + "/root.pem", path)[1]


def all_refused(d, name, text):
    bad = []
    for change in changes(text):
        if change is None or change[1] == text:
            continue
        what, forged = change
        other = d + "/changed.xml"
        with open(other, "w", encoding="utf-8") as f:
            f.write(forged)
        status, out = judged(other, "--trust", d + "/root.pem")
        told = sentence(other, d)
        if not 1 <= status < 100:
            bad.append("%s: %d %s" % (what, status, out))
        elif "Việc cần làm" not in told and "→" not in told:
            bad.append("%s: no next step: %s" % (what, told[:200]))
    ok(not bad, name + ": every change is seen and told", "\n".join(bad))


def all_shapes(d):
    for name, text, times in shapes():
        path, why = sign(d, name, text, times)
        if path is None:
            skip(name, "this xmlsec1 does not sign it: " +
                 why.strip().splitlines()[-1])
            continue
        status, out = judged(path, "--trust", d + "/root.pem")
        told = sentence(path, d)
        signed = re.search('URI="#(SigningTime|TimeStamp)', text)
        if signed:
            ok("20/11/2026 08:30" in told, name + ": its time is told", told)
        if ok(status == 0, name + " is valid", out + told):
            with open(path, encoding="utf-8") as f:
                all_refused(d, name, f.read())


def openings(d):
    """What stands in front of the root, and how lines end."""
    text = invoice("data", seller("data"))
    for name, start in (
            ("style sheet", "<?xml-stylesheet type='text/xsl' href='V1'?>"),
            ("byte order mark", "\ufeff<?xml version=\"1.0\"?>"),
            ("declaration", '<?xml version="1.0" encoding="utf-8" '
             'standalone="yes"?>\r\n')):
        path, why = sign(d, "opening", text, 1, start)
        status, out = judged(path, "--trust", d + "/root.pem") \
            if path else (1, why)
        ok(status == 0, "an invoice that begins with a " + name, out)
    path, _ = sign(d, "crlf", text.replace("><", ">\r\n<"), 1)
    status, out = judged(path, "--trust", d + "/root.pem")
    ok(status == 0, "an invoice whose lines end with CR and LF", out)


def java_signs(d):
    if not have("java", "javac"):
        skip("what Java signs", "there is no Java")
        return
    status, out = run("javac", "-nowarn", "-d", d + "/classes",
                      SRC + "/tests/interop/dss/Invoice.java")
    if status != 0:
        skip("what Java signs", out)
        return
    run("openssl", "pkcs12", "-export", "-inkey", d + "/rsa.key", "-in",
        d + "/rsa.pem", "-out", d + "/rsa.p12", "-passout", "pass:x")
    for alg in ("sha1", "sha256", "pss"):
        path = "%s/java-%s.xml" % (d, alg)
        status, out = run("java", "-cp", d + "/classes", "Invoice",
                          d + "/rsa.p12", alg, path,
                          stdin=invoice("data", "<NBan/>").encode())
        if status != 0:
            skip("Java, " + alg, out.strip().splitlines()[0])
            continue
        more = ["--trust", d + "/root.pem", "--certs", d + "/inter.pem"]
        status, out = judged(path, *more)
        if ok(status == 0, "Java, %s: valid" % alg, out):
            with open(path, encoding="utf-8") as f:
                all_refused(d, "Java, " + alg, f.read())


def main():
    if not have("openssl", "xmlsec1"):
        skip_all("there is no openssl or xmlsec1")
    with folder() as d:
        make_people(d)
        os.mkdir(d + "/classes")
        all_shapes(d)
        openings(d)
        java_signs(d)
    done()


main()
