#!/usr/bin/env python3
"""strangers.py TLS-PORT PLAIN-PORT FRONT...: what strangers write into a
connection.  FRONT is the number of a process; after all of it, it is the same,
and has no more descriptors than before.  Prints TAP lines without numbers,
which hostile.sh counts."""
import os
import socket
import ssl
import sys
import time
from concurrent.futures import ThreadPoolExecutor

TLS, PLAIN, FRONT = (int(n) for n in sys.argv[1:4])
ANYBODY = ssl.create_default_context()
ANYBODY.check_hostname = False
ANYBODY.verify_mode = ssl.CERT_NONE
KEPT = 8  # connections to the ledger, which stay open
failures = 0


def report(ok, name):
    global failures
    failures += not ok
    print(("ok" if ok else "not ok") + " - " + name, flush=True)


def connect(tls, small=False):
    s = socket.socket()
    if small:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    s.settimeout(20)
    s.connect(("127.0.0.1", TLS if tls else PLAIN))
    return ANYBODY.wrap_socket(s, server_hostname="localhost") if tls else s


def say(data, tls=True):
    """What is answered, up to the end of the connection."""
    out = b""
    try:
        with connect(tls) as s:
            try:
                s.sendall(data)
            except OSError:
                pass  # it was refused before its end
            while len(out) < 1 << 20:
                piece = s.recv(65536)
                if not piece:
                    break
                out += piece
    except OSError:
        pass
    return out


def statuses(answer):
    return [line[9:] for line in answer.split(b"\r\n")
            if line.startswith(b"HTTP/1.1 ")]


def head(line, *fields, host=b"x"):
    return b"\r\n".join((line + b" HTTP/1.1", b"Host: " + host,
                         b"Connection: close", *fields, b"", b""))


def post(path, body, media=b"application/json"):
    return head(b"POST " + path, b"Content-Type: " + media,
                b"Content-Length: %d" % len(body)) + body


def form(*parts, boundary=b"edge"):
    return post(b"/v1/verifications", b"".join(
        b"--" + boundary + b"\r\n" + p for p in parts),
        b"multipart/form-data; boundary=" + boundary)


def part(name, value):
    return (b'Content-Disposition: form-data; name="' + name + b'"\r\n\r\n' +
            value + b"\r\n")


JSON = b"/v1/credentials/info"
TYPE = b"Content-Type: application/json"
CHUNKED = head(b"POST " + JSON, TYPE, b"Transfer-Encoding: chunked")
VALUES = b'{"credentialID":[' + b",".join([b"{}"] * 340000) + b"]}"

HEADS = {
    "no HTTP": [b"\0" * 400, os.urandom(400), b"\x16\x03\x01\xff\xff" * 80,
                b"GET /v1/info\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n",
                b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b" GET / HTTP/1.1\r\n\r\n"],
    "odd heads": [head(b"GET /v1/\0info", b"X: a\0b"), head(b"OPTIONS *"),
                  head(b"CONNECT localhost:22"), head(b"A" * 3000 + b" /"),
                  head(b"GET http://evil/v1/info"), head(b"GET /", b"X : y"),
                  head(b"GET /", b"X: a\r\n b"), head(b"GET /", b"\0: b"),
                  b"GET / HTTP/1.1\r\n\r\n", head(b"GET /", b"Host: y")],
    "large heads": [head(b"GET /" + b"a" * 300000),
                    head(b"GET /v1/info?" + b"a=b&" * 500),
                    head(b"GET /", b"X: " + b"y" * 200000),
                    head(b"GET /", *[b"X%d: y" % i for i in range(10000)])],
    "paths that lead elsewhere": [head(b"GET " + p) for p in (
        b"/../../etc/passwd", b"/%2e%2e/%2e%2e/etc/passwd", b"//v1//info",
        b"/v1/info%00", b"/v1/info%", b"/v1/info%zz", b"/%c0%ae%c0%ae/",
        b"/\xff\xfe", b"/v1/verdicts/%2e%2e%2f", b"/v1/verdicts/%00",
        b"/v1/verdicts/" + b"a" * 5000, b"/pki/ocsp/%%%",
        b"/pki/ocsp/" + b"%2b" * 3000)],
    "lengths that lie": [head(b"POST " + JSON, TYPE, b"Content-Length: " + n) +
                         b"{}" for n in (
        b"-5", b"+2", b"0x2", b"2, 2", b"", b"18446744073709551615",
        b"9" * 30, b"2\r\nContent-Length: 3",
        b"2\r\nTransfer-Encoding: chunked")],
    "odd chunks": [CHUNKED + c for c in (
        b"FFFFFFFFFFFFFFFFFF\r\n{}", b"-2\r\n{}\r\n0\r\n\r\n",
        b"0x2\r\n{}\r\n0\r\n\r\n", b"2\r\n{}0\r\n\r\n", b"\r\n",
        b"2;a=" + b"b" * 100000 + b"\r\n{}\r\n0\r\n\r\n",
        b"2\r\n{}\r\n0\r\n" + b"X: y\r\n" * 20000 + b"\r\n",
        b"1\r\n \r\n" * 20000 + b"2\r\n{}\r\n0\r\n\r\n")],
}

BODIES = {
    "JSON that is deep, doubled or no text": [post(JSON, b) for b in (
        b"[" * 500000, b'{"a":' * 100000, b'{"a":1,"a":2}',
        b'{"credentialID":1e999999}', b'{"credentialID":"\\ud800"}',
        b'{"credentialID":"\xff"}', b'{"credentialID":"\\u0000"}',
        b'{"credentialID":' + b"9" * 500000 + b"}")],
    "forms without end": [
        form(*[part(b"x%d" % i, b"y") for i in range(20000)]),
        form(*[b""] * 50000), form(part(b"a" * 200000, b"x")),
        form(b"X: y\r\n" * 50000), form(part(b"document", b"x") * 2),
        form(part(b"document", b"x")), form(boundary=b'"'),
        form(b"Content-Type: multipart/mixed; boundary=edge\r\n\r\n" * 3000)],
}


def refused(name, requests, tls):
    """Each is answered or its connection closed, and never by a fault of
    ours."""
    wrong = []
    with ThreadPoolExecutor(8) as several:
        answers = list(several.map(lambda r: say(r, tls), requests))
    for request, answer in zip(requests, answers):
        for status in statuses(answer):
            # libmicrohttpd itself says 505, and 500 to a chunk's extension
            # that fills its memory; what is ours has a number.
            if status[:1] == b"5" and b"Signd-Request" in answer:
                wrong.append((request[:60], status))
    for w in wrong:
        print("#", *w)
    report(not wrong, name + (", by TLS" if tls else ""))


def memory():
    with open("/proc/%d/status" % FRONT) as f:
        return next(int(line.split()[1]) for line in f
                    if line.startswith("VmHWM"))


def descriptors():
    return len(os.listdir("/proc/%d/fd" % FRONT))


def until(true):
    """However slow the machine is: two minutes long."""
    end = time.monotonic() + 120
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.1)
    return False


def many_values():
    """A megabyte that would be ninety: in twenty connections at once."""
    before = memory()

    def refused_all():
        with ThreadPoolExecutor(20) as several:
            answers = list(several.map(say, [post(JSON, VALUES)] * 20))
        return all(b'"code":"request-too-large"' in a for a in answers)

    # A busy machine may take longer for a handshake than the front allows.
    report(until(refused_all), "JSON of 340,000 values is too large")
    print("# VmHWM %d KB, then %d KB" % (before, memory()))


def slow_reader():
    """libmicrohttpd itself would wait a minute, and for who takes a byte each
    minute, for ever."""
    before = descriptors()
    s = connect(True, small=True)
    there = until(lambda: descriptors() > before)
    s.settimeout(0.5)
    try:
        for _ in range(1000):
            s.sendall(b"GET /app.js HTTP/1.1\r\nHost: x\r\n\r\n" * 20)
    except OSError:
        pass  # the other end reads no more, as we do not
    report(there and until(lambda: descriptors() <= before),
           "who does not read the answer is not waited for")
    s.close()


def pipelined(tls):
    path = b"/v1/info" if tls else b"/pki/ca.crl"
    one = b"GET " + path + b" HTTP/1.1\r\nHost: x\r\n\r\n"

    def all_answered():
        answer = say(one * 50 + head(b"GET " + path), tls)
        return answer.count(b"HTTP/1.1 200 OK") == 51

    report(until(all_answered), "fifty requests in one breath are answered" +
           (", by TLS" if tls else ""))


def crowd():
    """More connections than one address may have."""
    before, some = descriptors(), []
    for _ in range(200):
        try:
            some.append(socket.create_connection(("127.0.0.1", PLAIN), 5))
        except OSError:
            break

    def other_is_answered():
        with socket.create_connection(("127.0.0.1", PLAIN), 20,
                                      ("127.0.0.2", 0)) as other:
            other.sendall(head(b"GET /pki/ca.crl"))
            return statuses(other.recv(65536)) == [b"200 OK"]

    report(until(other_is_answered), "one address leaves room for others")
    report(descriptors() - before <= 40, "two hundred connections are not kept")
    for s in some:
        s.close()


def main():
    before = descriptors()
    for tls in (True, False):
        for name, requests in HEADS.items():
            refused(name, requests, tls)
        pipelined(tls)
    for name, requests in BODIES.items():
        refused(name, requests, True)
    many_values()
    slow_reader()
    crowd()
    report(until(lambda: descriptors() <= before + KEPT),
           "no descriptor stays behind")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
