#!/usr/bin/env python3
"""Writes a PDF with Vietnamese text: demo-data/make-pdf.py OUT [FONT.ttf] [PAGES]

An ordinary document of the kind that offices make: a Type 0 font with the
glyphs in use embedded, a ToUnicode map, compressed streams, a classic
cross-reference table.  Only python3's standard library is used; the font is
DejaVu Sans of the package fonts-dejavu-core."""
import struct
import sys
import zlib

FONT = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"
LINES = [
    (14, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"),
    (12, "Độc lập - Tự do - Hạnh phúc"),
    (11, ""),
    (16, "ĐƠN ĐỀ NGHỊ CẤP BẢN SAO TRÍCH LỤC HỘ TỊCH"),
    (11, ""),
    (11, "Kính gửi: Ủy ban nhân dân phường Hoàn Kiếm, thành phố Hà Nội"),
    (11, "Họ và tên người yêu cầu: Nguyễn Văn An"),
    (11, "Giấy tờ tùy thân: căn cước công dân số 001099000001"),
    (11, "Nơi cư trú: số 12, phố Lý Thái Tổ, phường Hoàn Kiếm"),
    (11, "Đề nghị cấp bản sao trích lục: khai sinh. Số lượng: 02 bản."),
    (11, ""),
    (11, "Tôi cam đoan những nội dung khai trên đây là đúng sự thật."),
    (11, ""),
    (9, "Tài liệu minh họa của signd - a demonstration document of signd"),
]


class Font:
    """As much of a TrueType font as embedding a few of its glyphs needs."""

    def __init__(self, data):
        self.tables = {}
        count = struct.unpack_from(">H", data, 4)[0]
        for i in range(count):
            tag, _, at, length = struct.unpack_from(">4sIII", data, 12 + 16 * i)
            self.tables[tag] = data[at:at + length]
        head, hhea, maxp = (self.tables[t] for t in (b"head", b"hhea", b"maxp"))
        self.units = struct.unpack_from(">H", head, 18)[0]
        self.long_loca = struct.unpack_from(">h", head, 50)[0] == 1
        self.box = struct.unpack_from(">4h", head, 36)
        self.ascent, self.descent = struct.unpack_from(">2h", hhea, 4)
        self.metrics = struct.unpack_from(">H", hhea, 34)[0]
        self.glyphs = struct.unpack_from(">H", maxp, 4)[0]
        self.cmap = self.read_cmap()

    def read_cmap(self):
        table = self.tables[b"cmap"]
        for i in range(struct.unpack_from(">H", table, 2)[0]):
            platform, encoding, at = struct.unpack_from(">HHI", table, 4 + 8 * i)
            if (platform, encoding) == (3, 1) and struct.unpack_from(">H", table, at)[0] == 4:
                return self.read_format4(table, at)
        raise SystemExit("the font has no Unicode map")

    @staticmethod
    def read_format4(table, at):
        n = struct.unpack_from(">H", table, at + 6)[0] // 2
        ends = struct.unpack_from(f">{n}H", table, at + 14)
        starts = struct.unpack_from(f">{n}H", table, at + 16 + 2 * n)
        deltas = struct.unpack_from(f">{n}H", table, at + 16 + 4 * n)
        offsets = struct.unpack_from(f">{n}H", table, at + 16 + 6 * n)
        out = {}
        for i in range(n):
            for c in range(starts[i], min(ends[i], 0xFFFE) + 1):
                if offsets[i] == 0:
                    out[c] = (c + deltas[i]) & 0xFFFF
                    continue
                where = at + 16 + 6 * n + 2 * i + offsets[i] + 2 * (c - starts[i])
                glyph = struct.unpack_from(">H", table, where)[0]
                out[c] = (glyph + deltas[i]) & 0xFFFF if glyph else 0
        return out

    def width(self, glyph):
        i = min(glyph, self.metrics - 1)
        return struct.unpack_from(">H", self.tables[b"hmtx"], 4 * i)[0] * 1000 // self.units

    def loca(self):
        n = self.glyphs + 1
        if self.long_loca:
            return struct.unpack_from(f">{n}I", self.tables[b"loca"], 0)
        return [2 * v for v in struct.unpack_from(f">{n}H", self.tables[b"loca"], 0)]

    def parts(self, glyph, loca):
        """The glyphs that a composite glyph is made of."""
        data = self.tables[b"glyf"][loca[glyph]:loca[glyph + 1]]
        if len(data) < 10 or struct.unpack_from(">h", data, 0)[0] >= 0:
            return []
        at, out = 10, []
        while True:
            flags, part = struct.unpack_from(">HH", data, at)
            out.append(part)
            at += 4 + (4 if flags & 1 else 2)
            at += 2 if flags & 8 else 4 if flags & 0x40 else 8 if flags & 0x80 else 0
            if not flags & 0x20:
                return out

    def subset(self, used):
        """The font with the outlines of other glyphs left out."""
        loca = self.loca()
        todo, keep = list(used) + [0], set()
        while todo:
            glyph = todo.pop()
            if glyph not in keep:
                keep.add(glyph)
                todo += self.parts(glyph, loca)
        glyf, places = b"", []
        for glyph in range(self.glyphs):
            places.append(len(glyf))
            if glyph in keep:
                data = self.tables[b"glyf"][loca[glyph]:loca[glyph + 1]]
                glyf += data + b"\0" * (-len(data) % 4)
        places.append(len(glyf))
        tables = {t: self.tables[t] for t in
                  (b"cvt ", b"fpgm", b"head", b"hhea", b"hmtx", b"maxp", b"prep")
                  if t in self.tables}
        tables[b"head"] = tables[b"head"][:50] + struct.pack(">h", 1) + tables[b"head"][52:]
        tables[b"glyf"] = glyf
        tables[b"loca"] = struct.pack(f">{len(places)}I", *places)
        return assemble(tables)


def assemble(tables):
    n = len(tables)
    power = 1 << (n.bit_length() - 1)
    head = struct.pack(">IHHHH", 0x10000, n, power * 16, power.bit_length() - 1, n * 16 - power * 16)
    directory, body, at = b"", b"", 12 + 16 * n
    for tag in sorted(tables):
        data = tables[tag]
        padded = data + b"\0" * (-len(data) % 4)
        total = sum(struct.unpack(f">{len(padded) // 4}I", padded)) & 0xFFFFFFFF
        directory += struct.pack(">4sIII", tag, total, at + len(body), len(data))
        body += padded
    return head + directory + body


def stream(data, extra=""):
    packed = zlib.compress(data, 9)
    return (f"<< /Length {len(packed)} /Filter /FlateDecode{extra} >>\nstream\n".encode()
            + packed + b"\nendstream")


def to_unicode(glyphs):
    rows = sorted(glyphs.items())
    parts = ["/CIDInit /ProcSet findresource begin 12 dict begin begincmap",
             "/CMapName /Adobe-Identity-UCS def /CMapType 2 def",
             "1 begincodespacerange <0000> <FFFF> endcodespacerange"]
    for i in range(0, len(rows), 100):
        chunk = rows[i:i + 100]
        parts.append(f"{len(chunk)} beginbfchar")
        parts += [f"<{glyph:04X}> <{char.encode('utf-16-be').hex().upper()}>" for glyph, char in chunk]
        parts.append("endbfchar")
    parts.append("endcmap CMapName currentdict /CMap defineresource pop end end")
    return "\n".join(parts).encode()


def page_content(font, number):
    out, y = ["BT"], 780
    for size, line in LINES + [(9, f"Trang {number}")]:
        y -= size * 1.7
        text = "".join(f"{font.cmap[ord(c)]:04X}" for c in line)
        out.append(f"/F1 {size} Tf 1 0 0 1 60 {y:.1f} Tm <{text}> Tj")
    out.append("ET")
    return "\n".join(out).encode()


def font_objects(font, glyphs):
    widths = " ".join(f"{g} [{font.width(g)}]" for g in sorted(glyphs))
    box = " ".join(str(v * 1000 // font.units) for v in font.box)
    subset = font.subset(glyphs)
    return [
        b"<< /Type /Font /Subtype /Type0 /BaseFont /SIGNDA+DejaVuSans /Encoding /Identity-H"
        b" /DescendantFonts [4 0 R] /ToUnicode 7 0 R >>",
        (f"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /SIGNDA+DejaVuSans /CIDSystemInfo"
         f" << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> /FontDescriptor 5 0 R"
         f" /CIDToGIDMap /Identity /W [{widths}] >>").encode(),
        (f"<< /Type /FontDescriptor /FontName /SIGNDA+DejaVuSans /Flags 4 /FontBBox [{box}]"
         f" /ItalicAngle 0 /Ascent {font.ascent * 1000 // font.units}"
         f" /Descent {font.descent * 1000 // font.units} /CapHeight 729 /StemV 80"
         f" /FontFile2 6 0 R >>").encode(),
        stream(subset, f" /Length1 {len(subset)}"),
        stream(to_unicode(glyphs)),
    ]


def write_pdf(objects):
    out, places = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", []
    for i, body in enumerate(objects, 1):
        places.append(len(out))
        out += f"{i} 0 obj\n".encode() + body + b"\nendobj\n"
    table = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    out += b"".join(f"{p:010d} 00000 n \n".encode() for p in places)
    out += (f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n").encode()
    return out


def main():
    out = sys.argv[1]
    with open(sys.argv[2] if len(sys.argv) > 2 else FONT, "rb") as f:
        font = Font(f.read())
    pages = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    text = "".join(line for _, line in LINES) + "Trang 0123456789"
    glyphs = {font.cmap[ord(c)]: c for c in text}
    first = 8
    kids = " ".join(f"{first + 2 * i} 0 R" for i in range(pages))
    objects = [b"<< /Type /Catalog /Pages 2 0 R /Lang (vi-VN) >>",
               f"<< /Type /Pages /Count {pages} /Kids [{kids}] >>".encode()]
    objects += font_objects(font, glyphs)
    for i in range(pages):
        objects.append((f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents"
                        f" {first + 2 * i + 1} 0 R /Resources << /Font << /F1 3 0 R >> >> >>").encode())
        objects.append(stream(page_content(font, i + 1)))
    with open(out, "wb") as f:
        f.write(write_pdf(objects))


if __name__ == "__main__":
    main()
