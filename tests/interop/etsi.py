#!/usr/bin/env python3
"""signctl verify --etsi writes what the schema of ETSI TS 119 102-2 permits.

The schemas are taken from EU DSS's published jars (SIGND_TEST_DSS), and are
no part of this tree.  etsi.py FILE... looks at reports that are there already."""
import glob
import os
import re
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


def main():
    if not have("xmllint"):
        skip_all("xmllint is not here")
    if not glob.glob(os.path.join(JARS, "specs-validation-report-*.jar")):
        skip_all("SIGND_TEST_DSS names no jars of EU DSS")
    with tempfile.TemporaryDirectory() as folder:
        schema = schemas(folder)
        for path in sys.argv[1:]:
            status, text = run("xmllint", "--nonet", "--noout", "--schema", schema, path)
            ok(status == 0, os.path.basename(path) + " fits the schema", text)
        if sys.argv[1:]:
            return done()
        files = sorted(sum((glob.glob(os.path.join(SRC, p)) for p in (
            "fuzz/corpus/xml-verify/*", "fuzz/corpus/pdf-verify/*", "fuzz/corpus/cms/*")), []))
        report = os.path.join(folder, "report.xml")
        told = 0
        for path in files:
            status, text = run(os.path.join(BUILD, "signctl/signctl"), "verify", "--etsi", "--policy", "vn-2025", path)
            if status not in (0, 1, 2):
                continue
            told += 1
            with open(report, "w", encoding="utf-8") as f:
                f.write(text)
            status, text = run("xmllint", "--nonet", "--noout", "--schema", schema, report)
            if status != 0:
                ok(False, os.path.basename(path) + " has a report that fits the schema", text)
        ok(told > 20, "%d reports fit the schema" % told)
    done()


main()
