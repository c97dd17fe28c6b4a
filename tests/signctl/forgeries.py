#!/usr/bin/env python3
"""Forgeries of signatures, time stamps, revocation data and containers, each one
step away from what `signctl verify` calls valid under vn-2025, and none of them
valid.  Those of PDF are in tests/pdf/attacks.py and shadows.py."""
import hashlib
import hmac
import io
import json
import os
import sys
import unicodedata
import zipfile

sys.dont_write_bytecode = True
SRC = os.path.abspath(os.environ.get("top_srcdir", "."))
sys.path[:0] = [SRC + "/tests/interop", SRC + "/tests/signctl"]
from common import done, folder, have, ok, skip_all
from pki import *

CONTENT = "Trả cho ông An 100 đồng\n".encode()
OTHER = "Trả cho ông Bình 900 đồng\n".encode()


def says(w, data, suffix, lists=None, answers=()):
    path = "document." + suffix
    with open(path, "wb") as f:
        f.write(data if isinstance(data, bytes) else data.encode())
    return ask(path, [w.ca], [w.list] if lists is None else lists, answers)


def good(w, name, *words):
    v = says(w, *words)
    ok(v["indication"] == "TOTAL-PASSED", "valid: " + name, summary(v))


def bad(w, name, *words):
    v = says(w, *words)
    ok(v["indication"] != "TOTAL-PASSED" and v["result"] != "valid",
       "refused: %s [%s]" % (name, v["code"]), json.dumps(v)[:2000])


# ---- CMS ----

def signed(w, **more):
    return Signer(w.an, CONTENT, **more)


def sha1_bound(who):
    return attribute("1.2.840.113549.1.9.16.2.12", seq(seq(seq(
        octets(hashlib.sha1(who.der).digest())))))


def cms_forgeries(w):
    s = signed(w)
    good(w, "a CMS signature", cms([s], CONTENT, [w.an]), "p7m")
    bad(w, "its attributes over another content",
        cms([s], OTHER, [w.an]), "p7m")
    bad(w, "another's certificate of the same key under one's own name",
        cms([Signer(w.an, CONTENT, as_who=w.twin)], CONTENT, [w.twin]),
        "p7m")
    swapped = signed(w)
    swapped.attrs = usual(w.an, OTHER)
    bad(w, "another's digest among the signed attributes",
        cms([swapped], OTHER, [w.an]), "p7m")
    bare = set_of(*s.attrs)
    bad(w, "signed attributes as if they were the content",
        cms([Signer(w.an, bare, attrs=None, value=s.value)], bare, [w.an]),
        "p7m")
    for who, what in ((w.tsa, "one who stamps"), (w.responder, "one who "
                      "answers"), (w.server, "a web server")):
        bad(w, "a document signed by " + what,
            cms([Signer(who, CONTENT)], CONTENT, [who]), "p7m")
    bad(w, "a time stamp as if it were a signed document",
        token(w.tsa, CONTENT, NOON - DAY), "p7m")
    bad(w, "a valid signer beside a false one",
        cms([s, swapped], CONTENT, [w.an]), "p7m")
    bad(w, "no signer at all", cms([], CONTENT, [w.an]), "p7m")
    twice = signed(w, attrs=usual(w.an, CONTENT) + usual(w.an, OTHER)[1:2])
    bad(w, "two message digests", cms([twice], OTHER, [w.an]), "p7m")
    values = signed(w, attrs=[usual(w.an, CONTENT)[0], attribute(
        MESSAGE_DIGEST, *[octets(hashlib.sha256(c).digest())
                          for c in (CONTENT, OTHER)]),
        signing_certificate(w.an)])
    bad(w, "one message digest of two values",
        cms([values], OTHER, [w.an]), "p7m")
    kind = signed(w, kind=TSTINFO)
    bad(w, "a content type that is not the content's",
        cms([kind], CONTENT, [w.an]), "p7m")
    bad(w, "content in front of what was signed",
        cms([s], OTHER + CONTENT, [w.an]), "p7m")
    bad(w, "an empty value", cms([signed(w, value=b"\0")], CONTENT, [w.an]),
        "p7m")
    bad(w, "r and s that are zero", cms([signed(w, value=seq(
        integer(0), integer(0)))], CONTENT, [w.an]), "p7m")
    bad(w, "bytes behind the message",
        cms([s], CONTENT, [w.an]) + b"\x04\x01x", "p7m")
    for name, attrs in {
            "by its old attribute": [sha1_bound(w.binh)],
            "by the new of two attributes": [sha1_bound(w.an),
                                             signing_certificate(w.binh)],
            "by a second one of its kind": [signing_certificate(w.an),
                                            signing_certificate(w.binh)],
            }.items():
        bad(w, "bound to another's certificate " + name, cms([signed(
            w, attrs=usual(w.an, CONTENT)[:2] + attrs)], CONTENT,
            [w.an, w.binh]), "p7m")
    wrong_tag = w.an.key.sign(tlv(0xa0, *sorted(s.attrs)))
    bad(w, "attributes signed under another tag",
        cms([signed(w, value=wrong_tag)], CONTENT, [w.an]), "p7m")
    bound = signed(w, attrs=usual(w.binh, CONTENT))
    bad(w, "bound to another's certificate",
        cms([bound], CONTENT, [w.an, w.binh]), "p7m")
    embedded = Signer(w.an, CONTENT, attrs=usual(w.an, CONTENT), value=s.value,
                      digest="sha512")
    bad(w, "a digest algorithm that is not the one signed with",
        cms([embedded], CONTENT, [w.an]), "p7m")


# ---- who signs ----

def path_forgeries(w):
    def by(who, *others):
        return cms([Signer(who, CONTENT)], CONTENT, [who, *others]), "p7m"

    good(w, "a citizen of the authority", *by(w.binh))
    bad(w, "an authority of the same name with another key",
        *by(Person("An", w.evil), w.evil))
    under = Person("Giám đốc", w.an)
    lists = [w.list, crl(w.an)]
    bad(w, "a citizen who issues", *by(under, w.an), lists)
    small = authority("CA nhỏ", w.ca, length=0)
    smaller = authority("CA nhỏ hơn", small)
    lists = [w.list, crl(small), crl(smaller)]
    good(w, "an authority below", *by(Person("An", small), small), lists)
    bad(w, "more authorities than one is allowed",
        *by(Person("An", smaller), smaller, small), lists)
    no_sign = authority("CA không ký", w.ca,
                        exts=[constraints(True), key_usage(6)])
    bad(w, "an authority whose key may not issue",
        *by(Person("An", no_sign), no_sign), [w.list, crl(no_sign)])
    bad(w, "a certificate with something critical that nobody knows",
        *by(Person("An", w.ca, exts=[constraints(False), FOR_SIGNING, extension(
            "1.2.3.4.5", NULL, True)])))
    bad(w, "a certificate for encryption", *by(Person(
        "An", w.ca, exts=[constraints(False), key_usage(2)])))
    named = authority("CA một nơi", w.ca, exts=[
        constraints(True), FOR_ISSUING, extension("2.5.29.30", seq(context(
            0, seq(context(4, name("Chỉ một người"))))), True)])
    bad(w, "a name that its authority may not give",
        *by(Person("An", named), named), [w.list, crl(named)])
    bad(w, "a certificate that starts tomorrow",
        *by(Person("An", w.ca, start=DAY)))
    bad(w, "a certificate whose signature is another's",
        *by(Person("An", w.ca, signed_by=w.evil.key)))
    bad(w, "a self-signed certificate with the authority's name",
        *by(Person("CA", exts=[constraints(False), FOR_SIGNING])))
    bad(w, "a short key", *by(Person("An", w.ca, key=Key(rsa=1024))))


# ---- revocation ----

def revocation_forgeries(w):
    document = cms([signed(w)], CONTENT, [w.an]), "p7m"
    gone = NOON - 2 * DAY

    def crls(name, *lists, expect=bad):
        expect(w, name, *document, list(lists))

    def answers(name, *several, expect=bad, lists=()):
        expect(w, name, *document, list(lists), list(several))

    revoked = crl(w.ca, [(w.an.serial, gone, 1)])
    crls("a list without An", crl(w.ca), expect=good)
    crls("no list")
    crls("a revoked certificate", revoked)
    crls("an old clean list beside the new one",
         crl(w.ca, at=NOON - 5 * DAY), revoked)
    crls("the new list, then the old clean one",
         revoked, crl(w.ca, at=NOON - 5 * DAY))
    crls("a list of the same name by another key", crl(w.evil))
    crls("a list that another signed", crl(w.ca, key=w.an.key))
    crls("a list that is over",
         crl(w.ca, at=NOON - 9 * DAY, until=NOON - DAY))
    crls("a list of tomorrow", crl(w.ca, at=NOON + DAY))
    crls("a list of authorities only", crl(w.ca, exts=[extension(
        "2.5.29.28", seq(tlv(0x82, b"\xff")), True)]))
    crls("a list of attribute certificates only", crl(w.ca, exts=[extension(
        "2.5.29.28", seq(tlv(0x85, b"\xff")), True)]))
    crls("a list of some reasons only", crl(w.ca, exts=[extension(
        "2.5.29.28", seq(tlv(0x83, b"\x06\x40")), True)]))
    crls("a list of another place", crl(w.ca, exts=[extension(
        "2.5.29.28", seq(tlv(0xa0, tlv(0xa0, tlv(0x86, b"http://x/y")))),
        True)]))
    crls("a list of differences", crl(w.ca, exts=[extension(
        "2.5.29.27", integer(1), True)]))
    crls("a list with something critical that nobody knows",
         crl(w.ca, exts=[extension("1.2.3.4.5", NULL, True)]))
    crls("a row with something critical that nobody knows", crl(
        w.ca, [(77, gone, 1, extension("1.2.3.4.5", NULL, True))]))
    crls("a list signed with SHA-1", crl(w.ca, digest="sha1"))
    crls("revoked, by a list signed with SHA-1, clean by another", crl(w.ca), crl(
        w.ca, [(w.an.serial, gone, 1)], digest="sha1"))
    crls("held, by the newest list", crl(w.ca, [(w.an.serial, gone, 6)]))

    by = w.responder
    mine = cert_id(w.an)
    answers("an answer for An", ocsp(by, [single(mine)], certs=[by]),
            expect=good)
    answers("an answer of another's serial number", ocsp(
        by, [single(cert_id(w.binh))], certs=[by]))
    answers("an answer of another authority's key", ocsp(
        by, [single(cert_id(w.an, issuer=w.evil))], certs=[by]))
    answers("an answer by a citizen", ocsp(
        w.binh, [single(mine)], certs=[w.binh]))
    answers("an answer by the signer", ocsp(w.an, [single(mine)],
                                            certs=[w.an]))
    answers("an answer by the one who stamps", ocsp(
        w.tsa, [single(mine)], certs=[w.tsa]))
    foreign = responder("OCSP", w.evil)
    answers("an answer by another authority's responder", ocsp(
        foreign, [single(mine)], certs=[foreign]))
    answers("an answer by its name with another's key", ocsp(
        by, [single(mine)], certs=[by], key=w.evil.key))
    answers("that nobody knows it", ocsp(
        by, [single(mine, UNKNOWN)], certs=[by]))
    answers("that it was revoked", ocsp(
        by, [single(mine, revoked_at(gone))], certs=[by]))
    answers("good and revoked in one answer", ocsp(
        by, [single(mine), single(mine, revoked_at(gone))], certs=[by]))
    answers("revoked, and an older good one",
            ocsp(by, [single(mine, at=NOON - DAY)], certs=[by],
                 at=NOON - DAY),
            ocsp(by, [single(mine, revoked_at(gone))], certs=[by]))
    answers("good by the answer, revoked by the list",
            ocsp(by, [single(mine)], certs=[by]), lists=[revoked])
    answers("an answer that is over", ocsp(by, [single(
        mine, at=NOON - 3 * DAY, until=NOON - DAY)], certs=[by],
        at=NOON - 3 * DAY))
    answers("an answer of tomorrow", ocsp(by, [single(
        mine, at=NOON + DAY)], certs=[by], at=NOON + DAY))
    answers("an answer signed with SHA-1", ocsp(
        by, [single(mine)], certs=[by], digest="sha1"))
    answers("an answer that was tried later", ocsp(
        by, [single(mine)], certs=[by], status=3))
    old = responder("OCSP cũ", w.ca, end=-DAY)
    answers("a responder whose certificate is over", ocsp(
        old, [single(mine)], certs=[old]))
    critical = single(mine, exts=[extension("1.2.3.4.5", NULL, True)])
    answers("an answer with something critical that nobody knows", ocsp(
        by, [critical], certs=[by]))
    plain = responder("OCSP", w.ca, exts=[constraints(False), key_usage(0),
                                          purposes(ANSWERING)])
    answers("a responder of whom nobody knows", ocsp(
        plain, [single(mine)], certs=[plain]))
    answers("a responder who clears itself", ocsp(plain, [
        single(mine), single(cert_id(plain))], certs=[plain]))
    purposeless = responder("OCSP", w.ca, exts=[
        constraints(False), key_usage(2), purposes(ANSWERING), NOCHECK])
    answers("a responder whose key may not sign", ocsp(
        purposeless, [single(mine)], certs=[purposeless]))
    bad(w, "an answer of another inside the document",
        cms([signed(w)], CONTENT, [w.an], answers=[
            ocsp(by, [single(cert_id(w.binh))], certs=[by])]), "p7m", [])
    bad(w, "a false list inside the document",
        cms([signed(w)], CONTENT, [w.an], lists=[crl(w.evil)]), "p7m", [])


# ---- time stamps ----

def stamp_forgeries(w):
    """An's certificate is over; only a time stamp saves the signature."""
    old = Person("An", w.ca, end=-10 * DAY)
    then = NOON - 20 * DAY
    lists = [crl(w.ca, at=then, exts=[extension(
        "2.5.29.60", gtime(NOON - 900 * DAY))]), w.list]

    def with_stamp(make, certs=()):
        s = Signer(old, CONTENT)
        s.unsigned.append(make(s))
        return cms([s], CONTENT, [old, *certs]), "p7m", lists

    def forged(name, make, certs=(), expect=bad):
        expect(w, name, *with_stamp(make, certs))

    forged("a time stamp from before the end",
           lambda s: stamp(w.tsa, s, then), expect=good)
    forged("a time stamp from after it", lambda s: stamp(w.tsa, s, NOON - DAY))
    forged("a time stamp of another signature", lambda s: stamp(
        w.tsa, Signer(old, CONTENT), then))
    forged("a time stamp of the content alone", lambda s: attribute(
        SIGNATURE_STAMP, token(w.tsa, CONTENT, then)))
    forged("a time stamp by the signer", lambda s: stamp(old, s, then))
    forged("a time stamp by a citizen", lambda s: stamp(w.binh, s, then))
    evil = stamper("TSA", w.evil)
    forged("a time stamp of the same name by another authority",
           lambda s: stamp(evil, s, then, certs=[evil, w.evil]))
    alone = stamper("TSA", None)
    forged("a time stamp by nobody's authority",
           lambda s: stamp(alone, s, then))
    soft = stamper("TSA", w.ca, exts=[constraints(False), key_usage(0),
                                      purposes(STAMPING)])
    forged("a purpose that is not critical", lambda s: stamp(soft, s, then))
    many = stamper("TSA", w.ca, exts=[constraints(False), key_usage(0), purposes(
        STAMPING, "1.3.6.1.5.5.7.3.4", critical=True)])
    forged("more purposes than one", lambda s: stamp(many, s, then))
    late = stamper("TSA", w.ca, start=-DAY)
    forged("an authority that began later", lambda s: stamp(late, s, then))
    forged("an imprint by SHA-1", lambda s: stamp(
        w.tsa, s, then, hash_name="sha1"))
    forged("a token bound to another's certificate", lambda s: stamp(
        w.tsa, s, then, as_who=evil, certs=[evil]))
    forged("a token without its authority's certificate but a false one",
           lambda s: stamp(w.tsa, s, then, certs=[evil]))

    def moved(s):
        whole_token = token(w.tsa, s.value, NOON - DAY)
        return attribute(SIGNATURE_STAMP, whole_token.replace(
            gtime(NOON - DAY), gtime(then)))
    forged("a time that was changed in the token", moved)
    forged("a time stamp in the place of one on the content",
           lambda s: attribute(CONTENT_STAMP, token(w.tsa, s.value, then)))
    s = Signer(old, CONTENT, attrs=usual(old, CONTENT) + [
        content_stamp(w.tsa, CONTENT, then)])
    bad(w, "a time stamp on the content is none on the signature",
        cms([s], CONTENT, [old]), "p7m", lists)
    gone = [crl(w.ca, [(w.tsa.serial, then - DAY, 1)])]
    s = Signer(old, CONTENT)
    s.unsigned.append(stamp(w.tsa, s, then))
    bad(w, "an authority that had been revoked before it stamped",
        cms([s], CONTENT, [old]), "p7m", gone + lists)
    revoked = [crl(w.ca, [(old.serial, then - DAY, 1)])] + lists
    bad(w, "a time stamp from after the revocation",
        cms([s], CONTENT, [old]), "p7m", revoked)


# ---- XML ----

DOCUMENT = ('<đơn><nội-dung Id="d">Trả cho ông An 100 đồng</nội-dung>%s</đơn>')
SIGNED_PART = '<nội-dung Id="d">Trả cho ông An 100 đồng</nội-dung>'
EVIL_PART = '<nội-dung Id="%s">Trả cho ông Bình 900 đồng</nội-dung>'
XPATH = "http://www.w3.org/TR/1999/REC-xpath-19991116"
FILTER2 = "http://www.w3.org/2002/06/xmldsig-filter2"


def xml_forgeries(w):
    refs = [reference("#d", SIGNED_PART, [EXCLUSIVE])]
    s = xades(w.an, refs)
    good(w, "an XML signature over a part", DOCUMENT % s, "xml")
    full = [reference("", "<đơn>%s</đơn>" % SIGNED_PART,
                      [ENVELOPED, EXCLUSIVE])]
    whole_one = xades(w.an, full)
    good(w, "an XML signature over all", DOCUMENT % whole_one, "xml")

    def xml(name, document, *more):
        bad(w, name, document, "xml", *more)

    xml("another part of the same identifier in other letters",
        '<đơn>%s<giữ>%s</giữ>%s</đơn>' % (
            EVIL_PART % "d", SIGNED_PART.replace(" Id=", " ID="), s))
    xml("the signed part is moved into the signature", '<đơn>%s%s</đơn>' % (
        EVIL_PART % "d", s.replace(
            "</Signature>", "<Object>%s</Object></Signature>" % SIGNED_PART)))
    xml("and the false one has no identifier", '<đơn>%s%s</đơn>' % (
        EVIL_PART.replace(' Id="%s"', ""), s.replace(
            "</Signature>", "<Object>%s</Object></Signature>" % SIGNED_PART)))
    xml("the signed document is moved into an object of a new one",
        '<đơn>%s%s</đơn>' % (EVIL_PART % "e", whole_one.replace(
            "</Signature>", "<Object>%s</Object></Signature>" %
            (DOCUMENT % ""))))
    xml("the properties are another signature's", DOCUMENT % s.replace(
        b64(hashlib.sha256(w.an.der).digest()),
        b64(hashlib.sha256(w.binh.der).digest())))
    xml("bound to another's certificate",
        DOCUMENT % xades(w.an, refs, bound=w.binh, certs=[w.an, w.binh]))
    xml("another's certificate of the same key",
        DOCUMENT % xades(w.an, refs, certs=[w.twin]))
    xml("a second reference that was not signed", DOCUMENT % s.replace(
        "</SignedInfo>", reference("#e", EVIL_PART % "e") + "</SignedInfo>"))
    nothing = ('<Transform Algorithm="%s"><XPath>false()</XPath></Transform>' %
               XPATH)
    xml("a filter that leaves nothing", DOCUMENT % xades(
        w.an, [reference("", "", [nothing, EXCLUSIVE])]))
    cut = ('<Transform Algorithm="%s"><XPath xmlns="%s" Filter="subtract">'
           "/</XPath></Transform>" % (FILTER2, FILTER2))
    xml("a filter that takes all away", DOCUMENT % xades(
        w.an, [reference("", "", [cut, EXCLUSIVE])]))
    xslt = ('<Transform Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116">'
            '<xsl:stylesheet xmlns:xsl="http://www.w3.org/1999/XSL/Transform" '
            'version="1.0"><xsl:template match="/"><a/></xsl:template>'
            "</xsl:stylesheet></Transform>")
    xml("a style sheet that makes the data", DOCUMENT % xades(
        w.an, [reference("", "<a></a>", [xslt, EXCLUSIVE])]))
    xml("a reference to the properties alone", DOCUMENT % xades(w.an, []))
    xml("a reference to the key alone", DOCUMENT % xades(w.an, [
        reference("#K", '<KeyInfo xmlns="%s" Id="K"></KeyInfo>' % DS,
                  [EXCLUSIVE])]))
    xml("an entity in what is signed", '<!DOCTYPE đơn [<!ENTITY a '
        '"100">]>' + DOCUMENT.replace("100", "&a;") % s)
    xml("an attribute by the document type", '<!DOCTYPE đơn [<!ATTLIST '
        'nội-dung số CDATA "900">]>' + DOCUMENT % s)
    xml("an identifier by the document type", '<!DOCTYPE đơn [<!ATTLIST '
        'nội-dung mã ID #IMPLIED>]><đơn><nội-dung mã="d">900</nội-dung>'
        "<giữ>%s</giữ>%s</đơn>" % (SIGNED_PART, s))
    xml("a signature within a comment", "<đơn>%s<!-- %s --></đơn>" % (
        SIGNED_PART, s))
    xml("a signature in the wrong namespace", DOCUMENT % s.replace(
        '<Signature xmlns="%s"' % DS, '<Signature xmlns="%s/"' % DS))
    xml("another signature's value", DOCUMENT % swap_values(
        s, whole_one))
    xml("a value that is too long", DOCUMENT % s.replace(
        "<SignatureValue>", "<SignatureValue>AAAA"))
    xml("two keys", DOCUMENT % s.replace("</KeyInfo>", "</KeyInfo><KeyInfo>"
        "<X509Data><X509Certificate>%s</X509Certificate></X509Data></KeyInfo>"
        % b64(w.binh.der)))
    xml("text between the parts of what is signed", DOCUMENT.replace(
        "100 đồng", "100<![CDATA[0]]> đồng") % s)
    xml("a second signature that was copied over other data",
        "<đơn>%s%s%s%s</đơn>" % (SIGNED_PART, s, EVIL_PART % "e", s.replace(
            'URI="#d"', 'URI="#e"').replace('Id="S"', 'Id="T"')))
    manifest = ('<Manifest xmlns="%s" Id="M">%s</Manifest>' % (
        DS, reference("#d", EVIL_PART % "d", [EXCLUSIVE])))
    xml("a signed manifest that does not fit", DOCUMENT % xades(w.an, [
        reference("#M", manifest, [EXCLUSIVE], DS + "Manifest")],
        "<Object>%s</Object>" % manifest))
    old = Person("An", w.ca, end=-10 * DAY)
    xml("a time stamp that nobody signed for", DOCUMENT % xades(
        old, refs, unsigned='<x:SignatureTimeStamp><x:EncapsulatedTimeStamp>'
        "%s</x:EncapsulatedTimeStamp></x:SignatureTimeStamp>" % b64(token(
            w.tsa, b"something else", NOON - 20 * DAY))))


def info_forgeries(w):
    """What is read of a signature, and what of it was signed."""
    whole = xades(w.an, [reference("", "<đơn>%s</đơn>" % SIGNED_PART,
                                   [ENVELOPED, EXCLUSIVE])])
    other = SIGNED_PART.replace("100", "900")
    false = b64(hashlib.sha256(("<đơn>%s</đơn>" % other).encode()).digest())
    start, end = whole.index("<SignedInfo"), whole.index("</SignedInfo>") + 13
    info = whole[start:end]
    true = info[info.index("<DigestValue>") + 13:info.index("</DigestValue>")]

    def xml(name, signature, content=True):
        document = DOCUMENT % signature
        bad(w, name, document.replace("100 đồng", "900 đồng")
            if content else document, "xml")

    xml("the true digest in a comment", whole.replace(
        true, "%s<!--%s-->" % (false, true), 1))
    xml("the false digest in a comment", whole.replace(
        true, "<!--%s-->%s" % (false, true), 1))
    xml("a second SignedInfo in front", whole.replace(
        info, info.replace(true, false) + info))
    xml("a second SignedInfo behind", whole.replace(
        info, info + info.replace(true, false)))
    xml("a second value", whole.replace(
        "<SignatureValue>", "<SignatureValue>AAAA</SignatureValue>"
        "<SignatureValue>"), False)
    secret = info.replace("ecdsa-sha256", "hmac-sha256")
    value = b64(hmac.new(w.an.key.public, secret.encode(), "sha256").digest())
    first = whole.index("<SignatureValue>")
    xml("the public key as if it were a secret", whole[:start] + secret +
        "<SignatureValue>" + value + whole[whole.index("</SignatureValue>"):],
        False)
    ok(first == end, "the value stands behind SignedInfo", whole)
    for name, head in (("a style sheet", "<?xml-stylesheet href='e.xsl'?>"),
                       ("a strange encoding",
                        "<?xml version='1.0' encoding='UTF-7'?>")):
        bad(w, name + " in front of what was signed",
            head + DOCUMENT % whole, "xml")
    bad(w, "another namespace for what was signed", (
        DOCUMENT % whole).replace("<đơn>", '<đơn xmlns="urn:e">'), "xml")
    part = xades(w.an, [reference("#d", SIGNED_PART, [EXCLUSIVE])])
    for a in ("id", "ID", "xml:id"):
        bad(w, "the same identifier by %s, at another name" % a,
            '<đơn><khác %s="d">900</khác>%s%s</đơn>' % (a, SIGNED_PART, part),
            "xml")
    pointer = xades(w.an, [reference("#xpointer(id('d'))", SIGNED_PART,
                                     [EXCLUSIVE])])
    bad(w, "an XPointer to an identifier that is there twice",
        "<đơn>%s<giữ>%s</giữ>%s</đơn>" % (EVIL_PART % "d", SIGNED_PART,
                                          pointer), "xml")
    bad(w, "the signed part in a signature that is none",
        '<đơn>%s<Signature xmlns="%s"><SignedInfo/><SignatureValue/><Object>%s'
        "</Object></Signature>%s</đơn>" % (EVIL_PART % "e", DS, SIGNED_PART,
                                           part), "xml")
    bad(w, "the same signature twice",
        "<đơn>%s%s%s</đơn>" % (SIGNED_PART, part, part), "xml")


def swap_values(one, two):
    def value(s):
        return s[s.index("<SignatureValue>"):s.index("</SignatureValue>")]
    return one.replace(value(one), value(two))


# ---- containers ----

ASIC = "http://uri.etsi.org/02918/v1.2.1#"


def manifest(files, signature="META-INF/signature.p7s", more=""):
    return ('<?xml version="1.0" encoding="UTF-8"?><ASiCManifest xmlns="%s" '
            'xmlns:d="%s"><SigReference URI="%s" MimeType="application/'
            'x-pkcs7-signature"/>%s%s</ASiCManifest>' % (
                ASIC, DS, signature, "".join(
                    '<DataObjectReference URI="%s"><d:DigestMethod Algorithm='
                    '"http://www.w3.org/2001/04/xmlenc#sha256"/>'
                    "<d:DigestValue>%s</d:DigestValue></DataObjectReference>" %
                    (uri, b64(hashlib.sha256(data).digest()))
                    for uri, data in files), more)).encode()


def container(entries, kind="application/vnd.etsi.asic-e+zip"):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        z.writestr("mimetype", kind)
        for name, data in entries:
            z.writestr(name, data)
    return out.getvalue()


def asic_forgeries(w):
    listed = manifest([("a.txt", CONTENT)])
    signature = cms([Signer(w.an, listed)], None, [w.an])
    inside_it = [("META-INF/ASiCManifest.xml", listed),
                 ("META-INF/signature.p7s", signature)]
    good(w, "a container", container([("a.txt", CONTENT)] + inside_it), "asice")

    def asic(name, entries, **more):
        bad(w, name, container(entries, **more), "asice")

    asic("another file of that name", [("a.txt", OTHER)] + inside_it)
    asic("the file in other letters", [("A.TXT", CONTENT)] + inside_it)
    asic("two files in other letters",
         [("a.txt", CONTENT), ("A.txt", OTHER)] + inside_it)
    asic("two files of one name", [("a.txt", OTHER), ("a.txt", CONTENT)] +
         inside_it)
    asic("the file in a folder", [("x/a.txt", CONTENT)] + inside_it)
    asic("a name with a dot in front", [("./a.txt", OTHER),
                                        ("a.txt", CONTENT)] + inside_it)
    asic("a name with a slash in front", [("/a.txt", OTHER),
                                          ("a.txt", CONTENT)] + inside_it)
    asic("a name with a backslash", [("x\\a.txt", OTHER),
                                     ("a.txt", CONTENT)] + inside_it)
    asic("a name with a space behind", [("a.txt ", OTHER),
                                        ("a.txt", CONTENT)] + inside_it)
    asic("a manifest that was changed",
         [("a.txt", OTHER), ("META-INF/ASiCManifest.xml",
                             manifest([("a.txt", OTHER)])), inside_it[1]])
    asic("a second manifest for the same signature",
         [("a.txt", CONTENT), ("b.txt", OTHER)] + inside_it +
         [("META-INF/ASiCManifest1.xml", manifest([("b.txt", OTHER)]))])
    double = manifest([("a.txt", CONTENT), ("a.txt", OTHER)])
    asic("a manifest with one file twice", [
        ("a.txt", CONTENT), ("META-INF/ASiCManifest.xml", double),
        ("META-INF/signature.p7s", cms([Signer(w.an, double)], None, [w.an]))])
    for uri in ("../a.txt", "/a.txt", "http://x/a.txt", "%2e%2e/a.txt",
                "A.TXT", "a.txt#x", "a.txt?x", ""):
        other = manifest([(uri, CONTENT)])
        asic("a manifest of " + (uri or "nothing"), [
            ("a.txt", CONTENT), ("META-INF/ASiCManifest.xml", other),
            ("META-INF/signature.p7s",
             cms([Signer(w.an, other)], None, [w.an]))])
    nfc = unicodedata.normalize("NFC", "Quyết định.txt")
    nfd = unicodedata.normalize("NFD", "Quyết định.txt")
    other = manifest([(nfc, CONTENT)])
    signed_name = [("META-INF/ASiCManifest.xml", other),
                   ("META-INF/signature.p7s",
                    cms([Signer(w.an, other)], None, [w.an]))]
    good(w, "a Vietnamese name", container([(nfc, CONTENT)] + signed_name),
         "asice")
    asic("two names that look alike",
         [(nfc, CONTENT), (nfd, OTHER)] + signed_name)
    asic("a name in another form, with other data",
         [(nfd, OTHER)] + signed_name)
    asic("the manifest in the place of the file",
         [("META-INF/ASiCManifest.xml", listed),
          ("META-INF/signature.p7s", signature)])
    def signatures(*each):
        return ('<x:XAdESSignatures xmlns:x="%s">%s</x:XAdESSignatures>' % (
            ASIC, "".join(each))).encode()

    file_ref = [reference("a.txt", CONTENT.decode())]
    by_xml = xades(w.an, file_ref)
    place = "META-INF/signatures.xml"
    good(w, "a container signed by XML", container(
        [("a.txt", CONTENT), (place, signatures(by_xml))]), "asice")
    asic("another file under an XML signature",
         [("a.txt", OTHER), (place, signatures(by_xml))])
    asic("an XML signature over the type alone",
         [("a.txt", CONTENT), (place, signatures(xades(w.an, [reference(
             "mimetype", "application/vnd.etsi.asic-e+zip")])))])
    asic("an XML signature over the list of files alone",
         [("a.txt", CONTENT), ("META-INF/manifest.xml", "<x/>"),
          (place, signatures(xades(w.an, [reference(
              "META-INF/manifest.xml", "<x/>")])))])
    asic("two XML signatures, one of another file",
         [("a.txt", CONTENT), (place, signatures(by_xml, xades(
             w.an, [reference("a.txt", OTHER.decode())], name="T")))])
    simple = cms([Signer(w.an, CONTENT)], None, [w.an])
    plain = "application/vnd.etsi.asic-s+zip"
    good(w, "a simple container", container(
        [("a.txt", CONTENT), ("META-INF/signature.p7s", simple)], plain),
        "asics")
    for name, entries in {
            "another file in a simple one": [("a.txt", OTHER)],
            "two files in a simple one": [("a.txt", OTHER),
                                          ("b.txt", CONTENT)],
            "none in a simple one": []}.items():
        bad(w, name, container(
            entries + [("META-INF/signature.p7s", simple)], plain), "asics")


def main():
    if not have("openssl"):
        skip_all("no openssl here")
    with folder() as d:
        os.chdir(d)
        w = World()
        for room in (cms_forgeries, path_forgeries, revocation_forgeries,
                     stamp_forgeries, xml_forgeries, info_forgeries,
                     asic_forgeries):
            room(w)
        os.chdir(SRC)
    done()


main()
