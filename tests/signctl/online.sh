#!/bin/sh
# signctl asks the servers that certificates name, and keeps what they say with
# the signature; without --online it asks nobody.
. "$top_srcdir/tests/signd/service.sh"
. "$top_srcdir/tests/status.sh"
need python3 openssl ss
signctl=$top_builddir/signctl/signctl
dir=$(mktemp -d "${TMPDIR:-/tmp}/signctl-online-XXXXXX")
trap 'status_end; rm -rf "$dir"' EXIT
status_world; ok $? "a PKI of OpenSSL's, with a server of lists"
status_leaf list "crlDistributionPoints=URI:$base/sub.crl" && status_sign list
status_leaf asks "authorityInfoAccess=OCSP;URI:http://127.0.0.1:$ocsp_port/" &&
    status_register asks && status_sign asks -md sha256 &&
    openssl x509 -in "$dir/pki/sub.pem" -outform DER -out "$dir/pki/sub.der"
status_leaf dead "crlDistributionPoints=URI:http://127.0.0.1:$dead_port/a.crl" &&
    status_sign dead
status_ocsp; ok $? "openssl ocsp answers"

verify() { # verify FILE [OPTIONS]: indication
	file=$1
	shift
	"$signctl" verify --indication --trust "$dir/pki/root.pem" \
	    --certs "$dir/pki/sub.pem" "$@" "$file"
}
online() {
	verify "$@" --online --wait 60 \
	    --private-address "127.0.0.1:$crl_port" \
	    --private-address "127.0.0.1:$ocsp_port" \
	    --private-address "127.0.0.1:$dead_port"
}
says() { # says WORDS NAME
	[ "$got" = "$1" ] || echo "# $got"
	[ "$got" = "$1" ]; ok $? "$2"
}

got=$(verify "$dir/pki/list.p7m")
says "INDETERMINATE TRY_LATER revocation-unknown" "offline nothing is known"
[ ! -s "$dir/pki/requests" ]; ok $? "and nobody was asked"
got=$(verify "$dir/pki/list.p7m" --online)
says "INDETERMINATE TRY_LATER revocation-unknown" \
    "a private address is not asked unless it is named"
[ ! -s "$dir/pki/requests" ]; ok $? "really"
got=$(online "$dir/pki/list.p7m")
says "TOTAL-PASSED  valid" "--online fetches the lists"
got=$(online "$dir/pki/asks.p7m")
says "TOTAL-PASSED  valid" "and asks responders"
"$signctl" verify --lang en --online --wait 60 --trust "$dir/pki/root.pem" \
    --private-address "127.0.0.1:$crl_port" \
    --private-address "127.0.0.1:$dead_port" "$dir/pki/dead.p7m" > "$dir/out"
grep -q "127.0.0.1:$dead_port could not be reached" "$dir/out"
ok $? "who is away is named"

mkdir "$dir/folder"
for i in 1 2 3; do cp "$dir/pki/list.p7m" "$dir/folder/$i.p7m"; done
: > "$dir/pki/requests"
"$signctl" verify --lang en --online --wait 60 --trust "$dir/pki/root.pem" \
    --private-address "127.0.0.1:$crl_port" "$dir/folder" > "$dir/out"
grep -q '^3 valid' "$dir/out"; ok $? "a folder is verified"
[ "$(wc -l < "$dir/pki/requests")" -eq 2 ]
ok $? "each list is fetched once for all of it"

# ---- kept with the signature ----

mkdir "$dir/tsa"
mkfifo "$dir/stop" "$dir/answer"
python3 "$top_srcdir/tests/tsa.py" "$dir/tsa" < "$dir/stop" > "$dir/answer" &
exec 9> "$dir/stop"
read -r tsa < "$dir/answer"
keep() { # keep COMMAND OUT IN [OPTIONS]
	command=$1
	to=$2
	from=$3
	shift 3
	"$signctl" "$command" --trust "$dir/pki/root.pem" \
	    --trust "$dir/tsa/tsa-ca.pem" --crl "$dir/tsa/tsa-ca.crl" \
	    --tsa "$tsa" --out "$to" "$@" "$from" > "$dir/err" 2>&1
}
asking="--online --wait 60 --private-address 127.0.0.1:$crl_port \
    --private-address 127.0.0.1:$ocsp_port \
    --private-address 127.0.0.1:$dead_port"
# shellcheck disable=SC2086 # several words
keep extend "$dir/lt.p7m" "$dir/pki/list.p7m" --level lt $asking
ok $? "a signature of others is raised to LT with what its servers say"
got=$("$signctl" verify --indication --trust "$dir/pki/root.pem" \
    --trust "$dir/tsa/tsa-ca.pem" --crl "$dir/tsa/tsa-ca.crl" "$dir/lt.p7m")
says "TOTAL-PASSED  valid" "it is valid without any network then"
# shellcheck disable=SC2086
keep preserve "$dir/lta.p7m" "$dir/pki/asks.p7m" --policy basic \
    --cert "$dir/pki/sub.pem" $asking
ok $? "preserve does the same, with an answer of a responder"
openssl cms -cmsout -print -inform DER -in "$dir/lta.p7m" 2> /dev/null |
    grep -q '1.3.6.1.5.5.7.16.2\|otherRevInfoFormat\|OCSP' &&
    got=$("$signctl" verify --indication --trust "$dir/pki/root.pem" \
	--trust "$dir/tsa/tsa-ca.pem" --crl "$dir/tsa/tsa-ca.crl" \
	"$dir/lta.p7m")
says "TOTAL-PASSED  valid" "which is inside, and is enough offline"
# shellcheck disable=SC2086
! keep extend "$dir/none.p7m" "$dir/pki/dead.p7m" --level lt $asking &&
    [ ! -e "$dir/none.p7m" ]
ok $? "where the server is away the level is not claimed"
exec 9>&-
finish
