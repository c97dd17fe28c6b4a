#!/bin/sh
# The ceremony: the root in a token of its own, a protocol that it signed, and
# no second time.
. "$top_srcdir/tests/signd/service.sh"
. "$top_srcdir/tests/signd/token.sh"

service_make && token_make; ok $? "there is a token for the service"
echo 5566778899 > "$dir/token/root-pin"
SOFTHSM2_CONF=$dir/token/softhsm2.conf softhsm2-util --init-token --free \
    --label 'root token' --pin 5566778899 --so-pin 0987654321 > /dev/null
ok $? "and one for the root"
chmod 600 "$dir/token/root-pin"
echo "root-crl-url = http://localhost:$port_public/pki/root.crl" \
    >> "$dir/signd.conf"
[ "$(id -u)" -ne 0 ] ||
    chown -R daemon:daemon "$dir/token/objects" "$dir/token/root-pin"
hold() {
	"$signd" init --config "$dir/signd.conf" --chain-file "$dir/ca.pem" \
	    --anchor-file "$dir/root.pem" --protocol "$dir/protocol" \
	    --organization 'Thành phố Hà Nội' --witness 'Nguyễn Văn Chứng' \
	    --witness 'Lê Thị Kiến' "$@" > "$dir/init.log" 2>&1
}
hold --root-token 'pkcs11:token=no%20such' \
    --root-pin-file "$dir/token/root-pin"
[ $? -ne 0 ]; ok $? "without the root's token nothing is made"
hold --root-token 'pkcs11:token=root%20token' \
    --root-pin-file "$dir/token/root-pin"
ok $? "the ceremony is held"
for line in 'witness: Nguyễn Văn Chứng' 'witness: Lê Thị Kiến' \
    'organization: Thành phố Hà Nội' '  token: root token' \
    '  token: signd-test'; do
	grep -q "^$line" "$dir/protocol"; ok $? "the protocol says: $line"
done
print=$(openssl x509 -in "$dir/root.pem" -noout -fingerprint -sha256 |
    sed 's/.*=//; s/://g' | tr 'A-F' 'a-f')
grep -q "SHA-256: $print" "$dir/protocol"
ok $? "and the root's fingerprint, as openssl has it"
openssl x509 -in "$dir/root.pem" -noout -pubkey > "$dir/root.pub"
verify() {
	openssl dgst -sha256 -verify "$dir/root.pub" \
	    -signature "$dir/protocol.sig" "$1" 2>&1 | grep -q 'Verified OK'
}
verify "$dir/protocol"; ok $? "the root signed it, says openssl"
sed 's/Kiến/Kiên/' "$dir/protocol" > "$dir/changed"
! verify "$dir/changed"; ok $? "and not with another name in it"
# ---- while its CA stands ----
csplit -s -z -f "$dir/chain-" "$dir/ca.pem" '/-BEGIN/' '{*}'
[ "$(id -u)" -ne 0 ] || chown -R daemon:daemon "$dir/token/objects"
"$signd" officer-add --config "$dir/signd.conf" "$dir/officer.pem" \
    > /dev/null 2>&1 && service_start; ok $? "the service comes up"
enrol 'Nguyễn Văn An' 'CCCD:001099123456' && activate 246813
ok $? "and issues certificates"
an=$credential
python3 -c 'import json, sys
print(json.load(open(sys.argv[1]))["certificate"])' "$dir/out" > "$dir/an.pem"
points_at() { # points_at CERTIFICATE: its distribution point, fetched as PEM
	curl -s "$(openssl x509 -in "$1" -noout -ext crlDistributionPoints |
	    sed -n 's/.*URI://p')" | openssl crl -inform DER
}
all_checked() { # all_checked CERTIFICATE: with the lists that are named
	points_at "$1" > "$dir/all.crl" &&
	    points_at "$dir/chain-00" >> "$dir/all.crl" &&
	    openssl verify -crl_check_all -CAfile "$dir/root.pem" \
		-untrusted "$dir/chain-00" -CRLfile "$dir/all.crl" "$1" 2>&1
}
all_checked "$dir/an.pem" | grep -q ': OK$'
ok $? "openssl finds both lists where the certificates say, and all is well"
echo 'một văn bản' > "$dir/text"
printf 246813 > "$dir/pin-in"
sign() { # sign OUT OPTIONS...
	out=$1
	shift
	as_citizen sign --credential "$an" --pin-fd 3 --format cms --out "$out" \
	    "$@" "$dir/text" 3< "$dir/pin-in" > "$dir/sign.log" 2>&1
}
sign "$dir/before.p7s" --level lt; ok $? "a citizen signs to level LT"
[ "$(openssl cms -cmsout -print -inform DER -in "$dir/before.p7s" \
    2> /dev/null | grep -c 'CN=signd Demo Root')" -gt 0 ]
ok $? "with what the root says in it"
judged() { # judged FILE: by the service
	curl -s --cacert "$dir/tls.pem" -F "document=@$1" \
	    -F "content=@$dir/text" -F policy=basic -F lang=en \
	    -H 'Accept: text/plain' "$url/v1/verifications?wait=0"
}
judged "$dir/before.p7s" > "$dir/judged"
grep -q '^VALID\|^valid\|TOTAL-PASSED' "$dir/judged"; ok $? "it is valid"
service_stop
# ---- the root's own list ----
key=$(grep -A2 '^root key' "$dir/protocol" | sed -n 's/.*CKA_ID: //p')
root_crl() {
	"$signd" root-crl --config "$dir/signd.conf" --root-key "$key" \
	    --root-token 'pkcs11:token=root%20token' \
	    --root-pin-file "$dir/token/root-pin" "$@" > "$dir/arl.log" 2>&1
}
root_crl "$dir/root.crl" && openssl crl -inform DER -in "$dir/root.crl" \
    -CAfile "$dir/root.pem" -noout 2>&1 | grep -q 'verify OK'
ok $? "the root makes its list, says openssl"
openssl crl -inform DER -in "$dir/root.crl" -out "$dir/root-crl.pem"
checked() {
	openssl verify -crl_check -CAfile "$dir/root.pem" \
	    -CRLfile "$dir/root-crl.pem" "$dir/chain-00" 2>&1
}
checked | grep -q ': OK'; ok $? "the issuing CA is not on it"
number() { # the list's, in decimal
	printf '%d' "$(openssl crl -inform DER -in "$dir/root.crl" -noout \
	    -crlnumber | sed 's/.*=//; s/^0x//; s/^/0x/')"
}
first=$(number)
sleep 1
root_crl --days 30 \
    --revoked "$dir/chain-00,cessationOfOperation,2026-01-01T00:00:00Z" \
    "$dir/root.crl" && openssl crl -inform DER -in "$dir/root.crl" \
    -out "$dir/root-crl.pem"
checked | grep -q revoked; ok $? "and then it is, and revoked"
[ "$(number)" -gt "$first" ]
ok $? "under a higher number"
root_crl "$dir/root.crl" && openssl crl -inform DER -in "$dir/root.crl" \
    -out "$dir/root-crl.pem"
checked | grep -q revoked; ok $? "and stays so without being named again"
second=$(number)
root_crl "$dir/root.crl"
[ "$(number)" -gt "$second" ]; ok $? "two lists in a second have two numbers"
rm "$dir/root.crl"
root_crl "$dir/root.crl" && openssl crl -inform DER -in "$dir/root.crl" \
    -out "$dir/root-crl.pem"
checked | grep -q revoked; ok $? "also when the last list is gone"
! root_crl --revoked "$dir/chain-00,superseded,2026-02-02T00:00:00Z" \
    "$dir/root.crl"; ok $? "when and why it was revoked does not change"
mkdir "$dir/open"
[ "$(id -u)" -ne 0 ] || chmod 1777 "$dir/open"
echo precious > "$dir/precious"
for trap in root.crl.new root.crl; do
	ln -s "$dir/precious" "$dir/open/$trap"
done
root_crl "$dir/open/root.crl" && grep -q precious "$dir/precious" &&
    [ ! -L "$dir/open/root.crl" ] && [ -L "$dir/open/root.crl.new" ]
ok $? "a link that somebody put in its place is not followed"
[ "$(ls "$dir/open" | wc -l)" = 2 ]; ok $? "and nothing else is left there"
! root_crl --revoked "$dir/officer.pem,superseded,2026-01-01T00:00:00Z" \
    "$dir/root.crl"; ok $? "nobody else's certificate is put on it"
! root_crl --revoked "$dir/chain-00,tired,2026-01-01T00:00:00Z" \
    "$dir/root.crl"; ok $? "nor for a reason that there is not"
cp "$dir/ca.pem" "$dir/before"
! hold --root-token 'pkcs11:token=root%20token' \
    --root-pin-file "$dir/token/root-pin"
ok $? "it is not held twice"
cmp -s "$dir/ca.pem" "$dir/before"; ok $? "and the second changes nothing"
SOFTHSM2_CONF=$dir/token/softhsm2.conf softhsm2-util --delete-token \
    --token 'root token' > /dev/null 2>&1; ok $? "the root is taken away"
[ "$(id -u)" -ne 0 ] || chown -R daemon:daemon "$dir/token/objects"
service_start; ok $? "the service runs without it"
all_checked "$dir/an.pem" | grep -q 'certificate revoked'
ok $? "openssl finds the issuing CA revoked, where its certificate says"
[ "$(curl -s "$public_url/pki/root.crl" | cksum)" = \
    "$(cksum < "$dir/open/root.crl")" ]; ok $? "(by the newest list)"
enrol 'Lê Thị Bình' 'CCCD:001199123457'
activate 246813; expect 503 own-ca-revoked "nothing is issued by it any more"
judged "$dir/before.p7s" > "$dir/judged"
! grep -q '^VALID\|^valid\|TOTAL-PASSED' "$dir/judged"
ok $? "nor is what it issued called valid"
service_stop; ok $? "the service ends as it should"
finish
