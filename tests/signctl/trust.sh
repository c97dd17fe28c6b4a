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
another=$(openssl x509 -in "$dir/other.pem" -noout -fingerprint -sha256 |
    sed 's/.*=//')
expect 77 'trust-fingerprint-differs' "and with a fingerprint that is stated" \
    trust add "$list" "$dir/root.pem" --fingerprint "$another"
expect 64 'says already' "what it is trusted for is not passed over" \
    trust add "$list" "$dir/root.pem" --service ocsp
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

# ---- a list of ETSI TS 119 612, signed by xmlsec1 ----
etsi() { # NEXT-UPDATE OUT
	local c14n=http://www.w3.org/2001/10/xml-exc-c14n#
	local ds=http://www.w3.org/2000/09/xmldsig#
	cat >"$dir/template.xml" <<EOF
<TrustServiceStatusList xmlns="http://uri.etsi.org/02231/v2#" Id="tsl">
<SchemeInformation>
<ListIssueDateTime>$(date -u +%Y-%m-%dT%H:%M:%SZ)</ListIssueDateTime>
<NextUpdate><dateTime>$1</dateTime></NextUpdate></SchemeInformation>
<TrustServiceProviderList><TrustServiceProvider><TSPServices><TSPService>
<ServiceInformation>
<ServiceTypeIdentifier>http://uri.etsi.org/TrstSvc/Svctype/CA/QC</ServiceTypeIdentifier>
<ServiceDigitalIdentity><DigitalId><X509Certificate>
$(openssl x509 -in "$dir/other.pem" -outform DER | base64)
</X509Certificate></DigitalId></ServiceDigitalIdentity>
<ServiceStatus>http://uri.etsi.org/TrstSvc/TrustedList/Svcstatus/granted</ServiceStatus>
<StatusStartingTime>2020-01-01T00:00:00Z</StatusStartingTime>
</ServiceInformation></TSPService></TSPServices></TrustServiceProvider>
</TrustServiceProviderList>
<Signature xmlns="$ds"><SignedInfo>
<CanonicalizationMethod Algorithm="$c14n"/>
<SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"/>
<Reference URI=""><Transforms>
<Transform Algorithm="${ds}enveloped-signature"/>
<Transform Algorithm="$c14n"/></Transforms>
<DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/>
<DigestValue/></Reference></SignedInfo><SignatureValue/>
<KeyInfo><X509Data><X509Certificate/></X509Data></KeyInfo></Signature>
</TrustServiceStatusList>
EOF
	xmlsec1 --sign --privkey-pem "$dir/signer.key,$dir/signer.pem" \
	    --output "$2" "$dir/template.xml" >"$dir/xmlsec.log" 2>&1
}
into() { # WHAT CODE PATTERN LIST SIGNER
	cp "$src/trust/vietnam.json" "$list"
	expect "$2" "$3" "$1" trust import "$list" "$4" --domain eu \
	    --signer "$dir/$5.pem"
}
if command -v xmlsec1 >/dev/null; then
	etsi "$(date -u -d '+30 days' +%Y-%m-%dT%H:%M:%SZ)" "$dir/tsl.xml" &&
	    etsi "$(date -u -d '-1 day' +%Y-%m-%dT%H:%M:%SZ)" "$dir/late.xml" ||
	    sed 's/^/# /' "$dir/xmlsec.log"
	into "a list that xmlsec1 signed is not taken of another signer" \
	    77 'trust-list-unsigned' "$dir/tsl.xml" stranger
	into "... nor past its NextUpdate" 77 'trust-list-expired' \
	    "$dir/late.xml" signer
	sed 's/2020-01-01/2019-01-01/' "$dir/tsl.xml" >"$dir/forged.xml"
	into "... nor with another date in it" 77 'trust-list-unsigned' \
	    "$dir/forged.xml" signer
	into "of its signer it is" 0 '' "$dir/tsl.xml" signer
	expect 0 'signature granted since 2020' "and the service stands in ours" \
	    trust show "$list"
fi
echo "1..$n"
exit $bad
