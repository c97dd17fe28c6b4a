#!/usr/bin/env python3
"""closes.py CERT KEY: a server that answers one request, takes the next on the
same connection and closes it, as one may that was idle for too long; what then
comes anew is answered with the hash of its body.  Prints its port."""
import hashlib
import socket
import ssl
import sys


def body(stream):
    """Of the next request; None: there is none."""
    length = None
    while (line := stream.readline()) not in (b"\r\n", b""):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    return None if length is None else stream.read(length)


def answer(connection, text):
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                       b"Content-Length: %d\r\n\r\n%s" % (len(text), text))


def main():
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(sys.argv[1], sys.argv[2])
    socket.setdefaulttimeout(60)
    door = socket.create_server(("127.0.0.1", 0))
    print(door.getsockname()[1], flush=True)
    with tls.wrap_socket(door.accept()[0], server_side=True) as first, \
            first.makefile("rb") as stream:
        body(stream)
        answer(first, b"{}")
        body(stream)
    with tls.wrap_socket(door.accept()[0], server_side=True) as second:
        text = hashlib.sha256(body(second.makefile("rb"))).hexdigest()
        answer(second, text.encode())


main()
