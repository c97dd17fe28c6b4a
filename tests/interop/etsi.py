#!/usr/bin/env python3
"""Reports of every kind of document and outcome fit their schemas: signctl verify
--etsi that of ETSI TS 119 102-2, --json ours.

The schemas of ETSI are taken from EU DSS's published jars (SIGND_TEST_DSS), and are
no part of this tree.  etsi.py FILE... looks at reports that are there already."""
import csv
import glob
import json
import os
import re
import subprocess
import sys
import tempfile
import zipfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from common import BUILD, SRC, done, have, ok, run, skip_all  # noqa: E402

JARS = os.environ.get("SIGND_TEST_DSS", "")
SCHEMA = "TS119102-2-v122.xsd"
LOCAL = {"XAdES.xsd": "XAdES.xsd", "XAdES01903v132-201601.xsd": "XAdES01903v132-201601.xsd",
         "xmldsig-core-schema.xsd": "xmldsig-core-schema.xsd", "xml.xsd": "xml.xsd", "tsl.xsd": "ts_119612v020101_xsd.xsd",
         "ts_119612v020201_201601xsd.xsd": "ts_119612v020201_201601xsd.xsd"}


def schemas(folder):
    """Unpacks the schemas, and has them find one another without a network."""
    for jar in glob.glob(os.path.join(JARS, "specs-*.jar")):
        with zipfile.ZipFile(jar) as z:
            for name in z.namelist():
                if name.startswith("xsd/") and name.endswith(".xsd") and name.count("/") == 1:
                    text = z.read(name).decode("utf-8")
                    text = re.sub(r'schemaLocation="[^"]*/([^"/]+)"',
                                  lambda m: 'schemaLocation="%s"' % LOCAL.get(m.group(1), m.group(1)), text)
                    # The document type of XML Signature's schema is on the network.
                    text = re.sub(r"<!DOCTYPE schema.*?\]>", "", text, flags=re.S)
                    with open(os.path.join(folder, os.path.basename(name)), "w", encoding="utf-8") as f:
                        f.write(text)
    return os.path.join(folder, SCHEMA)


def corpus():
    """Each signed document of the conformance corpus, where it lies beside the tree, with the anchors
    and the time of its row."""
    root = os.path.join(SRC, "..", "shared", "conformance")
    try:
        with open(os.path.join(root, "MANIFEST.tsv"), encoding="utf-8") as f:
            rows = list(csv.DictReader(f, delimiter="\t", quoting=csv.QUOTE_NONE))
    except OSError:
        return
    seen = set()
    for row in rows:
        key = (row["path"], row["trust"], row["at_time"])
        if row["kind"] not in ("xml", "pdf", "cms", "asic") or key in seen:
            continue
        seen.add(key)
        options = [] if row["at_time"] == "-" else ["--time", row["at_time"]]
        for name in row["trust"].split(","):
            if name.endswith((".crt", ".cer", ".pem")) and os.path.exists(os.path.join(root, name)):
                options += ["--trust", os.path.join(root, name)]
        yield os.path.join(root, row["path"]), options


def documents():
    """Ours, those of others, and what is no document at all."""
    for pattern in ("fuzz/corpus/xml-verify/*", "fuzz/corpus/pdf-verify/*", "fuzz/corpus/cms/*", "fuzz/corpus/asic/*",
                    "tests/pdf/golden/*.png", "configure.ac", "../shared/pdf-samples/*/*.pdf"):
        for path in sorted(glob.glob(os.path.join(SRC, pattern))):
            yield path, []
    yield os.devnull, []
    if JARS:  # once is enough, and not under a sanitizer
        yield from corpus()


def ask(path, options, kind):
    """The report, or None: an anchor of the corpus that is none is no fault of the document."""
    done_ = subprocess.run([os.path.join(BUILD, "signctl/signctl"), "verify", kind, "--policy", "vn-2025", *options,
                            path], capture_output=True, check=False)
    if done_.returncode in (0, 1, 2):
        return done_.stdout
    if options:
        return ask(path, [], kind)
    ok(False, "%s has a report" % path, done_.stderr.decode(errors="replace"))
    return None


def outcome(text):
    """What the XML says of the whole: indications and sub-indications in it."""
    return tuple(re.findall(rb"indication:([A-Za-z_-]+)", text)[:2])


def check_xml(schema, folder, all_):
    """One call for all of them."""
    outcomes, names = set(), []
    for i, (path, options) in enumerate(all_):
        text = ask(path, options, "--etsi")
        if text is None:
            continue
        outcomes.add(outcome(text))
        names.append(os.path.join(folder, "%d.xml" % i))
        with open(names[-1], "wb") as f:
            f.write(text)
    status, text = run("xmllint", "--nonet", "--noout", "--schema", schema, *names, timeout=600)
    wrong = [line for line in text.splitlines() if not line.endswith(" validates")]
    for line in wrong[:20]:
        print("#", line, all_[int(re.search(r"/(\d+)\.xml", line).group(1))][0] if ".xml" in line else "")
    ok(status == 0 and len(names) > 20, "%d reports of TS 119 102-2, of %d outcomes, fit its schema" % (
        len(names), len(outcomes)))


def check_json(all_):
    try:
        import jsonschema
    except ImportError:
        ok(True, "reports in JSON # SKIP there is no python3-jsonschema")
        return
    with open(os.path.join(SRC, "doc/report.schema.json"), encoding="utf-8") as f:
        judge = jsonschema.Draft202012Validator(json.load(f))
    outcomes, wrong, told = set(), 0, 0
    for path, options in all_:
        text = ask(path, options, "--json")
        if text is None:
            continue
        report = json.loads(text)
        told += 1
        outcomes.add((report["indication"], report["sub_indication"], report["code"]))
        for e in judge.iter_errors(report):
            wrong += 1
            print("#", path, list(e.absolute_path), e.message[:200])
    ok(wrong == 0 and told > 20, "%d reports in JSON, of %d outcomes, fit ours" % (told, len(outcomes)))


def main():
    if not have("xmllint"):
        skip_all("xmllint is not here")
    jars = glob.glob(os.path.join(JARS, "specs-validation-report-*.jar"))
    if sys.argv[1:] and not jars:
        skip_all("SIGND_TEST_DSS names no jars of EU DSS")
    with tempfile.TemporaryDirectory() as folder:
        schema = schemas(folder)
        for path in sys.argv[1:]:
            status, text = run("xmllint", "--nonet", "--noout", "--schema", schema, path)
            ok(status == 0, os.path.basename(path) + " fits the schema", text)
        if sys.argv[1:]:
            return done()
        all_ = list(documents())
        if jars:
            check_xml(schema, folder, all_)
        else:
            ok(True, "reports of TS 119 102-2 # SKIP SIGND_TEST_DSS names no jars of EU DSS")
        check_json(all_)
    done()


main()
