#!/bin/sh
# An external CA, asked by CMP: the server is `openssl cmp`.  It is a mock that
# hands out one certificate, which another openssl made; what our client does
# with what it says is what is tested.
export LC_ALL=C.UTF-8
command -v openssl > /dev/null || { echo "1..0 # SKIP no openssl"; exit 0; }
openssl cmp -help > /dev/null 2>&1 ||
    { echo "1..0 # SKIP this openssl has no cmp"; exit 0; }
. "$top_srcdir/tests/machine.sh"
command -v ss > /dev/null || { echo "1..0 # SKIP no ss"; exit 0; }
dir=$(mktemp -d) || exit 99
server=
trap 'stop; rm -rf "$dir"' EXIT
n=0
failed=0
ok() { # STATUS NAME
	n=$((n + 1))
	[ "$1" -eq 0 ] && echo "ok $n - $2" && return
	echo "not ok $n - $2"
	sed 's/^/# /' "$dir/said" "$dir/log" 2> /dev/null | tail -20
	failed=1
}
stop() {
	[ -z "$server" ] || kill "$server" 2> /dev/null
	[ -z "$server" ] || wait "$server" 2> /dev/null
	server=
}
cd "$dir" || exit 99
ec='ec -pkeyopt ec_paramgen_curve:P-256'
new_ca() { # NAME CN
	openssl req -x509 -newkey $ec -nodes -keyout "$1.key" -out "$1.pem" \
	    -days 30 -subj "/C=VN/O=Other/CN=$2" 2> /dev/null
}
# leaf NAME CA SUBJECT EXTENSIONS
leaf() {
	[ -f person.key ] || openssl ecparam -name prime256v1 -genkey -noout \
	    -out person.key
	openssl req -new -key "${5:-person.key}" -utf8 -subj "$3" -out r.csr
	printf '%b' "$4" > ext
	openssl x509 -req -in r.csr -CA "$2.pem" -CAkey "$2.key" -days 300 \
	    -extfile ext -out "$1.pem" -CAcreateserial 2> /dev/null
}
an='/C=VN/ST=Hà Nội/CN=Nguyễn Văn An/UID=CCCD:001099012345'
plain='basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n'
new_ca ca 'Other CA'
new_ca stranger 'Other CA'
leaf right ca "$an" "$plain"
leaf other-name ca '/C=VN/ST=Hà Nội/CN=Trần Thị Bình/UID=CCCD:001099012345' "$plain"
leaf other-ca stranger "$an" "$plain"
leaf sub-ca ca "$an" 'basicConstraints=critical,CA:TRUE\n'
openssl ecparam -name prime256v1 -genkey -noout -out else.key
leaf other-key ca "$an" "$plain" else.key
openssl pkey -in person.key -pubout -out person.pub 2> /dev/null

serve() { # CERTIFICATE SECRET OPTIONS...: sets $server and $port
	stop
	port=$(free_port)
	given=$1 secret=$2
	shift 2
	stdbuf -oL openssl cmp -port "$port" -srv_ref signd -srv_secret "pass:$secret" \
	    -rsp_cert "$given.pem" -poll_count 0 -max_msgs 0 \
	    -accept_raverified "$@" \
	    > "$dir/log" 2>&1 &
	server=$!
	await grep -q 'ACCEPT' "$dir/log"
}
ask() {
	CMP_SECRET=${1:-between-us} timeout 60 \
	    "$top_builddir/tests/certs/test-cmp-client" "$port" person.pub \
	    'Nguyễn Văn An' ca.pem > said 2>&1
}
for_seconds() (
	export CMP_SECONDS="$1"
	ask
)
serve right between-us; ok $? "a CMP server runs"
ask && grep -q 'Nguyễn Văn An' said
ok $? "its CA certifies a key with our citizen's subject"
ask another-secret; grep -q '^external-ca' said
ok $? "nothing comes under another secret"
refuses() { # CERTIFICATE WHY
	serve "$1" between-us
	! ask && grep -q "^external-ca-wrong: .*$2" said &&
	    grep -q 'rejected by client' log
	ok $? "what is $2 is not taken, and the CA hears so"
}
refuses other-name "for somebody else"
refuses other-ca "another CA's"
refuses sub-ca "a CA's"
refuses other-key "for another key"
serve right between-us -pkistatus 2 -failure 2
! ask && grep -q '^external-ca-refused: ' said
ok $? "a refusal is told as one"
serve right between-us -poll_count 2 -check_after 1
ask && grep -q 'Nguyễn Văn An' said
ok $? "a CA that decides later is waited for"
serve right between-us -poll_count 50 -check_after 1
! for_seconds 3 && grep -q '^external-ca-waiting: ' said
ok $? "but not for ever"
serve right between-us -poll_count 1 -check_after 1
for_seconds 4 && grep -q 'Nguyễn Văn An' said
ok $? "one that decides soon is asked again within four seconds"

# A transaction is gone on with by another process.
later() { # later SECONDS [SECRET]
	(
		export CMP_STATE="$dir/state" CMP_SECONDS="$1"
		shift
		ask "$@"
	)
}
serve right between-us -poll_count 6 -check_after 1 -verbosity 7
! later 2 && grep -q '^external-ca-waiting: ' said && [ -s state ]
ok $? "a transaction that waits is kept"
cp state first
! later 2 && grep -q '^external-ca-waiting: ' said && ! cmp -s state first
ok $? "it is gone on with, and waits"
later 10 && grep -q 'Nguyễn Văn An' said && [ ! -s state ]
ok $? "and then there is the certificate, and nothing to go on with"
[ "$(grep -c 'received CR$' log)" = 1 ] &&
    [ "$(grep -c 'received CERTCONF' log)" = 1 ]
ok $? "all of it in one transaction"
rm -f state
serve right between-us -poll_count 50 -check_after 1
! later 2 && cp state first && ! later 2 another-secret && cmp -s state first
ok $? "what is not that CA's word changes nothing"
cp state kept
stop
! later 2 && cmp -s state kept
ok $? "nor does a CA that is away"
serve right between-us
! later 2 && grep -q '^external-ca-refused' said && [ ! -s state ]
ok $? "one that knows nothing of it ends it"
head -c 30 kept > state
! later 2 && grep -q '^malformed' said
ok $? "half a state is none"
serve right between-us -poll_count 100000 -check_after 0
! for_seconds 4 && grep -q '^external-ca-waiting: ' said
ok $? "one that says \"at once\" is waited for as long"
polls=$(grep -c '^cmp: Received request' log)
[ "$polls" -gt 1 ] && [ "$polls" -lt 20 ]
ok $? "and asked at most once a second ($polls)"
serve right between-us
CMP_REVOKE=right.pem ask; ok $? "it is asked to end a certificate"
serve right between-us -pkistatus 2 -failure 10
CMP_REVOKE=right.pem ask; ok $? "one that has ended already is no error"
serve right between-us -pkistatus 2 -failure 2
! CMP_REVOKE=right.pem ask && grep -q '^external-ca-refused: ' said
ok $? "that it will not is one"
stop
! ask && grep -q '^external-ca: ' said
ok $? "so is a server that is gone"
echo "1..$n"
exit $failed
