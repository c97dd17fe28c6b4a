#!/bin/sh
# Visible signatures by the service: pictures come in a form, words of the page
# say where, font-file says in which letters.
. "$top_srcdir/tests/signd/service.sh"
. "$top_srcdir/tests/signd/token.sh"
need python3 openssl pdfimages pdffonts

font=$(find /usr/share/fonts -name DejaVuSans.ttf 2> /dev/null | head -n 1)
world_make ${font:+"font-file = $font"}; ok $? "a service comes up from nothing"
enrol 'Nguyễn Văn An' 'CCCD:001099123456' && activate 246813
ok $? "a citizen has a certificate"
python3 "$top_srcdir/demo-data/make-pdf.py" "$dir/paper.pdf" 2> /dev/null
[ -s "$dir/paper.pdf" ] || skip_all "make-pdf.py wants a font"
pictures=$top_srcdir/tests/pdf/golden

pin=$(printf 246813 | base64 | tr '+/' '-_' | tr -d =)
sign() { # sign PARAMETERS CURL-OPTIONS...
	parameters=$1
	shift
	ask -H "Signd-Authorization: PIN $pin" "$@" \
	    "$url/v1/signatures/signDoc?credentialID=$credential&$parameters"
}
seal='appearance=decree-30-seal&box=40,40,240,150'
sign "$seal" -F "document=@$dir/paper.pdf;type=application/pdf" \
    -F "picture=@$pictures/ink.png" -F "seal=@$pictures/photo.jpg"
expect 200 '' "a form brings the document and both pictures"
grep -qi '^content-type: application/pdf' "$dir/head"
ok $? "what comes back is a PDF by its type, too"
cp "$dir/out" "$dir/signed.pdf"
pdfimages -list "$dir/signed.pdf" | grep -c ' jpeg ' | grep -q '^1$' &&
    [ "$(pdfimages -list "$dir/signed.pdf" | grep -c ' image ')" -ge 2 ]
ok $? "both are in it"
"$top_builddir/signctl/signctl" verify --policy crypto-only "$dir/signed.pdf" > "$dir/log" 2>&1
[ $? -lt 2 ] && pdfsig -nocert "$dir/signed.pdf" | grep -q 'Signature is Valid'
ok $? "and the signature is valid"
if [ -n "$font" ]; then
	pdffonts "$dir/signed.pdf" | grep -q DejaVuSans
	ok $? "its words are in the letters of font-file"
fi

word=minh
sign "appearance=plain&anchor=$word&box=0,-40,150,30" -H 'Content-Type: application/pdf' \
    --data-binary @"$dir/paper.pdf"
expect 200 '' "a box counts from a word of the page: $word"
sign 'appearance=plain&anchor=kh%C3%B4ngc%C3%B3t%E1%BB%AB&box=0,0,150,30' \
    -H 'Content-Type: application/pdf' --data-binary @"$dir/paper.pdf"
expect 400 pdf-place "and not from one that is not there"

sign "$seal" -F "document=@$dir/paper.pdf;type=application/pdf" -F "picture=@$dir/paper.pdf"
expect 422 pdf-picture "what is no picture is refused"
head -c 1100000 /dev/zero > "$dir/large"
sign "$seal" -F "document=@$dir/paper.pdf;type=application/pdf" -F "picture=@$dir/large"
expect 413 pdf-picture "so is one of over a megabyte"
sign "$seal" -F "document=@$dir/paper.pdf;type=application/pdf" -F "picture=@$pictures/ink.png" \
    -F "picture=@$pictures/ink.png"
expect 400 parameter "so are two under one name"
sign "$seal" -F "document=@$dir/paper.pdf;type=application/pdf" -F "policy=strict"
expect 400 parameter "so is a field that is for verifying"
sign "$seal" -F "picture=@$pictures/ink.png"
expect 400 document-missing "so is a form without a document"
ask -F "document=@$dir/paper.pdf" -F "seal=@$pictures/ink.png" "$url/v1/verifications"
expect 400 parameter "verifying takes no seal"
finish
