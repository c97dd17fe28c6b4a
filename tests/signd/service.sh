# Sourced by the tests that want a running service: makes a directory with
# certificates and settings, starts signd there, stops it at the end.
# Wants top_builddir; sets dir, url, officer_url, pid, curl options.

: "${top_builddir:=.}"
: "${top_srcdir:=.}"
. "$top_srcdir/tests/machine.sh"
signd=${SIGND:-$top_builddir/signd/signd}
tests=0
failures=0

ok() { # ok STATUS NAME
	tests=$((tests + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $tests - $2"
	else
		echo "not ok $tests - $2"
		failures=$((failures + 1))
	fi
}
skip() { # skip NAME WHY
	tests=$((tests + 1))
	echo "ok $tests - $1 # SKIP $2"
}
skip_all() {
	echo "1..0 # SKIP $1"
	exit 0
}
finish() {
	echo "1..$tests"
	[ "$failures" -eq 0 ]
}
need() {
	for tool; do
		command -v "$tool" > /dev/null 2>&1 || skip_all "there is no $tool"
	done
}

make_certificates() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -days 30 -subj "/CN=signd test" -keyout "$dir/tls.key" \
	    -out "$dir/tls.pem" \
	    -addext "subjectAltName=DNS:localhost,IP:127.0.0.1" 2> /dev/null
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -days 30 -subj "/CN=Officers test CA" -keyout "$dir/oca.key" \
	    -out "$dir/oca.pem" 2> /dev/null
	for who in officer stranger; do
		openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		    -subj "/CN=$who" -keyout "$dir/$who.key" \
		    -out "$dir/$who.csr" 2> /dev/null
	done
	printf 'extendedKeyUsage=clientAuth\n' > "$dir/ext"
	openssl x509 -req -in "$dir/officer.csr" -CA "$dir/oca.pem" \
	    -CAkey "$dir/oca.key" -CAcreateserial -days 30 \
	    -extfile "$dir/ext" -out "$dir/officer.pem" 2> /dev/null
	openssl x509 -req -in "$dir/stranger.csr" -signkey "$dir/stranger.key" \
	    -days 30 -out "$dir/stranger.pem" 2> /dev/null
}

# plain-pin: curl cannot seal; sealed.sh is without it.
make_settings() {
	cat > "$dir/signd.conf" << EOF
state-dir = $dir/state
run-dir = $dir/run
spool-dir = $dir/state/spool
pid-file = $dir/pid
listen = 127.0.0.1:$port_citizen
officer-listen = 127.0.0.1:$port_officer
public-listen = 127.0.0.1:$port_public
public-url = https://localhost:$port_citizen
crl-url = http://localhost:$port_public/pki/ca.crl
ocsp-url = http://localhost:$port_public/pki/ocsp
issuer-url = http://localhost:$port_public/pki/ca.cer
tsa-clock-checked = no
tls-cert-file = $dir/tls.pem
tls-key-file = $dir/tls.key
officer-ca-file = $dir/oca.pem
workers = 2
keyholders = 1
plain-pin = yes
EOF
	# Started as root, signd wants users; these are on every Debian.
	if [ "$(id -u)" -eq 0 ]; then
		chmod 755 "$dir"
		cat >> "$dir/signd.conf" << EOF
user-front = nobody
user-worker = games
user-fetcher = news
user-keyholder = daemon
user-ledger = backup
EOF
	fi
}

# service_make [LINE...]: the directory, with further settings.
service_make() {
	need openssl curl ss
	dir=$(mktemp -d "${TMPDIR:-/tmp}/signd-test-XXXXXX")
	port_citizen=$(free_port)
	port_officer=$(free_port)
	port_public=$(free_port)
	public_url=http://localhost:$port_public
	url=https://localhost:$port_citizen
	officer_url=https://localhost:$port_officer
	make_certificates
	make_settings
	for line; do
		name=${line%% *}
		sed -i "/^$name = /d" "$dir/signd.conf"
		echo "$line" >> "$dir/signd.conf"
	done
	pid=
	trap service_end EXIT
	trap 'exit 1' INT TERM
}

service_came() { # or has ended
	[ "$(grep -c 'event=ready' "$dir/log")" -gt "$before" ] ||
	    ! kill -0 "$pid" 2> /dev/null
}
service_start() {
	touch "$dir/log"
	before=$(grep -c 'event=ready' "$dir/log")
	${SERVICE_UNDER:-} "$signd" --config "$dir/signd.conf" \
	    ${SERVICE_UNDER:+--program "$signd"} 2>> "$dir/log" &
	pid=$!
	await service_came && kill -0 "$pid" 2> /dev/null && return 0
	echo "# signd did not start:"
	sed 's/^/# /' "$dir/log"
	return 1
}

service_stop() {
	[ -n "$pid" ] || return 0
	kill -TERM "$pid" 2> /dev/null
	wait "$pid"
	status=$?
	pid=
	return $status
}

service_end() {
	service_stop
	if [ "$failures" -ne 0 ] && [ -f "$dir/log" ]; then
		tail -40 "$dir/log" | sed 's/^/# /'
	fi
	[ -n "${KEEP:-}" ] || rm -rf "$dir"
}

# ask OPTIONS... : body into $dir/out, status into $status.
ask() {
	status=$(curl -s --max-time 120 --cacert "$dir/tls.pem" \
	    -o "$dir/out" -D "$dir/head" -w '%{http_code}' "$@") || true
}
code() { # the code of the problem in $dir/out
	sed -n 's/.*"code": *"\([^"]*\)".*/\1/p' "$dir/out" | head -1
}
expect() { # expect STATUS CODE NAME
	if [ "$status" = "$1" ] && { [ -z "$2" ] || [ "$(code)" = "$2" ]; }; then
		ok 0 "$3"
	else
		ok 1 "$3"
		echo "# got $status $(head -c 300 "$dir/out" 2> /dev/null)"
	fi
}
# SoftHSM writes the token's file anew with each login, and empties it first:
# who is killed just then takes the token along (doc/tokens.md).  Logins have the
# PIN's file locked.
kill_token_user() { # kill_token_user PROCESS
	pin_file=$(sed -n 's/^token-pin-file = //p' "$dir/signd.conf")
	flock "${pin_file:-/dev/null}" kill -KILL "$1"
}
# All processes are well; a busy machine answers some of them too late.
well() {
	ask "$url/v1/health"
	[ "$status" = 200 ]
}
child() { # number of the first process in that role
	pgrep -P "$pid" -f -- "--role=$1 " | head -1
}
