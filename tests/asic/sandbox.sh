#!/bin/bash
# Containers through signctl: found without being told the format, and judged
# inside the sandbox, small ones and large ones.  Prints TAP.
set -u
top=${top_srcdir:-.}
signctl=${top_builddir:-build}/signctl/signctl
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
n=0 bad=0

# expect CODE PATTERN WHAT FILE: exit code and output (a grep -E pattern)
expect() {
	local got
	n=$((n + 1))
	"$signctl" verify --policy crypto-only --lang en "$4" \
	    >"$dir/out" 2>&1 </dev/null
	got=$?
	if [ "$got" = "$1" ] && grep -qE "$2" "$dir/out"; then
		echo "ok $n - $3"
	else
		bad=1
		echo "# exit $got, wanted $1 and /$2/"
		sed 's/^/# /' "$dir/out"
		echo "not ok $n - $3"
	fi
}

python3 - "$top/fuzz/corpus/asic/manifest" "$dir" <<'END'
import os
import sys
import zipfile

with zipfile.ZipFile(sys.argv[1]) as source:
    seed = [(name, source.read(name)) for name in source.namelist()]


def container(name, *files, first=()):
    with zipfile.ZipFile(os.path.join(sys.argv[2], name), "w",
                         zipfile.ZIP_DEFLATED) as z:
        for inner, data in first:
            z.writestr(inner, data, zipfile.ZIP_STORED)
        for inner, data in seed + list(files):
            z.writestr(inner, data)


container("more", ("hóa đơn.pdf", b"%PDF-"))
container("pdf", first=[("a.pdf", b"%PDF-1.7\n%%EOF\n")])
container("many", *(("%d.txt" % i, b"x") for i in range(4000)))
container("large", ("random", os.urandom(50 << 20)))
container("bomb", ("zeros", bytes(300 << 20)))
container("crowd", *(("%d.txt" % i, b"x") for i in range(5000)))
END

for seed in simple manifest stamp xml; do
	expect 0 'the whole file' "judges the seed $seed" \
	    "$top/fuzz/corpus/asic/$seed"
done
expect 0 'no intact signature protects.*\(hóa đơn.pdf\)' \
    "names a file that is not signed" "$dir/more"
expect 0 'protects.*\(a.pdf\)' "takes no container for the PDF in it" "$dir/pdf"
expect 0 'part of the file' "judges four thousand files" "$dir/many"
expect 0 'part of the file' "judges a large file" "$dir/large"
expect 2 '^Technical detail: asic-limit: ' "refuses a bomb" "$dir/bomb"
expect 2 '^Technical detail: asic-limit: ' "refuses too many files" "$dir/crowd"
{ cat "$top/fuzz/corpus/asic/simple"; echo; } >"$dir/tail"
expect 2 '^Technical detail: asic-zip-broken: ' "refuses bytes behind the archive" "$dir/tail"
echo "1..$n"
exit $bad
