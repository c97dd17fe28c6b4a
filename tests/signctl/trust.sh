#!/bin/bash
# signctl trust: a list is made, held against fingerprints, signed, shown; the
# signature is openssl's to check, and openssl's is ours.
set -u
build=${top_builddir:-build}
src=${top_srcdir:-.}
signctl=$build/signctl/signctl
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
n=0
bad=0

# expect CODE PATTERN WHAT COMMAND...: exit code and output.
expect() {
	local code=$1 pattern=$2 what=$3 got
	shift 3
	"$@" >"$dir/out" 2>&1 </dev/null
	got=$?
	n=$((n + 1))
	if [ "$got" = "$code" ] && grep -qE "$pattern" "$dir/out"; then
		echo "ok $n - $what"
	else
		bad=1
		echo "# exit $got, wanted $code and /$pattern/"
		sed 's/^/# /' "$dir/out"
		echo "not ok $n - $what"
	fi
}

cert() { # NAME
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -days 30 -subj "/CN=$1" -keyout "$dir/$1.key" \
	    -out "$dir/$1.pem" 2>/dev/null
}
trust() {
	"$signctl" trust "$@" --lang en
}
cert root && cert other && cert signer && cert stranger || exit 1
print=$(openssl x509 -in "$dir/root.pem" -noout -fingerprint -sha256 |
    sed 's/.*=//')
list=$dir/list.json
cp "$src/trust/vietnam.json" "$list"

expect 0 'not supplied yet' "Vietnam's root stands there by its fingerprint" \
    trust show "$list"
expect 77 'trust-fingerprint-differs' "another certificate is not put in" \
    trust add "$list" "$dir/other.pem" --domain neac --fingerprint "$print"
expect 64 'fingerprint is missing' "a new one wants its fingerprint stated" \
    trust add "$list" "$dir/root.pem" --domain city
expect 64 'whole SHA-256' "a part of a fingerprint is none" \
    trust add "$list" "$dir/root.pem" --domain city --fingerprint f04ba4b4
expect 0 'now sign' "with the right fingerprint it is put in" \
    trust add "$list" "$dir/root.pem" --domain city --fingerprint "$print"
expect 0 'in list' "one that the list knows is compared with it" \
    trust add "$list" "$dir/root.pem"
expect 0 'number 1' "it is signed" trust sign "$list" --key "$dir/signer.key" \
    --cert "$dir/signer.pem" --out "$dir/list.p7m"
expect 0 'signature granted since' "the signed list is shown" \
    trust show "$dir/list.p7m" --signer "$dir/signer.pem"
expect 77 'trust-list-unsigned' "... not under another's certificate" \
    trust show "$dir/list.p7m" --signer "$dir/stranger.pem"
expect 77 'trust-list-unsigned' "... and not under nobody's" \
    trust show "$dir/list.p7m"
expect 0 'CMS Verification successful' "openssl finds the same list in it" \
    openssl cms -verify -binary -inform DER -in "$dir/list.p7m" -noverify \
    -certfile "$dir/signer.pem" -out "$dir/read"
expect 0 same "... byte by byte" sh -c \
    'cmp "$1" "$2" && echo same' - "$dir/read" "$list"

by_openssl() { # SIGNER DIGEST
	openssl cms -sign -binary -nodetach -nosmimecap -in "$list" \
	    -signer "$dir/$1.pem" -inkey "$dir/$1.key" -md "$2" \
	    -outform DER -out "$dir/$1-$2.p7m"
}
by_openssl signer sha256 && by_openssl signer sha1
expect 0 'number 1' "a list that openssl signed is taken" \
    trust show "$dir/signer-sha256.p7m" --signer "$dir/signer.pem"
expect 77 'trust-list-unsigned' "... not with SHA-1" \
    trust show "$dir/signer-sha1.p7m" --signer "$dir/signer.pem"
LC_ALL=C sed 's/"neac"/"city"/' "$dir/list.p7m" >"$dir/changed.p7m"
expect 77 'trust-list-unsigned' "a list that was changed is not" \
    trust show "$dir/changed.p7m" --signer "$dir/signer.pem"
expect 77 'trust-list-unsigned' "an XML that nobody signed is not imported" \
    trust import "$list" "$src/demo-data/to-khai.xml" --domain eu \
    --signer "$dir/signer.pem"
echo "1..$n"
exit $bad
