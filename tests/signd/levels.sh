#!/bin/sh
# Signatures at T, LT and LTA by the service, with its own authority and evidence
# out of its ledger; and signatures raised later.  Shown to openssl and signctl.
. "$top_srcdir/tests/signd/service.sh"
. "$top_srcdir/tests/signd/token.sh"
need python3 openssl

world_make; ok $? "a service comes up from nothing"
enrol 'Nguyễn Văn An' 'CCCD:001099123456' && activate 246813
ok $? "a citizen has a certificate"
csplit -s -z -f "$dir/chain-" "$dir/ca.pem" '/-BEGIN/' '{*}'
printf 'Đơn đề nghị cấp bản sao\r\n' > "$dir/letter"

pin=$(printf 246813 | base64 | tr '+/' '-_' | tr -d =)
sign() { # sign FILE OUT PARAMETERS
	ask -H "Signd-Authorization: PIN $pin" -H 'Content-Type: application/octet-stream' \
	    --data-binary @"$1" \
	    "$url/v1/signatures/signDoc?credentialID=$credential&$3"
	cp "$dir/out" "$2"
	[ "$status" = 200 ]
}
extend() { # extend FILE OUT PARAMETERS
	ask -H 'Content-Type: application/octet-stream' --data-binary @"$1" \
	    "$url/v1/extensions?$3"
	cp "$dir/out" "$2"
	[ "$status" = 200 ]
}
level() { # level FILE: indication and level of the signature, before time stamps
	"$top_builddir/signctl/signctl" verify --json --policy path-only \
	    --trust "$dir/chain-01" "$@" 2> /dev/null | python3 -c 'import json, sys
s = json.load(sys.stdin)["signatures"][0]; print(s["indication"], s["level"])'
}
for l in B T LT LTA; do
	sign "$dir/letter" "$dir/$l.p7m" "signature_format=C&conformance_level=AdES-B-$l"
	ok $? "a file is signed at AdES-B-$l"
	[ "$(level "$dir/$l.p7m")" = "TOTAL-PASSED $l" ]
	ok $? "and is of that level"
	openssl cms -verify -binary -cades -inform DER -in "$dir/$l.p7m" \
	    -CAfile "$dir/chain-01" -purpose any -out "$dir/got" 2> /dev/null &&
	    cmp -s "$dir/got" "$dir/letter"
	ok $? "openssl verifies it, and the content is as it was"
done
sign "$dir/letter" "$dir/d.p7s" \
    "signature_format=C&signed_envelope_property=Detached&conformance_level=Ades-B-T"
ok $? "a detached signature at T"
[ "$(level --content "$dir/letter" "$dir/d.p7s")" = "TOTAL-PASSED T" ]
ok $? "is over the file"
for l in T LT LTA; do
	extend "$dir/B.p7m" "$dir/x.p7m" "conformance_level=AdES-B-$l"
	ok $? "a signature at B is raised to $l"
	[ "$(level "$dir/x.p7m")" = "TOTAL-PASSED $l" ]
	ok $? "and is there"
done
extend "$dir/LTA.p7m" "$dir/again.p7m" "conformance_level=AdES-B-LTA" &&
    [ "$(wc -c < "$dir/again.p7m")" -gt "$(wc -c < "$dir/LTA.p7m")" ]
ok $? "LTA is renewed"
# The detached signature at B and its content, as a container.
sign "$dir/letter" "$dir/B.p7s" "signature_format=C&signed_envelope_property=Detached"
python3 - "$dir" << 'END'
import sys, zipfile
with zipfile.ZipFile(sys.argv[1] + "/B.asics", "w") as z:
    z.writestr("mimetype", "application/vnd.etsi.asic-s+zip")
    z.write(sys.argv[1] + "/letter", "letter", zipfile.ZIP_DEFLATED)
    z.write(sys.argv[1] + "/B.p7s", "META-INF/signature.p7s")
END
for l in T LT LTA; do
	extend "$dir/B.asics" "$dir/x.asics" "conformance_level=AdES-B-$l" &&
	    [ "$(level "$dir/x.asics")" = "TOTAL-PASSED $l" ] &&
	    python3 -m zipfile -t "$dir/x.asics" > /dev/null
	ok $? "a container is raised from B to $l"
done
"$top_builddir/signctl/signctl" extend --url "$url" --cacert "$dir/tls.pem" --level lt \
    --out "$dir/by.p7m" "$dir/B.p7m" > /dev/null 2>&1 &&
    [ "$(level "$dir/by.p7m")" = "TOTAL-PASSED LT" ]
ok $? "signctl extend --url asks the service"

cp "$top_srcdir/demo-data/to-khai.xml" "$dir/paper.xml"
python3 "$top_srcdir/demo-data/make-pdf.py" "$dir/paper.pdf" 2> /dev/null
for kind in pdf xml; do
	file=$dir/paper.$kind
	[ -s "$file" ] || continue
	for l in T LT LTA; do
		sign "$file" "$dir/$l.$kind" "conformance_level=AdES-B-$l" &&
		    [ "$(level "$dir/$l.$kind")" = "TOTAL-PASSED $l" ]
		ok $? "$kind: signed at AdES-B-$l"
	done
	sign "$file" "$dir/B.$kind" "" &&
	    extend "$dir/B.$kind" "$dir/x.$kind" "conformance_level=AdES-B-LTA" &&
	    [ "$(level "$dir/x.$kind")" = "TOTAL-PASSED LTA" ]
	ok $? "$kind: raised from B to LTA"
done

# ---- in two steps, by libsignd: what comes back is put in here ----
two_steps() { # two_steps FILE OUT [NAME VALUE]...
	from=$1 to=$2
	shift 2
	echo 246813 | "$top_builddir/tests/client-sdk/two-steps" "$url" \
	    "$dir/tls.pem" "$credential" "$from" "$to" "$@" 2> "$dir/log"
}
two_steps "$dir/letter" "$dir/s.p7m" signature_format C conformance_level AdES-B-T &&
    [ "$(level "$dir/s.p7m")" = "TOTAL-PASSED T" ]
ok $? "two steps: CMS around a file, at T"
two_steps "$dir/letter" "$dir/s.p7s" signature_format C signed_envelope_property Detached &&
    [ "$(level --content "$dir/letter" "$dir/s.p7s")" = "TOTAL-PASSED B" ]
ok $? "two steps: CMS beside a file"
two_steps "$dir/s.p7m" "$dir/s2.p7m" signature_format C signed_envelope_property Parallel &&
    [ "$(level "$dir/s2.p7m")" = "TOTAL-PASSED T" ] &&
    openssl cms -cmsout -print -inform DER -in "$dir/s2.p7m" | grep -c signatureAlgorithm |
    grep -qx 2
ok $? "two steps: one more signer, with lengths at the beginning that change"
for packaging in enveloped enveloping; do
	two_steps "$dir/paper.xml" "$dir/s.xml" xmlPackaging $packaging &&
	    [ "$(level "$dir/s.xml")" = "TOTAL-PASSED B" ]
	ok $? "two steps: XML, $packaging"
done
two_steps "$dir/paper.pdf" "$dir/s.pdf" conformance_level AdES-B-T &&
    [ "$(level "$dir/s.pdf")" = "TOTAL-PASSED T" ]
ok $? "two steps: PDF, at T"
! two_steps "$dir/letter" "$dir/no" signature_format C conformance_level AdES-B-LT &&
    grep -q '^parameter: ' "$dir/log"
ok $? "two steps do not go above T"

sign "$dir/letter" "$dir/no" "signature_format=C&conformance_level=AdES-B-Z"
expect 400 parameter "there is no such level"
sign "$dir/letter" "$dir/no" "signature_format=J"
expect 400 parameter "there is no such format"
extend "$dir/B.p7m" "$dir/no" "conformance_level=AdES-B-B"
expect 400 parameter "nothing is raised to B"
extend "$dir/letter" "$dir/no" "conformance_level=AdES-B-T"
expect 422 format-unknown "what is not signed cannot be raised"
extend "$dir/B.p7m" "$dir/no" "conformance_level=AdES-B-T&id=9"
expect 404 no-signature "nor a signature that is not there"

# ---- another's authority, through the fetcher ----
mkfifo "$dir/end" "$dir/begin"
"$top_srcdir/tests/tsa.py" "$dir" < "$dir/end" > "$dir/begin" &
authority=$!
exec 9> "$dir/end"
read -r tsa < "$dir/begin"
service_stop
sed -i '/^fetch-private = /d' "$dir/signd.conf"
printf 'stamp-url = %s\nfetch-private = yes\n' "$tsa" >> "$dir/signd.conf"
service_start; ok $? "the service starts with another's time-stamp authority"
sign "$dir/letter" "$dir/other.p7m" "signature_format=C&conformance_level=AdES-B-T" &&
    grep -aq 'CA of TSA' "$dir/other.p7m"
ok $? "and its time stamp is in the signature"
kill "$authority"
wait "$authority" 2> /dev/null
exec 9>&-
sign "$dir/letter" "$dir/no" "signature_format=C&conformance_level=AdES-B-T"
expect 503 fetch-failed "when it is gone, nothing is signed at T"
finish
