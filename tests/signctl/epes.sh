#!/bin/bash
# A signature policy that was signed along (EPES) in XML: told, unknown, known
# by its digest, and another edition of it.  Prints TAP.
set -u
build=${top_builddir:-build}
src=${top_srcdir:-.}
signctl=$build/signctl/signctl
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
n=0 bad=0

ok() { # STATUS WHAT
	n=$((n + 1))
	if [ "$1" = 0 ]; then
		echo "ok $n - $2"
	else
		bad=1
		sed 's/^/# /' "$dir/out"
		echo "not ok $n - $2"
	fi
}
says() { # EXPECTED WHAT OPTIONS
	local want=$1 what=$2
	shift 2
	"$signctl" verify --indication --trust "$dir/an.pem" "$@" "$dir/signed.xml" \
	    >"$dir/out" 2>&1
	grep -q "$want" "$dir/out"
	ok $? "$what"
}
# eu-basic without revocation, and with this as its signature_policy
policy() { # FILE MEMBER
	sed -e 's/"status": "required"/"status": "ignore"/' \
	    -e "s/\"wanted\": \"if-present\"/$2/" \
	    -e 's/"name": "eu-basic"/"name": "ours"/' \
	    "$src/validation/policies/eu-basic.json" >"$1"
}

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
    -subj "/CN=An" -addext keyUsage=critical,digitalSignature \
    -keyout "$dir/an.key" -out "$dir/an.pem" 2>"$dir/out" || exit 1
echo '<don/>' >"$dir/don.xml"
"$build/tests/xml/signer" "$dir/an.key" "$dir/an.pem" ecdsa "$dir/don.xml" \
    "$dir/signed.xml" policy=1.3.6.1.4.1.99.1 >"$dir/out" || exit 1
# What tests/xml/signer takes for the policy's document.
hash=$(printf policy | sha256sum | cut -d' ' -f1)
known='"wanted": "if-present", "known": [{"id": "1.3.6.1.4.1.99.1", "digest": "SHA-256", "value": '
policy "$dir/unknown" '"wanted": "if-present"'
policy "$dir/known" "$known\"$hash\"}]"
policy "$dir/other" "$known\"${hash#??}00\"}]"
policy "$dir/wanted" '"wanted": "required"'

says '^TOTAL-PASSED' "told only under path-only" --policy path-only
says 'INDETERMINATE SIGNATURE_POLICY_NOT_AVAILABLE signature-policy-unknown' \
    "nobody knows it" --policy-file "$dir/unknown"
says '^TOTAL-PASSED' "known by its digest" --policy-file "$dir/known"
says 'INDETERMINATE POLICY_PROCESSING_ERROR signature-policy-differs' \
    "another edition of it" --policy-file "$dir/other"
"$build/tests/xml/signer" "$dir/an.key" "$dir/an.pem" ecdsa "$dir/don.xml" \
    "$dir/signed.xml" >"$dir/out" || exit 1
says 'INDETERMINATE SIG_CONSTRAINTS_FAILURE signature-policy-required' \
    "one is wanted, and there is none" --policy-file "$dir/wanted"
echo "1..$n"
exit $bad
