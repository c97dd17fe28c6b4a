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
ask -F "document=@$dir/an.p7s" -F "content=@$dir/content" \
    -F "content=@$dir/other" "$verifications"
expect 400 parameter "two contents are refused"

# Hashes alone: the content stays away.
hashes=SHA-256:$(sha256sum < "$dir/content" | cut -d' ' -f1)
hashes=$hashes,SHA-512:$(sha512sum < "$dir/content" | cut -d' ' -f1)
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
for bad in SHA-256:00 MD4:00 "${hashes#*,}" sha "$hashes:"; do
	ask -F "document=@$dir/an.p7s" -F "hash=$bad" "$verifications"
	[ "$status" = 400 ] || break
done
[ "$status" = 400 ]; ok $? "what is no hash, or without SHA-256, is refused"

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
