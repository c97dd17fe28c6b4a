#!/bin/sh
# The life of what the issuer makes, as a user meets it: a token of one's own
# gets a certificate at the desk and signs a PDF with it; certificates end; lists
# are made in time; numbers do not repeat over restarts and deaths; no time stamp
# by a clock that nobody keeps.
. "$top_srcdir/tests/signd/service.sh"
. "$top_srcdir/tests/signd/token.sh"
need python3 openssl softhsm2-util

world_make 'keyholders = 2'; ok $? "a service comes up from nothing"
csplit -s -z -f "$dir/chain-" "$dir/ca.pem" '/-BEGIN/' '{*}'
cp "$dir/chain-00" "$dir/issuer.pem"
cp "$dir/chain-01" "$dir/root.pem"
ledger() { # ledger SQL: on the ledger of a service that does not run
	python3 -c 'import sqlite3, sys
d = sqlite3.connect(sys.argv[1])
for r in d.execute(sys.argv[2]):
    print(*r)
d.commit()' "$dir/state/ledger/ledger.db" "$1"
}

# ---- a token of one's own ----

mkdir -p "$dir/mine"
cat > "$dir/mine.conf" << END
directories.tokendir = $dir/mine
objectstore.backend = file
END
export SOFTHSM2_CONF="$dir/mine.conf"
softhsm2-util --init-token --free --label mine --pin 135792 \
    --so-pin 0987654321 > /dev/null
printf 135792 > "$dir/mine.pin"
chmod 600 "$dir/mine.pin"
mine() { # mine COMMAND OPTIONS...
	verb=$1
	shift
	"$signctl" $verb --module "$module" --pin-file "$dir/mine.pin" "$@"
}
key=$(mine 'token key-new' --token pkcs11:token=mine --kind P-256)
mine 'token csr' --token "$key" --subject 'CN=whoever' \
    --out "$dir/mine.csr" > /dev/null
ok $? "a citizen's own token makes a key and a request"
echo evidence > "$dir/evidence"
as_officer issue --csr "$dir/mine.csr" --out "$dir/mine.pem" \
    --name 'Trần Thị Ánh' --subject-id CCCD:001199012345 \
    --province 'Thành phố Hà Nội' --evidence card-seen \
    --evidence-file "$dir/evidence" --desk 'Bộ phận một cửa' --json \
    > "$dir/issued" 2>&1; ok $? "the desk certifies it"
mine 'token put-cert' --token "$key" "$dir/mine.pem" > /dev/null 2>&1
ok $? "the token takes the certificate"
python3 "$top_srcdir/demo-data/make-pdf.py" "$dir/a.pdf"
mine sign --token "$key" --out "$dir/a.signed.pdf" "$dir/a.pdf" \
    > "$dir/sign.log" 2>&1; ok $? "and signs a PDF"
"$signctl" verify --policy path-only --trust "$dir/root.pem" \
    --certs "$dir/issuer.pem" --indication "$dir/a.signed.pdf" \
    > "$dir/verdict" 2>&1
grep -q TOTAL-PASSED "$dir/verdict"; ok $? "which is valid under the city's root"
ask --data-binary "@$dir/a.signed.pdf" -H 'Accept: application/json' \
    -H 'Content-Type: application/pdf' "$url/v1/verifications"
grep -q '"indication": *"TOTAL-PASSED"' "$dir/out"
ok $? "and by the service, with its revocation data"
if command -v pdfsig > /dev/null; then
	pdfsig -nocert "$dir/a.signed.pdf" 2> /dev/null |
	    grep -q 'Signature is Valid'; ok $? "pdfsig says so too"
fi
unset SOFTHSM2_CONF

# ---- numbers ----

stamp() { # serial numbers of time stamps into $dir/serials
	openssl ts -query -data "$dir/evidence" -sha256 -cert \
	    -out "$dir/q.tsq" 2> /dev/null
	for _ in $(seq "$1"); do
		await stamp_one || return 1
	done
}
stamp_one() {
	curl -s --max-time 120 -H 'Content-Type: application/timestamp-query' \
	    --data-binary "@$dir/q.tsq" -o "$dir/r.tsr" "$public_url/tsa"
	openssl ts -reply -in "$dir/r.tsr" -text 2> /dev/null |
	    sed -n 's/^Serial number: //p' | grep . >> "$dir/serials"
}
: > "$dir/serials"
stamp 20
kill_token_user "$(child keyholder)"
stamp 20
service_stop
service_start
stamp 20
[ "$(wc -l < "$dir/serials")" = 60 ] &&
    [ "$(sort -u "$dir/serials" | wc -l)" = "$(wc -l < "$dir/serials")" ]
ok $? "time stamps have numbers of their own, over deaths and restarts"
! grep -qv '^0x[0-9A-F]\{28,\}$' "$dir/serials"
ok $? "long random ones"

# ---- ends ----

enrol 'Nguyễn Văn An' CCCD:001099012345 && activate 246810
ok $? "a citizen has a credential"
an=$credential
printf 246810 > "$dir/pin-in"
sign_an() {
	as_citizen sign --credential "$an" --pin-fd 3 --format cms --lang en \
	    --out "$dir/x.p7s" "$dir/evidence" 3< "$dir/pin-in" \
	    > "$dir/sign.log" 2>&1
}
sign_an; ok $? "and signs"
service_stop
ledger "UPDATE credential SET not_after = 1"
# The current list was made long ago: half of its life is over.
ledger "UPDATE crl SET this_update = this_update - 600000,
    next_update = next_update - 600000"
number=$(ledger "SELECT max(number) FROM crl")
service_start
! sign_an && grep -q 'credential-expired' "$dir/sign.log"
ok $? "after the end of the certificate nobody signs with it"
made_anew() {
	curl -s --max-time 120 -o "$dir/now.crl" "$public_url/pki/ca.crl"
	next=$(openssl crl -inform DER -in "$dir/now.crl" -noout -crlnumber \
	    2> /dev/null | sed 's/.*=//')
	[ "$(printf '%d' "0x${next#0x}")" -gt "${number:-0}" ]
}
await made_anew
ok $? "a list is made before the last one ends, without a revocation"

# ---- the clock ----

service_stop
python3 - << 'END'
import ctypes, sys
class timex(ctypes.Structure):
    _fields_ = [("modes", ctypes.c_uint), ("rest", ctypes.c_char * 256)]
t = timex()
# TIME_ERROR: nobody keeps the clock.
sys.exit(0 if ctypes.CDLL(None).adjtimex(ctypes.byref(t)) == 5 else 1)
END
unkept=$?
sed -i 's/^tsa-clock-checked = no/tsa-clock-checked = yes/' "$dir/signd.conf"
service_start
curl -s --max-time 120 -H 'Content-Type: application/timestamp-query' \
    --data-binary "@$dir/q.tsq" -o "$dir/r.tsr" "$public_url/tsa"
openssl ts -reply -in "$dir/r.tsr" -text > "$dir/r.text" 2> /dev/null
if [ "$unkept" -eq 0 ]; then
	grep -qi 'timeNotAvailable\|time source' "$dir/r.text" &&
	    ! grep -q 'Serial number' "$dir/r.text"
	ok $? "no time stamp while the kernel's clock is not synchronised"
else
	grep -q 'Serial number' "$dir/r.text"
	ok $? "a time stamp where the kernel's clock is synchronised"
fi
service_stop; ok $? "the service ends as it should"
finish
