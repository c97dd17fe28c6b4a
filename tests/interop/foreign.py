#!/usr/bin/env python3
"""The other way: what openssl, xmlsec1, pyHanko, signxml and EU DSS sign,
signctl verify --policy path-only calls valid, and not valid once it was
changed.  And DSS, where it is, judges what we sign."""
import glob
import os
import random
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from common import (BUILD, PYTHON, Dss, done, folder, have, have_module,
                    make_people, ok, run, signctl_verify, skip, skip_all)

CHANCE = random.Random(20261121)

TEMPLATE = """<?xml version="1.0" encoding="UTF-8"?>
<hs:HoSo xmlns:hs="urn:hoso"><hs:Ten>Nguyễn Văn An</hs:Ten><Signature
xmlns="http://www.w3.org/2000/09/xmldsig#"><SignedInfo><CanonicalizationMethod
Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/><SignatureMethod
Algorithm="http://www.w3.org/2001/04/xmldsig-more#%s-sha256"/><Reference
URI=""><Transforms><Transform
Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/></Transforms>
<DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><DigestValue/>
</Reference></SignedInfo><SignatureValue/><KeyInfo><X509Data/></KeyInfo>
</Signature></hs:HoSo>
"""

PYHANKO = """
import io, logging, sys
logging.disable(50)
from pyhanko.keys import load_cert_from_pemder as cert
from pyhanko.keys import load_private_key_from_pemder as key
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import signers, timestamps
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter
from pyhanko.stamp import TextStampStyle
from pyhanko_certvalidator.registry import SimpleCertificateStore
d, source = sys.argv[1:]
store = SimpleCertificateStore()
for n in ("inter", "root"):
    store.register(cert(d + "/" + n + ".pem"))
def signer(who, **k):
    return signers.SimpleSigner(signing_cert=cert(d + "/" + who + ".pem"),
        signing_key=key(d + "/" + who + ".key", None), cert_registry=store, **k)
tsa = timestamps.DummyTimeStamper(tsa_cert=cert(d + "/rsa.pem"),
    tsa_key=key(d + "/rsa.key", None), certs_to_embed=store)
PADES, ADOBE = SigSeedSubFilter.PADES, SigSeedSubFilter.ADOBE_PKCS7_DETACHED
def sign(name, who, sub=PADES, of=source, ts=None, field="Sig1", spec=None,
         style=None, pss=False, **m):
    w = IncrementalPdfFileWriter(io.BytesIO(open(of, "rb").read()))
    meta = signers.PdfSignatureMetadata(field_name=field, subfilter=sub,
        md_algorithm=m.pop("md", "sha256"), **m)
    out = signers.PdfSigner(meta, signer=signer(who, prefer_pss=pss),
        timestamper=ts, new_field_spec=spec, stamp_style=style).sign_pdf(w)
    path = d + "/ph-" + name + ".pdf"
    open(path, "wb").write(out.getvalue())
    return path
sign("pades-ec", "ec"); sign("pkcs7-rsa", "rsa", ADOBE)
sign("pss", "rsa", pss=True); sign("sha512", "rsa", md="sha512")
sign("stamped", "ec", ts=tsa)
for p in MDPPerm:
    c = sign("certified-%d" % p.value, "ec", certify=True, docmdp_permissions=p)
    if p == MDPPerm.FILL_FORMS:
        sign("certified-then", "rsa", of=c, field="Sig2")
sign("visible", "ec", spec=SigFieldSpec("Sig1", box=(50, 50, 250, 120)),
     style=TextStampStyle(stamp_text="Signed by %(signer)s"))
two = sign("two", "ec")
sign("two", "rsa", of=two, field="Sig2")
"""

SIGNXML = """
import sys
from lxml import etree
from signxml import CanonicalizationMethod, SignatureMethod, XMLSigner, methods
from signxml.xades import XAdESSigner
d = sys.argv[1]
root = etree.fromstring('<a xmlns="urn:a" xmlns:b="urn:b" b:y="1"><b:c>Tờ</b:c></a>')
for who, alg in (("rsa", SignatureMethod.RSA_SHA256),
                 ("ec", SignatureMethod.ECDSA_SHA256)):
    for cls, n in ((XMLSigner, "dsig"), (XAdESSigner, "xades")):
        # signxml 5 digests <SignedProperties> wrongly under exclusive C14N.
        s = cls(method=methods.enveloped, signature_algorithm=alg,
                c14n_algorithm=CanonicalizationMethod.CANONICAL_XML_1_1)
        out = s.sign(root, key=open(d + "/" + who + ".key", "rb").read(),
                     cert=open(d + "/" + who + "-chain.pem").read())
        open("%s/sx-%s-%s.xml" % (d, n, who), "wb").write(etree.tostring(
            out, xml_declaration=True, encoding="UTF-8"))
"""


def verify(d, path, *options):
    return signctl_verify(path, "--trust", d + "/root.pem", *options)


def changed(d, path, data, what, *options):
    """Whether that is not valid; and no crash or hang."""
    other = d + "/changed" + os.path.splitext(path)[1]
    with open(other, "wb") as f:
        f.write(data)
    status, out = verify(d, other, *options)
    return [] if 1 <= status < 100 else ["%s: %d %s" % (what, status, out)]


def flip(data, at):
    b = bytearray(data)
    b[at] ^= 1 << CHANCE.randrange(7)
    return bytes(b)


def appended(data):
    """An update that puts another page in the place of all."""
    pages = re.search(rb"(\d+) 0 obj\s*<<(?:(?!endobj).)*?/Type\s*/Pages\b",
                      data, re.S)
    root = re.findall(rb"/Root\s+(\d+ \d+ R)", data)[-1]
    prev = re.findall(rb"startxref\s+(\d+)", data)[-1]
    n, new = int(pages[1]), 900
    b, at = bytearray(data + b"\n"), []
    for num, body in (
            (n, b"<</Type/Pages/Count 1/Kids[%d 0 R]>>" % new),
            (new, b"<</Type/Page/Parent %d 0 R/MediaBox[0 0 9 9]"
             b"/Resources<<>>>>" % n)):
        at.append(b"%d 1\n%010d 00000 n \n" % (num, len(b)))
        b += b"%d 0 obj\n%s\nendobj\n" % (num, body)
    start = len(b)
    b += b"xref\n" + b"".join(at) + (
        b"trailer\n<</Root %s/Size %d/Prev %s>>\nstartxref\n%d\n%%%%EOF\n" %
        (root, new + 1, prev, start))
    return bytes(b)


def pdf_changes(data):
    for m in re.finditer(rb"/ByteRange *\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*]",
                         data):
        _, b, c, e = [int(x) for x in m.groups()]
        for at in (CHANCE.randrange(b), CHANCE.randrange(20, b),
                   c + CHANCE.randrange(e)):
            yield "byte %d" % at, flip(data, at)
        yield "no value", data[:b + 1] + b"0" * (c - b - 2) + data[c - 1:]
        for new in (b"/ByteRange [0 %d %d %d]" % (b, c, e - 1),
                    b"/ByteRange [1 %d %d %d]" % (b - 1, c, e)):
            room = len(m[0])
            if len(new) <= room:
                yield "range", data[:m.start()] + new.ljust(room) + \
                    data[m.end():]
    yield "cut", data[:-20]
    yield "longer", data + b"x"
    yield "other pages", appended(data)


def xml_changes(data):
    text = data.decode()
    for old, new in (("Tờ", "Tớ"), ("Nguyễn", "Nguyển"), ("urn:", "urm:"),
                     ("SignedInfo>", "SignedInfo> "), ("sha256", "sha384")):
        if old in text:
            yield old, text.replace(old, new, 1).encode()
    for name in ("DigestValue", "SignatureValue"):
        yield name, re.sub("(<(\\w+:)?%s\\b[^>]*>)" % name, "\\1A", text,
                           count=1).encode()
    signed = re.search(r"<(?:\w+:)?SignedInfo.*</(?:\w+:)?SignedInfo>", text,
                       re.S)
    again = text[:signed.start()] + signed[0] + text[signed.start():]
    yield "SignedInfo twice", again.encode()


def cms_changes(data):
    # Beyond version and digestAlgorithms, which nobody signs.
    for at in [CHANCE.randrange(60, 100)] + \
            [len(data) - 1 - CHANCE.randrange(60) for _ in range(4)]:
        yield "byte %d" % at, flip(data, at)


def all_seen(d, path, changes, *options):
    name = os.path.basename(path)
    status, out = verify(d, path, *options)
    if not ok(status == 0, name + " is valid", out):
        return
    bad = []
    for what, data in changes(open(path, "rb").read()):
        bad += changed(d, path, data, what, *options)
    ok(not bad, name + ": every change is seen", "\n".join(bad))


def openssl_signs(d):
    content = d + "/content.txt"
    with open(content, "w") as f:
        f.write("Biên bản\r\n")
    for who in ("ec", "rsa"):
        for name, opts in (("attached", ["-nodetach"]), ("detached", []),
                           ("cades", ["-nodetach", "-cades"]),
                           ("bare", ["-nodetach", "-noattr"]),
                           ("key", ["-nodetach", "-keyid"]),
                           ("stream", ["-nodetach", "-stream"]),
                           ("pss", ["-nodetach", "-keyopt",
                                    "rsa_padding_mode:pss"])):
            if name == "pss" and who == "ec":
                continue
            path = "%s/cms-%s-%s.p7s" % (d, name, who)
            status, out = run(
                "openssl", "cms", "-sign", "-binary", "-in", content,
                "-signer", "%s/%s.pem" % (d, who), "-inkey", "%s/%s.key" %
                (d, who), "-certfile", d + "/inter.pem", "-outform", "DER",
                "-out", path, *opts)
            if status != 0:
                skip("openssl cms " + name, out.splitlines()[-1])
                continue
            more = ["--format", "cms"]
            if name == "detached":
                more += ["--content", content]
            all_seen(d, path, cms_changes, *more)


def xmlsec_signs(d):
    if not have("xmlsec1"):
        skip("what xmlsec1 signs", "xmlsec1 is not installed")
        return
    for who, alg in (("rsa", "rsa"), ("ec", "ecdsa")):
        with open(d + "/template.xml", "w") as f:
            f.write(TEMPLATE % alg)
        path = "%s/xmlsec-%s.xml" % (d, who)
        run("xmlsec1", "--sign", "--privkey-pem", "%s/%s.key,%s/%s.pem,%s/"
            "inter.pem" % (d, who, d, who, d), "--output", path,
            d + "/template.xml")
        all_seen(d, path, xml_changes)


def python_signs(d, module, script, pattern, changes, *args):
    if not have_module(module):
        skip("what %s signs" % module,
             "it is not installed (SIGND_TEST_PYTHON)")
        return
    status, out = run(PYTHON, "-c", script, d, *args)
    if status != 0:
        skip("what %s signs" % module, "this version of it cannot: " +
             out.strip().splitlines()[-1])
    for path in sorted(glob.glob(d + pattern)):
        all_seen(d, path, changes)


def dss_signs_and_judges(d, source):
    dss = Dss(d)
    if not dss.ready:
        skip("what EU DSS signs and judges",
             "SIGND_TEST_DSS names no folder of its jars")
        return
    with open(d + "/form.xml", "w") as f:
        f.write('<a xmlns="urn:a"><b>Tờ khai</b></a>')
    for who in ("ec", "rsa"):
        run("openssl", "pkcs12", "-export", "-inkey", "%s/%s.key" % (d, who),
            "-in", "%s/%s.pem" % (d, who), "-certfile", d + "/inter.pem",
            "-out", d + "/p12", "-passout", "pass:x")
        for of, form, changes in (
                (source, "pades", pdf_changes),
                (d + "/form.xml", "xades", xml_changes)):
            path = "%s/dss-%s%s" % (d, who, os.path.splitext(of)[1])
            dss.ask("sign", d + "/p12", "x", d + "/root.pem", of, path, form)
            all_seen(d, path, changes)
        run(BUILD + "/tests/xml/signer", "%s/%s.key" % (d, who),
            "%s/%s-chain.pem" % (d, who), "ecdsa" if who == "ec" else who,
            d + "/form.xml", "%s/ours-%s.xml" % (d, who))
    ours = sorted(glob.glob(d + "/ours-*.xml"))
    _, out = dss.ask("verify", d + "/root.pem", *ours)
    ok(out.count("TOTAL_PASSED") == len(ours) == 2,
       "DSS agrees with our XML signatures", out)
    os.mkdir(d + "/pdf")
    run(BUILD + "/tests/pdf/maker", d + "/pdf", source)
    _, out = dss.ask("verify", d + "/pdf/ca.pem",
                     *glob.glob(d + "/pdf/*.2.pdf"))
    ok(out.count("TOTAL_PASSED") == 2, "DSS agrees with our PDF signatures",
       out)


def main():
    if not have("openssl"):
        skip_all("there is no openssl")
    with folder() as d:
        make_people(d)
        run(BUILD + "/tests/pdf/maker", "-f", d)
        source = d + "/form-shared-array.pdf"
        openssl_signs(d)
        xmlsec_signs(d)
        python_signs(d, "pyhanko.sign", PYHANKO, "/ph-*.pdf", pdf_changes,
                     source)
        python_signs(d, "signxml", SIGNXML, "/sx-*.xml", xml_changes)
        dss_signs_and_judges(d, source)
    done()


if __name__ == "__main__":  # vietnampdf.py takes pdf_changes alone
    main()
