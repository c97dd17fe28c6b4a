#!/usr/bin/env python3
"""Writes base/fold_rows.h: letters as they compare where case is one and a letter
with its marks is the same as the letter and then the marks, as file systems
have it (Unicode simple lower case, then normal form D)."""
import unicodedata as u

# Latin, Greek, Cyrillic, and the block that most of Vietnamese is in.
POINTS = [c for c in range(0x80, 0x2000) if c < 0x530 or c >= 0x1E00]

print("/* Made by base/fold.py from Unicode %s: do not edit.  For base/fold.c "
      "alone. */" % u.unidata_version)
print("#ifndef SIGND_BASE_FOLD_ROWS_H\n#define SIGND_BASE_FOLD_ROWS_H\n\n#include <stdint.h>\n")
print("/* A character and what stands for it; 0 where it is shorter. */")
print("struct fold_row {\n\tuint16_t from, to[4];\n};\n")
print("static const struct fold_row fold_rows[] = {")
for c in POINTS:
    low = chr(c).lower()
    to = u.normalize("NFD", low if len(low) == 1 else chr(c))
    if to != chr(c) and u.combining(chr(c)) == 0:
        print("\t{ 0x%04x, { %s } }," % (c, ", ".join("0x%04x" % ord(x) for x in to)))
print("};\n\n#endif")
