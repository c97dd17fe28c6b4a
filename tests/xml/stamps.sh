#!/bin/sh
# Time stamps of every kind, made by others: those of the conformance corpus
# (SIGND_TEST_CORPUS, or beside the sources; skipped without), and one over a single data object that
# openssl ts and xmlsec1 make here.  Each must hold, and fall with what it covers.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/xml/opening.sh"
need xmlsec1
judge=$bin/judge
# The digests of the time stamps, in their order: 1 fits, 2 does not, 0 unknown.
stamps() { # file, expected
	"$judge" "$1" >"$dir/said" 2>&1
	cat "$dir/said"
	[ "$(sed -n 's/^  stamp digest \([012]\) signature 1$/\1/p' "$dir/said" | tr -d '\n')" = "$2" ]
}

corpus=${SIGND_TEST_CORPUS:-$here/../../../shared/conformance}
dss=$corpus/dss/dss-xades/src/test/resources/validation
if [ -d "$dss" ]; then
	all=$dss/dss2208/xades-content-tst-null-c14n.xml
	check "AllDataObjectsTimeStamp" stamps "$all" 1
	x=$dss/xades-level-x-double-sigAndRefsTst-refsOnlyTst.xml
	check "SigAndRefsTimeStampV2 and RefsOnlyTimeStampV2, twice each" stamps "$x" 11111
	# What is between the first and the second pair is covered by the second.
	sed 's/\(<xades:CompleteRevocationRefs\)/\1 Id="new"/' "$x" >"$dir/x.xml"
	check "they fall with the references" stamps "$dir/x.xml" 12222
	check "SigAndRefsTimeStamp of 1.3.2" stamps "$dss/Signature-X-ES-100.xml" 11
	# HashDataInfo names parts one by one: not known; the archive time stamp
	# of 1.3.2 covers it all the same.
	old=$dss/dss874/sellosFNMT-XAdES_A.xml
	check "ArchiveTimeStamp of 1.3.2" stamps "$old" 011
	sed 's/<xades:SigAndRefsTimeStamp>/<xades:SigAndRefsTimeStamp Id="new">/' "$old" >"$dir/old.xml"
	check "it falls with the time stamp that it covers" stamps "$dir/old.xml" 012
else
	n=$((n + 1))
	echo "ok $n - time stamps of the corpus # SKIP SIGND_TEST_CORPUS is not there"
fi

# IndividualDataObjectsTimeStamp: a token over one element, which the canonical
# form leaves as it is written here; then xmlsec1 signs around it.
cat >"$dir/tsa.cnf" <<C
[req]
distinguished_name = dn
prompt = no
[dn]
CN = TSA
[ext]
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
[stamps]
serial = $dir/serial
crypto_device = builtin
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
ess_cert_id_alg = sha256
C
echo 01 >"$dir/serial"
for who in tsa an; do
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 9 \
		-config "$dir/tsa.cnf" -subj "/CN=$who" -extensions ext \
		-keyout "$dir/$who.key" -out "$dir/$who.pem" 2>/dev/null
done
one='<phan Id="mot">Điều một</phan>'
two='<phan Id="hai">Điều hai</phan>'
token() { # text
	printf '%s' "$1" >"$dir/data"
	openssl ts -query -data "$dir/data" -sha256 -cert -out "$dir/query" 2>/dev/null
	openssl ts -reply -config "$dir/tsa.cnf" -section stamps \
		-signer "$dir/tsa.pem" -inkey "$dir/tsa.key" \
		-queryfile "$dir/query" -token_out 2>/dev/null | base64 -w0
}
reference() { # Id, URI, type
	echo "<Reference Id='$1' URI='#$2' $3><Transforms><Transform Algorithm='http://www.w3.org/2001/10/xml-exc-c14n#'/></Transforms><DigestMethod Algorithm='http://www.w3.org/2001/04/xmlenc#sha256'/><DigestValue/></Reference>"
}
individual() { # token, what the Includes name -> signed.xml
	digest=$(openssl x509 -in "$dir/an.pem" -outform DER | openssl dgst -sha256 -binary | base64)
	includes=
	for r in $2; do
		includes="$includes<q:Include URI='#$r' referencedData='true'/>"
	done
	cat >"$dir/template.xml" <<X
<don>$one$two<Signature xmlns="http://www.w3.org/2000/09/xmldsig#" Id="s"><SignedInfo><CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/><SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"/>$(reference r1 mot '')$(reference r2 hai '')$(reference r3 p "Type='http://uri.etsi.org/01903#SignedProperties'")</SignedInfo><SignatureValue/><KeyInfo><X509Data/></KeyInfo><Object><q:QualifyingProperties xmlns:q="http://uri.etsi.org/01903/v1.3.2#" Target="#s"><q:SignedProperties Id="p"><q:SignedSignatureProperties><q:SigningCertificateV2><q:Cert><q:CertDigest><DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><DigestValue>$digest</DigestValue></q:CertDigest></q:Cert></q:SigningCertificateV2></q:SignedSignatureProperties><q:SignedDataObjectProperties><q:IndividualDataObjectsTimeStamp>$includes<CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/><q:EncapsulatedTimeStamp>$1</q:EncapsulatedTimeStamp></q:IndividualDataObjectsTimeStamp></q:SignedDataObjectProperties></q:SignedProperties></q:QualifyingProperties></Object></Signature></don>
X
	xmlsec1 --sign --privkey-pem "$dir/an.key,$dir/an.pem" --id-attr:Id phan \
		--id-attr:Id SignedProperties --output "$dir/signed.xml" "$dir/template.xml"
}
check "xmlsec1 signs with a time stamp on one object" individual "$(token "$one")" r1
check "IndividualDataObjectsTimeStamp" stamps "$dir/signed.xml" 1
check "xmlsec1 signs with a time stamp on both" individual "$(token "$one$two")" "r1 r2"
check "it covers both" stamps "$dir/signed.xml" 1
check "xmlsec1 signs with the token of another object" individual "$(token "$two")" r1
check "which is told to be wrong" stamps "$dir/signed.xml" 2
check "xmlsec1 signs with an Include that names nothing" individual "$(token "$one")" r9
check "which proves nothing" stamps "$dir/signed.xml" 0
finish
