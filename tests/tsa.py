#!/usr/bin/env python3
"""A time-stamp authority (RFC 3161) on loopback: `openssl ts -reply` behind HTTP.

usage: tsa.py DIR [DAYS [DIGEST]]
                       makes a CA and a TSA in DIR (tsa-ca.pem, tsa-ca.key,
                       tsa.pem, tsa.key, tsa-ca.crl) unless they are there,
                       good for so many days (3650) and by that digest
                       algorithm (sha256), serves, and prints its URL as the first line; it ends
                       when its standard input does.
"""
import http.server
import os
import subprocess
import sys
import threading


def openssl(*args, cwd):
    done = subprocess.run(("openssl",) + args, cwd=cwd, capture_output=True)
    if done.returncode != 0:
        sys.exit(f"openssl {args[0]}: {done.stderr.decode()}")


CONFIG = """[tsa]
default_tsa = t
[t]
serial = tsa.serial
default_policy = 1.2.3.4
digests = sha256, sha384, sha512
signer_digest = sha256
ess_cert_id_alg = sha256
[ca]
default_ca = c
[c]
database = tsa.index
crlnumber = tsa.crlnumber
default_md = sha256
default_crl_days = 30
"""


def make(path, days="3650", digest="sha256"):
    if os.path.exists(os.path.join(path, "tsa.pem")):
        return
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    curve += ("-" + digest,)
    files = {"tsa.cnf": CONFIG.replace("= sha256\n", "= %s\n" % digest), "tsa.serial": "01\n", "tsa.index": "",
             "tsa.crlnumber": "01\n",
             "tsa.ext": "keyUsage=critical,digitalSignature\n"
                        "extendedKeyUsage=critical,timeStamping\n"
                        "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"}
    for name, text in files.items():
        with open(os.path.join(path, name), "w", encoding="ascii") as f:
            f.write(text)
    openssl("req", "-x509", *curve, "-days", days, "-subj", "/CN=CA of TSA",
            "-addext", "keyUsage=critical,keyCertSign,cRLSign",
            "-keyout", "tsa-ca.key", "-out", "tsa-ca.pem", cwd=path)
    openssl("req", *curve, "-subj", "/CN=TSA", "-keyout", "tsa.key", "-out", "tsa.csr", cwd=path)
    openssl("x509", "-req", "-in", "tsa.csr", "-CA", "tsa-ca.pem", "-CAkey", "tsa-ca.key",
            "-CAcreateserial", "-days", str(int(days) - 1), "-" + digest, "-extfile", "tsa.ext", "-out", "tsa.pem", cwd=path)
    openssl("ca", "-config", "tsa.cnf", "-gencrl", "-keyfile", "tsa-ca.key",
            "-cert", "tsa-ca.pem", "-out", "tsa-ca.crl", cwd=path)


class Handler(http.server.BaseHTTPRequestHandler):
    """One answer for each TimeStampReq that is posted."""
    lock = threading.Lock()  # `openssl ts` counts serial numbers in a file
    path_of_files = None

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        here = self.path_of_files
        with self.lock:
            with open(os.path.join(here, "tsa.tsq"), "wb") as f:
                f.write(body)
            openssl("ts", "-reply", "-queryfile", "tsa.tsq", "-config", "tsa.cnf",
                    "-signer", "tsa.pem", "-inkey", "tsa.key", "-chain", "tsa-ca.pem",
                    "-out", "tsa.tsr", cwd=here)
            with open(os.path.join(here, "tsa.tsr"), "rb") as f:
                answer = f.read()
        self.send_response(200)
        self.send_header("Content-Type", "application/timestamp-reply")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


def main():
    path = os.path.abspath(sys.argv[1])
    make(path, *sys.argv[2:])
    Handler.path_of_files = path
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"http://127.0.0.1:{server.server_address[1]}/", flush=True)
    sys.stdin.read()
    server.shutdown()


if __name__ == "__main__":
    main()
