#!/bin/sh
# POST /v1/verifications as a program asks: detached content in a form, and each
# report by Accept, all with the same verdict.
. "$top_srcdir/tests/signd/service.sh"
. "$top_srcdir/tests/signd/token.sh"

world_make; ok $? "a service comes up"
enrol 'Nguyễn Văn An' 'CCCD:001099123456' && activate 246813
ok $? "a citizen has a key"
verifications="$url/v1/verifications?policy=basic"
echo 'nội dung gốc' > "$dir/content"
echo 'nội dung khác' > "$dir/other"
ask --data-binary "@$dir/content" -H 'Content-Type: application/octet-stream' \
    -H "$(pin_header 246813)" \
    "$url/v1/signatures/signDoc?credentialID=$credential&signature_format=C&signed_envelope_property=Detached"
expect 200 '' "the service makes a detached signature"
cp "$dir/out" "$dir/an.p7s"

says() { # says INDICATION SUB NAME
	python3 - "$dir/out" "$1" "$2" << 'END'
import json, sys
r = json.load(open(sys.argv[1]))
sys.exit([r["indication"], r["sub_indication"] or ""] != sys.argv[2:])
END
	ok $? "$3"
}
ask -F "document=@$dir/an.p7s" -F "content=@$dir/content" "$verifications"
expect 200 '' "a form with the signature and what it signs"
says TOTAL-PASSED '' "is valid"
ask -F "content=@$dir/content" -F "document=@$dir/an.p7s" "$verifications"
says TOTAL-PASSED '' "also when the content comes first"
ask -F "document=@$dir/an.p7s" -F "content=@$dir/other" "$verifications"
says TOTAL-FAILED HASH_FAILURE "with other content it is not"
ask -F "document=@$dir/an.p7s" "$verifications"
says INDETERMINATE SIGNED_DATA_NOT_FOUND "without the content nothing is said"
ask -F "document=@$dir/an.p7s" -F "content=@$dir/content" -F policy=strict \
    "$url/v1/verifications"
says INDETERMINATE SIG_CONSTRAINTS_FAILURE "the form may name the policy"
for time in vietnam_time=2001-02-03T04:05 time=2001-02-02T21:05Z; do
	ask -F "document=@$dir/an.p7s" -F "content=@$dir/content" -F "$time" \
	    "$verifications"
	grep -q '"validation_time": *"2001-02-02T21:05:00Z"' "$dir/out"
	ok $? "the form may name the time: $time"
done
ask -F "document=@$dir/an.p7s" -F "content=@$dir/content" \
    -F vietnam_time=yesterday "$verifications"
expect 400 parameter "one that is none is refused"
ask -F "document=@$dir/an.p7s" -F "content=@$dir/content" \
    -F "content=@$dir/other" "$verifications"
expect 400 parameter "two contents are refused"

# Hashes alone: the content stays away.
hashes=SHA-256:$(sha256sum < "$dir/content" | cut -d' ' -f1)
ask -F "document=@$dir/an.p7s" -F "hash=$hashes" "$verifications"
says TOTAL-PASSED '' "the hashes of the content do as well"
python3 - "$dir/out" "$hashes" << 'END'
import json, sys
r = json.load(open(sys.argv[1]))
s = r["signatures"][0]
print("#", r["code"], r["sentence"]["vi"])
sys.exit(not (r["code"] == "valid-for-hash" and
    r["document"]["sha256"] in sys.argv[2] and
    s["coverage"]["content_seen"] is False and
    s["coverage"]["whole_file"] is False and
    "content-not-seen" in [n["code"] for n in s["notes"]]))
END
ok $? "and the verdict is of the hash, and says what was not seen"
ask -F "document=@$dir/an.p7s" -F "hash=SHA-256:$(sha256sum < "$dir/other" |
    cut -d' ' -f1)" "$verifications"
says TOTAL-FAILED HASH_FAILURE "another hash is another content"
ask -F "document=@$dir/an.p7s" -F "hash=$hashes" -F of=pdf "$verifications"
grep -q 'pdf-rest-not-seen' "$dir/out"
ok $? "of a signature out of a PDF it is said that the rest was not seen"
for bad in SHA-256:00 MD4:00 sha "$hashes:" "$hashes,$hashes" \
    "SHA-512:$(sha512sum < "$dir/content" | cut -d' ' -f1)"; do
	ask -F "document=@$dir/an.p7s" -F "hash=$bad" "$verifications"
	[ "$status" = 400 ] || break
done
[ "$status" = 400 ]; ok $? "what is no hash, or not SHA-256, is refused"
sha512=$(sha512sum < "$dir/content" | cut -d' ' -f1)
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 \
    -subj /CN=An -keyout "$dir/an.key" -out "$dir/an.pem" 2> /dev/null
openssl cms -sign -binary -cades -md sha512 -in "$dir/other" -signer "$dir/an.pem" \
    -inkey "$dir/an.key" -outform DER -out "$dir/longer.p7s" 2> /dev/null
ask -F "document=@$dir/longer.p7s" -F "hash=$hashes" "$verifications"
says INDETERMINATE SIGNED_DATA_NOT_FOUND "a signature by another hash says nothing about this one"
ask -F "document=@$dir/longer.p7s" -F "hash=$hashes,SHA-512:$sha512" "$verifications"
expect 400 parameter "nor may two hashes be mixed"

"$top_builddir/signctl/signctl" verify --url "$url" --cacert "$dir/tls.pem" \
    --content "$dir/content" "$dir/an.p7s" > "$dir/said" 2>&1
[ $? -eq 0 ] && grep -q 'đúng mã băm đã gửi' "$dir/said"
ok $? "signctl sends the hashes, and not the content" || cat "$dir/said"

# Detached XML by somebody else: the file that it names stays away.
cat > "$dir/template.xml" << 'END'
<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"><SignedInfo>
<CanonicalizationMethod Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315"/>
<SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"/>
<Reference URI="content"><DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/>
<DigestValue/></Reference></SignedInfo><SignatureValue/>
<KeyInfo><X509Data/></KeyInfo></Signature>
END
if command -v xmlsec1 > /dev/null; then
	(cd "$dir" && xmlsec1 --sign --output detached.xml \
	    --privkey-pem an.key,an.pem template.xml) 2> "$dir/log.xmlsec"
	ok $? "xmlsec1 signs a file outside"
	ask -F "document=@$dir/detached.xml" -F "hash=$hashes" -F policy=crypto-only \
	    "$url/v1/verifications"
	says TOTAL-PASSED '' "its hash does as well"
	grep -q '"code": "intact-for-hash"' "$dir/out" &&
	    grep -q 'content-not-seen' "$dir/out"
	ok $? "and that is said"
	ask -F "document=@$dir/detached.xml" -F policy=crypto-only \
	    -F "hash=SHA-256:$(sha256sum < "$dir/other" | cut -d' ' -f1)" \
	    "$url/v1/verifications"
	says TOTAL-FAILED HASH_FAILURE "another hash is another file"
	ask -F "document=@$dir/detached.xml" -F "hash=$hashes" -F policy=crypto-only \
	    -H 'Accept: application/xml' "$url/v1/verifications"
	grep -q '<vr:DocHashOnly>true</vr:DocHashOnly>' "$dir/out"
	ok $? "the report of TS 119 102-2 says that the hash was all there was"
else
	echo "# there is no xmlsec1: XML by hash is not tried"
fi

# A PDF that stays at home.
python3 "$top_srcdir/demo-data/make-pdf.py" "$dir/don.pdf" 2> /dev/null
for i in 1 2; do
	ask --data-binary "@$dir/don.pdf" -H 'Content-Type: application/pdf' \
	    -H "$(pin_header 246813)" \
	    "$url/v1/signatures/signDoc?credentialID=$credential"
	expect 200 '' "a PDF is signed, time $i"
	cp "$dir/out" "$dir/don.pdf"
done
apart() { # apart FILE [OPTION...]
	file=$1
	shift
	"$top_builddir/signctl/signctl" verify --url "$url" --cacert "$dir/tls.pem" \
	    --local --policy "${policy:-basic}" "$@" "$file" > "$dir/said" 2>&1
}
before=$(grep -c 'event=verified' "$dir/log")
apart "$dir/don.pdf" --lang en
[ $? -eq 0 ] && grep -q '^VALID. The signature is valid' "$dir/said" &&
    grep -q 'The file was not sent' "$dir/said" &&
    [ "$(grep -c 'Nguyễn Văn An' "$dir/said")" -ge 2 ]
ok $? "a PDF is judged by a service that does not get it" || sed 's/^/# /' "$dir/said"
[ "$(grep -c 'event=verified' "$dir/log")" -eq $((before + 2)) ] &&
    ! grep 'event=verified' "$dir/log" | tail -2 |
	grep -q "bytes=$(wc -c < "$dir/don.pdf")"
ok $? "which is asked once for each signature"
sed 's/Nguy/Nguz/;s/Helvetica/Helvetika/' "$dir/don.pdf" > "$dir/changed.pdf"
printf 'x' | dd of="$dir/changed.pdf" bs=1 seek=30 conv=notrunc 2> /dev/null
apart "$dir/changed.pdf" --indication
[ $? -eq 1 ] && grep -q 'TOTAL-FAILED hash-failure' "$dir/said"
ok $? "one that was changed is not" || sed 's/^/# /' "$dir/said"
[ "$(grep -c 'event=verified' "$dir/log")" -eq $((before + 2)) ]
ok $? "and nobody is asked about it"
policy=strict apart "$dir/don.pdf" --indication
[ $? -eq 2 ] && grep -q 'INDETERMINATE timestamp-required' "$dir/said"
ok $? "the service's policy counts" || sed 's/^/# /' "$dir/said"
printf '\n%% something at the end\n' | cat "$dir/don.pdf" - > "$dir/longer.pdf"
apart "$dir/longer.pdf" --indication
[ $? -eq 1 ]; ok $? "what the service cannot see is seen here" || cat "$dir/said"
apart "$dir/don.pdf" --json && python3 - "$dir/said" << 'END'
import json, sys
r = json.load(open(sys.argv[1]))
sys.exit(r["code"] != "valid" or len(r["answers"]) != 2 or
         any(a["code"] != "valid-for-hash" for a in r["answers"]))
END
ok $? "and as JSON, with what each said"

# Time stamps of the document, by an authority that nobody knows.  It ends when
# its standard input, our descriptor 9, does.
mkdir "$dir/tsa" && mkfifo "$dir/stop" "$dir/answer"
"$top_srcdir/tests/tsa.py" "$dir/tsa" < "$dir/stop" > "$dir/answer" 2> "$dir/log.tsa" &
exec 9> "$dir/stop"
read -r tsa < "$dir/answer"
python3 "$top_srcdir/tests/signd/only-stamp.py" "$tsa" "$dir/stamp.pdf"
ok $? "a stranger stamps a PDF that nobody signed"
"$top_builddir/signctl/signctl" verify --policy crypto-only --indication \
    "$dir/stamp.pdf" > "$dir/said" 2>&1
ok $? "the stamp as such holds" || sed 's/^/# /' "$dir/said"
before=$(grep -c 'event=verified' "$dir/log")
for policy in basic path-only crypto-only; do
	apart "$dir/stamp.pdf" --indication
	[ $? -eq 2 ] &&
	    grep -q '^INDETERMINATE document-stamps-not-judged$' "$dir/said"
	ok $? "$policy: it passes for nothing when the file stays at home" ||
	    sed 's/^/# /' "$dir/said"
done
policy=basic
apart "$dir/stamp.pdf"
[ $? -eq 2 ] && grep -q '^CHƯA XÁC ĐỊNH ĐƯỢC. .*chưa được xét' "$dir/said" &&
    ! grep -qi '^hợp lệ' "$dir/said"
ok $? "and that is said in Vietnamese" || sed 's/^/# /' "$dir/said"
apart "$dir/stamp.pdf" --lang en
[ $? -eq 2 ] && grep -q '^INDETERMINATE. .*not judged' "$dir/said" &&
    ! grep -q '^VALID' "$dir/said"
ok $? "and in English" || sed 's/^/# /' "$dir/said"
[ "$(grep -c 'event=verified' "$dir/log")" -eq "$before" ]
ok $? "and the service was asked about no signature"

"$top_builddir/signctl/signctl" extend --level t --tsa "$tsa" \
    --out "$dir/stamped.pdf" "$dir/don.pdf" > "$dir/said" 2>&1
ok $? "a stranger stamps a PDF with good signatures" || sed 's/^/# /' "$dir/said"
apart "$dir/stamped.pdf" --json
[ $? -eq 2 ] && python3 - "$dir/said" << 'END'
import json, sys
r = json.load(open(sys.argv[1]))
sys.exit(r["indication"] != "INDETERMINATE" or r["stamps_not_judged"] != 1 or
         r["code"] != "document-stamps-not-judged" or
         [a["code"] for a in r["answers"]] != ["valid-for-hash"] * 2)
END
ok $? "their verdicts are told, but the document does not pass" ||
    sed 's/^/# /' "$dir/said"
policy=strict apart "$dir/stamped.pdf" --lang en
[ $? -eq 2 ] && grep -q 'time stamps of the document were not judged' "$dir/said"
ok $? "and it is said beside another result, too" || sed 's/^/# /' "$dir/said"
policy=basic
python3 - "$dir/stamp.pdf" "$dir/stamp.tst" << 'END'
import re, sys
pdf = open(sys.argv[1], "rb").read()
der = bytes.fromhex(re.search(rb"/Contents<([0-9a-fA-F]+)>", pdf)[1].decode())
n = 4 + int.from_bytes(der[2:4], "big")
open(sys.argv[2], "wb").write(der[:n])
END
ask -F "document=@$dir/stamp.tst" -F of=pdf -F "hash=$hashes" -F policy=crypto-only \
    "$url/v1/verifications"
expect 400 hash-unused "the service calls no stamp valid for a hash"
ask -F "document=@$dir/stamp.tst" -F of=pdf -F policy=crypto-only \
    "$url/v1/verifications"
expect 400 parameter "nor anything out of a PDF without the hash of what it covers"
exec 9>&-

accept() { # accept TYPE
	ask -H "Accept: $1" -F "document=@$dir/an.p7s" \
	    -F "content=@$dir/content" "$verifications&lang=vi"
	grep -qi "^Content-Type: $1" "$dir/head"
}
accept application/xml; ok $? "Accept: application/xml gives XML"
python3 - "$dir/out" << 'END'
import sys, xml.etree.ElementTree as tree
ns = "{http://uri.etsi.org/19102/v1.2.1#}"
root = tree.parse(sys.argv[1]).getroot()
found = [e.text for e in root.findall(
    "%sSignatureValidationReport/%sSignatureValidationStatus/%sMainIndication"
    % (ns, ns, ns))]
print("#", root.tag, found)
sys.exit(root.tag != ns + "ValidationReport" or
         found != ["urn:etsi:019102:mainindication:total-passed"])
END
ok $? "which is a report of TS 119 102-2 with the same verdict"
accept text/html && grep -q '<html lang="vi"' "$dir/out" &&
    grep -qi 'hợp lệ' "$dir/out"
ok $? "Accept: text/html gives a page"
accept text/plain && grep -qi 'hợp lệ' "$dir/out" &&
    grep -q 'Nguyễn Văn An' "$dir/out"
ok $? "Accept: text/plain gives a text"
accept application/json; says TOTAL-PASSED '' "Accept: application/json gives JSON"

service_stop; ok $? "signd stops with status 0"
finish
