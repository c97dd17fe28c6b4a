#!/bin/sh
# What an agency receives at B-B is kept for its archive while the service runs:
# raised to LTA with the time stamps of the service, or of another authority
# (openssl ts), and with what the service's responder says just then.  Then it is
# verified without any network, and by the service, which has newer data.
. "$top_srcdir/tests/signd/service.sh"
. "$top_srcdir/tests/signd/token.sh"
need python3 openssl

world_make; ok $? "a service comes up from nothing"
enrol 'Nguyễn Văn An' 'CCCD:001099123456' && activate 246813
ok $? "a citizen has a certificate"
csplit -s -z -f "$dir/chain-" "$dir/ca.pem" '/-BEGIN/' '{*}'
mkfifo "$dir/hold"
python3 "$top_srcdir/tests/tsa.py" "$dir" < "$dir/hold" > "$dir/tsa.url" 2> /dev/null &
tsa_pid=$!
exec 9> "$dir/hold"
trap 'kill $tsa_pid 2> /dev/null; service_end' EXIT
await [ -s "$dir/tsa.url" ]
foreign=$(head -n 1 "$dir/tsa.url")

python3 "$top_srcdir/demo-data/make-pdf.py" "$dir/don.pdf" 2> /dev/null ||
    cp "$top_srcdir/demo-data/don.pdf" "$dir/don.pdf"
echo '<đơn><tên>An</tên></đơn>' > "$dir/don.xml"
echo 'công văn' > "$dir/don.p7m"
echo 246813 > "$dir/pin"
for name in don.pdf don.xml don.p7m; do
	set --
	[ "$name" != don.p7m ] || set -- --format cms
	as_citizen sign --credential "$credential" --pin-fd 3 "$@" \
	    --out "$dir/signed-$name" "$dir/$name" 3< "$dir/pin" \
	    > /dev/null 2> "$dir/err" || break
done
ok $? "and signs a PDF, XML and CMS"

port=${public_url##*:}
preserve() { # preserve TSA FILE OUT OPTION...
	tsa=$1 file=$2 out=$3
	shift 3
	"$signctl" preserve --online --wait 60 \
	    --private-address "localhost 127.0.0.1:$port" \
	    --private-address "localhost [::1]:$port" --tsa "$tsa" \
	    --trust "$dir/chain-00" --json --out "$dir/$out" "$@" "$dir/$file" \
	    > "$dir/report" 2> "$dir/err"
}
ends() { # year in which the evidence ends
	sed -n 's/.*"holds_until": "\([0-9]*\)-.*/\1/p' "$1" | sort | tail -n 1
}
offline() { # offline FILE TRUST...: what is said without a network
	file=$1
	shift
	for trust; do
		set -- "$@" --trust "$trust"
		shift
	done
	"$signctl" verify --policy vn-2025 --indication "$@" "$dir/$file"
}
service() {
	ask --data-binary "@$dir/$1" -H 'Content-Type: application/octet-stream' \
	    "$url/v1/verifications?policy=vn-2025"
}
for name in don.pdf don.xml don.p7m; do
	preserve "$public_url/tsa" "signed-$name" "own-$name"
	ok $? "$name is preserved with the service's time stamps"
	own=$(ends "$dir/report")
	offline "own-$name" "$dir/chain-00" > "$dir/said"
	grep -q '^TOTAL-PASSED .* valid$' "$dir/said"
	ok $? "$name: and is valid without any network"
	service "own-$name"
	grep -q '"indication": "TOTAL-PASSED"' "$dir/out" &&
	    grep -q '"level": "LTA"' "$dir/out"
	ok $? "$name: and for the service"

	preserve "$foreign" "signed-$name" "foreign-$name" \
	    --trust "$dir/tsa-ca.pem" --crl "$dir/tsa-ca.crl"
	ok $? "$name is preserved with those of another authority"
	[ "$(ends "$dir/report")" -gt "$own" ]
	ok $? "$name: whose certificate lasts longer, so the evidence does"
	offline "foreign-$name" "$dir/chain-00" "$dir/tsa-ca.pem" > "$dir/said"
	grep -q '^TOTAL-PASSED .* valid$' "$dir/said"
	ok $? "$name: and is valid without any network, too"

	# What was kept is kept once more, before its evidence ends.
	preserve "$foreign" "own-$name" "again-$name" \
	    --trust "$dir/tsa-ca.pem" --crl "$dir/tsa-ca.crl"
	[ $? = 0 ] && [ "$(ends "$dir/report")" -gt "$own" ]
	status=$?
	[ $status = 0 ] || sed 's/^/# /' "$dir/err" | head -5
	ok $status "$name: what was preserved is preserved again, for longer"
done

# The service does not know that authority: it says so of the time stamps, and
# they take nothing from who signed.
service foreign-don.pdf
expect 200 '' "a time stamp of a stranger"
python3 - "$dir/out" << 'END'
import json, sys
r = json.load(open(sys.argv[1]))
codes = [r["code"]] + [s["code"] for s in r["signatures"]]
print("#", codes)
sys.exit(codes != 2 * ["valid"] + 2 * ["stamp-issuer-not-trusted"])
END
ok $? "is told as one, and takes nothing from the signer"

# Within one second nothing is proven to be older (EN 319 102-1 5.5.4).
sleep 1.1

# New data: the certificate is revoked, which what was kept survives.
as_officer revoke --credential "$credential" --reason keyCompromise \
    > "$dir/revoked" 2>&1
ok $? "the certificate is revoked"
for name in don.pdf don.xml don.p7m; do
	service "own-$name"
	grep -q '"indication": "TOTAL-PASSED"' "$dir/out" &&
	    grep -q certificate-revoked-later "$dir/out"
	ok $? "$name: what was preserved before stays valid, with a note"
	service "signed-$name"
	! grep -q '"indication": "TOTAL-PASSED"' "$dir/out"
	ok $? "$name: what was not preserved does not"
	preserve "$public_url/tsa" "signed-$name" "late-$name"
	[ $? != 0 ] || ! grep -q '"indication": "TOTAL-PASSED"' "$dir/report"
	ok $? "$name: and it is too late to preserve it"
done
exec 9>&-
service_stop; ok $? "signd stops with status 0"
finish
