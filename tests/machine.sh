# Sourced: what a test needs of a machine that is slow, and that other tests
# have at the same time: patience, and ports of its own.

# However slow the machine is: COMMAND is tried until it succeeds, for two
# minutes.
await() { # await COMMAND...
	patience=$(($(date +%s) + 120))
	until "$@"; do
		[ "$(date +%s)" -lt "$patience" ] || return 1
		sleep 0.1
	done
}

# A port below the ephemeral range that nobody listens on and that no other
# test has, though it does not listen yet, or not just now.  It is kept until
# this test has ended.
free_port() {
	ports=${TMPDIR:-/tmp}/signd-test-ports-$(id -u)
	(
		flock 8
		[ ! -f "$ports" ] || while read -r port owner; do
			[ ! -d "/proc/$owner" ] || echo "$port $owner"
		done < "$ports" > "$ports.new"
		port=$((20000 + $$ * 7 % 12000))
		while grep -qs "^$port " "$ports.new" ||
		    listens "$port"; do
			port=$((20000 + (port + 1) % 12000))
		done
		echo "$port $$" >> "$ports.new"
		mv "$ports.new" "$ports"
		echo "$port"
	) 8> "$ports.lock"
}
listens() { # listens PORT: whether somebody does
	ss -Hltn "sport = :$1" | grep -q .
}
