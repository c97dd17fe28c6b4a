#!/bin/bash
# signctl verify of a folder, a policy of one's own, and the reports as files.
set -u
signctl=$top_builddir/signctl/signctl
corpus=$top_srcdir/fuzz/corpus
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
n=0
failed=0

ok() # STATUS NAME
{
	n=$((n + 1))
	if [ "$1" = 0 ]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
		sed 's/^/# /' "$dir/out" | head -20
		failed=1
	fi
}

pdf=$(ls "$corpus"/pdf-verify/* | head -1)
mkdir -p "$dir/in/deep"
cp "$pdf" "$dir/in/a.pdf"
cp "$pdf" "$dir/in/deep/b.pdf"
echo 'no signature at all' >"$dir/in/readme.txt"
ln -s a.pdf "$dir/in/link.pdf"

"$signctl" verify --lang en --policy crypto-only "$dir/in" >"$dir/out" 2>"$dir/err"
grep -q '  a.pdf' "$dir/out" && grep -q '  deep/b.pdf' "$dir/out" &&
	! grep -q 'link.pdf' "$dir/out"
ok $? "goes through a folder by name, and follows no links"
grep -q '1 other files' "$dir/out"
ok $? "counts what is no signed file"
[ ! -s "$dir/err" ]
ok $? "draws no bar where nobody watches"

sed 's/"vn-2025"/"ours"/' "$top_srcdir/validation/policies/vn-2025.json" >"$dir/ours.json"
"$signctl" verify --lang en --policy-file "$dir/ours.json" "$pdf" >"$dir/out" 2>&1
grep -q 'under the policy ours' "$dir/out"
ok $? "judges by a policy of one's own"
sed 's/"binding"/"bindnig"/' "$dir/ours.json" >"$dir/wrong.json"
"$signctl" verify --policy-file "$dir/wrong.json" "$pdf" >"$dir/out" 2>&1
[ $? = 65 ] && grep -q 'policy-malformed' "$dir/out"
ok $? "refuses a policy with a spelling mistake"

"$signctl" verify --lang vi --html "$pdf" >"$dir/out" 2>&1
grep -q '<html lang="vi">' "$dir/out" && grep -q '<style>' "$dir/out" &&
	! grep -q '<script' "$dir/out" && ! grep -q 'href=' "$dir/out"
ok $? "prints a page that stands alone"
"$signctl" verify --etsi "$pdf" >"$dir/out" 2>&1
grep -q '<vr:ValidationReport' "$dir/out"
ok $? "prints the XML of ETSI TS 119 102-2"
echo "1..$n"
exit $failed
