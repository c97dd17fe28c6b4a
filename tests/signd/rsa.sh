#!/bin/sh
# An RSA key of the officer's choice, from the desk to a signed document that
# others judge.
. "$top_srcdir/tests/signd/service.sh"
. "$top_srcdir/tests/signd/token.sh"

world_make; ok $? "a service whose keys are P-256"
echo evidence > "$dir/evidence"
link=$(as_officer enrol --name 'Nguyễn Văn An' --subject-id CCCD:001099123456 \
    --province 'Thành phố Hà Nội' --evidence card-seen \
    --evidence-file "$dir/evidence" \
    --desk 'Bộ phận một cửa' --key-kind RSA-2048 --json |
    json_field activationLink)
[ -n "$link" ]; ok $? "an officer approves an RSA key"
echo dao-ngoc-1 > "$dir/pin"
credential=$(as_citizen activate --link "$link" --pin-fd 3 --json \
    --out "$dir/an.pem" 3< "$dir/pin" | json_field credentialID)
[ -n "$credential" ]; ok $? "the citizen sets the PIN"
openssl x509 -in "$dir/an.pem" -noout -text |
    grep -q 'Public-Key: (2048 bit)'
ok $? "and has an RSA key of 2048 bits"

sign() {
	as_citizen sign --credential "$credential" --pin-fd 3 "$@" \
	    3< "$dir/pin" > /dev/null
}
python3 "$top_srcdir/demo-data/make-pdf.py" "$dir/don.pdf"
sign --out "$dir/signed.pdf" "$dir/don.pdf"; ok $? "it signs a PDF"
if command -v pdfsig > /dev/null 2>&1; then
	pdfsig "$dir/signed.pdf" 2> /dev/null | grep -q 'Signature is Valid'
	ok $? "which pdfsig calls valid"
else
	echo "# pdfsig is not there: not asked"
fi
sign --local --format cms --detached --out "$dir/don.p7s" "$dir/don.pdf"
ok $? "it signs a digest, by an approval"
openssl cms -verify -inform DER -binary -in "$dir/don.p7s" \
    -content "$dir/don.pdf" -CAfile "$dir/ca.pem" -purpose any \
    > /dev/null 2>&1
ok $? "which openssl verifies"

# By hash: who names no algorithm gets the key's own.
hash=$(openssl dgst -sha256 -binary "$dir/don.pdf" | base64 -w0)
sign_hash() { # [MORE]
	ask -H 'Content-Type: application/json' -d "{\"PIN\":\"dao-ngoc-1\",
	    \"credentialID\":\"$credential\",\"hashes\":[\"$hash\"]$1}" \
	    "$url/v1/signatures/signHash"
}
openssl x509 -in "$dir/an.pem" -noout -pubkey > "$dir/public.pem"
for algo in '' ',"signAlgo":"1.2.840.113549.1.1.1"' \
    ',"signAlgo":"1.2.840.113549.1.1.11"'; do
	sign_hash "$algo"; expect 200 '' "it signs a hash${algo#,}"
	sed -n 's/.*"signatures":\["\([^"]*\)".*/\1/p' "$dir/out" |
	    base64 -d > "$dir/value"
	openssl dgst -sha256 -verify "$dir/public.pem" \
	    -signature "$dir/value" "$dir/don.pdf" > /dev/null 2>&1
	ok $? "and openssl takes it"
done
sign_hash ',"signAlgo":"1.2.840.10045.4.3.2"'
expect 400 json-field "not by an algorithm of other keys"

# An approval from before does not outlive the PIN.
ask -H 'Content-Type: application/json' -d "{\"credentialID\":\"$credential\",
 \"PIN\":\"dao-ngoc-1\",\"hashes\":[\"$hash\"]}" \
    "$url/v1/credentials/authorize"
sad=$(json_field SAD < "$dir/out")
[ -n "$sad" ]; ok $? "a PIN buys a SAD"
for i in 1 2 3 4 5; do
	ask -H 'Content-Type: application/json' \
	    -d "{\"credentialID\":\"$credential\",\"PIN\":\"wrong-$i-wrong\"}" \
	    "$url/v1/credentials/authorize"
done
ask -H 'Content-Type: application/json' -d "{\"SAD\":\"$sad\",
 \"credentialID\":\"$credential\",\"hashes\":[\"$hash\"]}" \
    "$url/v1/signatures/signHash"
expect 423 pin-locked "a locked credential signs nothing, approved before or not"
finish
