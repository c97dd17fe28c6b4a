#!/bin/sh
# The job over HTTP, with the program's own commands, curl, and programs that
# we did not write: enrol, activate, sign, verify, revoke.
. "$top_srcdir/tests/signd/service.sh"
. "$top_srcdir/tests/signd/token.sh"

world_make; ok $? "a service comes up from nothing"
enrol 'Nguyễn Văn An' 'CCCD:001099123456'; ok $? "an officer enrols a citizen"
ask -H 'Content-Type: application/json' -d "{\"token\":\"${link#*#}\"}" \
    "$url/v1/activations/check"
expect 200 '' "the link says who is meant"
activate 246813; ok $? "the citizen sets the PIN"
first=$credential
ask -H 'Content-Type: application/json' \
    -d "{\"token\":\"${link#*#}\",\"pin\":\"135792\"}" "$url/v1/activations"
[ "$status" -ge 400 ]; ok $? "the link works once"

cat > "$dir/form.xml" << EOF
<?xml version="1.0" encoding="UTF-8"?>
<hs:HoSo xmlns:hs="urn:example:hoso"><hs:NoiDung>Tờ khai</hs:NoiDung></hs:HoSo>
EOF
printf 'detached content\n' > "$dir/text"

sign() { # sign FILE TYPE OUT
	ask --data-binary "@$1" -H "Content-Type: $2" \
	    -H "$(pin_header 246813)" \
	    "$url/v1/signatures/signDoc?credentialID=$credential&reason=T%C3%B4i"
	cp "$dir/out" "$3"
	[ "$status" = 200 ]
}
report() { # report FILE TYPE: the first line of the text
	ask --data-binary "@$1" -H "Content-Type: $2" -H 'Accept: text/plain' \
	    "$url/v1/verifications?lang=en"
	head -1 "$dir/out"
}

sign "$dir/form.xml" application/xml "$dir/signed.xml"
ok $? "an XML form is signed"
report "$dir/signed.xml" application/xml | grep -q '^VALID'
ok $? "and is valid"
sed 's/Tờ khai/Tờ khải/' "$dir/signed.xml" > "$dir/changed.xml"
! report "$dir/changed.xml" application/xml | grep -q '^VALID'
ok $? "and not valid when a letter is changed"

python3 "$top_srcdir/demo-data/make-pdf.py" "$dir/don.pdf" 2> /dev/null
if [ -s "$dir/don.pdf" ]; then
	sign "$dir/don.pdf" application/pdf "$dir/one.pdf"
	ok $? "a PDF is signed"
	cmp -s -n "$(stat -c %s "$dir/don.pdf")" "$dir/don.pdf" "$dir/one.pdf"
	ok $? "and its bytes stand untouched in front"
	sign "$dir/one.pdf" application/pdf "$dir/two.pdf"
	ok $? "and signed again"
	report "$dir/two.pdf" application/pdf | grep -q '^VALID'
	ok $? "and both are valid"
	if command -v pdfsig > /dev/null 2>&1; then
		[ "$(pdfsig "$dir/two.pdf" 2> /dev/null |
		    grep -c 'Signature is Valid')" -eq 2 ]
		ok $? "pdfsig agrees"
	fi
	if command -v qpdf > /dev/null 2>&1; then
		qpdf --check "$dir/two.pdf" > /dev/null 2>&1
		ok $? "qpdf finds nothing wrong"
	fi
fi

# By hash, in one call and with a SAD.
hash=$(openssl dgst -sha256 -binary "$dir/text" | base64 -w0)
ask -H 'Content-Type: application/json' -d "{\"credentialID\":\"$credential\",
 \"PIN\":\"246813\",\"numSignatures\":1,\"hashes\":[\"$hash\"]}" \
    "$url/v1/credentials/authorize"
expect 200 '' "a PIN buys a SAD"
sad=$(json_field SAD < "$dir/out")
body="{\"credentialID\":\"$credential\",\"SAD\":\"$sad\",\"hashes\":[\"$hash\"]}"
ask -H 'Content-Type: application/json' -d "$body" \
    "$url/v1/signatures/signHash"
expect 200 '' "a SAD buys a signature"
sed -n 's/.*"signatures":\["\([^"]*\)".*/\1/p' "$dir/out" | base64 -d \
    > "$dir/value"
ask -H 'Content-Type: application/json' \
    -d "{\"credentialID\":\"$credential\",\"certificates\":\"single\"}" \
    "$url/v1/credentials/info"
sed -n 's/.*"certificates":\["\([^"]*\)".*/\1/p' "$dir/out" | base64 -d |
    openssl x509 -inform DER -pubkey -noout > "$dir/public.pem"
openssl dgst -sha256 -verify "$dir/public.pem" -signature "$dir/value" \
    "$dir/text" > /dev/null 2>&1
ok $? "openssl takes the signature"
ask -H 'Content-Type: application/json' -d "$body" \
    "$url/v1/signatures/signHash"
[ "$status" -ge 400 ]; ok $? "a SAD is good once"

# Answers that were lost on their way: the same key gives them again.
again() { # again WHAT BODY KEY: twice, and the same answer
	ask -H 'Content-Type: application/json' -H "Idempotency-Key: $3" \
	    -d "$2" "$url/v1/$1"
	expect 200 '' "$1 under a key"
	cp "$dir/out" "$dir/answer"
	ask -H 'Content-Type: application/json' -H "Idempotency-Key: $3" \
	    -d "$2" "$url/v1/$1"
	[ "$status" = 200 ] && cmp -s "$dir/out" "$dir/answer"
	ok $? "and again: the same answer"
}
ask -H 'Content-Type: application/json' -d "{\"credentialID\":\"$credential\",
 \"PIN\":\"246813\",\"numSignatures\":1,\"hashes\":[\"$hash\"]}" \
    "$url/v1/credentials/authorize"
sad=$(json_field SAD < "$dir/out")
body="{\"credentialID\":\"$credential\",\"SAD\":\"$sad\",\"hashes\":[\"$hash\"]}"
again signatures/signHash "$body" hash-1
ask -H 'Content-Type: application/json' -H 'Idempotency-Key: hash-2' \
    -d "$body" "$url/v1/signatures/signHash"
expect 403 sad-used "but not under another key"

# In two steps.
ask --data-binary "@$dir/form.xml" -H 'Content-Type: application/xml' \
    "$url/v1/signatures/prepare?credentialID=$credential"
expect 201 '' "a signature is prepared"
draft=$(json_field signatureID < "$dir/out")
key="Idempotency-Key: two-steps"
body="{\"signatureID\":\"$draft\",\"PIN\":\"246813\"}"
ask -H 'Content-Type: application/json' -d "$body" \
    "$url/v1/signatures/complete"
expect 200 '' "and completed"
at=$(sed -n 's/.*"at": *\([0-9]*\).*/\1/p' "$dir/out")
{
	head -c "$at" "$dir/form.xml"
	json_field insertion < "$dir/out" | base64 -d
	tail -c "+$((at + 1))" "$dir/form.xml"
} > "$dir/steps.xml"
report "$dir/steps.xml" application/xml | grep -q '^VALID'
ok $? "and the two pieces put together are valid"
ask -H 'Content-Type: application/json' -d "$body" \
    "$url/v1/signatures/complete"
expect 404 draft-unknown "a draft is completed once"

# The same answer again.
ask --data-binary "@$dir/form.xml" -H 'Content-Type: application/xml' \
    "$url/v1/signatures/prepare?credentialID=$credential"
draft=$(json_field signatureID < "$dir/out")
hash=$(json_field hash < "$dir/out")
ask -H 'Content-Type: application/json' -d "{\"credentialID\":\"$credential\",
 \"PIN\":\"246813\",\"hashes\":[\"$hash\"]}" "$url/v1/credentials/authorize"
sad=$(json_field SAD < "$dir/out")
body="{\"signatureID\":\"$draft\",\"SAD\":\"$sad\"}"
ask -H 'Content-Type: application/json' -H "$key" -d "$body" \
    "$url/v1/signatures/complete"
expect 200 '' "a SAD completes a draft"
cp "$dir/out" "$dir/answer"
ask -H 'Content-Type: application/json' -H "$key" -d "$body" \
    "$url/v1/signatures/complete"
cmp -s "$dir/out" "$dir/answer"
ok $? "the same key gives the same answer"
ask -H 'Content-Type: application/json' -H "$key" \
    -d "{\"signatureID\":\"$draft\",\"SAD\":\"AAAA\"}" \
    "$url/v1/signatures/complete"
expect 422 idempotency-conflict "another body under that key is refused"

# Wrong PINs.
for left in 4 3 2 1; do
	ask --data-binary "@$dir/form.xml" -H 'Content-Type: application/xml' \
	    -H "$(pin_header 999999)" \
	    "$url/v1/signatures/signDoc?credentialID=$credential"
	[ "$status" = 401 ] && [ "$(code)" = pin-wrong ] &&
	    grep -q "\"triesLeft\": *$left" "$dir/out"
	ok $? "a wrong PIN is counted: $left tries are left"
done
sign "$dir/form.xml" application/xml "$dir/again.xml"
ok $? "the right PIN still works"
for i in 1 2 3 4 5; do
	ask --data-binary "@$dir/form.xml" -H 'Content-Type: application/xml' \
	    -H "$(pin_header 999999)" \
	    "$url/v1/signatures/signDoc?credentialID=$credential"
done
sign "$dir/form.xml" application/xml "$dir/again.xml"
expect 423 '' "five wrong ones lock the credential"

# The desk revokes.
as_officer revoke --credential "$first" --reason keyCompromise > /dev/null
ok $? "an officer revokes"
ask "$url/v1/crl"
openssl crl -inform DER -in "$dir/out" -noout -text 2> /dev/null |
    grep -q 'Key Compromise'
ok $? "the CRL says so"
! report "$dir/signed.xml" application/xml | grep -q '^VALID'
ok $? "and what it signed is not valid any more"
ask --cert "$dir/officer.pem" --key "$dir/officer.key" \
    "$officer_url/v1/audit?from=1&count=100"
[ "$status" = 200 ] && grep -q '"event":"revoked"' "$dir/out"
ok $? "the audit tells it"

service_stop; ok $? "signd stops with status 0"
"$signd" audit-check --config "$dir/signd.conf" > "$dir/out" 2>&1
ok $? "the chain of the audit is whole"
! grep -q '246813\|999999\|135792' "$dir/log"
ok $? "no PIN is in the log"
! grep -q 'Sanitizer' "$dir/log"; ok $? "no sanitizer complained"
finish
