#!/usr/bin/env python3
"""Some hundred and twenty changes to one signed document, each alone, under an approval
signature and certifications with P=2 and P=3: tests/pdf/judge calls valid what
the signature allows, and nothing else."""
import os
import re
import subprocess
import sys
import tempfile

BUILD = os.environ.get("top_builddir", ".")
_n = _bad = 0


def ok(good, name, why=""):
    global _n, _bad
    _n += 1
    _bad += not good
    print("ok" if good else "not ok", _n, "-", name, flush=True)
    if not good:
        print("#", why)


def stream(more, data):
    return b"<<" + more + b"/Length %d>>\nstream\n" % len(data) + data + \
        b"\nendstream"


# A page with a layer, a font, a picture; a form with a text field and an empty
# signature field; a link; names and an outline.
BASE = {
    1: b"<</Type/Catalog/Pages 2 0 R/AcroForm 9 0 R/OCProperties<</OCGs[12 0 R]"
       b"/D 13 0 R>>/Names<</EmbeddedFiles 15 0 R>>/Outlines 16 0 R>>",
    2: b"<</Type/Pages/Kids[3 0 R 4 0 R]/Count 2/MediaBox[0 0 595 842]>>",
    3: b"<</Type/Page/Parent 2 0 R/Contents 5 0 R/Resources<</Font<</F1 6 0 R>>"
       b"/Properties<</oc1 12 0 R>>/XObject<</Im 17 0 R>>>>"
       b"/Annots[8 0 R 10 0 R 18 0 R]>>",
    4: b"<</Type/Page/Parent 2 0 R/Contents 7 0 R"
       b"/Resources<</Font<</F1 6 0 R>>>>>>",
    5: stream(b"", b"/OC /oc1 BDC BT /F1 24 Tf 72 700 Td (Pay 100) Tj ET EMC"
              b" /Im Do"),
    6: b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding 14 0 R>>",
    7: stream(b"", b"BT /F1 24 Tf 72 700 Td (Page two) Tj ET"),
    8: b"<</Type/Annot/Subtype/Widget/FT/Tx/T(amount)/V(1)"
       b"/DA(/Helv 12 Tf 0 g)/Rect[72 600 200 620]/P 3 0 R/AP<</N 11 0 R>>>>",
    9: b"<</Fields[8 0 R 18 0 R]/DR<</Font<</Helv 6 0 R>>>>"
       b"/DA(/Helv 12 Tf 0 g)>>",
    10: b"<</Type/Annot/Subtype/Link/Rect[0 0 10 10]"
        b"/A<</S/URI/URI(http://a)>>>>",
    11: stream(b"/Type/XObject/Subtype/Form/BBox[0 0 128 20]"
               b"/Resources<</Font<</Helv 6 0 R>>>>",
               b"BT /Helv 12 Tf (1) Tj ET"),
    12: b"<</Type/OCG/Name(one)>>",
    13: b"<</Order[12 0 R]/ON[12 0 R]>>",
    14: b"<</Type/Encoding/BaseEncoding/WinAnsiEncoding>>",
    15: b"<</Names[]>>",
    16: b"<</Type/Outlines/Count 0>>",
    17: stream(b"/Type/XObject/Subtype/Image/Width 1/Height 1"
               b"/BitsPerComponent 8/ColorSpace/DeviceGray", b"A"),
    18: b"<</Type/Annot/Subtype/Widget/FT/Sig/T(empty)"
        b"/Rect[300 100 400 150]/P 3 0 R>>",
}


def whole_file():
    out = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    at = {}
    for n, body in BASE.items():
        at[n] = len(out)
        out += b"%d 0 obj\n" % n + body + b"\nendobj\n"
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(BASE) + 1)
    for n in sorted(at):
        out += b"%010d 00000 n \n" % at[n]
    return bytes(out + b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n"
                 b"%%%%EOF\n" % (len(BASE) + 1, table))


def newest(data, n):
    """The text of object n as it stands last."""
    found = re.findall(rb"[\r\n]%d 0 obj\b(.*?)endobj" % n, data, re.S)
    return found[-1].strip()


def changed(data, objects):
    """The file with one more revision."""
    out = bytearray(data)
    section = int(re.findall(rb"startxref\s+(\d+)\s+%%EOF", data)[-1])
    trailer = data[data.index(b"trailer", section) + 7:]
    trailer = trailer[:trailer.index(b"startxref")].strip()
    rows = b""
    for n in sorted(objects):
        rows += b"%d 1\n%010d 00000 n \n" % (n, len(out))
        out += b"%d 0 obj\n" % n + objects[n] + b"\nendobj\n"
    table = len(out)
    trailer = re.sub(rb"/Prev \d+", b"/Prev %d" % section, trailer)
    trailer = re.sub(rb"/Size \d+", b"/Size 100", trailer)
    return bytes(out + b"xref\n" + rows + b"trailer\n" + trailer +
                 b"\nstartxref\n%d\n%%%%EOF\n" % table)


# What follows a change: never allowed, form filling and evidence always,
# comments with P=3 only.
NEVER, ALWAYS, COMMENT = "never", "always", "comment"


def changes(data):
    cat, page, form = newest(data, 1), newest(data, 3), newest(data, 9)
    text, empty = BASE[8], BASE[18]

    def more(o, what):
        return o[:-2] + what + b">>"

    def swap(o, old, new):
        assert old in o, (o, old)
        return o.replace(old, new)

    def annot(body, **others):
        out = {3: swap(page, b"/Annots[", b"/Annots[60 0 R "), 60: body,
               61: picture}
        out.update({int(k[1:]): v for k, v in others.items()})
        return out

    picture = stream(b"/Type/XObject/Subtype/Form/BBox[0 0 230 40]"
                     b"/Resources<</Font<</F1 6 0 R>>>>",
                     b"1 g 0 0 230 40 re f BT /F1 24 Tf (Pay 900) Tj ET")
    box = b"/Rect[70 690 300 730]/AP<</N 61 0 R>>"
    script = b"<</S/JavaScript/JS(1)>>"
    link = b"<</Type/Annot/Subtype/Link/Rect[0 0 9 9]/A"
    new_field = swap(form, b"/Fields[", b"/Fields[60 0 R ")
    return {
        # content
        "content": (NEVER, {5: stream(b"", b"BT (Pay 900) Tj ET")}),
        "other-content": (NEVER, {
            3: swap(page, b"/Contents 5 0 R", b"/Contents 60 0 R"),
            60: stream(b"", b"x")}),
        "encoding": (NEVER, {14: more(BASE[14], b"/Differences[49/nine]")}),
        "font": (NEVER, {6: swap(BASE[6], b"Helvetica", b"Courier")}),
        "picture": (NEVER, {17: swap(BASE[17], b"\nA\n", b"\nB\n")}),
        # layers
        "layer-off": (NEVER, {13: b"<</Order[12 0 R]/OFF[12 0 R]>>"}),
        "base-state": (NEVER, {13: more(BASE[13], b"/BaseState/OFF")}),
        "layer-usage": (NEVER, {
            12: more(BASE[12], b"/Usage<</View<</ViewState/OFF>>>>")}),
        "default-switched": (NEVER, {
            1: swap(cat, b"/D 13 0 R", b"/D<</OFF[12 0 R]>>")}),
        # catalog
        "open-script": (NEVER, {1: more(cat, b"/OpenAction" + script)}),
        "open-page": (NEVER, {1: more(cat, b"/OpenAction[4 0 R/Fit]")}),
        "close-script": (NEVER, {1: more(cat, b"/AA<</WC" + script + b">>")}),
        "named-script": (NEVER, {
            1: swap(cat, b"/Names<<", b"/Names<</JavaScript<</Names[(a)"
                    b" 60 0 R]>>"), 60: script}),
        "embedded-file": (NEVER, {15: b"<</Names[(a) 60 0 R]>>",
                                  60: b"<</Type/Filespec/F(a)>>"}),
        "associated-file": (NEVER, {1: more(cat, b"/AF[60 0 R]"),
                                    60: b"<</Type/Filespec/F(a)>>"}),
        "portfolio": (NEVER, {1: more(cat, b"/Collection<</View/D>>")}),
        "page-labels": (NEVER, {
            1: more(cat, b"/PageLabels<</Nums[0<</S/r>>]>>")}),
        "outline": (NEVER, {
            16: more(BASE[16], b"/First 60 0 R/Last 60 0 R"),
            60: b"<</Title(x)/Parent 16 0 R>>"}),
        "viewer": (NEVER, {
            1: more(cat, b"/ViewerPreferences<</HideToolbar true>>")}),
        "language": (NEVER, {1: more(cat, b"/Lang(vi)")}),
        "usage-rights": (NEVER, {
            1: more(re.sub(rb"/Perms<<.*?>>", b"", cat),
                    b"/Perms<</UR3 60 0 R>>"), 60: b"<</Type/Sig>>"}),
        "metadata": (ALWAYS, {
            1: more(cat, b"/Metadata 60 0 R"),
            60: stream(b"/Type/Metadata/Subtype/XML", b"<x/>")}),
        # annotations
        "link-changed": (COMMENT, {
            10: swap(BASE[10], b"http://a", b"http://b")}),
        "link": (COMMENT, annot(link + b"<</S/URI/URI(http://e)>>>>")),
        "submit": (COMMENT, annot(link + b"<</S/SubmitForm/F(http://e)>>>>")),
        "launch": (NEVER, annot(link + b"<</S/Launch/F(cmd)>>>>")),
        "hide": (NEVER, annot(link + b"<</S/Hide/T(amount)>>>>")),
        "free-text": (COMMENT, annot(
            b"<</Type/Annot/Subtype/FreeText" + box + b">>")),
        "stamp": (COMMENT, annot(
            b"<</Type/Annot/Subtype/Stamp" + box + b">>")),
        "square": (COMMENT, annot(
            b"<</Type/Annot/Subtype/Square" + box + b">>")),
        "note": (COMMENT, annot(
            b"<</Type/Annot/Subtype/Text/Rect[9 9 20 20]/Contents(n)>>")),
        "note-on-page-two": (COMMENT, {
            4: more(BASE[4], b"/Annots[60 0 R]"),
            60: b"<</Type/Annot/Subtype/Text/Rect[9 9 20 20]>>"}),
        "redact": (NEVER, annot(
            b"<</Type/Annot/Subtype/Redact" + box + b">>")),
        "watermark": (NEVER, annot(
            b"<</Type/Annot/Subtype/Watermark" + box + b">>")),
        "stray-widget": (NEVER, annot(
            b"<</Type/Annot/Subtype/Widget/FT/Tx/T(z)" + box + b">>")),
        # fields
        "filled": (ALWAYS, {8: swap(swap(text, b"/V(1)", b"/V(2)"),
                                    b"/N 11 0 R", b"/N 61 0 R"),
                            61: picture}),
        "filled-without-look": (ALWAYS, {8: swap(text, b"/V(1)", b"/V(2)")}),
        "new-text-field": (NEVER, annot(
            b"<</Type/Annot/Subtype/Widget/FT/Tx/T(z)/V(9)" + box + b">>",
            _9=new_field)),
        "new-button": (NEVER, annot(
            b"<</Type/Annot/Subtype/Widget/FT/Btn/Ff 65536/T(z)" + box +
            b">>", _9=new_field)),
        "look": (NEVER, {11: stream(b"/Type/XObject/Subtype/Form"
                                    b"/BBox[0 0 128 20]", b"(9) Tj")}),
        "field-moved": (NEVER, {8: swap(text, b"[72 600 200 620]",
                                        b"[72 700 200 720]")}),
        "field-hidden": (NEVER, {8: more(text, b"/F 2")}),
        "field-text-white": (NEVER, {8: swap(text, b"12 Tf 0 g",
                                             b"12 Tf 1 g")}),
        "field-background": (NEVER, {8: more(text, b"/MK<</BG[1 1 1]>>")}),
        "field-script": (NEVER, {8: more(text, b"/AA<</K" + script + b">>")}),
        "field-password": (NEVER, {8: more(text, b"/Ff 8192")}),
        "field-length": (NEVER, {8: more(text, b"/MaxLen 1")}),
        "form-font": (NEVER, {9: swap(form, b"/Helv 6 0 R", b"/Helv 60 0 R"),
                              60: swap(BASE[6], b"Helvetica", b"Symbol")}),
        "form-text": (NEVER, {9: swap(form, b"12 Tf 0 g", b"0 Tf 1 g")}),
        "form-side": (NEVER, {9: more(form, b"/Q 2")}),
        "draw-anew": (NEVER, {9: more(form, b"/NeedAppearances true")}),
        "xfa": (NEVER, {9: more(form, b"/XFA 60 0 R"),
                        60: stream(b"", b"<xdp/>")}),
        "calculated": (NEVER, {9: more(form, b"/CO[8 0 R]")}),
        "empty-signature-drawn": (NEVER, {
            18: more(empty, b"/AP<</N 61 0 R>>"), 61: picture}),
        "empty-signature-moved": (NEVER, {
            18: swap(empty, b"[300 100 400 150]", b"[70 690 300 730]")}),
        # pages
        "crop": (NEVER, {3: more(page, b"/CropBox[0 0 100 100]")}),
        "rotate": (NEVER, {3: more(page, b"/Rotate 90")}),
        "unit": (NEVER, {3: more(page, b"/UserUnit 5")}),
        "slide": (NEVER, {3: more(page, b"/Trans<</S/Dissolve>>/Dur 1")}),
        "page-script": (NEVER, {3: more(page, b"/AA<</O" + script + b">>")}),
        "group": (NEVER, {3: more(page, b"/Group<</S/Transparency>>")}),
        "thumbnail": (NEVER, {3: more(page, b"/Thumb 17 0 R")}),
        "media-box": (NEVER, {2: swap(BASE[2], b"595 842", b"1 1")}),
        "page-dropped": (NEVER, {
            2: swap(BASE[2], b"[3 0 R 4 0 R]/Count 2", b"[3 0 R]/Count 1")}),
        "pages-swapped": (NEVER, {
            2: swap(BASE[2], b"[3 0 R 4 0 R]", b"[4 0 R 3 0 R]")}),
        "page-twice": (NEVER, {
            2: swap(BASE[2], b"[3 0 R 4 0 R]", b"[3 0 R 3 0 R]")}),
        "page-count": (NEVER, {2: swap(BASE[2], b"/Count 2", b"/Count 1")}),
    }


def more(o, what):
    return o[:-2] + what + b">>"


def more_changes(data):
    """What the catalog and pages may also hold, the signed field itself, and new
    pictures in places that are allowed to change."""
    cat, page, form = newest(data, 1), newest(data, 3), newest(data, 9)
    text = BASE[8]
    value = int(re.findall(rb"(\d+) 0 obj\n<</Type/Sig", data)[-1])
    field = int(re.findall(rb"(\d+) 0 obj\n<<[^\n]*?/V %d 0 R" % value,
                           data)[-1])
    signed, sig = newest(data, field), newest(data, value)
    picture = stream(b"/Type/XObject/Subtype/Form/BBox[0 0 230 40]"
                     b"/Resources<</Font<</F1 6 0 R>>>>",
                     b"1 g 0 0 230 40 re f BT /F1 24 Tf (Pay 900) Tj ET")
    box = b"/Rect[70 690 300 730]/AP<</N 61 0 R>>"
    widget = b"<</Type/Annot/Subtype/Widget/Parent 8 0 R/P 3 0 R"
    empty = b"<</Type/Annot/Subtype/Widget/FT/Sig/P 3 0 R"

    def annot(body):
        return {3: page.replace(b"/Annots[", b"/Annots[60 0 R "), 60: body,
                61: picture}

    def in_form(body):
        return {**annot(body),
                9: form.replace(b"/Fields[", b"/Fields[60 0 R ")}
    rows = {
        # catalog
        "base-of-links": {1: more(cat, b"/URI<</Base(http://evil/)>>")},
        "destinations": {1: more(cat, b"/Dests<</a[4 0 R/Fit]>>")},
        "colours-of-output": {1: more(
            cat, b"/OutputIntents[<</S/GTS_PDFA1>>]")},
        "text-for-the-blind": {
            1: more(cat, b"/StructTreeRoot 60 0 R/MarkInfo<</Marked true>>"),
            60: b"<</Type/StructTreeRoot/K<</S/P/ActualText(Pay 900)"
                b"/Pg 3 0 R/K 0>>>>"},
        "threads": {1: more(cat, b"/Threads[60 0 R]"), 60: b"<<>>"},
        "piece-info": {1: more(cat, b"/PieceInfo<</X<</Private(x)>>>>")},
        "needs-rendering": {1: more(cat, b"/NeedsRendering true")},
        "attestation": {1: more(cat, b"/Legal<</Attestation(ok)>>")},
        "full-screen": {1: more(cat, b"/PageMode/FullScreen")},
        "page-layout": {1: more(cat, b"/PageLayout/TwoColumnRight")},
        # pages
        "page-metadata": {3: more(page, b"/Metadata 60 0 R"),
                          60: stream(b"/Type/Metadata/Subtype/XML", b"<x/>")},
        "page-file": {3: more(page, b"/AF[60 0 R]"), 60: b"<<>>"},
        "page-gone": {4: b"null"},
        "contents-longer": {
            3: page.replace(b"/Contents 5 0 R", b"/Contents[5 0 R 60 0 R]"),
            60: stream(b"", b"BT (0) Tj ET")},
        "font-drawn-anew": {
            3: page.replace(b"/F1 6 0 R", b"/F1 60 0 R"),
            60: b"<</Type/Font/Subtype/Type3/CharProcs<<>>>>"},
        "link-goes-on": {10: BASE[10].replace(
            b"(http://a)", b"(http://a)/Next<</S/Launch/F(x)>>")},
        # annotations that are no comments
        **{"annotation-" + kind: annot(
            b"<</Type/Annot/Subtype/" + kind.encode() + box + b">>")
           for kind in ("Screen", "RichMedia", "PrinterMark", "TrapNet",
                        "Movie", "3D")},
        "annotation-of-no-kind": annot(b"<</Type/Annot" + box + b">>"),
        # the signed field
        "seal-drawn-anew": {field: re.sub(rb"/AP<<.*?>>", b"", signed)[:-2] +
                            b"/AP<</N 61 0 R>>>>", 61: picture},
        "seal-moved": {field: re.sub(rb"/Rect ?\[.*?\]",
                                     b"/Rect[70 690 300 730]", signed)},
        "seal-renamed": {field: re.sub(rb"/T ?\(.*?\)", b"/T(Chief)", signed)},
        "seal-explained": {field: more(signed, b"/TU(Chief)")},
        "seal-without-value": {field: re.sub(rb"/V \d+ 0 R", b"", signed)},
        "seal-with-a-copy": {field: re.sub(rb"/V \d+ 0 R", b"/V 60 0 R",
                                           signed), 60: sig},
        "signer-named-otherwise": {value: more(sig, b"/Name(Chief)")},
        "reason-added": {value: more(sig, b"/Reason(I agree)")},
        "seal-out-of-the-form": {9: re.sub(rb"(?<=[\[ ])%d 0 R" % field, b"",
                                           form)},
        "seal-off-the-page": {3: re.sub(rb"(?<=[\[ ])%d 0 R" % field, b"",
                                        page)},
        # fields
        "second-place-of-a-field": {
            8: more(text, b"/Kids[60 0 R]"), 60: widget + box + b">>",
            61: picture, 3: page.replace(b"/Annots[", b"/Annots[60 0 R ")},
        "look-without-value": {8: text.replace(b"/N 11 0 R", b"/N 61 0 R"),
                               61: picture},
        "empty-signature-with-look": in_form(empty + b"/T(z)" + box + b">>"),
        "empty-signature-with-ground": in_form(
            empty + b"/T(z)/Rect[70 690 300 730]/MK<</BG[1 1 1]>>>>"),
        "two-fields-of-one-name": in_form(
            empty + b"/T(empty)/Rect[0 0 0 0]>>"),
        "signature-that-is-none": {**in_form(
            empty + b"/T(z)/V 62 0 R" + box + b">>"),
            62: b"<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/x"
                b"/ByteRange[0 1 2 3]/Contents<00>>>"},
        # evidence
        "evidence-and-content": {
            1: more(cat, b"/DSS 60 0 R"), 60: b"<</Type/DSS/Certs[61 0 R]>>",
            61: stream(b"", b"x"), 5: stream(b"", b"BT (Pay 900) Tj ET")},
        "evidence-with-a-script": {
            1: more(cat, b"/DSS 60 0 R"),
            60: b"<</Type/DSS/AA<</O<</S/JavaScript/JS(1)>>>>>>"},
    }
    return {name: (NEVER, objects) for name, objects in rows.items()}


def said_of(d, data):
    path = d + "/changed.pdf"
    with open(path, "wb") as f:
        f.write(data)
    r = subprocess.run([BUILD + "/tests/pdf/judge", "-v", path],
                       stdout=subprocess.PIPE, timeout=60)
    return r.stdout.decode()


def main():
    with tempfile.TemporaryDirectory(prefix="signd-attacks-") as d:
        with open(d + "/base.pdf", "wb") as f:
            f.write(whole_file())
        subprocess.run([BUILD + "/tests/pdf/levels", d, d + "/base.pdf"],
                       check=True, stdout=subprocess.DEVNULL)
        for kind in ("b", "p2", "p3"):
            with open("%s/base.%s.pdf" % (d, kind), "rb") as f:
                data = f.read()
            ok(said_of(d, data).startswith("valid"), kind + " as it was signed")
            # Whoever permits comments permits most.
            tried = changes(data) if kind == "p2" else \
                {**changes(data), **more_changes(data)}
            for name, (rule, objects) in tried.items():
                good = rule == ALWAYS or (rule == COMMENT and kind == "p3")
                said = said_of(d, changed(data, objects))
                ok(said.startswith("valid" if good else "invalid"),
                   "%s: %s is %s" % (kind, name,
                                     "allowed" if good else "refused"), said)
    print("1..%d" % _n)
    sys.exit(1 if _bad else 0)


if __name__ == "__main__":
    main()
