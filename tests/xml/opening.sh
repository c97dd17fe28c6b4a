# Sourced by the scripts of this room: `dir`, which goes at the end; `bin`; and
# check NAME COMMAND..., which tells how it went.  `finish` ends a script.
set -u
here=$(cd "$(dirname "$0")" && pwd)
top=${top_builddir:-$here/../..}
bin=$top/tests/xml
need() { # TOOL...
	for tool; do
		command -v "$tool" >/dev/null ||
		    { echo "1..0 # SKIP $tool is needed"; exit 0; }
	done
}
need openssl
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
n=0
bad=0
ok() {
	n=$((n + 1))
	echo "ok $n - $1"
}
not_ok() {
	n=$((n + 1))
	bad=1
	echo "not ok $n - $1"
}
check() {
	name=$1
	shift
	if "$@" >"$dir/log" 2>&1; then
		ok "$name"
	else
		not_ok "$name"
		sed 's/^/# /' "$dir/log"
	fi
}
finish() {
	echo "1..$n"
	exit $bad
}
