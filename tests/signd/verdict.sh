#!/bin/sh
# What is kept of a verification, and shown again: hash and verdict, or the
# whole report; the page for people; the receipt.
. "$top_srcdir/tests/signd/service.sh"
. "$top_srcdir/tests/signd/token.sh"

world_make; ok $? "a service comes up"
enrol 'Nguyễn Văn An' 'CCCD:001099123456' && activate 246813
ok $? "a citizen has a key"
python3 "$top_srcdir/demo-data/make-pdf.py" "$dir/don.pdf" 2> /dev/null ||
    cp "$top_srcdir/demo-data/don.pdf" "$dir/don.pdf"
ask --data-binary "@$dir/don.pdf" -H 'Content-Type: application/pdf' \
    -H "$(pin_header 246813)" \
    "$url/v1/signatures/signDoc?credentialID=$credential"
expect 200 '' "and signs a PDF"
cp "$dir/out" "$dir/signed.pdf"
hash=$(sha256sum < "$dir/signed.pdf" | cut -d' ' -f1)

verify() { # verify QUERY [curl option...]
	query=$1
	shift
	ask --data-binary "@$dir/signed.pdf" -H 'Content-Type: application/pdf' \
	    "$@" "$url/v1/verifications?$query"
	place=$(tr -d '\r' < "$dir/head" |
	    sed -n 's/^[Cc]ontent-[Ll]ocation: //p')
}
# is EXPRESSION NAME: of the JSON report r that came
is() {
	python3 - "$dir/out" "$1" << 'END'
import json, sys
r = json.load(open(sys.argv[1]))
sys.exit(not eval(sys.argv[2].replace("\n", " ")))
END
	ok $? "$2"
}
# The schema in the tree describes it, says a validator.
check_schema() {
	python3 -c 'import jsonschema' 2> /dev/null || {
		echo "# there is no python3-jsonschema: $1 is not checked"
		return
	}
	python3 - "$top_srcdir/doc/report.schema.json" "$dir/out" << 'END'
import json, sys, jsonschema
schema, doc = (json.load(open(f)) for f in sys.argv[1:])
jsonschema.Draft202012Validator.check_schema(schema)
for e in jsonschema.Draft202012Validator(schema).iter_errors(doc):
    print("#", list(e.absolute_path), e.message)
    sys.exit(1)
END
	ok $? "$1 is as the schema says"
}
in_state() { # whether the service's files have it
	grep -raqF "$1" "$dir/state"
}

# A hash lends its name to no verdict about something else.
verify "hash=SHA-256:$(printf x | sha256sum | cut -d' ' -f1)&keep=report"
expect 400 hash-unused "a signed PDF says nothing about another file's hash"

# Unless asked, hash and verdict.
verify '' ; expect 200 '' "a verification"
cp "$dir/out" "$dir/first"
check_schema "a report"
is 'r["verification"]["kept"] == "verdict" and len(r["signatures"]) == 1' \
    "tells where the verdict is seen again"
is 'r["verification"]["id"] in "'"$place"'" and len(r["verification"]["id"]) == 32' \
    "under an id of 128 bits, which Content-Location has, too"
ask "$url$place"; expect 200 '' "and it is there again"
check_schema "a verdict without its report"
is 'r["indication"] == "TOTAL-PASSED" and r["code"] == "valid" and
    r["document"]["sha256"] == "'"$hash"'" and r["signatures"] == [] and
    r["verification"]["kept"] == "verdict" and
    r["verification"]["signatures"] == 1' "hash and verdict, and no more"
! in_state 'Nguyễn Văn An"' && ! grep -q 'Nguyễn' "$dir/out"
ok $? "without a name"
page=/v/${place##*/}
ask -H 'Accept: text/html' "$url$page"; expect 200 '' "people have a page"
grep -q 'HỢP LỆ' "$dir/out" && grep -q "$hash" "$dir/out" &&
    grep -q '/check.js' "$dir/out" && grep -q 'không được lưu' "$dir/out"
ok $? "which says the same, and what was not kept"
ask -H 'Accept: application/xml' "$url$place"
expect 200 '' "and a report of TS 119 102-2"
grep -q 'mainindication:total-passed' "$dir/out" && ! grep -q 'Nguyễn' "$dir/out" &&
    grep -q "$(openssl dgst -sha256 -binary "$dir/signed.pdf" | base64)" "$dir/out"
ok $? "with the hash and the verdict, and without a name"
ask "$url/receipts/${place##*/}"
expect 404 report-not-kept "nor a receipt"
verify keep=nothing
[ -z "$place" ]; ok $? "with keep=nothing nothing is kept"
is 'r["verification"] is None' "and the report says so"
verify keep=all; expect 400 parameter "another word is refused"

# The whole report.
verify 'keep=report&filename=%C4%91%C6%A1n.pdf'
expect 200 '' "the report can be kept"
cp "$dir/out" "$dir/first"
is 'r["verification"]["kept"] == "report" and r["document"]["name"] == "đơn.pdf"' \
    "with the name that the file was given"
check_schema "a report that is kept"
kept=$place
ask "$url$kept"
cmp -s "$dir/out" "$dir/first"; ok $? "and is the same, byte by byte"
id=${kept##*/}
! in_state "$id" && ! in_state 'Nguyễn Văn An</dd>' && ! in_state 'đơn.pdf'
ok $? "but the store alone tells neither link nor name"
ask -H 'Accept: application/xml' "$url$kept"
expect 200 '' "also as XML" && grep -q 'total-passed' "$dir/out"
ok $? "with the same verdict"
ask -H 'Accept: text/plain' "$url$kept?lang=en"
grep -q '^VALID' "$dir/out"; ok $? "and as text"
ask -H 'Accept: text/html' "$url/v/$id?lang=en"
grep -q '<html lang="en"' "$dir/out" && grep -q 'Nguyễn Văn An' "$dir/out"
ok $? "and as a page in English"
ask "$url/v/$id"
grep -q '<html lang="vi"' "$dir/out" && grep -q "/receipts/$id" "$dir/out"
ok $? "and in Vietnamese, with a link to the receipt"
! grep -q "$id" "$dir/log"; ok $? "the log does not have the link"

other=$(printf '%s' "$id" | tr 0-9a-f 1-9a-f0)
for bad in "$other" "${id}0" "$id/" short zz; do
	ask "$url/v1/verifications/$bad"
	[ "$status" = 404 ] || break
done
[ "$status" = 404 ]; ok $? "what nobody was told is not there"
ask "$url/v/$other"; expect 404 '' "for people either"
grep -q 'verification-unknown' "$dir/out" && grep -q '<html' "$dir/out"
ok $? "who are told on a page"
ask -F "document=@$dir/signed.pdf;filename=hồ sơ.pdf" -F keep=report \
    -H 'Accept: application/json' "$url/v1/verifications"
is 'r["document"]["name"] == "hồ sơ.pdf" and r["verification"]["kept"] == "report"' \
    "a form has both, too"

service_stop; ok $? "signd stops with status 0"
finish
