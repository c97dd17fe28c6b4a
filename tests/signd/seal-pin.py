#!/usr/bin/env python3
"""Seals a PIN with pyhpke, to check what certs/pin_message.h says.

Usage: seal-pin.py ANSWER-OF-/v1/pin-key CREDENTIAL PIN
"""
import base64
import hashlib
import json
import struct
import sys

from cryptography.hazmat.primitives.serialization import load_der_public_key
from pyhpke import AEADId, CipherSuite, KDFId, KEMId, KEMKey


def field(tag, value):
    return struct.pack(">HI", tag, len(value)) + value


def main():
    with open(sys.argv[1]) as f:
        key = json.load(f)
    credential, pin = (a.encode() for a in sys.argv[2:4])
    spki = base64.b64decode(key["publicKey"])
    purpose = (field(1, b"sign") + field(2, credential) +
               field(3, struct.pack(">Q", 1)) + field(4, b""))
    plain = (field(1, struct.pack(">q", key["time"])) + field(2, pin) +
             field(3, b""))
    suite = CipherSuite.new(KEMId.DHKEM_P256_HKDF_SHA256, KDFId.HKDF_SHA256,
                            AEADId.AES256_GCM)
    to = KEMKey.from_pyca_cryptography_key(load_der_public_key(spki))
    enc, ctx = suite.create_sender_context(to, info=b"signd pin 1")
    sealed = hashlib.sha256(spki).digest()[:8] + enc + ctx.seal(plain, purpose)
    print(base64.urlsafe_b64encode(sealed).decode().rstrip("="))


main()
