#!/bin/bash
# Manual pages render without a warning, and say what the program says.
# Prints TAP.
set -u
top=${top_srcdir:-.} build=${top_builddir:-.}
count=0 bad=0
report() { # STATUS SENTENCE
	count=$((count + 1))
	[ "$1" = 0 ] || bad=1
	[ "$1" = 0 ] && echo "ok $count - $2" || echo "not ok $count - $2"
}

command -v groff >/dev/null || { echo "1..0 # SKIP there is no groff"; exit 0; }
[ -x "$build/signd/signd" ] || { echo "1..0 # SKIP signd is not built"; exit 0; }

for page in "$top"/doc/*.[1-8] "$top"/signd/*.[1-8] \
    "$build"/signd/*.[1-8] "$build"/client-sdk/*.3; do
	[ -f "$page" ] || continue
	said=$(groff -man -K utf8 -T utf8 -ww -z "$page" 2>&1)
	[ -z "$said" ] || echo "$said" | sed 's/^/# /'
	[ -z "$said" ]
	report $? "$(basename "$page") renders without a warning"
done

missing=
for name in $("$build/signd/signd" --sample-config |
    sed -nE 's/^#? ?([a-z][a-z-]+) =.*/\1/p' | sort -u); do
	"$build/signd/signd" --settings-man | tr -d '\\' |
	    grep -q "$name" || missing+=" $name"
done
[ -z "$missing" ] || echo "# not in signd.conf(5):$missing"
[ -z "$missing" ]
report $? "signd.conf(5) has every setting of the sample"

"$build/signd/signd" --sample-config >"${TMPDIR:-/tmp}/sample.$$"
"$build/signd/signd" --check-config --config "${TMPDIR:-/tmp}/sample.$$" \
    >/dev/null
report $? "signd reads the sample that it writes"
rm -f "${TMPDIR:-/tmp}/sample.$$"

missing=
for option in $("$build/signd/signd" --help | grep -oE -- '--[a-z-]+' |
    sort -u); do
	tr -d '\\' <"$top/signd/signd.8" | grep -q -- "$option" ||
	    missing+=" $option"
done
[ -z "$missing" ] || echo "# not in signd(8):$missing"
[ -z "$missing" ]
report $? "signd(8) has every option of --help"

options_of() { "$build/signd/signd" --help --lang "$1" | grep -oE -- '--[a-z-]+' | sort -u; }
[ "$(options_of vi)" = "$(options_of en)" ] &&
    "$build/signd/signd" --help | grep -q 'Cách dùng'
report $? "signd --help says the same in Vietnamese, which comes first, and English"

echo "1..$count"
exit $bad
