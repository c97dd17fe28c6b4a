#!/usr/bin/env python3
"""Writes base/nfc.h: which characters keep a text from being known to be in
Unicode normal form C without normalising it (UAX #15, quick check)."""
import unicodedata as u

POINTS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]


def second_halves():
    """Those that join what stands before them."""
    found = set(range(0x1161, 0x1176)) | set(range(0x11A8, 0x11C3))  # Hangul
    for c in POINTS:
        parts = u.decomposition(chr(c)).split()
        if len(parts) == 2 and parts[0][0] != "<" and u.normalize("NFC", chr(c)) == chr(c):
            found.add(int(parts[1], 16))
    return found


def ranges(chars):
    out = []
    for c in sorted(chars):
        if out and out[-1][1] == c - 1:
            out[-1][1] = c
        else:
            out.append([c, c])
    return out


def table(name, comment, chars):
    print("\n/* %s */\nstatic const struct char_range %s[] = {" % (comment, name))
    for first, last in ranges(chars):
        print("\t{ 0x%04x, 0x%04x }," % (first, last))
    print("};")


bad = {c for c in POINTS if u.normalize("NFC", chr(c)) != chr(c)} | second_halves()
print("/* Made by base/nfc.py from Unicode %s: do not edit.  For base/encoding.c alone. */" % u.unidata_version)
print("#ifndef SIGND_BASE_NFC_H\n#define SIGND_BASE_NFC_H\n\n#include <stdint.h>\n")
print("struct char_range {\n\tuint32_t first, last;\n};")
table("nfc_bad", "Never or perhaps not in NFC.", bad)
table("nfc_marks", "Marks; of two on one letter the order matters.",
      {c for c in POINTS if u.combining(chr(c))} - bad)
print("\n#endif")
