#!/usr/bin/env python3
"""A server of revocation lists and issuers' certificates, with bad days.

status-server.py FOLDER PORT-FILE LOG: serves the files of FOLDER on a free
port of loopback, and besides /slow/NAME (after ten seconds), /garbage, /html,
/huge, /redirect?URL.  Each request is a line in LOG.  Ends with the process
that started it.
"""
import http.server
import os
import sys
import threading
import time

folder, port_file, log = sys.argv[1:]
parent = os.getppid()


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def give(self, body, status=200, kind="application/pkix-crl"):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        with open(log, "a") as f:
            f.write(self.path + "\n")
        path, _, query = self.path.partition("?")
        if path.startswith("/slow/"):
            time.sleep(10)
            path = path[5:]
        if path == "/garbage":
            return self.give(b"\x30\x03\x02\x01\x05")
        if path == "/html":
            return self.give(b"<html>Sorry</html>", kind="text/html")
        if path == "/huge":
            return self.give(b"\x30\x83\x20\x00\x00" + bytes(0x200000))
        if path == "/redirect":
            self.send_response(302)
            self.send_header("Location", query)
            self.send_header("Content-Length", "0")
            return self.end_headers()
        name = os.path.join(folder, os.path.basename(path))
        if not os.path.isfile(name):
            return self.give(b"", 404)
        with open(name, "rb") as f:
            return self.give(f.read())

    do_POST = do_GET


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
threading.Thread(target=server.serve_forever, daemon=True).start()
with open(port_file + ".new", "w") as f:
    f.write(str(server.server_address[1]))
os.rename(port_file + ".new", port_file)
while os.getppid() == parent:
    time.sleep(0.2)
