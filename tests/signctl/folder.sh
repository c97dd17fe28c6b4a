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

# Whatever a folder holds: it is told as text, and nothing is missing silently.
odd=$dir/odd
mkdir -p "$odd/thư mục con/sâu" "$odd/trống" "$odd/locked"
cp "$pdf" "$odd/thư mục con/sâu/đơn xin.pdf"
cp "$pdf" "$odd/$(printf 'two\nlines.pdf')"
cp "$pdf" "$odd/$(printf 'not\377utf8.pdf')"
cp "$pdf" "$odd/$(printf 'turned\342\200\256fdp.exe')"
cp "$pdf" "$odd/$(printf 'red\302\23331m\033[31m.pdf')"
cp "$pdf" "$odd/$(printf '%0246d.pdf' 7)"
cp "$pdf" "$odd/--url"
: >"$odd/empty.pdf"
truncate -s 2G "$odd/film.bin"
mkfifo "$odd/pipe.pdf"
ln -s /nonexistent "$odd/leads nowhere"
ln -s . "$odd/round"
cp "$pdf" "$odd/closed.pdf"
chmod 000 "$odd/closed.pdf" "$odd/locked"
as_somebody="" # root may read everything
if [ "$(id -u)" = 0 ]; then
	as_somebody="setpriv --reuid=65534 --regid=65534 --clear-groups"
	cp "$signctl" "$dir/signctl"
	chmod 755 "$dir" "$odd" "$odd/thư mục con" "$odd/thư mục con/sâu"
	$as_somebody "$dir/signctl" verify --help >"$dir/out" 2>&1 &&
		signctl=$dir/signctl || as_somebody=
fi
timeout 120 $as_somebody "$signctl" verify --lang en --policy crypto-only "$odd" \
	>"$dir/out" 2>"$dir/err"
grep -q '^indeterminate  thư mục con/sâu/đơn xin.pdf  ' "$dir/out" &&
	grep -q '^indeterminate  --url  ' "$dir/out" &&
	grep -q "^indeterminate  $(printf '%0246d.pdf' 7)  " "$dir/out"
ok $? "names are told below the folder, long ones and those like options, too"
grep -q '  two\\x0alines.pdf  ' "$dir/out" && grep -q '  not\\xffutf8.pdf  ' "$dir/out" &&
	grep -q '  turned\\xe2\\x80\\xaefdp.exe  ' "$dir/out" &&
	grep -q '  red\\xc2\\x9b31m\\x1b\[31m.pdf  ' "$dir/out"
ok $? "what a terminal would obey is escaped"
grep -q '  empty.pdf  — This file is empty' "$dir/out" &&
	! grep -q 'pipe.pdf\|film.bin\|leads nowhere\|round' "$dir/out" &&
	grep -q ' 1 other files' "$dir/out"
ok $? "an empty file is told, a film counted, pipes and links left alone"
if [ -n "$as_somebody" ] || [ "$(id -u)" != 0 ]; then
	grep -q '^not opened     closed.pdf  — This file or folder may not be read' "$dir/out" &&
		grep -q '^not opened     locked  — ' "$dir/out" &&
		grep -q ', 2 not opened, ' "$dir/out"
	ok $? "what may not be read is told, folders, too"
fi
chmod 700 "$odd/locked"
signctl=$top_builddir/signctl/signctl

# On a terminal there is a bar, and it is gone at the end.
if command -v script >/dev/null; then
	script -q -e -c "'$signctl' verify --lang en --policy crypto-only '$dir/in'" \
		/dev/null >"$dir/out" 2>&1 </dev/null
	tr '\r' '\n' <"$dir/out" | grep -q '^\[ *\] 0/3$' &&
		tr '\r' '\n' <"$dir/out" | grep -q '^\[=*\] 3/3$' &&
		grep -q '1 other files' "$dir/out"
	ok $? "a bar is drawn where somebody watches"
fi

sed 's/"vn-2025"/"ours"/' "$top_srcdir/validation/policies/vn-2025.json" >"$dir/ours.json"
"$signctl" verify --lang en --policy-file "$dir/ours.json" "$pdf" >"$dir/out" 2>&1
grep -q 'under the policy ours' "$dir/out"
ok $? "judges by a policy of one's own"
sed 's/"binding"/"bindnig"/' "$dir/ours.json" >"$dir/wrong.json"
"$signctl" verify --policy-file "$dir/wrong.json" "$pdf" >"$dir/out" 2>&1
[ $? = 65 ] && grep -q 'policy-malformed' "$dir/out"
ok $? "refuses a policy with a spelling mistake"

sed 's/"RSA", "bits": 1024/"RSA", "bits": 512/' \
    "$top_srcdir/validation/policies/vn-2025.json" >"$dir/weaker.json"
"$signctl" verify --policy-file "$dir/weaker.json" "$pdf" >"$dir/out" 2>&1
[ $? = 65 ] && grep -q 'vn-2025 is the name of another one' "$dir/out"
ok $? "refuses one that calls itself vn-2025 and is not"
"$signctl" verify --lang en --policy-file \
    "$top_srcdir/validation/policies/vn-2025.json" "$pdf" >"$dir/out" 2>&1
grep -q 'under the policy vn-2025' "$dir/out"
ok $? "takes a copy of it"

"$signctl" verify --lang vi --html "$pdf" >"$dir/out" 2>&1
grep -q '<html lang="vi">' "$dir/out" && grep -q '<style>' "$dir/out" &&
	! grep -q '<script' "$dir/out" && ! grep -q 'href=' "$dir/out"
ok $? "prints a page that stands alone"
"$signctl" verify --etsi "$pdf" >"$dir/out" 2>&1
grep -q '<vr:ValidationReport' "$dir/out"
ok $? "prints the XML of ETSI TS 119 102-2"
echo "1..$n"
exit $failed
