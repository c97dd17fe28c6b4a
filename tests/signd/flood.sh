#!/bin/bash
# Strangers who ask for too much: random serial numbers, nonces, time stamps.
# The token is not theirs; what was made beforehand is still given.
. "$top_srcdir/tests/signd/service.sh"
. "$top_srcdir/tests/signd/token.sh"

world_make "public-rate = 1" "public-address-rate = 1" "crl-days = 7"
ok $? "a service with few signatures for strangers"
enrol 'Nguyễn Văn An' 'CCCD:001099123456' && activate 246813
ok $? "and a citizen"
ask -H 'Content-Type: application/json' \
    -d "{\"credentialID\":\"$credential\",\"certificates\":\"single\"}" \
    "$url/v1/credentials/info"
sed -n 's/.*"certificates":\["\([^"]*\)".*/\1/p' "$dir/out" | base64 -d |
    openssl x509 -inform DER -out "$dir/an.pem"
openssl x509 -in "$dir/ca.pem" -out "$dir/issuer.pem"
csplit -s -z -f "$dir/chain-" "$dir/ca.pem" '/-BEGIN/' '{*}'
cp "$dir/chain-01" "$dir/root.pem"

status() { # status OPTIONS...: what openssl says, or why not
	openssl ocsp -issuer "$dir/issuer.pem" "$@" \
	    -url "$public_url/pki/ocsp" -CAfile "$dir/root.pem" \
	    -verify_other "$dir/issuer.pem" 2>&1 |
	    sed -n 's/^[^ ]*an.pem: //p; s/.*trylater.*/later/p'
}
# Asks for numbers that nobody has, in one breath; whether one of them was told
# to come again.
ask_for_many() {
	local many=() i
	rm -f "$dir"/answer.*
	for i in $(seq 20); do
		openssl ocsp -issuer "$dir/issuer.pem" -no_nonce \
		    -serial "0x$i$RANDOM$RANDOM" -reqout "$dir/ask.$i" \
		    > /dev/null 2>&1
		many+=(--next -s -o "$dir/answer.$i" -H
		    'Content-Type: application/ocsp-request'
		    --data-binary "@$dir/ask.$i" "$public_url/pki/ocsp")
	done
	curl "${many[@]:1}"
	for i in $(seq 20); do
		printf '\60\3\12\1\3' | cmp -s - "$dir/answer.$i" && return 0
	done
	return 1
}
exhaust() { await ask_for_many; } # until there is no more
exhaust; ok $? "after some random numbers a stranger is told: later"
# One whose answer was never asked for: it was made at issuance.
answers() { # whether it is said to be one of these
	got=$(status -cert "$dir/an.pem" -no_nonce)
	[[ " $* " = *" ${got:-none} "* ]]
}
await answers good
ok $? "what was made at issuance is given, though there is no budget"
exhaust
[ "$(status -cert "$dir/an.pem")" = good ]
ok $? "with a nonce, too: the answer without"
openssl ts -query -digest "$(printf '%064d' 7)" -sha256 -out "$dir/query" \
    2> /dev/null
stamp_many() { # whether one of them was refused
	local many=()
	for _ in $(seq 20); do
		many+=(--next -s -o /dev/null -w '%{http_code}\n' -H
		    'Content-Type: application/timestamp-query'
		    --data-binary "@$dir/query" "$public_url/tsa")
	done
	curl "${many[@]:1}" | grep -q '^429$'
}
await stamp_many; ok $? "time stamps: 429"

as_officer revoke --credential "$credential" --reason keyCompromise \
    > "$dir/revoked" 2>&1
ok $? "an officer revokes the certificate"
exhaust
await answers good revoked
[ "$got" = revoked ]
ok $? "a revocation replaces what was made, and good is not said again"
service_stop
ok $? "the service ends as it should"
finish
