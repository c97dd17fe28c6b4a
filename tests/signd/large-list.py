#!/usr/bin/env python3
"""A revocation list of many entries, as large as wanted.

large-list.py ISSUER.pem ISSUER.key ENTRIES OUT [SERIAL...]: SERIAL (hex) are on
it too.  Entries have serial numbers of 20 bytes, reason and invalidity date: a
million of them take 76 MB, and 100 MB with --pad (an extension that nobody
knows and that is not critical).  openssl signs.
"""
import datetime
import os
import subprocess
import sys
import tempfile

pad = "--pad" in sys.argv
args = [a for a in sys.argv[1:] if a != "--pad"]
issuer, key, count, out = args[0], args[1], int(args[2]), args[3]
named = args[4:]


def der(tag, *parts):
    body = b"".join(parts)
    n = len(body)
    if n < 128:
        return bytes([tag, n]) + body
    length = n.to_bytes((n.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + body


def utc(t):
    return der(0x17, t.strftime("%y%m%d%H%M%SZ").encode())


def subject():
    """The issuer's name out of its certificate, byte by byte."""
    pem = subprocess.run(["openssl", "x509", "-in", issuer, "-outform", "DER"],
                         stdout=subprocess.PIPE, check=True).stdout
    at = subprocess.run(["openssl", "asn1parse", "-inform", "DER"], input=pem,
                        stdout=subprocess.PIPE, check=True).stdout.decode()
    names = [l for l in at.splitlines() if ":d=2 " in l and "SEQUENCE" in l]
    # signature, issuer, validity, subject
    fields = names[3]
    offset = int(fields.split(":")[0])
    head = int(fields.split("hl=")[1].split()[0])
    length = int(fields.split(" l=")[1].split()[0])
    return pem[offset:offset + head + length]


now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
ecdsa = der(0x30, der(6, bytes.fromhex("2a8648ce3d040302")))
reason = der(0x30, der(6, bytes.fromhex("551d15")), der(4, der(10, b"\x04")))
when = der(0x30, der(6, bytes.fromhex("551d18")),
           der(4, der(0x18, now.strftime("%Y%m%d%H%M%SZ").encode())))
extra = der(0x30, der(6, bytes.fromhex("2b06010401868d1f0101")),
            der(4, b"x" * 12)) if pad else b""
tail = utc(now) + der(0x30, reason, when, extra)
body = bytearray()
size = 2 + 20 + len(tail)
head = (bytes([0x30, size]) if size < 128 else bytes([0x30, 0x81, size])) + \
    b"\x02\x14"
numbers = os.urandom(16)
for i in range(count):
    body += head + b"\x40" + numbers[:15] + i.to_bytes(4, "big") + tail
for s in named:
    raw = bytes.fromhex(s)
    if raw[0] & 0x80:
        raw = b"\0" + raw
    body += der(0x30, der(2, raw), utc(now), der(0x30, reason))
tbs = der(0x30, der(2, b"\x01"), ecdsa, subject(), utc(now),
          utc(now + datetime.timedelta(days=7)), der(0x30, bytes(body)),
          der(0xa0, der(0x30, der(0x30, der(6, bytes.fromhex("551d14")),
                                  der(4, der(2, b"\x01"))))))
with tempfile.NamedTemporaryFile() as f:
    f.write(tbs)
    f.flush()
    value = subprocess.run(["openssl", "dgst", "-sha256", "-sign", key, f.name],
                           stdout=subprocess.PIPE, check=True).stdout
with open(out + ".new", "wb") as f:
    f.write(der(0x30, tbs, ecdsa, der(3, b"\0" + value)))
os.rename(out + ".new", out)
