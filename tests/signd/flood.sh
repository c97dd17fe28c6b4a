#!/bin/bash
# Strangers who ask for too much: random serial numbers, nonces, time stamps.
# The token is not theirs; what was made beforehand is still given.
. "$top_srcdir/tests/signd/service.sh"
. "$top_srcdir/tests/signd/token.sh"

world_make "public-rate = 4" "public-address-rate = 4" "crl-days = 7"
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
	    sed -n 's/^[^ ]*an.pem: //p; s/^0x[0-9]*: //p; s/.*trylater.*/later/p'
}
exhaust() { # asks for numbers that nobody has, until there is no more
	for i in $(seq 200); do
		[ "$(status -serial "0x$i$RANDOM$RANDOM" -no_nonce)" = later ] &&
		    return 0
	done
	return 1
}
exhaust; ok $? "after some random numbers a stranger is told: later"
# One whose answer was never asked for: it was made at issuance.
got=
for _ in $(seq 50); do
	got=$(status -cert "$dir/an.pem" -no_nonce)
	[ "$got" = good ] && break
	sleep 0.2
done
[ "$got" = good ]
ok $? "what was made at issuance is given, though there is no budget"
exhaust
[ "$(status -cert "$dir/an.pem")" = good ]
ok $? "with a nonce, too: the answer without"
openssl ts -query -digest "$(printf '%064d' 7)" -sha256 -out "$dir/query" \
    2> /dev/null
code=
for _ in $(seq 100); do
	code=$(curl -s -o /dev/null -w '%{http_code}' \
	    -H 'Content-Type: application/timestamp-query' \
	    --data-binary "@$dir/query" "$public_url/tsa")
	[ "$code" = 429 ] && break
done
[ "$code" = 429 ]; ok $? "time stamps: 429"

as_officer revoke --credential "$credential" --reason keyCompromise \
    > "$dir/revoked" 2>&1
ok $? "an officer revokes the certificate"
exhaust
for _ in $(seq 50); do
	got=$(status -cert "$dir/an.pem" -no_nonce)
	[ "$got" = good ] || [ "$got" = revoked ] && break
	sleep 0.2
done
[ "$got" = revoked ]
ok $? "a revocation replaces what was made, and good is not said again"
service_stop
ok $? "the service ends as it should"
finish
