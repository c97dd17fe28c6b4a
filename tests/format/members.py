#!/usr/bin/env python3
"""Facts that are packed are whole: each member of the structs of format/facts.h
is named where facts are written and where they are read (format/facts_pack.c),
and where test-facts.c compares what came out.  Whoever adds a member and forgets
one of the three is told here; what was lost would be judged as if it were not
in the document."""
import os
import re
import sys

SRC = os.environ.get("top_srcdir", ".")
STRUCTS = ["finding", "reference", "status_place", "timestamp_fact",
           "policy_fact", "signature_fact", "facts"]
LEFT_OUT = {"facts.format": "static, of the process that reads",
            "facts.unreadable": "nobody comes again with more for such a file"}


def text(path):
    with open(os.path.join(SRC, path), encoding="utf-8") as f:
        return re.sub(r"/\*.*?\*/", " ", f.read(), flags=re.S)


def members(header, name):
    body = re.search(r"\nstruct %s \{(.*?)\n\};" % name, header, re.S).group(1)
    body = re.sub(r"\{.*?\}", " ", body, flags=re.S)  # of an enum inside
    for line in body.split(";"):
        for declarator in line.split(","):
            declared = re.search(r"(\w+)\s*(\[[^]]*\])?\s*$", declarator)
            if declared:
                yield declared.group(1)


def main():
    header = text("format/facts.h")
    writing, reading = text("format/facts_pack.c").split("struct reader {")
    compared = text("tests/format/test-facts.c").split("same_text(")[1:]
    places = {"written": writing, "read": reading,
              "compared": "(".join(compared)}
    tests = []
    for name in STRUCTS:
        for m in members(header, name):
            if "%s.%s" % (name, m) in LEFT_OUT:
                continue
            # A list is read by what adds to it, one by one.
            counted = re.fullmatch(r"n[a-z]\w+", m) and m[1:]
            missing = [p for p, t in places.items()
                       if not re.search(r"\b%s\b" % m, t) and
                       not (p == "read" and name != "policy_fact" and
                            (counted or m in ("references", "timestamps",
                                              "signatures", "status_data",
                                              "status_is_ocsp",
                                              "status_at")))]
            tests.append((name, m, missing))
    for i, (name, m, missing) in enumerate(tests, 1):
        print("%sok %d - %s.%s is packed%s" % (
            "not " if missing else "", i, name, m,
            " (not %s)" % " or ".join(missing) if missing else ""))
    print("1..%d" % len(tests))
    return any(missing for _, _, missing in tests) or len(tests) < 50


sys.exit(main())
