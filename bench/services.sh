# Sourced by the benches of keys: several services at once, each with a ledger of
# its own, on one token.
. "$top_srcdir/tests/signd/service.sh"
. "$top_srcdir/tests/signd/token.sh"

load=$top_builddir/bench/bench-load
others=

fail() {
	echo "bench: $*" >&2
	exit 1
}

# A token and a ledger, and nobody that uses them.
ground_make() { # [LINE...]
	service_make "keyholders = ${KEYHOLDERS:-4}" "sad-seconds = 3600" \
	    "public-rate = 0" "public-address-rate = 0" "$@"
	trap 'services_end; service_end' EXIT
	token_make && ceremony || fail "no token"
}

# service_copy NAME [FROM]: settings and state of another service, $dir/NAME.conf;
# with the credentials of the service FROM.
service_copy() {
	mkdir "$dir/$1" && chmod 755 "$dir/$1"
	cp -a "$dir/${2:+$2/}state" "$dir/$1/state"
	[ -z "${2:-}" ] || cp "$dir/$2/fill" "$dir/$1/fill"
	local a b c
	a=$(free_port)
	b=$(free_port)
	c=$(free_port)
	sed -e "s|$dir/state|$dir/$1/state|" -e "s|$dir/run|$dir/$1/run|" \
	    -e "s|$dir/pid|$dir/$1/pid|" -e "s|:$port_citizen|:$a|" \
	    -e "s|:$port_officer|:$b|" -e "s|:$port_public|:$c|" \
	    "$dir/signd.conf" > "$dir/$1.conf"
}

# fill NAME NUMBER KIND: that many credentials; made as root, the ledger's user's.
# In memory, if FILL_DIR names such a directory, and copied: the commits of a million
# would take half of the time.
fill() {
	local place=$dir/$1/state fast=
	cp "$dir/$1.conf" "$dir/fill.conf"
	if [ -n "${FILL_DIR:-}" ]; then
		fast=$(mktemp -d "$FILL_DIR/signd-fill-XXXXXX")
		cp -a "$place" "$fast/state"
		sed -i "s|^state-dir = .*|state-dir = $fast/state|" "$dir/fill.conf"
	fi
	"$load" fill "$dir/fill.conf" "$dir/$1/fill" "$2" "$3" ||
	    fail "no credentials"
	[ -z "$fast" ] || { cp "$fast"/state/ledger/* "$place/ledger/" && rm -rf "$fast"; }
	[ "$(id -u)" -ne 0 ] ||
	    chown --reference="$place/ledger" "$place"/ledger/*
}

service_run() { # NAME
	"$signd" --config "$dir/$1.conf" 2> "$dir/$1/log" &
	others="$others $!"
	for _ in $(seq 1 600); do
		grep -qs event=ready "$dir/$1/log" && return 0
		sleep 0.1
	done
	cat "$dir/$1/log" >&2
	fail "the service $1 does not start"
}

services_end() {
	local p
	for p in $others; do
		kill -TERM "$p" 2> /dev/null
		wait "$p" 2> /dev/null
	done
	others=
}
