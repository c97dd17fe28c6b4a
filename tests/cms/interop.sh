#!/bin/sh
# What we make, a program that we did not write must verify: `openssl cms`.
set -u
dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT
n=0
failed=0

told() { # told STATUS NAME
	n=$((n + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
		sed 's/^/# /' "$dir/log"
		failed=1
	fi
}

if ! command -v openssl >/dev/null; then
	echo "1..0 # SKIP no openssl command"
	exit 0
fi
"$top_builddir/tests/cms/maker" "$dir" >"$dir/log" 2>&1
told $? "SignedData of every kind can be made"
openssl x509 -in "$dir/ca.der" -out "$dir/ca.pem" >"$dir/log" 2>&1
told $? "openssl reads the authority"

# The certificates are good around 2027-01-15.
verify() {
	openssl cms -verify -binary -inform DER -CAfile "$dir/ca.pem" \
	    -attime 1800000000 -purpose any -cades "$@" -out "$dir/out" \
	    >"$dir/log" 2>&1
}

# OpenSSL 3.0 cannot verify Ed25519 in CMS, so that is not among them.
for kind in p256 p384 p521 rsa pss; do
	verify -in "$dir/$kind.p7m" && cmp -s "$dir/out" "$dir/content"
	told $? "openssl verifies attached $kind"
	verify -in "$dir/$kind.p7s" -content "$dir/content"
	told $? "openssl verifies detached $kind"
	! verify -in "$dir/$kind.p7s" -content "$dir/ca.der"
	told $? "openssl refuses other content for $kind"
done
echo "1..$n"
exit $failed
