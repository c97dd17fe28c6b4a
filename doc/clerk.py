#!/usr/bin/env python3
"""What a clerk is told of files: one line for each sentence that came up, with
the first file that it was said of.  For reading, not a test.
doc/clerk.py SIGNCTL [--policy NAME] [--trust FILE]... -- FILE..."""
import json
import subprocess
import sys


def main(signctl, *words):
    options, files = words[:words.index("--")], words[words.index("--") + 1:]
    said = {}
    for path in files:
        r = subprocess.run([signctl, "verify", "--json", *options, path],
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            report = json.loads(r.stdout)
        except ValueError:
            text = r.stderr.decode(errors="replace").split("\n")
            said.setdefault(("ERROR", text[0]), (path, text[1:3], ""))
            continue
        key = (report["result_text"]["vi"], report["code"])
        said.setdefault(key, (path, [report["sentence"]["vi"],
                                     "→ " + report["next"]["vi"]],
                              report["sentence"]["en"] + " → " +
                              report["next"]["en"]))
    for (result, code), (path, vi, en) in sorted(said.items()):
        print("%s  [%s]  %s\n    %s" % (result, code, path.split("/")[-1],
                                      "\n    ".join(vi)))
        if en:
            print("    " + en)


main(*sys.argv[1:])
