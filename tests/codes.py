#!/usr/bin/env python3
"""Every code that the sources give to an error, a finding or a verdict has a
row in base/messages.def, or people would read "internal error" instead.
Prints TAP."""
import os
import re
import sys

TOP = os.environ.get("top_srcdir") or os.path.join(os.path.dirname(__file__), "..")
ROOMS = [d for d in sorted(os.listdir(TOP))
         if os.path.exists(os.path.join(TOP, d, "local.mk"))
         and d not in ("tests", "fuzz", "bench", "doc")]
CALLS = re.compile(r"\b(err_coded|findings_add|diff_report|sig_finding)\(")
CODE = re.compile(r'^"([a-z0-9]+(?:-[a-z0-9]+)*)"$')
MEMBER = re.compile(r'(?:\bcode = |\.code = |->code = )"([a-z0-9-]+)"')


def arguments(text, at):
    """The arguments of the call whose parenthesis opens before `at`."""
    depth, start, out, quoted = 1, at, [], False
    while depth > 0:
        c = text[at]
        if quoted:
            at += c == "\\"
            quoted = c != '"'
        elif c == '"':
            quoted = True
        elif c in "([{":
            depth += 1
        elif c in ")]}":
            depth -= 1
        if not quoted and (depth == 0 or (c == "," and depth == 1)):
            out.append(text[start:at].strip())
            start = at + 1
        at += 1
    return out


def codes(path):
    with open(path, encoding="utf-8") as f:
        text = re.sub(r"/\*.*?\*/", "", f.read(), flags=re.S)
    for m in CALLS.finditer(text):
        for argument in arguments(text, m.end()):
            code = CODE.match(argument)
            if code:
                yield code.group(1)
    yield from MEMBER.findall(text)


def main():
    with open(os.path.join(TOP, "base", "messages.def"), encoding="utf-8") as f:
        known = set(re.findall(r'MESSAGE\(\s*"([^"]+)"', f.read()))
    bad = 0
    for number, room in enumerate(ROOMS, 1):
        missing = {}
        for folder, _, files in os.walk(os.path.join(TOP, room)):
            for name in files:
                if name.endswith((".c", ".h")):
                    for code in codes(os.path.join(folder, name)):
                        if code not in known:
                            missing.setdefault(code, name)
        for code, name in sorted(missing.items()):
            print(f"# {room}/{name}: \"{code}\" has no row in base/messages.def")
        bad += bool(missing)
        print(f"{'not ' if missing else ''}ok {number} - codes of {room} are in the catalogue")
    print(f"1..{len(ROOMS)}")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
