#!/bin/sh
# The trust list of a running service: it is read again when it changes and on
# SIGHUP, and a bad one never takes the place of a good one.
. "$top_srcdir/tests/signd/service.sh"
. "$top_srcdir/tests/signd/token.sh"
signctl=$top_builddir/signctl/signctl

make_ca() { # NAME
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -days 30 -subj "/CN=$1" -keyout "$lists/$1.key" \
	    -out "$lists/$1.pem" 2> /dev/null
}
lists=$(mktemp -d "${TMPDIR:-/tmp}/signd-trust-XXXXXX")
chmod 755 "$lists"
make_ca list-signer && make_ca stranger && make_ca foreign-ca
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
    -subj /CN=person -keyout "$lists/person.key" -out "$lists/person.csr" \
    2> /dev/null
openssl x509 -req -in "$lists/person.csr" -CA "$lists/foreign-ca.pem" \
    -CAkey "$lists/foreign-ca.key" -CAcreateserial -days 20 \
    -out "$lists/person.pem" 2> /dev/null
echo 'Đơn đề nghị' > "$lists/text"
openssl cms -sign -cades -binary -nodetach -nosmimecap -in "$lists/text" \
    -signer "$lists/person.pem" -inkey "$lists/person.key" -outform DER \
    -out "$lists/text.p7m"
print=$(openssl x509 -in "$lists/foreign-ca.pem" -noout -fingerprint -sha256 |
    sed 's/.*=//')
empty() {
	sed -e '/"anchors"/,$d' "$top_srcdir/trust/vietnam.json"
	echo '  "anchors": [] }'
}
sign_as() { # SIGNER: list.json becomes SIGNER.p7m with the next number
	"$signctl" trust sign "$lists/list.json" --key "$lists/$1.key" \
	    --cert "$lists/$1.pem" --out "$lists/new.p7m" > /dev/null
}
install_list() {
	chmod 644 "$lists/new.p7m" && mv "$lists/new.p7m" "$lists/trust.p7m"
}
empty > "$lists/list.json"
"$signctl" trust add "$lists/list.json" "$lists/foreign-ca.pem" \
    --domain neac --fingerprint "$print" > /dev/null && sign_as list-signer &&
    cp "$lists/new.p7m" "$lists/first.p7m" && install_list
ok $? "a list is made and signed"

world_make "trust-list = $lists/trust.p7m" \
    "trust-list-signer-file = $lists/list-signer.pem"
ok $? "a service starts with it"

state() { # what readiness says of the list
	ask "$url/v1/health"
	sed -n 's/.*"trust_list":{\([^}]*\)}.*/\1/p' "$dir/out"
}
state_is() { state | grep -q "$1"; }
becomes() { # PATTERN: readiness says so, in the end
	await state_is "$1" && return 0
	echo "# $(state)"
	return 1
}
trusted() {
	ask -H 'Content-Type: application/octet-stream' \
	    --data-binary "@$lists/text.p7m" \
	    "$url/v1/verifications?policy=path-only"
	grep -q '"neac"' "$dir/out"
}
becomes '"sequence":1.*"state":"ok"'; ok $? "readiness names it"
trusted; ok $? "whom it names is trusted"
echo nonsense > "$lists/new.p7m"; install_list
becomes trust-list-unsigned && trusted
ok $? "a broken list does not replace it"
cp "$lists/list.json" "$lists/keep.json"
sign_as stranger && install_list && becomes '"sequence":1.*trust-list-unsigned'
ok $? "nor does one that a stranger signed"
cp "$lists/keep.json" "$lists/list.json"
empty > "$lists/list.json.new"
sed -i 's/"sequence": [0-9]*/"sequence": 1/' "$lists/list.json.new"
mv "$lists/list.json.new" "$lists/list.json"
sign_as list-signer && install_list && becomes '"sequence":2.*"state":"ok"'
ok $? "a newer list does, when the file changes"
! trusted; ok $? "whom it does not name any more is not trusted"

# Our own root in the list too: our own issuer stays the nearer anchor, for
# which nothing is left unknown.
csplit -s -z -f "$dir/chain-" "$dir/ca.pem" '/-BEGIN/' '{*}'
print=$(openssl x509 -in "$dir/chain-01" -noout -fingerprint -sha256 |
    sed 's/.*=//')
"$signctl" trust add "$lists/list.json" "$dir/chain-01" --domain city \
    --fingerprint "$print" > /dev/null && sign_as list-signer && install_list &&
    becomes '"sequence":3.*"state":"ok"'
ok $? "the city's root is entered"
enrol 'Nguyễn Văn An' CCCD:001099123456 && activate 246813
ask --data-binary "@$lists/text" -H 'Content-Type: application/octet-stream' \
    -H "$(pin_header 246813)" \
    "$url/v1/signatures/signDoc?credentialID=$credential&signature_format=C&conformance_level=Ades-B-LT"
[ "$status" = 200 ] && cp "$dir/out" "$dir/own.p7m"
ok $? "a citizen signs"
ask --data-binary "@$dir/own.p7m" -H 'Content-Type: application/octet-stream' \
    -H 'Accept: application/json' "$url/v1/verifications"
grep -q '"indication": *"TOTAL-PASSED"' "$dir/out"
ok $? "and it is valid, though nobody lists what that root revoked"
cp "$lists/first.p7m" "$lists/new.p7m"; install_list
becomes '"sequence":3.*trust-list-older' && ! trusted
ok $? "an older one does not come back"
before=$(grep -c trust-list-refused "$dir/log")
kill -HUP "$pid"
refused_again() {
	[ "$(grep -c trust-list-refused "$dir/log")" -gt "$before" ]
}
await refused_again
ok $? "SIGHUP has it looked at again"
service_stop && service_start && becomes '"sequence":3.*trust-list-older'
ok $? "not after a restart either: the last good one is kept"
service_stop
rm -f "$dir/state/front/trust.p7m"
echo nonsense > "$lists/trust.p7m"
"$signd" --config "$dir/signd.conf" > "$dir/refused" 2>&1
[ $? -ne 0 ]; ok $? "without any good list the service does not start"
rm -rf "$lists"
finish
