"""pyHanko for bench-pdf: signs or verifies one file for each line on standard
input, in this one process, and answers each with a line."""
import datetime
import io
import logging
import sys
import tempfile

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import fields, signers
from pyhanko.sign.validation import validate_pdf_signature

logging.disable(50)


def make_signer():
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "bench")])
    now = datetime.datetime.now(datetime.timezone.utc)
    day = datetime.timedelta(days=1)
    cert = (x509.CertificateBuilder().subject_name(name).issuer_name(name)
            .public_key(key.public_key()).serial_number(1)
            .not_valid_before(now - day).not_valid_after(now + day)
            .add_extension(x509.KeyUsage(True, True, *[False] * 7), True)
            .sign(key, hashes.SHA256()))
    pem = serialization.Encoding.PEM
    with tempfile.NamedTemporaryFile() as k, tempfile.NamedTemporaryFile() as c:
        k.write(key.private_bytes(pem, serialization.PrivateFormat.PKCS8,
                                  serialization.NoEncryption()))
        c.write(cert.public_bytes(pem))
        k.flush()
        c.flush()
        return signers.SimpleSigner.load(k.name, c.name)


def sign(data):
    meta = signers.PdfSignatureMetadata(
        field_name="Signature1", md_algorithm="sha256",
        subfilter=fields.SigSeedSubFilter.PADES)
    signers.sign_pdf(IncrementalPdfFileWriter(io.BytesIO(data)), meta,
                     signer=SIGNER)
    return True


def verify(data):
    s = PdfFileReader(io.BytesIO(data)).embedded_signatures[0]
    return validate_pdf_signature(s).valid


SIGNER = make_signer()
WORK = {"sign": sign, "verify": verify}
with open(sys.argv[1], "rb") as f:
    DATA = {"sign": f.read()}
with open(sys.argv[2], "rb") as f:
    DATA["verify"] = f.read()
print("ready", flush=True)
for line in sys.stdin:
    what = line.strip()
    print("good" if WORK[what](DATA[what]) else "bad", flush=True)
