#!/bin/sh
# PINs come sealed: the front never has one in its hands, and refuses one that
# comes plain.
. "$top_srcdir/tests/signd/service.sh"
. "$top_srcdir/tests/signd/token.sh"
need strings

world_make 'plain-pin = no' 'log-level = debug'; ok $? "a service that takes no plain PIN"
enrol 'Nguyễn Văn An' 'CCCD:001099123456'; ok $? "a citizen is enrolled"

ask -H 'Content-Type: application/json' \
    -d "{\"token\":\"${link#*#}\",\"pin\":\"dao-ngoc-1\"}" "$url/v1/activations"
expect 403 pin-plain "a plain PIN sets nothing"

ask "$url/v1/pin-key"
expect 200 '' "the key that PINs are sealed to is told"
json_field certificate < "$dir/out" | sed 's/\\n/\n/g' > "$dir/pin-key.pem"
openssl verify -CAfile "$dir/ca.pem" "$dir/pin-key.pem" > /dev/null 2>&1
ok $? "and our CA vouches for it"
openssl x509 -in "$dir/pin-key.pem" -noout -ext keyUsage | grep -q 'Key Agreement$'
ok $? "and it is for nothing else"

echo dao-ngoc-1 > "$dir/pin1"
echo sai-roi-99 > "$dir/pin2"
openssl x509 -in "$dir/tls.pem" -out "$dir/other-ca.pem"
! as_citizen activate --link "$link" --pin-fd 3 --issuer "$dir/other-ca.pem" \
    3< "$dir/pin1" 2> "$dir/err" && grep -q pin-key-untrusted "$dir/err"
ok $? "a key that the citizen's own anchor does not vouch for gets no PIN"
credential=$(as_citizen activate --link "$link" --pin-fd 3 --json \
    --issuer "$dir/ca.pem" 3< "$dir/pin1" | json_field credentialID)
[ -n "$credential" ]; ok $? "the citizen sets the PIN, sealed"

printf '<a>đơn</a>\n' > "$dir/form.xml"
sign() { # sign PINFILE OPTIONS...
	pin=$1
	shift
	as_citizen sign --credential "$credential" --pin-fd 3 \
	    --issuer "$dir/ca.pem" --out "$dir/signed.xml" "$@" \
	    "$dir/form.xml" 3< "$pin" > /dev/null 2> "$dir/err"
}
sign "$dir/pin1"; ok $? "signs a document with it"
"$signctl" verify --json "$dir/signed.xml" 2> /dev/null | grep -q '"integrity"'
ok $? "and there is a signature"
sign "$dir/pin1" --local; ok $? "signs a digest with it"
! sign "$dir/pin2" && grep -q pin-wrong "$dir/err"
ok $? "a wrong one is wrong"
told() { # told LANGUAGE WORDS
	as_citizen info --credential "$credential" --lang "$1" | grep -qF "$2"
	ok $? "$credential: $2"
}
told en 'in use, 4 tries of the PIN left'
for _ in 2 3 4 5; do sign "$dir/pin2"; done
! sign "$dir/pin1" && grep -q pin-locked "$dir/err"
ok $? "five wrong ones lock"
told vi 'Đến quầy Một cửa để mở khóa'
as_officer unlock --credential "$credential" > "$dir/told" 2>&1 &&
    grep -q 'Đã mở khóa' "$dir/told"
ok $? "the desk unlocks"
told vi 'đang dùng được, còn 5 lần nhập mã PIN'
sign "$dir/pin1"; ok $? "and the citizen signs with the PIN of before"
sad=$(as_citizen authorize --credential "$credential" --pin-fd 3 3< "$dir/pin1")
[ -n "$sad" ]; ok $? "and buys an approval"

ask --data-binary "@$dir/form.xml" -H 'Content-Type: application/xml' \
    -H "$(pin_header dao-ngoc-1)" \
    "$url/v1/signatures/signDoc?credentialID=$credential"
expect 403 pin-plain "a plain PIN signs nothing"

# What a carrier could do with a sealed PIN: another one's, or again.
ask "$url/v1/pin-key"
if python3 -c 'import cryptography' 2> /dev/null && [ -n "${HPKE_PYTHON:-}" ]; then
	"$HPKE_PYTHON" "$top_srcdir/tests/signd/seal-pin.py" "$dir/out" \
	    "$credential" dao-ngoc-1 > "$dir/sealed"
	body="{\"credentialID\":\"$credential\",\"numSignatures\":1,\"sealedPIN\":\"$(cat "$dir/sealed")\"}"
	ask -H 'Content-Type: application/json' -d "$body" "$url/v1/credentials/authorize"
	expect 200 '' "another program's HPKE is understood"
	ask -H 'Content-Type: application/json' -d "$body" "$url/v1/credentials/authorize"
	expect 403 pin-replayed "and works once"
	ask -H 'Content-Type: application/json' \
	    -d "$(echo "$body" | sed 's/:1,/:2,/')" "$url/v1/credentials/authorize"
	expect 403 pin-seal-wrong "and for nothing else"
else
	echo "# HPKE_PYTHON names no python with pyhpke: another program's HPKE not tried"
fi

service_stop
! grep -rqs 'dao-ngoc-1\|sai-roi-99' "$dir/log" "$dir/state" "$dir/run"
ok $? "no PIN stands in a log or a database"
finish
