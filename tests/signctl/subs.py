#!/usr/bin/env python3
"""Every indication and sub-indication of EN 319 102-1 that can come out, by a
document, `signctl verify`, and for each the evidence that its conclusion rests
on: the rule of the policy, the certificate, list or answer, the time stamp."""
import json
import os
import sys

sys.dont_write_bytecode = True
SRC = os.path.abspath(os.environ.get("top_srcdir", "."))
sys.path[:0] = [SRC + "/tests/interop", SRC + "/tests/signctl"]
from common import done, folder, have, ok, skip_all
from pki import *

CONTENT = "Trả cho ông An 100 đồng\n".encode()
POLICY = "1.2.840.113549.1.9.16.2.15"  # sigPolicyId
PASSED, FAILED, UNKNOWN_YET = "TOTAL-PASSED", "TOTAL-FAILED", "INDETERMINATE"


class Case:
    """`evidence`: what the deciding step must name, besides rule and clause:
    "certificate", "status", "stamp", and what its line must say."""

    def __init__(self, sub, indication, data, evidence, says="", **how):
        self.sub, self.indication, self.data = sub, indication, data
        self.evidence, self.says, self.how = evidence, says, how


def plain(who, content=CONTENT, **more):
    return cms([Signer(who, CONTENT, **more)], content, [who])


def stamped(who, *stamps, attrs="usual"):
    """`stamps`: functions of the signer."""
    s = Signer(who, CONTENT, attrs=attrs)
    for make in stamps:
        s.unsigned.append(make(s))
    return cms([s], CONTENT, [who])


def by_content(w, who, at):
    """The content was stamped before it was signed."""
    return stamped(who, attrs=usual(who, CONTENT) + [
        content_stamp(w.tsa, CONTENT, at)])


def element(text, name):
    """One element as it stands, under exclusive C14N."""
    found = text[text.index("<" + name):]
    found = found[:found.index("</%s>" % name) + len(name) + 3]
    return found if "xmlns" in found[:found.index(">")] else \
        found.replace("<" + name, '<%s xmlns="%s"' % (name, DS), 1)


def archived(who, first, second):
    """An XML signature with a time stamp, and an archive time stamp over both;
    `first`, `second`: who stamps, and when."""
    data = "<a>100</a>"
    signed = xades(who, [reference("", data, [ENVELOPED, EXCLUSIVE])])
    method = ('<CanonicalizationMethod xmlns="%s" Algorithm="%s">'
              "</CanonicalizationMethod>" % (DS, EXCLUSIVE))

    def stamped(name, by, imprint):
        return "<%s>%s<x:EncapsulatedTimeStamp>%s</x:EncapsulatedTimeStamp>" \
            "</%s>" % (name, method, b64(token(by[0], imprint.encode(),
                                               by[1])), name)
    value = element(signed, "SignatureValue")
    inner = stamped("x:SignatureTimeStamp", first, value)
    properties = signed[signed.index("<x:SignedProperties"):]
    properties = properties[:properties.index("</x:SignedProperties>") +
                            len("</x:SignedProperties>")]
    outer = stamped("y:ArchiveTimeStamp", second, "".join([
        data, properties, element(signed, "SignedInfo"), value,
        element(signed, "KeyInfo"), inner.replace(
            "<x:SignatureTimeStamp", '<x:SignatureTimeStamp xmlns:x="%s"' %
            XADES, 1)]))
    unsigned = ("<x:UnsignedProperties><x:UnsignedSignatureProperties "
                'xmlns:y="http://uri.etsi.org/01903/v1.4.1#">%s%s'
                "</x:UnsignedSignatureProperties></x:UnsignedProperties>" % (
                    inner, outer))
    return data.replace("</a>", signed.replace(
        "</x:SignedProperties>", "</x:SignedProperties>" + unsigned) + "</a>")


def cases(w):
    ended = Person("An", w.ca, end=-10 * DAY)
    begins = Person("An", w.ca, start=-10 * DAY)
    gone = crl(w.ca, [(w.an.serial, NOON - 5 * DAY, 1)])
    small = authority("CA nhỏ", w.ca)
    of_small = Person("An", small)
    keeps = crl(w.ca, exts=[extension("2.5.29.60", gtime(NOON - 900 * DAY))])
    named = usual(w.an, CONTENT) + [attribute(POLICY, seq(
        oid("1.2.3"), seq(digest_of("sha256"), octets(b"\1" * 32))))]
    broken = usual(w.an, CONTENT) + [attribute(POLICY, seq(integer(1)))]
    two = usual(w.an, CONTENT) + usual(w.an, b"")[1:2]
    forged = Person("An", w.ca)
    forged.der = forged.der[:-1] + bytes([forged.der[-1] ^ 1])
    old_tsa = stamper("TSA cũ", w.ca, end=-5 * DAY)
    return [
        Case(None, PASSED, plain(w.an), (), "status"),
        # what is broken
        Case("FORMAT_FAILURE", FAILED, plain(w.an, attrs=two), ("finding",)),
        Case("HASH_FAILURE", FAILED, plain(w.an, b"another content"), (),
             "reference 1 of 1"),
        Case("SIG_CRYPTO_FAILURE", FAILED, plain(
            w.an, value=seq(integer(5), integer(7))), ("certificate",),
            "ECDSA"),
        # what a time stamp on the content shows
        Case("REVOKED", FAILED, by_content(w, w.an, NOON - 4 * DAY),
             ("certificate", "status", "stamp"), lists=[gone]),
        Case("EXPIRED", FAILED, by_content(w, ended, NOON - 5 * DAY),
             ("certificate", "stamp"), lists=[keeps]),
        Case("NOT_YET_VALID", FAILED, stamped(
            begins, lambda s: stamp(w.tsa, s, NOON - 20 * DAY)),
            ("certificate", "stamp", "time")),
        # what the policy wants
        Case("SIG_CONSTRAINTS_FAILURE", UNKNOWN_YET, plain(w.an), (),
             "0 time stamps", policy="strict"),
        Case("SIGNATURE_POLICY_NOT_AVAILABLE", UNKNOWN_YET,
             plain(w.an, attrs=named), (), "1.2.3", policy="eu-basic"),
        Case("POLICY_PROCESSING_ERROR", UNKNOWN_YET,
             plain(w.an, attrs=broken), (), "", policy="eu-basic"),
        # certificates and paths
        Case("NO_SIGNING_CERTIFICATE_FOUND", UNKNOWN_YET, cms(
            [Signer(w.an, CONTENT)], CONTENT, []), (), "0 certificates"),
        Case("NO_CERTIFICATE_CHAIN_FOUND", UNKNOWN_YET, plain(w.an),
             ("certificate",), trust=[w.tsa]),
        Case("CERTIFICATE_CHAIN_GENERAL_FAILURE", UNKNOWN_YET, plain(forged),
             ("certificate",)),
        Case("CHAIN_CONSTRAINTS_FAILURE", UNKNOWN_YET, plain(w.server),
             ("certificate",), "extendedKeyUsage"),
        Case("CRYPTO_CONSTRAINTS_FAILURE", UNKNOWN_YET, by_content(
            w, Person("An", w.ca, key=Key(rsa=1024)), NOON - DAY), ("certificate",),
            "RSA 1024"),
        Case("CRYPTO_CONSTRAINTS_FAILURE_NO_POE", UNKNOWN_YET, plain(
            w.an, digest="sha1"), ("certificate",), "SHA-1"),
        # revocation and dates
        Case("REVOKED_NO_POE", UNKNOWN_YET, plain(w.an),
             ("certificate", "status"), lists=[gone]),
        Case("REVOKED_CA_NO_POE", UNKNOWN_YET, cms(
            [Signer(of_small, CONTENT)], CONTENT, [of_small, small]),
            ("certificate", "status"), lists=[crl(small), crl(
                w.ca, [(small.serial, NOON - DAY, 2)])]),
        Case("OUT_OF_BOUNDS_NO_POE", UNKNOWN_YET, plain(ended),
             ("certificate",)),
        Case("OUT_OF_BOUNDS_NOT_REVOKED", UNKNOWN_YET, plain(ended),
             ("certificate", "status"), lists=[keeps]),
        Case("TRY_LATER", UNKNOWN_YET, plain(w.an), ("certificate",),
             "no answer", lists=[]),
        # time stamps
        Case("TIMESTAMP_ORDER_FAILURE", UNKNOWN_YET, stamped(
            w.an, lambda s: stamp(w.tsa, s, NOON - 2 * DAY),
            attrs=usual(w.an, CONTENT) + [
                content_stamp(w.tsa, CONTENT, NOON - DAY)]), ("stamp",)),
        Case("NO_POE", UNKNOWN_YET, archived(
            ended, (old_tsa, NOON - 20 * DAY), (w.tsa, NOON - 8 * DAY)),
            ("stamp", "certificate"), of_stamp=True, suffix="xml"),
        # what is not there
        Case("SIGNED_DATA_NOT_FOUND", UNKNOWN_YET, plain(w.an, None), (),
             "reference 1 of 1"),
        Case("GENERIC", UNKNOWN_YET, xml_signature(w.an, [reference(
            "", "", ['<Transform Algorithm="http://www.w3.org/TR/1999/'
                     'REC-xslt-19991116"></Transform>'])]), ("finding",),
            suffix="xml"),
    ]


def evidence_of(step, c):
    """What the step names."""
    have_it = {"certificate": step["certificate"], "status": step["status"],
               "stamp": step["time_stamp"] is not None, "time": step["time"],
               "finding": "found in" in step["detail"]}
    missing = [e for e in c.evidence if not have_it[e]]
    if c.says not in step["detail"]:
        missing.append(c.says)
    if not step["rule"] or not step["clause"] or not step["source"]:
        missing.append("rule")
    return missing


def try_case(w, c):
    how = dict(c.how)
    path = "document." + how.pop("suffix", "p7m")
    of_stamp = how.pop("of_stamp", False)
    with open(path, "wb") as f:
        f.write(c.data if isinstance(c.data, bytes) else c.data.encode())
    how.setdefault("trust", [w.ca])
    how.setdefault("lists", [w.list])
    v = ask(path, **how)
    steps = v["signatures"][0]["proof"]
    name = c.sub or "TOTAL-PASSED"
    got = v
    if of_stamp:
        got = v["signatures"][0]["time"]["time_stamps"][0]
    ok((got["indication"], got["sub_indication"]) == (c.indication, c.sub),
       "%s: %s" % (name, got.get("code", "of a time stamp")), summary(v) + json.dumps(got))
    if c.sub is None:
        named = [s for s in steps if s["status"]]
        ok(named and all(s["holds"] for s in steps),
           "TOTAL-PASSED names the answer that it rests on", steps)
        return
    step = [s for s in steps if s["sub_indication"] == c.sub]
    ok(step and not evidence_of(step[-1], c), "%s: its evidence" % name,
       json.dumps([evidence_of(s, c) for s in step[-1:]] + step[-1:],
                  ensure_ascii=False))
    ok(v["sentence"]["vi"] and v["next"]["vi"] and v["next"]["en"],
       "%s: a sentence and a next step" % name, v["sentence"])


def names_of_the_code():
    """What validation/names.c can say."""
    with open(SRC + "/validation/names.c") as f:
        text = f.read()
    return {w for w in text.split('"')[1::2] if w.isupper() and w != "INDETERMINATE"
            and w.replace("_", "").isalpha()}


def main():
    if not have("openssl"):
        skip_all("no openssl here")
    known = names_of_the_code()
    with folder() as d:
        os.chdir(d)
        w = World()
        rows = cases(w)
        for c in rows:
            try_case(w, c)
        os.chdir(SRC)
    ok({c.sub for c in rows} - {None} == known,
       "each of the %d sub-indications was there" % len(known),
       {c.sub for c in rows} ^ known)
    done()


main()
