#!/usr/bin/env python3
"""Our verdicts beside those of EU DSS, both given the same document, anchors, time of
validation, revocation data and policy: the documents of the conformance corpus and our own
at every level (besidemake.py).  Prints a table of the differences by group.

EU DSS has its own policy with what ours says put in (constraints()); doc/conformance.md
explains each group that is left.  The words "ours" and "corpus" ask for one half alone, and "all" for the corpus
with its own authorities as anchors, too, which takes long; BESIDE_OUT names a file for all answers."""
import base64
import collections
import csv
import json
import os
import re
import subprocess
import sys
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from besidemake import make_ours  # noqa: E402
from common import BUILD, SRC, Dss, done, folder, have, ok, skip, skip_all  # noqa: E402

CORPUS = os.environ.get("SIGND_CORPUS", SRC + "/../shared/conformance")
SIGNCTL = BUILD + "/signctl/signctl"
HOUR = 3600
WORST = ["TOTAL_PASSED", "INDETERMINATE", "TOTAL_FAILED"]
AIM = 95  # of 100 the same, of ours and the corpus as stated together
# What each was when it was last explained, of 100.
FLOOR = {"ours": 100, "as stated": 89, "path, when signed": 81, "own anchors, now": 85}


class Case(collections.namedtuple("Case", "setting name kind file time anchors certs crls ocsps detached policy")):
    """One document under one setting; time in seconds, detached as (URI, file)."""

    def line(self, number):
        def some(values):
            return "|".join(values) or "-"
        return "\t".join([str(number), self.file, str(self.time or "-"), some(self.anchors), some(self.certs),
                          some(self.crls), some(self.ocsps), some(u + "=" + f for u, f in self.detached)])

    def words(self):
        out = ["--format", self.kind, "--policy", self.policy]
        for option, values in (("--trust", self.anchors), ("--certs", self.certs), ("--crl", self.crls),
                               ("--ocsp", self.ocsps)):
            for v in values:
                out += [option, v]
        for uri, name in self.detached:
            out += ["--external", uri + "=" + name] if self.kind == "xml" else ["--content", name]
        if self.time:
            out += ["--time", time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.time))]
        return out + [self.file]


class Answer(collections.namedtuple("Answer", "indication sub why")):
    """Indication in DSS's spelling; "NONE": no signature; "ERROR": no verdict."""

    def __str__(self):
        return self.indication + ("/" + self.sub if self.sub else "")


def worst(verdicts, why):
    """Of (indication, sub) pairs, the first of the worst."""
    if not verdicts:
        return Answer("NONE", "", why)
    return Answer(*max(verdicts, key=lambda v: WORST.index(v[0])), why)


# ---- ours ----

def report(case):
    r = subprocess.run([SIGNCTL, "verify", "--json", "--lang", "en"] + case.words(), stdin=subprocess.DEVNULL,
                       capture_output=True, timeout=120, check=False)
    if r.returncode in (0, 1, 2):
        return json.loads(r.stdout), ""
    return None, "%d %s" % (r.returncode, r.stderr.decode(errors="replace").strip().replace("\n", " ")[-200:])


def ours(case):
    said, why = report(case)
    if said is None:
        return Answer("ERROR", "", why)
    unreadable = said["document"]["unreadable"]
    if unreadable in ("malformed", "limit"):
        # No document of its format at all (EN 319 102-1 5.2.2).  People are told "not known", and not to use it.
        return Answer("TOTAL_FAILED", "FORMAT_FAILURE", said["code"])
    if unreadable:
        return Answer("ERROR", "", said["code"])
    signatures = said["signatures"]
    stamps_only = [s for s in said["signatures"] if "time stamp" in (s["format"] or "")]
    real = [s for s in signatures if s not in stamps_only] or signatures
    return worst([(s["indication"].replace("-", "_"), s["sub_indication"] or "") for s in real],
                 " ".join(s["code"] for s in real))


# ---- EU DSS ----

def default_constraints():
    for name in os.listdir(os.environ["SIGND_TEST_DSS"]):
        if name.startswith("dss-policy-jaxb"):
            with zipfile.ZipFile(os.path.join(os.environ["SIGND_TEST_DSS"], name)) as z:
                return z.read("policy/constraint.xml").decode()
    skip_all("SIGND_TEST_DSS has no dss-policy-jaxb")


def cryptographic(rows):
    """<Cryptographic> with the algorithms of one of our policies."""
    dates, digests, keys, least = [], [], [], {}
    for row in rows["digests"]:
        name = re.sub(r"^SHA-(\d)", r"SHA\1", row["name"]).replace("RIPEMD-", "RIPEMD")
        if "/" in name or name.startswith("SHAKE"):
            continue  # those DSS does not know
        digests.append("<Algo>%s</Algo>" % name)
        dates.append('<Algo Date="%s">%s</Algo>' % (row.get("until", "2099-01-01")[:10], name))
    for row in rows["keys"]:
        name = {"EC": "ECDSA"}.get(row["type"], row["type"])
        size = "" if name.startswith("Ed") else ' Size="%d"' % row["bits"]
        for n in [name] + ["PLAIN-ECDSA"] * (name == "ECDSA"):
            dates.append('<Algo Date="%s"%s>%s</Algo>' % (row.get("until", "2099-01-01")[:10], size, n))
            least.setdefault(n, row["bits"])
    for name, bits in least.items():
        keys.append(("<Algo>%s</Algo>" % name, '<Algo Size="%d">%s</Algo>' % (bits, name)))
    return ('<Cryptographic Level="FAIL"><AcceptableEncryptionAlgo>%s</AcceptableEncryptionAlgo>'
            "<MiniPublicKeySize>%s</MiniPublicKeySize><AcceptableDigestAlgo>%s</AcceptableDigestAlgo>"
            '<AlgoExpirationDate Level="FAIL" Format="yyyy-MM-dd">%s</AlgoExpirationDate></Cryptographic>' % (
                "".join(k[0] for k in keys), "".join(k[1] for k in keys if "Ed" not in k[1]), "".join(digests),
                "".join(dates)))


def level(text, names, value):
    return re.sub(r'<(%s) Level="\w+"' % names, r'<\1 Level="%s"' % value, text)


def constraints(policy):
    """DSS's policy with what ours says and DSS leaves to its caller."""
    with open("%s/validation/policies/%s.json" % (SRC, policy), encoding="utf-8") as f:
        rules = json.load(f)
    text = default_constraints()
    # What was changed after signing and is not permitted: a warning by default.
    text = level(text, "DocMDP|FieldMDP|SigFieldLock|UndefinedChanges", "FAIL")
    # Not wanted by us: a claimed time; XMLDSig and CMS without signed attributes; and a CA that says nothing of its
    # key's usage (RFC 5280 6.1.4 n asks only one that does).
    text = level(text, "SigningTime|MessageDigestOrSignedPropertiesPresent", "WARN")
    text = re.sub(r'<KeyUsage Level="FAIL">(\s*<Id>keyCertSign)', r'<KeyUsage Level="WARN">\1', text)
    if rules.get("signature_policy", {}).get("wanted", "told") == "told":
        text = level(text, "PolicyAvailable|PolicyHashMatch", "WARN")
    if rules["revocation"]["status"] == "ignore":
        text = level(text, r"Revocation(?:DataAvailable|Freshness|InfoAccessPresent|IssuerNotExpired)|"
                     "AcceptableRevocationDataFound|NotRevoked|NotOnHold|UnknownStatus|"
                     "RevocationTimeAgainstBestSignatureTime", "IGNORE")
    else:
        # Status data of authorities of time stamps and responders, too; current by its nextUpdate (5.2.5.4).
        text = level(text, "RevocationDataAvailable|AcceptableRevocationDataFound", "FAIL")
        text = re.sub(r"<RevocationFreshness [^>]*/>", '<RevocationFreshnessNextUpdate Level="FAIL" />', text)
    rows = rules.get("algorithms")
    whole = r'(?s)<Cryptographic Level="FAIL">.*?</Cryptographic>'
    if rows:
        return re.sub(whole, cryptographic(rows), text)
    text = re.sub(whole, "", text)
    return text.replace("<Cryptographic />", "")


def java(dss, mode, lines, *words):
    r = subprocess.run(["java", "-Xmx1500m", "-cp", dss.path, "Beside", mode, *words],
                       input="\n".join(lines).encode(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                       timeout=1500, check=False)
    return [s.split("\t") for s in r.stdout.decode(errors="replace").splitlines()]


def dss_verdict(cells):
    if cells[1] == "ERROR":
        return Answer("ERROR", "", cells[2][:300])
    pairs = [v.split(":", 1)[1].split("/") for v in cells[1].split()]
    names = {"PASSED": "TOTAL_PASSED", "FAILED": "TOTAL_FAILED"}
    return worst([(names.get(i, i), "" if s == "null" else s) for i, s in pairs],
                 cells[2] if len(cells) > 2 else "")


def theirs(dss, d, cases):
    out = [Answer("ERROR", "", "no answer")] * len(cases)
    for policy in sorted({c.policy for c in cases}):
        name = "%s/%s.xml" % (d, policy)
        with open(name, "w", encoding="utf-8") as f:
            f.write(constraints(policy))
        lines = [c.line(i) for i, c in enumerate(cases) if c.policy == policy]
        for cells in java(dss, "judge", lines, name):
            out[int(cells[0])] = dss_verdict(cells)
    return out


# ---- the corpus ----

def is_certificate(name):
    with open(name, "rb") as f:
        head = f.read(4096)
    return b"BEGIN CERTIFICATE" in head or b"BEGIN TRUSTED" in head or (
        len(head) > 8 and head[0] == 0x30 and head[1] >= 0x80 and head[2 + (head[1] & 0x7f)] == 0x30)


def detached_of(row):
    def full(name):
        return os.path.join(CORPUS, name)
    out = [(os.path.basename(n), full(n)) for v in re.findall(r"\bdetached=([^;\s]+)", row["note"])
           for n in v.split(",")]
    for pair in re.findall(r"\bexternal=([^;\s]+)", row["note"]):
        uri, _, name = pair.rpartition("=")
        out.append((uri, full(name)))
    return [(u, f) for u, f in out if os.path.isfile(f)]


def seconds(iso):
    return None if iso in (None, "-") else int(time.mktime(time.strptime(iso[:19], "%Y-%m-%dT%H:%M:%S")) - time.timezone)


def corpus():
    """Each document as the manifest states it."""
    with open(CORPUS + "/MANIFEST.tsv", encoding="utf-8", newline="") as f:
        rows = list(csv.DictReader(f, delimiter="\t", quoting=csv.QUOTE_NONE))
    for row in rows:
        if row["kind"] not in ("xml", "pdf", "cms", "asic"):
            continue
        anchors = [] if row["trust"] == "-" else [os.path.join(CORPUS, t) for t in row["trust"].split(",")]
        yield Case("as stated", row["path"], row["kind"], os.path.join(CORPUS, row["path"]), seconds(row["at_time"]),
                   [a for a in anchors if is_certificate(a)], [], [], [], detached_of(row), "eu-basic")


def when_signed(case):
    """An hour after the latest time that the document itself tells."""
    said, _ = report(case._replace(policy="crypto-only", anchors=[]))
    times = []
    for s in said["signatures"] if said else []:
        times += [s["time"]["claimed"]] + [t.get("time") for t in s["time"]["time_stamps"]]
    times = [seconds(t) for t in times if t]
    return min(max(times) + HOUR, int(time.time())) if times else case.time


def with_own_anchors(dss, d, cases, pool):
    """The same documents, believing whom their paths end in: when they were signed without revocation, and now with
    all that is asked."""
    tops = java(dss, "tops", [c.line(i) for i, c in enumerate(cases)])
    times = list(pool.map(when_signed, cases))
    for cells in tops:
        i = int(cells[0])
        anchors = []
        for k, der in enumerate(x for x in (cells[1] if len(cells) > 1 else "").split("|") if x):
            if der == "ERROR":
                break
            name = "%s/anchor-%d-%d.der" % (d, i, k)
            with open(name, "wb") as f:
                f.write(base64.b64decode(der))
            anchors.append(name)
        if not anchors:
            continue
        yield cases[i]._replace(setting="path, when signed", anchors=anchors, time=times[i], policy="path-only")
        yield cases[i]._replace(setting="own anchors, now", anchors=anchors, time=int(time.time()))


# ---- the table ----

def group_of(case, us, dss):
    return (case.setting, case.kind, "%s (%s)" % (str(us), us.why.split(" ")[0][:40]) if us.why[:2] not in ("65", "68")
            else "%s (refused)" % str(us), str(dss))


def compare(setting, cases, us, dss):
    """Counts of one setting."""
    judged = same = subs = 0
    groups = collections.defaultdict(list)
    none = collections.Counter()
    for c, a, b in zip(cases, us, dss):
        if c.setting != setting:
            continue
        if b.indication == "ERROR" or a.indication == "ERROR":
            none["DSS fails" if b.indication == "ERROR" else "we cannot"] += 1
            continue
        if b.indication == "NONE" and a.indication != "NONE":
            none["DSS sees no signature"] += 1
            continue
        judged += 1
        same += a.indication == b.indication
        subs += a[:2] == b[:2]
        if a[:2] != b[:2]:
            groups[group_of(c, a, b)].append((c, a, b))
    return judged, same, subs, none, groups


def print_groups(groups, only_sub):
    for key, members in sorted(groups.items(), key=lambda g: -len(g[1])):
        a, b = members[0][1:]
        if (a.indication == b.indication) == only_sub:
            print("# %5d  %-5s %-70s | %s" % (len(members), key[1], key[2], key[3]))
            for c, a, b in members[:2]:
                print("#          %s: %s" % (c.name[-70:], b.why[:120]))


def keep(cases, us, dss):
    if "BESIDE_OUT" in os.environ:
        with open(os.environ["BESIDE_OUT"], "w", encoding="utf-8") as f:
            for c, a, b in zip(cases, us, dss):
                f.write("\t".join([c.setting, c.kind, c.name, str(a), a.why, str(b), b.why,
                                   " ".join(c.words())]) + "\n")


def gather(dss, d, pool):
    cases = [] if "corpus" in sys.argv else list(make_ours(d, Case))
    if "ours" in sys.argv:
        return cases
    if not os.path.exists(CORPUS + "/MANIFEST.tsv"):
        skip("the corpus", "there is none beside this tree")
        return cases
    stated = list(corpus())
    return cases + stated + (list(with_own_anchors(dss, d, stated, pool)) if "all" in sys.argv else [])


def tell(setting, judged, same, subs, none):
    ok(judged > 0 and same * 100 >= FLOOR[setting] * judged,
       "%s: the same indication for %d of %d, sub-indication too for %d; not compared: %s" % (
           setting, same, judged, subs, dict(none)))


def main():
    if not have("java", "javac", "openssl"):
        skip_all("there is no java or openssl")
    with folder() as d:
        os.mkdir(d + "/classes")
        dss = Dss(d, "Beside")
        if not dss.ready:
            skip_all("SIGND_TEST_DSS names no folder of EU DSS's jars")
        pool = ThreadPoolExecutor(int(os.environ.get("BESIDE_JOBS", "3")))
        cases = gather(dss, d, pool)
        us = list(pool.map(ours, cases))
        them = theirs(dss, d, cases)
        keep(cases, us, them)
        total = collections.Counter()
        for setting in dict.fromkeys(c.setting for c in cases):
            judged, same, subs, none, groups = compare(setting, cases, us, them)
            print_groups(groups, False)
            print("# the same indication, another sub-indication:")
            print_groups(groups, True)
            tell(setting, judged, same, subs, none)
            if setting in ("ours", "as stated"):
                total.update(judged=judged, same=same, settings=1)
        if total["settings"] == 2:
            ok(total["same"] * 100 >= AIM * total["judged"], "together the same for %d of %d" % (
                total["same"], total["judged"]))
    done()


if __name__ == "__main__":  # bench-validation takes constraints() alone
    main()
