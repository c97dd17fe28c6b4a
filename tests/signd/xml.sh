#!/bin/sh
# What only XML has: every packaging and profile, through `signctl sign --local`,
# through the service by signctl, and by curl with the words of doc/api.md.
# xmlsec1 and signctl judge each.
. "$top_srcdir/tests/signd/service.sh"
. "$top_srcdir/tests/signd/token.sh"
need xmlsec1

world_make; ok $? "a service comes up"
enrol 'Nguyễn Văn An' 'CCCD:001099123456' && activate 246813
ok $? "a citizen is enrolled"
echo 246813 > "$dir/citizen.pin"
"$signctl" ca --url "$url" --cacert "$dir/tls.pem" --crl "$dir/crl" \
    > /dev/null 2>&1
# xmlsec1 reads the first certificate of a file only.
awk '/BEGIN/ { one = "" } { one = one $0 "\n" } END { printf "%s", one }' \
    "$dir/ca.pem" > "$dir/root.pem"
cat > "$dir/form.xml" << EOF
<?xml version="1.0" encoding="UTF-8"?>
<HDon xmlns="urn:example:hoadon"><DLHDon Id="data"><Ten>Ông Bình</Ten></DLHDon><DLKhac Id="more">Thêm</DLKhac><DSCKS Id="ky"><NBan/></DSCKS></HDon>
EOF
printf 'không phải XML\n' > "$dir/text"

signed=$dir/signed.xml
local_sign() { # local_sign FILE OPTION...
	in=$1
	shift
	rm -f "$signed"
	as_citizen sign --local --credential "$credential" --format xml \
	    --pin-fd 3 --out "$signed" "$@" "$in" \
	    3< "$dir/citizen.pin" > "$dir/said" 2>&1
}
service_sign() {
	in=$1
	shift
	rm -f "$signed"
	as_citizen sign --credential "$credential" --format xml \
	    --pin-fd 3 --out "$signed" "$@" "$in" \
	    3< "$dir/citizen.pin" > "$dir/said" 2>&1
}
http_sign() { # http_sign FILE QUERY
	ask --data-binary "@$1" -H 'Content-Type: application/xml' \
	    -H "$(pin_header 246813)" \
	    "$url/v1/signatures/signDoc?credentialID=$credential&$2"
	cp "$dir/out" "$signed"
	cp "$dir/out" "$dir/said"
	[ "$status" = 200 ]
}
by_xmlsec() {
	xmlsec1 --verify --trusted-pem "$dir/root.pem" --id-attr:Id DLHDon \
	    --id-attr:Id DLKhac --id-attr:Id SignedProperties \
	    --id-attr:Id SignatureProperty --id-attr:Id SignatureProperties \
	    --id-attr:Id SignatureValue --id-attr:Id Object "$@" "$signed" \
	    >> "$dir/said" 2>&1
}
by_us() { # by_us [OPTION...]
	"$signctl" verify --policy path-only --trust "$dir/ca.pem" \
	    --indication "$@" "$signed" > "$dir/verdict" 2>&1
	cat "$dir/verdict" >> "$dir/said"
	grep -q '^TOTAL-PASSED' "$dir/verdict"
}
whole() { # whole NAME HOW FILE OPTION...: signed, and taken by both
	name=$1 how=$2
	shift 2
	"$how" "$@" && by_xmlsec && by_us
	status=$?
	[ $status -eq 0 ] || sed 's/^/# /' "$dir/said"
	ok $status "$name"
}

for how in local_sign service_sign; do
	for profile in xades xades-enveloped xmldsig vn-tax; do
		whole "$how: $profile" $how "$dir/form.xml" --profile $profile
	done
	whole "$how: vn-invoice, at its place" $how "$dir/form.xml" \
	    --profile vn-invoice --place /HDon/DSCKS/NBan --object '#data'
	grep -q '<NBan><Signature' "$signed"; ok $? "it stands in <NBan>"
	whole "$how: enveloping" $how "$dir/form.xml" --packaging enveloping
	whole "$how: under the element with an Id, C14N 1.1 with comments" $how \
	    "$dir/form.xml" --place '#ky' --canon 1.1+comments
	whole "$how: two elements of three" $how "$dir/form.xml" \
	    --object '#data' --object '#more'
	"$signctl" verify --policy path-only --trust "$dir/ca.pem" --json \
	    "$signed" | grep -q 'xml-partial'
	ok $? "and no more is said to be signed"
	whole "$how: first a signature" $how "$dir/form.xml"
	cp "$signed" "$dir/first.xml"
	whole "$how: then a counter-signature" $how "$dir/first.xml" \
	    --counter-sign 1
	whole "$how: and one beside it" $how "$dir/first.xml"
	[ "$(grep -o '<ds:SignatureValue' "$signed" | wc -l)" -eq 2 ]
	ok $? "there are two"
	! $how "$dir/form.xml" --profile xmldsig --role chủ-tịch &&
	    grep -q 'xml-profile' "$dir/said"
	ok $? "a profile without roles refuses one"
done

# A signature beside its file: the file does not leave this machine.
local_sign "$dir/text" --packaging detached --uri to-khai.txt &&
    by_us --external "to-khai.txt=$dir/text"
ok $? "a signature beside its file"
echo '<a/>' > "$dir/other"
by_us --external "to-khai.txt=$dir/other"; [ $? -ne 0 ]
ok $? "does not fit another file"
local_sign "$dir/text" --packaging detached --uri a.txt \
    --object "b.xml=$dir/form.xml" &&
    by_us --external "a.txt=$dir/text" --external "b.xml=$dir/form.xml"
ok $? "or beside two files"
! service_sign "$dir/text" --packaging detached --uri to-khai.txt &&
    grep -q -- '--local' "$dir/said"
ok $? "the service is not asked for that"
! service_sign "$dir/form.xml" --object "b.xml=$dir/text" &&
    grep -q -- '--local' "$dir/said"
ok $? "nor for other files"

for profile in xades xades-enveloped xmldsig vn-invoice vn-tax; do
	whole "HTTP: $profile" http_sign "$dir/form.xml" \
	    "xmlProfile=$profile&xmlPlace=/HDon/DSCKS/NBan&xmlObjects=%23data"
done
whole "HTTP: enveloping" http_sign "$dir/form.xml" "xmlPackaging=enveloping"
for canon in exclusive 1.0 1.1 exclusive%2Bcomments; do
	whole "HTTP: C14N $canon" http_sign "$dir/form.xml" "xmlCanon=$canon"
done
whole "HTTP: two elements" http_sign "$dir/form.xml" "xmlObjects=%23data,%23more"
whole "HTTP: a counter-signature" http_sign "$dir/first.xml" "xmlCounter=1"
for bad in xmlProfile=none xmlPackaging=none xmlCanon=2.0 xmlObjects=data; do
	http_sign "$dir/form.xml" "$bad"
	[ "$status" -eq 400 ]; ok $? "HTTP: $bad is refused"
done
http_sign "$dir/form.xml" "xmlPlace=/HDon/None"
grep -q '"xml-place"' "$dir/out"; ok $? "HTTP: a place that is not there"
finish
