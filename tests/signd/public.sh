#!/bin/sh
# CRL, OCSP, time stamps over plain HTTP, asked by programs that we did not
# write: openssl, curl, ocsptool; and what they say after a suspension, a
# release and a revocation.
. "$top_srcdir/tests/signd/service.sh"
. "$top_srcdir/tests/signd/token.sh"

world_make; ok $? "a service comes up from nothing"
enrol 'Nguyễn Văn An' 'CCCD:001099123456' && activate 246813
ok $? "a citizen has a certificate"
json_certificate() { # the first certificate of the credential, PEM
	ask -H 'Content-Type: application/json' \
	    -d "{\"credentialID\":\"$credential\",\"certificates\":\"single\"}" \
	    "$url/v1/credentials/info"
	sed -n 's/.*"certificates":\["\([^"]*\)".*/\1/p' "$dir/out" |
	    base64 -d | openssl x509 -inform DER
}
json_certificate > "$dir/an.pem"
openssl x509 -in "$dir/ca.pem" -out "$dir/issuer.pem" # the first is the issuer
csplit -s -z -f "$dir/chain-" "$dir/ca.pem" '/-BEGIN/' '{*}'
cp "$dir/chain-01" "$dir/root.pem"

# ---- what certificates state is there ----
text=$(openssl x509 -in "$dir/an.pem" -noout -text)
for address in pki/ca.crl pki/ocsp pki/ca.cer; do
	echo "$text" | grep -q "URI:$public_url/$address"
	ok $? "the certificate states $address"
done
ask "$public_url/pki/ca.cer"
openssl x509 -inform DER -in "$dir/out" | cmp -s - "$dir/issuer.pem"
ok $? "the issuer's certificate is where it says"
fetch_crl() {
	ask "$public_url/pki/ca.crl"
	cp "$dir/out" "$dir/ca.crl"
	openssl crl -inform DER -in "$dir/ca.crl" -out "$dir/crl.pem"
}
fetch_crl && openssl crl -in "$dir/crl.pem" -CAfile "$dir/issuer.pem" \
    -noout 2>&1 | grep -q 'verify OK'
ok $? "so is the CRL"
grep -qi '^Content-Type: application/pkix-crl' "$dir/head"
ok $? "with its media type"
openssl verify -x509_strict -crl_check -CRLfile "$dir/crl.pem" \
    -CAfile "$dir/root.pem" -untrusted "$dir/issuer.pem" "$dir/an.pem" \
    > "$dir/verify" 2>&1
ok $? "openssl finds the certificate in force by it"

# ---- OCSP ----
ocsp() { # ocsp OPTIONS...: what openssl says of an.pem
	openssl ocsp "$@" -issuer "$dir/issuer.pem" -cert "$dir/an.pem" \
	    -url "$public_url/pki/ocsp" -CAfile "$dir/root.pem" \
	    -verify_other "$dir/issuer.pem" > "$dir/ocsp" 2>&1
	grep -q 'Response verify OK' "$dir/ocsp" || return 1
	sed -n 's/^[^ ]*an.pem: //p' "$dir/ocsp"
}
[ "$(ocsp)" = good ]; ok $? "openssl ocsp: good, with a nonce that comes back"
! grep -q 'no nonce' "$dir/ocsp"; ok $? "and says nothing of a missing one"
[ "$(ocsp -no_nonce)" = good ]; ok $? "openssl ocsp: good without a nonce"
[ "$(ocsp -no_nonce)" = good ]; ok $? "and once more, out of the cache"
[ "$(ocsp -sha256)" = good ]; ok $? "openssl ocsp: by SHA-256"
stranger=$(openssl ocsp -issuer "$dir/issuer.pem" -serial 0x1234567890 \
    -url "$public_url/pki/ocsp" -CAfile "$dir/root.pem" \
    -verify_other "$dir/issuer.pem" 2>&1)
echo "$stranger" | grep -q '^0x1234567890: unknown'
ok $? "a number that we never gave is unknown"
openssl ocsp -issuer "$dir/tls.pem" -cert "$dir/tls.pem" \
    -url "$public_url/pki/ocsp" -noverify 2>&1 | grep -qi unauthorized
ok $? "another issuer's certificate is none of our business"
if command -v ocsptool > /dev/null 2>&1; then
	ocsptool --ask="$public_url/pki/ocsp" --load-cert "$dir/an.pem" \
	    --load-issuer "$dir/issuer.pem" --load-trust "$dir/issuer.pem" \
	    > "$dir/ocsptool" 2>&1 && grep -q 'Success' "$dir/ocsptool"
	ok $? "ocsptool: it verifies"
	grep -q 'Certificate Status: good' "$dir/ocsptool"
	ok $? "and says good"
fi

# GET, as RFC 5019 has it.
openssl ocsp -issuer "$dir/issuer.pem" -cert "$dir/an.pem" -no_nonce \
    -reqout "$dir/request" > /dev/null 2>&1
path=$(base64 -w0 < "$dir/request" | sed 's|+|%2B|g; s|/|%2F|g; s|=|%3D|g')
by_get() { # what an answer to GET says
	ask "$public_url/pki/ocsp/$path"
	openssl ocsp -issuer "$dir/issuer.pem" -cert "$dir/an.pem" \
	    -respin "$dir/out" -CAfile "$dir/root.pem" -no_nonce \
	    -verify_other "$dir/issuer.pem" 2> /dev/null |
	    sed -n 's/^[^ ]*an.pem: //p'
}
[ "$(by_get)" = good ]; ok $? "GET: good"
by_get > /dev/null
for header in 'Content-Type: application/ocsp-response' \
    'Cache-Control: max-age=[0-9]*, public, no-transform' 'Expires: .* GMT' \
    'Last-Modified: .* GMT' 'ETag: "'; do
	grep -qi "^$header" "$dir/head"; ok $? "GET: $header"
done
kept() { # kept PATH: who has it already gets nothing, who has another, all
	ask "$public_url/$1"
	etag=$(sed -n 's/^[Ee][Tt][Aa][Gg]: //p' "$dir/head" | tr -d '\r')
	ask -H 'If-None-Match: "another"' "$public_url/$1"
	[ "$status" = 200 ] && [ -s "$dir/out" ] && [ -n "$etag" ] || return 1
	rm -f "$dir/out" # curl leaves it where nothing comes
	ask -H "If-None-Match: \"x\", $etag" "$public_url/$1"
	[ "$status" = 304 ] && [ ! -s "$dir/out" ] &&
	    grep -qi '^ETag: "' "$dir/head"
}
kept "pki/ocsp/$path"; ok $? "GET: an answer that a client has is not sent again"
kept pki/ca.crl; ok $? "nor the list"
ask "$public_url/pki/ocsp/$(base64 -w0 < "$dir/request")"
[ "$status" = 200 ]; ok $? "GET: a client that escapes nothing is understood"
ask -H 'Content-Type: application/ocsp-request' -d nonsense \
    "$public_url/pki/ocsp"
openssl ocsp -respin "$dir/out" -noverify 2>&1 | grep -qi malformedrequest
ok $? "what is no request is told so in the answer"
ask -d x "$public_url/pki/ocsp"
expect 415 content-type "another media type is refused"
ask "$public_url/v1/info"
expect 404 not-found "nothing else is to be had without TLS"

# ---- suspension, release, revocation ----
end() { # end REASON
	as_officer revoke --credential "$credential" --reason "$1" \
	    > "$dir/ended" 2>&1
}
end certificateHold; ok $? "an officer suspends the certificate"
[ "$(ocsp)" = revoked ] && grep -q 'Reason: certificateHold' "$dir/ocsp"
ok $? "openssl ocsp: on hold"
[ "$(by_get)" = revoked ]; ok $? "and the answer that was kept is gone"
fetch_crl && openssl crl -in "$dir/crl.pem" -noout -text |
    grep -q 'Certificate Hold'
ok $? "the CRL says so at once"
ask --data-binary "@$dir/an.pem" -H 'Content-Type: application/octet-stream' \
    -H "$(pin_header 246813)" \
    "$url/v1/signatures/signDoc?credentialID=$credential"
expect 409 credential-suspended "nothing is signed meanwhile"
end removeFromCRL; ok $? "and releases it"
[ "$(ocsp)" = good ]; ok $? "openssl ocsp: good again"
fetch_crl && ! openssl crl -in "$dir/crl.pem" -noout -text |
    grep -q 'Certificate Hold'
ok $? "the CRL forgets it"
end keyCompromise; ok $? "and revokes it"
[ "$(ocsp)" = revoked ] && grep -q 'Reason: keyCompromise' "$dir/ocsp"
ok $? "openssl ocsp: revoked, and why"
fetch_crl && ! openssl verify -crl_check -CRLfile "$dir/crl.pem" \
    -CAfile "$dir/root.pem" -untrusted "$dir/issuer.pem" "$dir/an.pem" \
    > "$dir/verify" 2>&1 && grep -q 'certificate revoked' "$dir/verify"
ok $? "openssl verify: revoked"
! end removeFromCRL; ok $? "what is revoked stays so"

# ---- time stamps ----
echo 'a document' > "$dir/document"
stamp() { # stamp OPTIONS...
	openssl ts -query -data "$dir/document" "$@" -out "$dir/query.tsq" \
	    2> /dev/null
	ask -H 'Content-Type: application/timestamp-query' \
	    --data-binary "@$dir/query.tsq" "$public_url/tsa"
	cp "$dir/out" "$dir/answer.tsr"
}
verify_stamp() {
	openssl ts -verify -queryfile "$dir/query.tsq" -in "$dir/answer.tsr" \
	    -CAfile "$dir/root.pem" -untrusted "$dir/issuer.pem" "$@" 2>&1 |
	    grep -q 'Verification: OK'
}
stamp -sha256 -cert && verify_stamp
ok $? "openssl ts verifies a time stamp, and its nonce"
grep -qi '^Content-Type: application/timestamp-reply' "$dir/head"
ok $? "with its media type"
for alg in sha384 sha512 sha3-256; do
	stamp -$alg -cert && verify_stamp; ok $? "likewise over $alg"
done
stamp -sha256 -no_nonce -cert && verify_stamp; ok $? "and without a nonce"
stamp -sha256 -cert
openssl ts -reply -in "$dir/answer.tsr" -text 2> /dev/null > "$dir/text"
grep -q 'Accuracy: 0x01 seconds' "$dir/text"; ok $? "it states how exact it is"
grep -q 'Policy OID: 2.25\.' "$dir/text"; ok $? "and its policy"
refused() { # refused FAILURE NAME
	openssl ts -reply -in "$dir/answer.tsr" -text 2> /dev/null |
	    grep -qi "Failure info: $1"
	ok $? "$2"
}
stamp -sha1; refused 'unrecognized or unsupported algorithm' "SHA-1 gets none"
stamp -sha256 -tspolicy 1.2.3.4
refused 'the requested TSA policy is not supported' "nor another policy"
# Requests are collected: one that is wrong harms none beside it.
python3 - "$dir" << 'END'
import hashlib, sys
def tlv(tag, *v):
    v = b"".join(v)
    n = len(v)
    return bytes([tag]) + (bytes([n]) if n < 128 else
        bytes([0x82, n >> 8, n & 255])) + v
alg = tlv(0x30, bytes.fromhex("0609608648016503040201"), b"\x05\x00")
def query(policy, imprint):
    return tlv(0x30, b"\x02\x01\x01", tlv(0x30, alg, tlv(4, imprint)), policy)
h = hashlib.sha256(b"").digest()
files = {"long": query(tlv(6, b"\x2a" + b"\xff\x7f" * 60), h),
    "broken": query(tlv(6, b"\x2a\xff"), h),
    "imprint": query(b"", h * 100), "good": query(b"", h)}
for name, der in files.items():
    open(sys.argv[1] + "/" + name + ".tsq", "wb").write(der)
END
for kind in long broken; do
	cp "$dir/$kind.tsq" "$dir/query.tsq"
	ask -H 'Content-Type: application/timestamp-query' \
	    --data-binary "@$dir/query.tsq" "$public_url/tsa"
	cp "$dir/out" "$dir/answer.tsr"
	refused 'the requested TSA policy is not supported' "nor a $kind policy"
done
cp "$dir/imprint.tsq" "$dir/query.tsq"
ask -H 'Content-Type: application/timestamp-query' \
    --data-binary "@$dir/query.tsq" "$public_url/tsa"
cp "$dir/out" "$dir/answer.tsr"
refused 'the data submitted has the wrong format' "nor another imprint's length"
many=
for n in $(seq 1 40); do
	for kind in long imprint good; do
		many="$many --next -s -o $dir/many-$kind-$n
		    -H Content-Type:application/timestamp-query
		    --data-binary @$dir/$kind.tsq $public_url/tsa"
	done
done
# shellcheck disable=SC2086
curl -Z --parallel-max 100 ${many# --next} 2> /dev/null
good=0
for f in "$dir"/many-good-*; do
	openssl ts -reply -in "$f" -text 2> /dev/null |
	    grep -q 'Status: Granted' && good=$((good + 1))
done
[ "$good" -eq 40 ]; ok $? "and of many at once the good ones are stamped ($good)"
stamp -sha256 -tspolicy 1.2.3.4
head -c 20 "$dir/query.tsq" > "$dir/short"
ask -H 'Content-Type: application/timestamp-query' \
    --data-binary "@$dir/short" "$public_url/tsa"
cp "$dir/out" "$dir/answer.tsr"
refused 'the data submitted has the wrong format' "nor half a request"
stamp -sha256
openssl ts -reply -in "$dir/answer.tsr" -token_out -out "$dir/one" 2> /dev/null
[ "$(openssl pkcs7 -inform DER -in "$dir/one" -print_certs -noout |
    grep -c subject)" -eq 0 ]
ok $? "certificates stay away when nobody asks for them"
service_stop; ok $? "the service ends as it should"
finish
