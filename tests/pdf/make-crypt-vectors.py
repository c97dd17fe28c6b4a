#!/usr/bin/env python3
"""Writes crypt-vectors.h: what qpdf makes of one small document under each
revision of the standard security handler.  Needs qpdf 11; run by hand."""
import re
import subprocess
import tempfile

DOCUMENT = b"""%PDF-1.7
1 0 obj
<</Type/Catalog/Pages 2 0 R>>
endobj
2 0 obj
<</Type/Pages/Kids[3 0 R]/Count 1>>
endobj
3 0 obj
<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R>>
endobj
4 0 obj
<</Length 14>>
stream
a page of text
endstream
endobj
5 0 obj
<</Title(a title of text)>>
endobj
trailer
<</Root 1 0 R/Info 5 0 R/Size 6>>
%%EOF
"""

KINDS = [
    ("R2", ["40", "--"]),
    ("R3", ["128", "--use-aes=n", "--"]),
    ("R4", ["128", "--use-aes=y", "--"]),
    ("R4 clear metadata", ["128", "--use-aes=y", "--cleartext-metadata", "--"]),
    ("R4 RC4", ["128", "--use-aes=n", "--force-V4", "--"]),
    ("R5", ["256", "--force-R5", "--"]),
    ("R6", ["256", "--"]),
]


def hexed(raw):
    return "<" + raw.hex() + ">"


def literal(text):
    """Bytes of a PDF string, as it stands in the file."""
    if text.startswith(b"<"):
        return bytes.fromhex(text[1:-1].decode())
    out, i, text = bytearray(), 0, text[1:-1]
    names = {ord("n"): 10, ord("r"): 13, ord("t"): 9, ord("b"): 8, ord("f"): 12}
    while i < len(text):
        c = text[i]
        if c != 0x5C:
            out.append(c)
            i += 1
        elif 0x30 <= text[i + 1] <= 0x37:
            n = re.match(rb"[0-7]{1,3}", text[i + 1:]).group()
            out.append(int(n, 8) & 255)
            i += 1 + len(n)
        else:
            out.append(names.get(text[i + 1], text[i + 1]))
            i += 2
    return bytes(out)


STRING = rb"(?:<[0-9a-f]*>|\((?:[^\\()]|\\.)*\))"


def vector(name, options):
    with tempfile.TemporaryDirectory() as d:
        with open(d + "/in.pdf", "wb") as f:
            f.write(DOCUMENT)
        subprocess.run(["qpdf", "--static-id", "--allow-weak-crypto", "--stream-data=preserve",
                        "--object-streams=disable", "--encrypt", "user", "owner", *options,
                        d + "/in.pdf", d + "/out.pdf"], check=False, stderr=subprocess.DEVNULL)
        data = open(d + "/out.pdf", "rb").read()
    start = data.index(b"/Filter /Standard")
    end = data.index(b"endobj", start)
    encrypt = data[data.rindex(b" obj", 0, start) + 4:end].strip()
    encrypt = re.sub(STRING, lambda m: hexed(literal(m.group())).encode(), encrypt, flags=re.S)
    first = re.search(rb"/ID \[(" + STRING + rb")", data, re.S).group(1)
    title = re.search(rb"(\d+) 0 obj\s*<< /Title (" + STRING + rb")", data, re.S)
    page = re.search(rb"(\d+) 0 obj\s*<< /Length (\d+) >>\s*stream\n", data)
    raw = data[page.end():page.end() + int(page.group(2))]
    fields = [name, encrypt.decode(), literal(first).hex(), title.group(1).decode(),
              literal(title.group(2)).hex(), page.group(1).decode(), raw.hex()]
    numbers = (3, 5)
    print("\t{")
    for i, f in enumerate(fields):
        if i in numbers:
            print(f"\t    {f},")
            continue
        parts = [f[k:k + 60] for k in range(0, len(f), 60)] or [""]
        for k, part in enumerate(parts):
            print('\t    "' + part + '"' + ("," if k == len(parts) - 1 else ""))
    print("\t},")


print("/* Made by make-crypt-vectors.py with qpdf; user password \"user\", owner\n"
      " * password \"owner\". */")
print("/* clang-format off */")
print("static const struct vector vectors[] = {")
for kind in KINDS:
    vector(*kind)
print("};")
