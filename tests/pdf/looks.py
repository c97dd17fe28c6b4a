#!/usr/bin/env python3
"""Visible signatures on pages that are turned, cropped and scaled, with each
profile: drawn by poppler and MuPDF and compared with tests/pdf/golden; words
copy out, QR codes can be read, and the files are sound.  "looks.py --write"
makes the pictures anew: look at them before they are committed."""
import glob
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import zlib

SRC = os.environ.get("top_srcdir", ".")
BUILD = os.environ.get("top_builddir", ".")
GOLDEN = SRC + "/tests/pdf/golden"
DPI = 60
CELL = 6       # pixels; what is compared is their mean
FAR = 48       # of 255: a cell that differs
MANY = 0.01    # of the cells; drawers smooth edges differently
_n = _bad = 0


def ok(good, name, why=""):
    global _n, _bad
    _n += 1
    _bad += not good
    print("ok" if good else "not ok", _n, "-", name, flush=True)
    if not good:
        print("#", str(why).replace("\n", "\n# "))


def run(*args):
    r = subprocess.run(args, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return r.returncode, r.stdout.decode(errors="replace")


def read_ppm(path):
    with open(path, "rb") as f:
        head = (f.readline() + f.readline() + f.readline()).split()
        return int(head[1]), int(head[2]), f.read()


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + \
        struct.pack(">I", zlib.crc32(kind + data))


def write_png(path, picture):
    w, h, d = picture
    rows = b"".join(b"\0" + d[y * w * 3:(y + 1) * w * 3] for y in range(h))
    with open(path, "wb") as f:
        f.write(b"\x89PNG\r\n\x1a\n" +
                chunk(b"IHDR", struct.pack(">IIBBBBB", w, h, 8, 2, 0, 0, 0)) +
                chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b""))


def read_png(path):
    """As write_png writes it: one IDAT, no filters."""
    with open(path, "rb") as f:
        b = f.read()
    w, h = struct.unpack(">II", b[16:24])
    n = struct.unpack(">I", b[33:37])[0]
    rows = zlib.decompress(b[41:41 + n])
    line = w * 3 + 1
    return w, h, b"".join(rows[y * line + 1:(y + 1) * line] for y in range(h))


def cells(picture, columns, rows):
    w, _, d = picture
    out = []
    for y in range(rows):
        for x in range(columns):
            for c in range(3):
                s = 0
                for k in range(CELL):
                    at = ((y * CELL + k) * w + x * CELL) * 3 + c
                    s += sum(d[at:at + CELL * 3:3])
                out.append(s / CELL / CELL)
    return out


def differ(a, b):
    """The share of cells that differ, or 1 where the sizes do."""
    if abs(a[0] - b[0]) > 1 or abs(a[1] - b[1]) > 1:
        return 1
    columns, rows = min(a[0], b[0]) // CELL, min(a[1], b[1]) // CELL
    p, q = cells(a, columns, rows), cells(b, columns, rows)
    return sum(abs(x - y) > FAR for x, y in zip(p, q)) / len(p)


def poppler(path, to):
    run("pdftoppm", "-cropbox", "-r", str(DPI), "-singlefile", path, to)
    return read_ppm(to + ".ppm")


def mupdf(path, to):
    # Poppler does not know /UserUnit.
    dpi = DPI // 2 if path.endswith("/unit.pdf") else DPI
    run("mutool", "draw", "-q", "-r", str(dpi), "-o", to + ".m.ppm", path, "1")
    return read_ppm(to + ".m.ppm")


def drawings_are_as_they_were(files):
    for f in files:
        name = os.path.basename(f)[:-4]
        golden = read_png("%s/%s.png" % (GOLDEN, name))
        for who in (poppler, mupdf):
            if not shutil.which({poppler: "pdftoppm"}.get(who, "mutool")):
                continue
            share = differ(golden, who(f, f[:-4]))
            ok(share <= MANY, "%s draws %s as it was" % (who.__name__, name),
               "%.1f %% differ" % (100 * share))


def a_moved_drawing_is_seen(d):
    w, h, data = read_png(GOLDEN + "/turn90.png")
    up = data[9 * w * 3:] + b"\xff" * (9 * w * 3)
    ok(differ((w, h, data), (w, h, up)) > MANY,
       "nine pixels up is not as it was")
    ok(differ((w, h, data), read_png(GOLDEN + "/turn270.png")) <= MANY,
       "turned left or right, the reader sees the same")


def words_copy_out(d):
    _, out = run("pdftotext", d + "/plain.pdf", "-")
    for words in ("Ký bởi: NGUYỄN THỊ HUỆ", "15/2026/QĐ-UBND ặ ẫ ể ỗ ử Ễ Ộ"):
        ok(words in out, "the words come out: " + words, out)
    _, out = run("pdftotext", d + "/sao-luc.pdf", "-")
    ok(out.split("\n")[:3] == ["SAO LỤC", "Ủy ban nhân dân thành phố Hà Nội",
                               "2026-11-21T09:30:00+07:00"],
       "a copy names its kind, agency and time", out)


def codes_can_be_read(d):
    if not shutil.which("zbarimg"):
        return
    for name in ("plain", "turn90", "crop90", "field"):
        run("pdftoppm", "-r", "150", "-png", "-singlefile", d + "/%s.pdf" %
            name, d + "/qr")
        r = subprocess.run(["zbarimg", "-q", "--raw", d + "/qr.png"],
                           stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        ok(r.stdout == b"https://signd.example/v/7Q2M-4K9X\n",
           "the QR code can be read: " + name, r.stdout)


def files_are_sound(files):
    for who, good in ((("qpdf", "--check"), lambda s, o: s == 0),
                      (("pdfsig",), lambda s, o: "Signature is Valid" in o),
                      ((BUILD + "/tests/pdf/judge",),
                       lambda s, o: o.split()[:1] == ["valid"])):
        if not shutil.which(who[0]):
            continue
        said = [(f, run(*who, f)) for f in files]
        bad = [(f, o) for f, (s, o) in said if not good(s, o)]
        ok(not bad, "%s finds %d files good" %
           (os.path.basename(who[0]), len(files)), bad[:1])


def main():
    with tempfile.TemporaryDirectory(prefix="signd-looks-") as d:
        status, out = run(BUILD + "/tests/pdf/looks", d, GOLDEN)
        ok(status == 0, "every look is signed", out)
        files = sorted(glob.glob(d + "/*.pdf"))
        if sys.argv[1:] == ["--write"]:
            for f in files:
                write_png("%s/%s.png" % (GOLDEN, os.path.basename(f)[:-4]),
                          poppler(f, f[:-4]))
            return
        drawings_are_as_they_were(files)
        a_moved_drawing_is_seen(d)
        words_copy_out(d)
        codes_can_be_read(d)
        files_are_sound(files)
    print("1..%d" % _n)
    sys.exit(_bad > 0)


main()
