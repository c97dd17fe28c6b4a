#!/bin/sh
# A citizen brings a token: the desk certifies its key, renews it, and changes
# it for a new one.  openssl makes the requests, openssl and certtool judge.
. "$top_srcdir/tests/signd/service.sh"
. "$top_srcdir/tests/signd/token.sh"

profiles=$(mktemp)
chmod 644 "$profiles"
cat > "$profiles" << 'EOF'
# The city's own: for signing alone, and for a year.
profile citizen-hanoi
like citizen
fields C ST L? O CN UID+
set O Ủy ban nhân dân thành phố Hà Nội
key-usage nonRepudiation
days 365
EOF
world_make 'certificate-policy-oid = 1.3.6.1.4.1.99999.1.1' \
    "profile-file = $profiles"; ok $? "a service comes up from nothing"
csplit -s -z -f "$dir/chain-" "$dir/ca.pem" '/-BEGIN/' '{*}'
cp "$dir/chain-00" "$dir/issuer.pem"
cp "$dir/chain-01" "$dir/root.pem"
echo evidence > "$dir/evidence"

request() { # request NAME OPTIONS...: a key and NAME.csr
	name=$1
	shift
	openssl req -new -nodes -subj "/CN=whatever they like" \
	    -keyout "$dir/$name.key" -out "$dir/$name.csr" "$@" 2> /dev/null
}
issue() { # issue CSR OUT ID OPTIONS...
	csr=$1 out=$2 who=$3
	shift 3
	as_officer issue --csr "$dir/$csr" --out "$dir/$out" \
	    --name 'Trần Thị Ánh' --subject-id "$who" \
	    --province 'Thành phố Hà Nội' --evidence card-seen \
	    --evidence-file "$dir/evidence" --desk 'Bộ phận một cửa' \
	    --json "$@" > "$dir/issued" 2>&1
}
refused() { # refused CODE NAME: the last issue
	grep -q "\[$1\]" "$dir/issued" && ok 0 "$2" && return
	ok 1 "$2"
	sed 's/^/# /' "$dir/issued"
}
serial_of() {
	openssl x509 -in "$dir/$1" -noout -serial | sed 's/.*=//' |
	    tr 'A-F' 'a-f'
}
state() { # what OCSP says of a certificate
	openssl ocsp -issuer "$dir/issuer.pem" -cert "$dir/$1" \
	    -url "$public_url/pki/ocsp" -CAfile "$dir/root.pem" \
	    -verify_other "$dir/issuer.pem" 2> /dev/null |
	    sed -n 's/^[^ ]*\.pem: //p'
}

request card -newkey ec -pkeyopt ec_paramgen_curve:P-256
issue card.csr card.pem CCCD:001199012345; ok $? "a P-256 card is certified"
openssl verify -x509_strict -purpose smimesign -CAfile "$dir/root.pem" \
    -untrusted "$dir/issuer.pem" "$dir/card.pem" > /dev/null 2>&1
ok $? "openssl verifies the chain strictly"
openssl x509 -in "$dir/card.pem" -noout -subject -nameopt utf8 > "$dir/subject"
grep -q 'Trần Thị Ánh' "$dir/subject" &&
    grep -q 'CCCD:001199012345' "$dir/subject"
ok $? "the subject is what the officer approved"
! grep -q 'whatever' "$dir/subject"; ok $? "and not what the request wished"
openssl x509 -in "$dir/card.pem" -noout -pubkey > "$dir/one"
openssl pkey -in "$dir/card.key" -pubout 2> /dev/null | cmp -s - "$dir/one"
ok $? "the key is the request's"

# The same person, typed on a machine that sends letters and marks apart.
apart() {
	python3 -c 'import sys, unicodedata
print(unicodedata.normalize("NFD", sys.argv[1]))' "$1"
}
request apart -newkey ec -pkeyopt ec_paramgen_curve:P-256
as_officer issue --csr "$dir/apart.csr" --out "$dir/apart.pem" \
    --name "$(apart 'Đặng Thế Hữu')" --subject-id CCCD:001199012345 \
    --province "$(apart 'Thành phố Hà Nội')" --desk "$(apart 'Một cửa')" \
    --evidence card-seen --evidence-file "$dir/evidence" \
    > "$dir/issued" 2>&1
ok $? "a name whose marks came apart is certified"
openssl x509 -in "$dir/apart.pem" -noout -subject -nameopt utf8 \
    > "$dir/subject" && grep -q 'Đặng Thế Hữu' "$dir/subject" &&
    grep -q 'Thành phố Hà Nội' "$dir/subject"
ok $? "as one text: in normal form C"
if command -v certtool > /dev/null 2>&1; then
	cat "$dir/card.pem" > "$dir/whole.pem"
	certtool --verify-chain --infile "$dir/whole.pem" > "$dir/certtool" 2>&1
	ok $? "certtool verifies what the desk hands out"
fi
[ "$(state card.pem)" = good ]; ok $? "OCSP: good"

for kind in ec:P-384 ec:P-521 rsa:2048 rsa:3072; do
	case $kind in
	ec:*) request other -newkey ec -pkeyopt \
	    "ec_paramgen_curve:${kind#ec:}" ;;
	*) request other -newkey "$kind" ;;
	esac
	issue other.csr other.pem CCCD:001199012345 &&
	    openssl verify -x509_strict -CAfile "$dir/root.pem" \
		-untrusted "$dir/issuer.pem" "$dir/other.pem" > /dev/null 2>&1
	ok $? "a key of kind $kind is certified"
done
issue card.csr foreign.pem HC:C1234567; refused key-taken \
    "one person's key is not certified for another"
issue card.csr again.pem CCCD:001199012345; refused key-taken \
    "nor again without a renewal"

# What must not be.
request weak -newkey rsa:1024
issue weak.csr no.pem CCCD:001199012345; refused cert-refused \
    "a short RSA key is refused"
request curve -newkey ec -pkeyopt ec_paramgen_curve:secp256k1
issue curve.csr no.pem CCCD:001199012345
! grep -q serialNumber "$dir/issued"; ok $? "so is a curve that the law omits"
request old -newkey ec -pkeyopt ec_paramgen_curve:P-256 -sha1
issue old.csr no.pem CCCD:001199012345; refused unsupported \
    "so is a request signed over SHA-1"
request mine -newkey ec -pkeyopt ec_paramgen_curve:P-256
openssl req -in "$dir/mine.csr" -outform DER -out "$dir/mine.der"
python3 - "$dir/mine.der" "$dir/forged.der" << 'EOF'
import sys
d = bytearray(open(sys.argv[1], 'rb').read())
d[d.index(b'whatever')] ^= 1  # the name that was signed
open(sys.argv[2], 'wb').write(d)
EOF
issue forged.der no.pem CCCD:001199012345; refused csr-proof \
    "so is one that its own key did not sign"
head -c 100 "$dir/mine.der" > "$dir/half.der"
issue half.der no.pem CCCD:001199012345; refused malformed \
    "so is half a request"
issue mine.csr no.pem CCCD:12; refused record-field \
    "so is a number that nobody has"

# EN 319 412-2, a natural person.
request eu -newkey ec -pkeyopt ec_paramgen_curve:P-256
issue eu.csr eu.pem CCCD:001199012345 --profile citizen-eu
ok $? "a certificate of the European profile is issued"
openssl x509 -in "$dir/eu.pem" -noout -text -nameopt utf8 > "$dir/text"
for line in 'serialNumber=PNOVN-001199012345' 'SN=Trần' 'GN=Thị Ánh' \
    'Policy: 1.3.6.1.4.1.99999.1.1' 'CA Issuers - URI' 'OCSP - URI'; do
	grep -q "$line" "$dir/text"; ok $? "it has $line"
done
grep -A1 'Key Usage: critical' "$dir/text" | grep -q '^ *Non Repudiation$'
ok $? "it is for signing alone"
issue eu.csr no.pem HC:C1234567 --profile citizen-eu; refused record-field \
    "a passport does not say which country's number it is"
issue eu.csr no.pem CCCD:001199012345 --profile issuing-ca
refused record-field "no desk can ask for a CA"

# A profile of the operator's own.
request own -newkey ec -pkeyopt ec_paramgen_curve:P-256
issue own.csr own.pem CCCD:001199012345 --profile citizen-hanoi
ok $? "a certificate of a profile in a file is issued"
openssl x509 -in "$dir/own.pem" -noout -text -nameopt utf8 > "$dir/text"
grep -q 'O=Ủy ban nhân dân thành phố Hà Nội' "$dir/text"
ok $? "with the field that the file fixes"
! openssl x509 -in "$dir/own.pem" -noout -checkend $((366 * 86400)) > /dev/null
ok $? "and no longer than it says"
rm -f "$profiles"

# Renewal and re-key.
serial=$(serial_of card.pem)
issue card.csr renewed.pem CCCD:001199012345 --replaces "$serial"
ok $? "the same key is renewed"
[ "$(state card.pem)" = good ] && [ "$(state renewed.pem)" = good ]
ok $? "and the old certificate runs out by itself"
issue mine.csr other.pem CCCD:079199000001 --replaces "$serial"
refused renewal-wrong "a renewal is for the same person"
issue mine.csr rekeyed.pem CCCD:001199012345 \
    --replaces "$(serial_of renewed.pem)"; ok $? "a new key replaces the old"
[ "$(state renewed.pem)" = revoked ] && [ "$(state rekeyed.pem)" = good ]
ok $? "whose certificate is superseded"
issue mine.csr no.pem CCCD:001199012345 --replaces "$(serial_of renewed.pem)"
refused renewal-wrong "what is revoked is not renewed"

# The desk suspends and ends them as any other.
as_officer suspend --serial "$(serial_of rekeyed.pem)" > /dev/null 2>&1
ok $? "it is suspended by its number"
[ "$(state rekeyed.pem)" = revoked ]; ok $? "OCSP: on hold"
as_officer release --serial "$(serial_of rekeyed.pem)" > /dev/null 2>&1
ok $? "and released"
[ "$(state rekeyed.pem)" = good ]; ok $? "OCSP: good"
as_officer revoke --serial "$(serial_of rekeyed.pem)" \
    --reason cessationOfOperation > /dev/null 2>&1; ok $? "and revoked"
[ "$(state rekeyed.pem)" = revoked ]; ok $? "OCSP: revoked"
judged() { # judged NAME: the first line of what signctl says of it
	curl -s -o "$dir/now.crl" "$public_url/pki/ca.crl"
	"$signctl" cert verify --lang en --trust "$dir/issuer.pem" \
	    --crl "$dir/now.crl" --status required "$dir/$1" | head -n 1
}
[ "$(judged card.pem)" = valid ]; ok $? "signctl: valid"
judged rekeyed.pem |
    grep -q '^invalid: .*since 20..-.*Z, cessationOfOperation$'
ok $? "signctl: since when it is revoked, and why"
"$signd" audit-check --config "$dir/signd.conf" > /dev/null 2>&1
ok $? "the audit chain is whole"
service_stop; ok $? "the service ends as it should"
finish
