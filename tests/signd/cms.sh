#!/bin/sh
# What CMS has beside its levels, through the service and signctl: time stamps on
# content, policies, counter-signatures, one more signer.  Shown to openssl.
. "$top_srcdir/tests/signd/service.sh"
. "$top_srcdir/tests/signd/token.sh"
need python3 openssl pdfsig

world_make; ok $? "a service comes up from nothing"
enrol 'Nguyễn Văn An' 'CCCD:001099123456' && activate 246813
ok $? "a citizen has a certificate"
csplit -s -z -f "$dir/chain-" "$dir/ca.pem" '/-BEGIN/' '{*}'
printf 'Đơn đề nghị cấp bản sao\r\n' > "$dir/letter"
echo 'Quy chế ký số của thành phố' > "$dir/policy"
policy="policyOID=1.2.3.4.5&policyURI=http://ky.example/qc&policyHash=$(
    openssl dgst -sha256 -binary "$dir/policy" | base64 | tr '+/' '-_' | tr -d =)"
hash=$(openssl dgst -sha256 -binary "$dir/letter" | base64 | tr '+/' '-_' | tr -d =)

pin=$(printf 246813 | base64 | tr '+/' '-_' | tr -d =)
sign() { # sign FILE OUT PARAMETERS
	ask -H "Signd-Authorization: PIN $pin" -H 'Content-Type: application/octet-stream' \
	    --data-binary @"$1" \
	    "$url/v1/signatures/signDoc?credentialID=$credential&$3"
	cp "$dir/out" "$2"
	[ "$status" = 200 ]
}
here() { # here OPTION...: signctl, with the document at home or not
	echo 246813 > "$dir/pin-in"
	"$top_builddir/signctl/signctl" sign --url "$url" --cacert "$dir/tls.pem" \
	    --credential "$credential" --pin-fd 8 "$@" 8< "$dir/pin-in" > "$dir/log" 2>&1
}
indications() { # indications [OPTION...] FILE: of every signature
	"$top_builddir/signctl/signctl" verify --json --policy path-only \
	    --trust "$dir/chain-01" "$@" 2> /dev/null | python3 -c 'import json, sys
print(*[s["indication"] for s in json.load(sys.stdin)["signatures"]])'
}
openssl_takes() { # openssl_takes OPTION...
	openssl cms -verify -binary -cades -inform DER -CAfile "$dir/chain-01" -purpose any \
	    "$@" -out "$dir/got" 2> "$dir/log"
}
printed() { # printed FILE: as openssl reads it
	openssl cms -cmsout -noout -print -inform DER -in "$1" 2> /dev/null
}

# ---- a time stamp on what is signed, and a policy ----
for place in Attached Detached; do
	sign "$dir/letter" "$dir/c.$place" \
	    "signature_format=C&signed_envelope_property=$place&contentTimeStamp=true&$policy"
	ok $? "$place: a content time stamp and a policy are signed along"
	printed "$dir/c.$place" > "$dir/text"
	grep -q 'id-smime-aa-ets-contentTimestamp' "$dir/text" &&
	    grep -q 'id-smime-aa-ets-sigPolicyId' "$dir/text"
	ok $? "$place: openssl reads both"
done
openssl_takes -in "$dir/c.Attached"; ok $? "openssl verifies it"
openssl_takes -in "$dir/c.Detached" -content "$dir/letter"; ok $? "and the one beside its file"
"$top_builddir/signctl/signctl" verify --json --policy path-only --trust "$dir/chain-01" \
    "$dir/c.Attached" 2> /dev/null | python3 -c 'import json, sys
s = json.load(sys.stdin)["signatures"][0]
t = [t for t in s["time"]["time_stamps"] if "content" in t["kind"]]
sys.exit(s["indication"] != "TOTAL-PASSED" or len(t) != 1)'
ok $? "our report has the time stamp on the content"
here --format cms --content-timestamp --sig-policy 1.2.3.4.5 --sig-policy-file "$dir/policy" \
    --detached --out "$dir/d.p7s" "$dir/letter" &&
    printed "$dir/d.p7s" | grep -q contentTimestamp &&
    [ "$(indications --content "$dir/letter" "$dir/d.p7s")" = TOTAL-PASSED ]
ok $? "signctl asks the service for the same"
here --format cms --content-timestamp --out "$dir/whole.p7m" "$dir/letter" &&
    printed "$dir/whole.p7m" | grep -q contentTimestamp &&
    [ "$(indications "$dir/whole.p7m")" = TOTAL-PASSED ]
ok $? "and without --detached has the file in it"
here --format cms --content-timestamp --content "$dir/letter" \
    --out "$dir/d2.p7s" "$dir/d.p7s" &&
    [ "$(printed "$dir/d2.p7s" | grep -c contentTimestamp)" = 2 ] &&
    [ "$(indications --content "$dir/letter" "$dir/d2.p7s")" = "TOTAL-PASSED TOTAL-PASSED" ]
ok $? "one more signer of a detached signature has one, too"

# ---- one more signer, and a signature on a signature ----
sign "$dir/c.Detached" "$dir/two.p7s" \
    "signature_format=C&signed_envelope_property=Parallel&contentDigest=$hash" &&
    [ "$(indications --content "$dir/letter" "$dir/two.p7s")" = "TOTAL-PASSED TOTAL-PASSED" ] &&
    openssl_takes -in "$dir/two.p7s" -content "$dir/letter"
ok $? "a detached signature gets one more signer, by the content's digest"
for how in '' --local; do
	# shellcheck disable=SC2086 # nothing, or an option
	here $how --format cms --content "$dir/letter" --out "$dir/three.p7s" "$dir/two.p7s" &&
	    openssl_takes -in "$dir/three.p7s" -content "$dir/letter" &&
	    [ "$(printed "$dir/three.p7s" | grep -c signatureAlgorithm)" = 3 ]
	ok $? "signctl ${how:---url}: and another, by its file"
	# shellcheck disable=SC2086
	here $how --format cms --counter-sign 1 --out "$dir/counter.p7m" "$dir/c.Attached" &&
	    printed "$dir/counter.p7m" | grep -q countersignature &&
	    openssl_takes -in "$dir/counter.p7m" &&
	    [ "$(indications "$dir/counter.p7m")" = "TOTAL-PASSED TOTAL-PASSED" ]
	ok $? "signctl ${how:---url}: a counter-signature"
done
sign "$dir/c.Attached" "$dir/counter.p7m" "signature_format=C&cmsCounter=1" &&
    [ "$(indications "$dir/counter.p7m")" = "TOTAL-PASSED TOTAL-PASSED" ]
ok $? "the service counter-signs"
here --format cms --local --content "$dir/policy" --out "$dir/no" "$dir/c.Detached" &&
    [ "$(indications --content "$dir/letter" "$dir/no" | tr ' ' '\n' | sort | tr '\n' ' ')" = \
    "TOTAL-FAILED TOTAL-PASSED " ]
ok $? "another content's digest is signed as such, and found"

# ---- a policy in XML and in PDF ----
python3 "$top_srcdir/demo-data/make-pdf.py" "$dir/paper.pdf" 2> /dev/null
sign "$dir/paper.pdf" "$dir/p.pdf" "role=Tr%C6%B0%E1%BB%9Fng%20ph%C3%B2ng&$policy"
ok $? "a PDF is signed under a policy, in a role"
[ "$(indications "$dir/p.pdf")" = TOTAL-PASSED ] && python3 - "$dir/p.pdf" "$dir/p.der" <<'EOT'
import re, sys
hexed = re.search(rb"/Contents\s*<([0-9A-Fa-f]+)>", open(sys.argv[1], "rb").read()).group(1)
open(sys.argv[2], "wb").write(bytes.fromhex(hexed.decode()))
EOT
ok $? "it is valid"
printed "$dir/p.der" > "$dir/text"
grep -q sigPolicyId "$dir/text" && grep -qE 'signerAttr|0.4.0.19122.1.1' "$dir/text"
ok $? "openssl reads policy and role in it"
pdfsig -nocert "$dir/p.pdf" 2> /dev/null | grep -q 'Signature is Valid'
ok $? "pdfsig takes it"
sign "$top_srcdir/demo-data/to-khai.xml" "$dir/p.xml" "$policy" &&
    [ "$(indications "$dir/p.xml")" = TOTAL-PASSED ] &&
    grep -q 'urn:oid:1.2.3.4.5' "$dir/p.xml" && grep -q 'http://ky.example/qc' "$dir/p.xml"
ok $? "XML names its policy and where it is"

# ---- what does not go together is said, and nothing is signed ----
refused() { # refused FILE PARAMETERS WHAT
	sign "$1" "$dir/no" "$2"
	expect 400 parameter "$3"
}
refused "$dir/letter" "signature_format=C&policyOID=1.2.3" "a policy without its hash"
refused "$dir/letter" "signature_format=C&policyOID=1.2.3&policyHash=AAAA" "a short hash"
refused "$dir/letter" "signature_format=C&contentTimeStamp=true" \
    "a content time stamp where the form is left open"
refused "$dir/letter" "signature_format=C&signed_envelope_property=Beside" "no such place"
refused "$dir/letter" "signature_format=C&signed_envelope_property=Detached&cmsCounter=1" \
    "a counter-signature that is detached"
refused "$dir/p.xml" "cmsCounter=1" "cmsCounter without signature_format=C"
refused "$dir/paper.pdf" "xmlCounter=1" "a PDF has no counter-signatures"
refused "$dir/p.xml" "certify=form" "XML is not certified"
refused "$dir/paper.pdf" "reason=x&commitment=1.2.3" "PAdES: a reason or a commitment"
! here --local --counter-sign 1 --out "$dir/no" "$dir/paper.pdf"
ok $? "signctl --local: nor does a PDF have them there"
! here --format cms --detached --counter-sign 1 --out "$dir/no" "$dir/c.Attached"
ok $? "signctl: detached and counter-signed is one too many"
! here --sig-policy-uri http://x --out "$dir/no" "$dir/letter" && grep -q sig-policy "$dir/log"
ok $? "signctl: a policy's place without its OID"
finish
