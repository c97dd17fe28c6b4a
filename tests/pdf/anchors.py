#!/usr/bin/env python3
"""Where words stand: tests/pdf/where against pdftotext, on files made here by
the programs that are installed and on those of ../shared/pdf-samples, in
Vietnamese too, composed and decomposed."""
import glob
import html
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unicodedata

SRC = os.environ.get("top_srcdir", ".")
BUILD = os.environ.get("top_builddir", ".")
SHARED = os.environ.get("SIGND_SHARED", SRC + "/../shared") + "/pdf-samples"
NEAR = 3.0   # points, along the line
LINES = 0.5  # of a line's height
WORDS = 40   # of one file
PAGE = """<html><meta charset="utf-8"><body style="font-family:%s">
<h1>CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM</h1><p>Độc lập - Tự do - Hạnh phúc</p>
<p>Nguyễn Thị Huệ ký tên: ặ ẫ ể ỗ ử</p>
<table style="margin-left:200px"><tr><td>THỦ TRƯỞNG ĐƠN VỊ</td></tr></table>
</body></html>"""
_n = _bad = 0


def ok(good, name, why=""):
    global _n, _bad
    _n += 1
    _bad += not good
    print("ok" if good else "not ok", _n, "-", name, flush=True)
    if not good:
        print("#", str(why).replace("\n", "\n# "))


def run(*args, **more):
    return subprocess.run(args, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, **more)


def where(path, asked):
    """`asked`: (page, words) ...; boxes, or None."""
    text = "".join("%d\t%s\n" % a for a in asked)
    r = run(BUILD + "/tests/pdf/where", path, input=text.encode())
    lines = r.stdout.decode().splitlines()
    assert len(lines) == len(asked), (path, lines[-1:])
    return [None if s == "nowhere" else tuple(map(float, s.split()))
            for s in lines]


def told_by_poppler(path):
    """(page, word, box from the lower left): those that are there once."""
    out = run("pdftotext", "-bbox", "-cropbox", path, "-").stdout.decode()
    words, page, height = [], 0, 0
    for line in out.splitlines():
        m = re.search(r'<page width="([\d.]+)" height="([\d.]+)"', line)
        if m:  # It turns the words and not the page.
            page, height = page + 1, float(m.group(1 + (
                "turn90" not in path and "turn270" not in path)))
        m = re.search(r'<word xMin="([-\d.]+)" yMin="([-\d.]+)" '
                      r'xMax="([-\d.]+)" yMax="([-\d.]+)">(.*)</word>', line)
        if m:
            x0, y0, x1, y1 = map(float, m.groups()[:4])
            words.append((page, html.unescape(m.group(5)),
                          (x0, height - y1, x1, height - y0)))
    every = "".join(w for _, w, _ in words)
    return [w for w in words if len(w[1]) > 2 and every.count(w[1]) == 1]


def near(ours, theirs):
    """Along the line its ends are near, across it the middle; what a font
    without widths shows ends about there."""
    if ours is None:
        return False
    size = (theirs[2] - theirs[0], theirs[3] - theirs[1])
    line = 0 if size[0] > size[1] else 1
    far = [abs(ours[i] - theirs[i]) for i in range(4)]
    middle = abs(ours[1 - line] + ours[3 - line] - theirs[1 - line] -
                 theirs[3 - line]) / 2
    return min(far[line], far[line + 2]) <= NEAR and \
        max(far[line], far[line + 2]) <= NEAR + size[line] / 6 and \
        middle <= LINES * size[1 - line]


def agrees(path):
    words = told_by_poppler(path)[:WORDS]
    got = where(path, [(p, w) for p, w, _ in words])
    bad = [(w, g) for w, g in zip(words, got) if not near(g, w[2])]
    ok(words and len(bad) * 20 <= len(words),
       "%s: %d words are where pdftotext sees them" %
       (os.path.basename(path), len(words)), bad[:4])


def vietnamese(d):
    made = []
    for i, font in enumerate(("Tinos", "DejaVu Sans")):
        page = "%s/page%d.html" % (d, i)
        with open(page, "w", encoding="utf-8") as f:
            f.write(PAGE % font)
        for tool in ("weasyprint", "wkhtmltopdf"):
            to = "%s/%s%d.pdf" % (d, tool, i)
            if shutil.which(tool) and \
                    run(tool, page, to, timeout=120).returncode == 0:
                made.append(to)
        if not shutil.which("qpdf"):
            continue
        for to in made[:1]:
            for turn in (90, 180, 270):
                run("qpdf", "--rotate=%d" % turn, to,
                    to[:-4] + "-turn%d.pdf" % turn)
    for path in sorted(glob.glob(d + "/*.pdf")):
        agrees(path)
        for form in ("NFC", "NFD"):
            words = ["Nguyễn Thị Huệ", "THỦ TRƯỞNG ĐƠN VỊ", "kýtên:"]
            got = where(path, [(1, unicodedata.normalize(form, w))
                               for w in words])
            ok(None not in got, "%s: words of several parts, %s" %
               (os.path.basename(path), form), got)
        got = where(path, [(1, "NAM Độc"), (1, "Nguyễn Thị Huê")])
        ok(got == [None, None], "%s: not over the end of a line, nor with "
           "another mark" % os.path.basename(path), got)


def main():
    if not shutil.which("pdftotext"):
        print("1..0 # SKIP no pdftotext here")
        return
    with tempfile.TemporaryDirectory(prefix="signd-anchors-") as d:
        vietnamese(d)
    for path in sorted(glob.glob(SHARED + "/kinds/*.pdf")):
        # The words of 25 stand in the picture of a signature.
        if "needs-password" not in path and "/25-" not in path and \
                told_by_poppler(path):
            agrees(path)
    print("1..%d" % _n if _n else "1..0 # SKIP there are no samples of PDF here")
    sys.exit(_bad > 0)


main()
