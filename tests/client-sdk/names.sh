#!/bin/sh
# The exported names of libsignd, its header and its manual pages agree.
top=${top_srcdir:-.}
build=${top_builddir:-build}
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
grep -v '^typedef' "$top/client-sdk/signd.h" | grep -oE '\bsignd_[a-z_]+\(' | tr -d '(' | sort -u >"$dir/header"
grep -oE '^	signd_[a-z_]+;' "$top/client-sdk/libsignd.map" | tr -d '\t;' | sort -u >"$dir/map"
ls "$build/client-sdk" | sed -n 's/^\(signd_.*\)\.3$/\1/p' | sort -u >"$dir/man"
lib=$(ls "$build"/client-sdk/.libs/libsignd.so.0 2>/dev/null)
nm -D --defined-only "$lib" | awk '{print $3}' | sed 's/@.*//' | grep '^[a-z]' | sort -u >"$dir/exported"
n=0
bad=0
same() {
	n=$((n + 1))
	if [ -s "$dir/$2" ] && diff "$dir/$2" "$dir/$3" >"$dir/diff"; then
		echo "ok $n - $1"
	else
		bad=1
		sed 's/^/# /' "$dir/diff"
		echo "not ok $n - $1"
	fi
}
same "header and map file name the same functions" header map
same "every function has a manual page" header man
same "the library exports these and no others" map exported
echo "1..$n"
exit $bad
