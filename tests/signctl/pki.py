"""Certificates, revocation lists, OCSP answers, time stamps, CMS and XML
signatures, put together byte by byte and signed by openssl, so that each may be
wrong in one place and made at any time."""
import base64
import datetime
import hashlib
import json
import os
import subprocess

BUILD = os.path.abspath(os.environ.get("top_builddir", "."))

UTC = datetime.timezone.utc
NOON = datetime.datetime(2026, 6, 1, 12, tzinfo=UTC)
DAY = datetime.timedelta(days=1)
HOUR = datetime.timedelta(hours=1)


# ---- DER ----

def tlv(tag, *parts):
    body = b"".join(parts)
    n = len(body)
    size = bytes([n]) if n < 128 else \
        bytes([0x80 | (n.bit_length() + 7) // 8]) + \
        n.to_bytes((n.bit_length() + 7) // 8, "big")
    return bytes([tag]) + size + body


def seq(*parts):
    return tlv(0x30, *parts)


def set_of(*parts):
    return tlv(0x31, *sorted(parts))


def octets(data):
    return tlv(0x04, data)


def bits(data, unused=0):
    return tlv(0x03, bytes([unused]), data)


def context(n, *parts):
    return tlv(0xa0 | n, *parts)


def integer(n):
    return tlv(0x02, n.to_bytes(n.bit_length() // 8 + 1, "big"))


def enumerated(n):
    return tlv(0x0a, bytes([n]))


def text(s):
    return tlv(0x0c, s.encode())


def boolean(b):
    return tlv(0x01, b"\xff" if b else b"\0")


def oid(dotted):
    first, second, *rest = map(int, dotted.split("."))
    out = b""
    for n in [40 * first + second] + rest:
        part = bytes([n & 127])
        while n > 127:
            n >>= 7
            part = bytes([0x80 | (n & 127)]) + part
        out += part
    return tlv(0x06, out)


NULL = b"\x05\0"


def time(t):
    """As X.509 wants it: two digits of the year before 2050."""
    return tlv(0x17, t.strftime("%y%m%d%H%M%SZ").encode()) \
        if t.year < 2050 else gtime(t)


def gtime(t):
    return tlv(0x18, t.strftime("%Y%m%d%H%M%SZ").encode())


def parts(der):
    """What stands in one constructed value, each whole."""
    body, out = inside(der), []
    while body:
        n = whole(body)
        out.append(body[:n])
        body = body[n:]
    return out


def header(der):
    if der[1] < 128:
        return 2, der[1]
    n = der[1] & 127
    return 2 + n, int.from_bytes(der[2:2 + n], "big")


def whole(der):
    return sum(header(der))


def inside(der):
    start, n = header(der)
    return der[start:start + n]


# ---- keys and algorithms ----

DIGESTS = {"md5": "1.2.840.113549.2.5", "sha1": "1.3.14.3.2.26",
           "sha256": "2.16.840.1.101.3.4.2.1",
           "sha384": "2.16.840.1.101.3.4.2.2",
           "sha512": "2.16.840.1.101.3.4.2.3"}
ECDSA = {"sha1": "1.2.840.10045.4.1", "sha256": "1.2.840.10045.4.3.2",
         "sha384": "1.2.840.10045.4.3.3", "sha512": "1.2.840.10045.4.3.4"}
RSA = {"md5": "1.2.840.113549.1.1.4", "sha1": "1.2.840.113549.1.1.5",
       "sha256": "1.2.840.113549.1.1.11", "sha512": "1.2.840.113549.1.1.13"}


def must(*words, data=None):
    r = subprocess.run(words, input=data, stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE)
    if r.returncode != 0:
        raise RuntimeError("%s: %s" % (words[:4], r.stderr.decode()))
    return r.stdout


def digest_of(name):
    return seq(oid(DIGESTS[name]))


class Key:
    """A private key, in a PEM file."""
    number = 0

    def __init__(self, rsa=0):
        Key.number += 1
        self.file, self.rsa = "key-%d.pem" % Key.number, rsa
        kind = ("RSA", "-pkeyopt", "rsa_keygen_bits:%d" % rsa) if rsa else \
            ("EC", "-pkeyopt", "ec_paramgen_curve:P-256")
        must("openssl", "genpkey", "-algorithm", *kind, "-out", self.file)
        self.public = must("openssl", "pkey", "-in", self.file, "-pubout",
                           "-outform", "DER")

    def alg(self, digest="sha256"):
        return seq(oid(RSA[digest]), NULL) if self.rsa else \
            seq(oid(ECDSA[digest]))

    def sign(self, data, digest="sha256"):
        return must("openssl", "dgst", "-" + digest, "-sign", self.file,
                    data=data)


# ---- certificates ----

def name(cn):
    return seq(tlv(0x31, seq(oid("2.5.4.6"), tlv(0x13, b"VN"))),
               tlv(0x31, seq(oid("2.5.4.3"), text(cn))))


def extension(dotted, value, critical=False):
    return seq(oid(dotted), *([boolean(True)] if critical else []),
               octets(value))


def key_usage(*named):
    """By the number of the bit; in this order: digitalSignature 0,
    nonRepudiation 1, keyEncipherment 2, keyCertSign 5, cRLSign 6."""
    byte = sum(0x80 >> n for n in named)
    unused = (byte & -byte).bit_length() - 1
    return extension("2.5.29.15", bits(bytes([byte]), unused), True)


def constraints(ca, length=None):
    return extension("2.5.29.19", seq(*(
        [boolean(True)] if ca else []), *(
        [] if length is None else [integer(length)])), True)


def purposes(*dotted, critical=False):
    return extension("2.5.29.37", seq(*map(oid, dotted)), critical)


STAMPING, ANSWERING = "1.3.6.1.5.5.7.3.8", "1.3.6.1.5.5.7.3.9"
NOCHECK = extension("1.3.6.1.5.5.7.48.1.5", NULL)
FOR_SIGNING = key_usage(0, 1)
FOR_ISSUING = key_usage(5, 6)


class Person:
    """A certificate and its key.  `issuer` None: its own."""
    serial = 1000

    def __init__(self, cn, issuer=None, key=None, exts=None, start=-400 * DAY,
                 end=400 * DAY, serial=None, digest="sha256", signed_by=None):
        Person.serial += 1
        self.cn, self.key = cn, key or Key()
        self.issuer = issuer or self
        self.serial = serial or Person.serial
        self.exts = [constraints(False), FOR_SIGNING] if exts is None else exts
        by = signed_by or (issuer.key if issuer else self.key)
        tbs = seq(context(0, integer(2)), integer(self.serial), by.alg(digest),
                  name(self.issuer.cn), seq(time(NOON + start),
                                            time(NOON + end)),
                  name(cn), self.key.public, context(3, seq(*self.exts)))
        self.der = seq(tbs, by.alg(digest), bits(by.sign(tbs, digest)))

    def write(self, path):
        with open(path, "wb") as f:
            f.write(b"-----BEGIN CERTIFICATE-----\n" +
                    base64.encodebytes(self.der) +
                    b"-----END CERTIFICATE-----\n")
        return path

    def key_hash(self):
        bit_string = parts(self.key.public)[1]
        return hashlib.sha1(inside(bit_string)[1:]).digest()


def authority(cn, issuer=None, length=None, **more):
    more.setdefault("exts", [constraints(True, length), FOR_ISSUING])
    return Person(cn, issuer, **more)


def stamper(cn, issuer, **more):
    more.setdefault("exts", [constraints(False), key_usage(0),
                             purposes(STAMPING, critical=True)])
    return Person(cn, issuer, **more)


def responder(cn, issuer, **more):
    more.setdefault("exts", [constraints(False), key_usage(0),
                             purposes(ANSWERING), NOCHECK])
    return Person(cn, issuer, **more)


# ---- revocation ----

def crl(issuer, revoked=(), at=NOON, until=None, exts=(), key=None,
        digest="sha256"):
    """`revoked`: (serial, when, reason or None, more extensions)."""
    key = key or issuer.key
    rows = []
    for serial, when, reason, *more in revoked:
        inner = [extension("2.5.29.21", enumerated(reason))] \
            if reason is not None else []
        inner += more
        rows.append(seq(integer(serial), time(when),
                        *([seq(*inner)] if inner else [])))
    tbs = seq(integer(1), key.alg(digest), name(issuer.cn), time(at),
              time(until or at + 8 * DAY), *([seq(*rows)] if rows else []),
              *([context(0, seq(*exts))] if exts else []))
    return seq(tbs, key.alg(digest), bits(key.sign(tbs, digest)))


def cert_id(of, serial=None, issuer=None, digest="sha1"):
    issuer = issuer or of.issuer
    named = hashlib.new(digest, name(issuer.cn)).digest()
    bit_string = inside(parts(issuer.key.public)[1])[1:]
    return seq(seq(oid(DIGESTS[digest]), NULL), octets(named),
               octets(hashlib.new(digest, bit_string).digest()),
               integer(serial or of.serial))


GOOD, UNKNOWN = tlv(0x80), tlv(0x82)


def revoked_at(when, reason=None):
    return tlv(0xa1, gtime(when), *(
        [context(0, enumerated(reason))] if reason is not None else []))


def single(identifier, status=GOOD, at=NOON, until=None, exts=()):
    return seq(identifier, status, gtime(at),
               context(0, gtime(until or at + 8 * DAY)),
               *([context(1, seq(*exts))] if exts else []))


def ocsp(by, singles, at=NOON, certs=(), by_name=True, digest="sha256",
         key=None, status=0):
    key = key or by.key
    who = context(1, name(by.cn)) if by_name else \
        context(2, octets(by.key_hash()))
    data = seq(who, gtime(at), seq(*singles))
    basic = seq(data, key.alg(digest), bits(key.sign(data, digest)), *(
        [context(0, seq(*[c.der for c in certs]))] if certs else []))
    return seq(enumerated(status), context(0, seq(
        oid("1.3.6.1.5.5.7.48.1.1"), octets(basic))))


# ---- CMS ----

DATA, SIGNED = "1.2.840.113549.1.7.1", "1.2.840.113549.1.7.2"
TSTINFO = "1.2.840.113549.1.9.16.1.4"
CONTENT_TYPE, MESSAGE_DIGEST = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"
SIGNING_CERTIFICATE_2 = "1.2.840.113549.1.9.16.2.47"
SIGNATURE_STAMP = "1.2.840.113549.1.9.16.2.14"
CONTENT_STAMP = "1.2.840.113549.1.9.16.2.20"


def attribute(dotted, *values):
    return seq(oid(dotted), set_of(*values))


def signing_certificate(who):
    return attribute(SIGNING_CERTIFICATE_2, seq(seq(seq(
        octets(hashlib.sha256(who.der).digest())))))


def usual(who, content, kind=DATA, digest="sha256"):
    return [attribute(CONTENT_TYPE, oid(kind)),
            attribute(MESSAGE_DIGEST, octets(
                hashlib.new(digest, content).digest())),
            signing_certificate(who)]


class Signer:
    """A SignerInfo: `attrs` None is a signature over the content itself."""

    def __init__(self, who, content, attrs="usual", unsigned=(), kind=DATA,
                 digest="sha256", value=None, as_who=None, version=1):
        if attrs == "usual":
            attrs = usual(who, content, kind, digest)
        self.attrs = attrs
        self.value = value or who.key.sign(
            set_of(*attrs) if attrs is not None else content, digest)
        self.who, self.as_who, self.digest = who, as_who or who, digest
        self.version, self.unsigned = version, list(unsigned)

    def der(self):
        sid = seq(name(self.as_who.issuer.cn), integer(self.as_who.serial))
        return seq(
            integer(self.version), sid, digest_of(self.digest),
            *([tlv(0xa0, *sorted(self.attrs))] if self.attrs is not None
              else []),
            self.who.key.alg(self.digest), octets(self.value),
            *([tlv(0xa1, *sorted(self.unsigned))] if self.unsigned else []))


def cms(signers, content=None, certs=(), lists=(), answers=(), kind=DATA,
        version=None):
    others = list(lists) + [tlv(0xa1, oid("1.3.6.1.5.5.7.16.2"), a)
                            for a in answers]
    body = seq(
        integer(version or (5 if answers else 1 if kind == DATA else 3)),
        set_of(*{digest_of(s.digest) for s in signers}),
        seq(oid(kind), *([context(0, octets(content))]
                         if content is not None else [])),
        *([tlv(0xa0, *sorted(c.der for c in certs))] if certs else []),
        *([tlv(0xa1, *others)] if others else []),
        set_of(*[s.der() for s in signers]))
    return seq(oid(SIGNED), context(0, body))


def token(by, imprint, at, digest="sha256", policy="1.2.3.4", certs=None,
          as_who=None, hash_name="sha256"):
    """A time stamp of bytes (their hash is taken here)."""
    Person.serial += 1
    info = seq(integer(1), oid(policy), seq(
        seq(oid(DIGESTS[hash_name]), NULL),
        octets(hashlib.new(hash_name, imprint).digest())),
        integer(Person.serial), gtime(at))
    return cms([Signer(by, info, kind=TSTINFO, digest=digest, as_who=as_who)],
               info, [by] if certs is None else certs, kind=TSTINFO)


def stamp(by, signer, at, **more):
    """The unsigned attribute of a time stamp over one signature."""
    return attribute(SIGNATURE_STAMP, token(by, signer.value, at, **more))


def content_stamp(by, content, at, **more):
    return attribute(CONTENT_STAMP, token(by, content, at, **more))


# ---- XML ----

DS = "http://www.w3.org/2000/09/xmldsig#"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
INCLUSIVE = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
ENVELOPED = DS + "enveloped-signature"
XADES = "http://uri.etsi.org/01903/v1.3.2#"


def b64(data):
    return base64.b64encode(data).decode()


def reference(uri, canonical, transforms=(), kind="", more=""):
    """`canonical`: what the transforms leave, as text."""
    wanted = "".join(t if t.startswith("<") else
                     '<Transform Algorithm="%s"></Transform>' % t
                     for t in transforms)
    return ('<Reference%s URI="%s">%s<DigestMethod Algorithm='
            '"http://www.w3.org/2001/04/xmlenc#sha256"></DigestMethod>'
            "<DigestValue>%s</DigestValue></Reference>" % (
                ' Type="%s"' % kind if kind else "", uri,
                "<Transforms>%s</Transforms>" % wanted if wanted else "",
                b64(hashlib.sha256(canonical.encode()).digest())) + more)


def raw_value(der):
    """r and s side by side, as XML has them."""
    return b"".join(int.from_bytes(inside(p), "big").to_bytes(32, "big")
                    for p in parts(der))


def signed_info(references):
    return ('<SignedInfo xmlns="%s"><CanonicalizationMethod Algorithm="%s">'
            "</CanonicalizationMethod><SignatureMethod Algorithm="
            '"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256">'
            "</SignatureMethod>%s</SignedInfo>" % (
                DS, EXCLUSIVE, "".join(references)))


def xml_signature(who, references, objects="", certs=None, name="S"):
    info = signed_info(references)
    value = raw_value(who.key.sign(info.encode()))
    shown = "".join("<X509Certificate>%s</X509Certificate>" % b64(c.der)
                    for c in certs or [who])
    return ('<Signature xmlns="%s" Id="%s">%s<SignatureValue>%s'
            "</SignatureValue><KeyInfo><X509Data>%s</X509Data></KeyInfo>%s"
            "</Signature>" % (DS, name, info, b64(value), shown, objects))


def signed_properties(who, ident="P", inner=""):
    """In its canonical form; without a time unless `inner` has one."""
    return ('<x:SignedProperties xmlns:x="%s" Id="%s"><x:SignedSignature'
            'Properties><x:SigningCertificateV2><x:Cert><x:CertDigest>'
            '<DigestMethod xmlns="%s" Algorithm="http://www.w3.org/2001/04/'
            'xmlenc#sha256"></DigestMethod><DigestValue xmlns="%s">%s'
            "</DigestValue></x:CertDigest></x:Cert></x:SigningCertificateV2>"
            "</x:SignedSignatureProperties>%s</x:SignedProperties>" % (
                XADES, ident, DS, DS,
                b64(hashlib.sha256(who.der).digest()), inner))


def qualifying(properties, target="S", unsigned=""):
    return ('<Object><x:QualifyingProperties xmlns:x="%s" Target="#%s">%s%s'
            "</x:QualifyingProperties></Object>" % (
                XADES, target, properties,
                "<x:UnsignedProperties><x:UnsignedSignatureProperties>%s"
                "</x:UnsignedSignatureProperties></x:UnsignedProperties>" %
                unsigned if unsigned else ""))


def xades(who, references, objects="", name="S", inner="", unsigned="",
          bound=None, certs=None, properties=None):
    """With its signed properties; `bound`: whom they name."""
    said = properties or signed_properties(bound or who, name + "P", inner)
    refs = list(references) + [reference(
        "#" + name + "P", said, [EXCLUSIVE],
        "http://uri.etsi.org/01903#SignedProperties")]
    return xml_signature(who, refs, objects + qualifying(
        said, name, unsigned), certs, name)


# ---- what signctl says of it ----

class World:
    """One authority, two citizens, who stamps, who answers, and strangers."""

    def __init__(self):
        self.ca = authority("CA")
        self.an = Person("Nguyễn Văn An", self.ca)
        self.binh = Person("Trần Văn Bình", self.ca)
        self.twin = Person("Giám đốc", self.ca, key=self.an.key)
        self.tsa = stamper("TSA", self.ca)
        self.responder = responder("OCSP", self.ca)
        self.server = Person("dichvucong", self.ca, exts=[
            constraints(False), key_usage(0), purposes("1.3.6.1.5.5.7.3.1")])
        self.evil = authority("CA")  # the same name, another key
        self.list = crl(self.ca, at=NOON - HOUR)


def ask(path, trust, lists=(), answers=(), at=NOON, more=(),
        policy="vn-2025"):
    """All that is said of one file."""
    words = [BUILD + "/signctl/signctl", "verify", "--json", "--policy",
             policy, "--time", at.strftime("%Y-%m-%dT%H:%M:%SZ")]
    for n, anchor in enumerate(trust):
        words += ["--trust", anchor.write("trust-%d.pem" % n)]
    for kind, data in (("crl", lists), ("ocsp", answers)):
        for n, der in enumerate(data):
            with open("%s-%d" % (kind, n), "wb") as f:
                f.write(der)
            words += ["--" + kind, "%s-%d" % (kind, n)]
    r = subprocess.run(words + list(more) + [path], stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE)
    try:
        return json.loads(r.stdout)
    except ValueError:
        raise RuntimeError("%s: %s" % (path, r.stderr.decode()))


def summary(v):
    return "%s %s %s" % (v["indication"], v["sub_indication"], v["code"])
