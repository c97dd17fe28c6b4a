#!/usr/bin/env python3
"""only-stamp.py TSA-URL OUT: a PDF that nobody signed, with a document time stamp
(ISO 32000-2 12.8.5) of the authority at that URL, asked by `openssl ts`."""
import hashlib
import subprocess
import sys
import urllib.request

ROOM = 16384  # hexadecimal digits of /Contents
RANGE = b"[%010d %010d %010d %010d]"
OBJECTS = [
    b"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[4 0 R]/SigFlags 3>>>>",
    b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
    b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Resources<<>>/Annots[4 0 R]>>",
    b"<</Type/Annot/Subtype/Widget/FT/Sig/T(stamp)/Rect[0 0 0 0]/F 132/P 3 0 R/V 5 0 R>>",
    b"<</Type/DocTimeStamp/Filter/Adobe.PPKLite/SubFilter/ETSI.RFC3161/ByteRange"
    + RANGE % (0, 0, 0, 0) + b"/Contents<" + b"0" * ROOM + b">>>",
]


def document():
    out, places = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", []
    for number, body in enumerate(OBJECTS, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(OBJECTS) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    return out + b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (
        len(OBJECTS) + 1, table)


def token(url, data):
    query = subprocess.run(
        ["openssl", "ts", "-query", "-sha256", "-cert", "-digest",
         hashlib.sha256(data).hexdigest()], check=True, capture_output=True).stdout
    headers = {"Content-Type": "application/timestamp-query"}
    with urllib.request.urlopen(urllib.request.Request(url, query, headers)) as r:
        answer = r.read()
    return subprocess.run(
        ["openssl", "ts", "-reply", "-in", "/dev/stdin", "-token_out"],
        input=answer, check=True, capture_output=True).stdout


def main():
    pdf = document()
    start = pdf.index(b"/Contents<") + len(b"/Contents")
    end = start + ROOM + 2
    pdf = pdf.replace(RANGE % (0, 0, 0, 0), RANGE % (0, start, end, len(pdf) - end))
    value = token(sys.argv[1], pdf[:start] + pdf[end:]).hex().encode()
    if len(value) > ROOM:
        sys.exit("a token larger than its room")
    with open(sys.argv[2], "wb") as f:
        f.write(pdf[:start + 1] + value.ljust(ROOM, b"0") + pdf[end - 1:])


main()
