#!/bin/sh
# What we sign, xmlsec1 must verify: forms of many shapes, signed once and
# twice, the original bytes untouched around the insertion.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/xml/opening.sh"
need xmlsec1

# A CA, and two people under it.
cat >"$dir/ca.cnf" <<'C'
[req]
distinguished_name = dn
prompt = no
utf8 = yes
string_mask = utf8only
[dn]
C = VN
CN = CA Thử nghiệm
[ca]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
[leaf]
basicConstraints = CA:FALSE
keyUsage = critical,digitalSignature,nonRepudiation
C
openssl ecparam -name prime256v1 -genkey -noout -out "$dir/ca.key" 2>/dev/null
openssl req -x509 -new -key "$dir/ca.key" -config "$dir/ca.cnf" -extensions ca \
	-days 30 -out "$dir/ca.pem" 2>/dev/null
person() { # name, subject
	openssl req -new -key "$dir/$1.key" -utf8 -config "$dir/ca.cnf" \
		-subj "/C=VN/CN=$2" -out "$dir/$1.csr" 2>/dev/null
	openssl x509 -req -in "$dir/$1.csr" -CA "$dir/ca.pem" \
		-CAkey "$dir/ca.key" -set_serial "$3" -days 20 -extfile \
		"$dir/ca.cnf" -extensions leaf -out "$dir/$1.pem" 2>/dev/null
}
openssl ecparam -name prime256v1 -genkey -noout -out "$dir/an.key" 2>/dev/null
person an "Nguyễn Văn An" 1001
openssl genrsa -out "$dir/binh.key" 2048 2>/dev/null
person binh "Trần Thị Bình" 1002

# The forms, one file each; printf for those whose bytes matter.
mkdir "$dir/forms"
cd "$dir/forms" || exit 1
cat >to-khai-thue.xml <<'X'
<?xml version="1.0" encoding="UTF-8"?>
<HSoThueDTu xmlns="http://kekhaithue.gdt.gov.vn/TKhaiThue" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <HSoKhaiThue id="NODETOSIGN">
    <TTinChung><TTinDVu><maDVu>HTKK</maDVu><tenDVu>Hỗ trợ kê khai thuế</tenDVu></TTinDVu></TTinChung>
    <CTieuTKhaiChinh><ct21>Trần Thị Bình &amp; Cộng sự</ct21><ct22 xsi:nil="true"/></CTieuTKhaiChinh>
  </HSoKhaiThue>
  <CKyDTu/>
</HSoThueDTu>
X
cat >ho-so.xml <<'X'
<hs:HoSo xmlns:hs="urn:hanoi:hoso:1" xmlns:a="urn:a" a:b='x' MaHoSo="000.00.01.H26-261121-0001">
	<!-- hồ sơ -->
	<hs:ChuHoSo xmlns="urn:mac-dinh"><HoTen>Nguyễn Thị Ánh</HoTen></hs:ChuHoSo>
	<?in-an giay="A4"?>
	<hs:TaiLieuNop xmlns:hs="urn:hanoi:hoso:2"><hs:TepDinhKemId>1</hs:TepDinhKemId></hs:TaiLieuNop>
</hs:HoSo>
X
printf '\357\273\277<?xml version="1.0" encoding="utf-8"?>\r\n<don>\r\n <ten>Ông B\303\254nh</ten>\r\n <x y="a&#10;b&#9;c &quot;d&quot; &lt;"/>\r\n</don>\r\n<!-- sau -->\r\n' >bom-crlf.xml
printf '<?xml version="1.0"?>\n<?xml-stylesheet href="a.xsl"?>\n<!-- <don> --><don><![CDATA[</don> <a> ]]]]><![CDATA[>]]>&#x1EA5;&gt;&apos;</don>\n\n<?cuoi?>\n' >cdata.xml
printf "<a xml:lang='vi' xml:space='preserve' b='\"<!-->'>  <c d=\"'>'/\"/>  <!-- </a> --></a  >" | sed "s/<!--/\&lt;!--/" >quotes.xml
printf '<?xml version="1.0" encoding="ISO-8859-1"?><a b="\351">\350 \347</a>' >latin1.xml
printf '<?xml version="1.0" encoding="us-ascii"?><a>&#7845;</a>' >ascii.xml
printf '<a></a>' >tiny.xml
printf '<a b="c"  />' >empty.xml
printf '<x:a xmlns:x="urn:u"\n>\n</x:a\n>' >spaces.xml
printf '<ds:a xmlns:ds="urn:not-dsig" xmlns:xades="urn:other" xmlns:filter="urn:f"><ds:b/><xades:c filter:d="1"/></ds:a>' >stolen-prefixes.xml
printf '<a xmlns="urn:d"><b xmlns=""><c xmlns="urn:e"/></b></a>' >default-off.xml
{ printf '<quet><anh>'; head -c 12000000 /dev/zero | tr '\0' 'A'; printf '</anh></quet>'; } >anh-12mb.xml
{ printf '<ds>'; i=0; while [ $i -lt 3000 ]; do printf '<dong so="%d">Phường Cửa Nam</dong>\n' $i; i=$((i + 1)); done; printf '</ds>'; } >danh-sach.xml
cd "$dir" || exit 1

verify() { xmlsec1 --verify --trusted-pem "$dir/ca.pem" --id-attr:Id SignedProperties --id-attr:Id SignatureValue "$@"; }
verify_second() { verify --node-xpath "(//*[local-name()='Signature' and namespace-uri()='http://www.w3.org/2000/09/xmldsig#'])[2]" "$1"; }
untouched() { # before, after, offset, length, cut
	head -c "$3" "$1" >"$dir/head1"
	head -c "$3" "$2" >"$dir/head2"
	tail -c +$(($3 + $5 + 1)) "$1" >"$dir/tail1"
	tail -c +$(($3 + $4 + 1)) "$2" >"$dir/tail2"
	cmp "$dir/head1" "$dir/head2" && cmp "$dir/tail1" "$dir/tail2"
}
judged() { [ "$("$bin/judge" "$1" 2>"$dir/facts")" = valid ] || { cat "$dir/facts"; false; }; }
sign_once() { # key, algorithm, in, out
	"$bin/signer" "$dir/$1.key" "$dir/$1.pem" "$2" "$3" "$4" \
		"reason=Tôi đồng ý <&>" "city=Hà Nội" >"$dir/at"
}
for form in forms/*.xml; do
	name=$(basename "$form" .xml)
	one=$dir/$name-1.xml
	two=$dir/$name-2.xml
	echo 0 0 0 >"$dir/at"
	check "$name: signs with P-256" sign_once an ecdsa "$form" "$one"
	read -r at len cut <"$dir/at"
	check "$name: original bytes stay" untouched "$form" "$one" "$at" "$len" "$cut"
	check "$name: xmlsec1 verifies" verify "$one"
	check "$name: we verify" judged "$one"
	check "$name: a second person signs with RSA" sign_once binh rsa "$one" "$two"
	read -r at len cut <"$dir/at"
	check "$name: the signed bytes stay" untouched "$one" "$two" "$at" "$len" "$cut"
	check "$name: the first still verifies" verify "$two"
	check "$name: the second verifies" verify_second "$two"
	check "$name: we verify both" judged "$two"
done
# A change anywhere is seen, by them and by us.
sed 's/Ánh/Anh/' "$dir/ho-so-2.xml" >"$dir/changed.xml"
if verify "$dir/changed.xml" >/dev/null 2>&1; then not_ok "xmlsec1 sees a change"; else ok "xmlsec1 sees a change"; fi
if judged "$dir/changed.xml" >/dev/null 2>&1; then not_ok "we see a change"; else ok "we see a change"; fi

# Every packaging, profile, canonicalisation and algorithm that we make.
for curve in 384 521; do
	openssl ecparam -name "secp${curve}r1" -genkey -noout -out "$dir/ec$curve.key" 2>/dev/null
	person "ec$curve" "Lê Thị Châu" "2$curve"
done
made() { # what, key, algorithm, form, options ...
	what=$1 extra=${6-}
	check "$what: is signed" "$bin/signer" "$dir/$2.key" "$dir/$2.pem" "$3" "$4" \
		"$dir/made.xml" $5
	ids="--id-attr:Id SignedProperties --id-attr:Id Object --id-attr:Id SignatureValue --id-attr:Id DLHDon --id-attr:id HSoKhaiThue"
	check "$what: xmlsec1 verifies" xmlsec1 --verify --trusted-pem "$dir/ca.pem" $ids $extra "$dir/made.xml"
	if [ -z "$extra" ]; then check "$what: we verify" judged "$dir/made.xml"; fi
}
cat >"$dir/hoa-don.xml" <<'X'
<?xml version="1.0" encoding="UTF-8"?>
<HDon xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xml:lang="vi"><DLHDon Id="data"><Ten>Bà Nguyễn Thị Ánh</Ten><!-- ghi chú --></DLHDon><DSCKS><NBan/></DSCKS></HDon>
X
form=forms/ho-so.xml
for canon in exclusive exclusive+comments 1.0 1.0+comments 1.1 1.1+comments; do
	made "C14N $canon" an ecdsa $form "canon=$canon"
	made "C14N $canon, a part, at a place" an ecdsa "$dir/hoa-don.xml" \
		"canon=$canon place=/HDon/DSCKS/NBan object=#data"
	made "C14N $canon, enveloping" binh rsa $form "canon=$canon packaging=enveloping"
done
for bits in 256 384 512; do
	made "RSA with SHA-$bits" binh rsa-$bits $form "digest=$bits"
	made "P-384 with SHA-$bits" ec384 ecdsa-$bits $form "digest=$bits"
	made "P-521 with SHA-$bits" ec521 ecdsa-$bits $form "digest=$bits"
done
made "the profile vn-invoice" binh rsa "$dir/hoa-don.xml" \
	"profile=vn-invoice place=/HDon/DSCKS/NBan object=#data"
made "the profile vn-tax" binh rsa forms/to-khai-thue.xml \
	"profile=vn-tax place=/HSoThueDTu/CKyDTu object=#NODETOSIGN"
made "the profile xades-enveloped" an ecdsa $form "profile=xades-enveloped"
made "the profile xmldsig" an ecdsa $form "profile=xmldsig"
made "role, commitment and policy" an ecdsa $form \
	"role=Chu-tich commitment=1.2.840.113549.1.9.16.6.1 policy=1.3.6.1.4.1.99.1"
made "enveloping in ISO-8859-1" an ecdsa forms/latin1.xml "packaging=enveloping"
printf '\000\001%%PDF' >"$dir/quet.pdf"
made "enveloping what is not XML" an ecdsa "$dir/quet.pdf" "packaging=enveloping"
made "detached, two files" an ecdsa "$dir/quet.pdf" \
	"packaging=detached uri=quet.pdf object=don.xml=forms/ho-so.xml" \
	"--url-map:quet.pdf $dir/quet.pdf --url-map:don.xml forms/ho-so.xml"
"$bin/signer" "$dir/an.key" "$dir/an.pem" ecdsa $form "$dir/first.xml" >/dev/null
check "a counter-signature is made" "$bin/signer" "$dir/binh.key" "$dir/binh.pem" rsa \
	"$dir/first.xml" "$dir/countered.xml" counter=1
check "the countersigned one still verifies" verify --id-attr:Id SignatureValue "$dir/countered.xml"
check "the counter-signature verifies" verify_second "$dir/countered.xml"
check "we verify both" judged "$dir/countered.xml"

# PSS: xmlsec1 1.2 cannot; openssl checks our value over our SignedInfo.
check "signs with RSA-PSS" sign_once binh pss forms/ho-so.xml "$dir/pss.xml"
check "RSA-PSS: we verify" judged "$dir/pss.xml"

# What cannot be signed says why.
refused() { # code, file
	out=$("$bin/signer" "$dir/an.key" "$dir/an.pem" ecdsa "$2" "$dir/out.xml")
	case $out in "$1:"*) return 0 ;; *) echo "$out"; return 1 ;; esac
}
printf '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>' >"$dir/doctype.xml"
printf '<a>' | iconv -t UTF-16 >"$dir/utf16.xml"
printf '<?xml version="1.0" encoding="windows-1258"?><a></a>' >"$dir/cp1258.xml"
printf '<a><b></a>' >"$dir/broken.xml"
check "a DOCTYPE is refused by name" refused xml-doctype "$dir/doctype.xml"
check "UTF-16 is refused by name" refused xml-encoding "$dir/utf16.xml"
check "windows-1258 is refused by name" refused xml-encoding "$dir/cp1258.xml"
check "broken XML is refused" refused malformed "$dir/broken.xml"

# A signature by others that covers all would break, so it is refused.
cat >"$dir/template.xml" <<'X'
<a><b/><Signature xmlns="http://www.w3.org/2000/09/xmldsig#"><SignedInfo><CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/><SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/><Reference URI=""><Transforms><Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/></Transforms><DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><DigestValue/></Reference></SignedInfo><SignatureValue/><KeyInfo><X509Data/></KeyInfo></Signature></a>
X
check "xmlsec1 signs" xmlsec1 --sign --privkey-pem "$dir/binh.key,$dir/binh.pem" --output "$dir/theirs.xml" "$dir/template.xml"
check "we verify what xmlsec1 signed" judged "$dir/theirs.xml"
check "a signature that would break is not made" refused xml-would-break "$dir/theirs.xml"

# Every algorithm under every canonicalisation, in both directions.
C14N=http://www.w3.org/TR/2001/REC-xml-c14n-20010315
C14N11=http://www.w3.org/2006/12/xml-c14n11
EXC=http://www.w3.org/2001/10/xml-exc-c14n#
MORE=http://www.w3.org/2001/04/xmldsig-more#
canon_uri() {
	case $1 in
	1.0) echo "$C14N" ;; 1.0+comments) echo "$C14N#WithComments" ;;
	1.1) echo "$C14N11" ;; 1.1+comments) echo "$C14N11#WithComments" ;;
	exclusive) echo "$EXC" ;; *) echo "${EXC}WithComments" ;;
	esac
}
digest_uri() {
	case $1 in
	384) echo "${MORE}sha384" ;;
	*) echo "http://www.w3.org/2001/04/xmlenc#sha$1" ;;
	esac
}
template() { # canonicalisation, algorithm, bits of the digest
	c=$(canon_uri "$1")
	cat <<X
<g:don xmlns:g="urn:g" xmlns="urn:m" xmlns:thua="urn:t" xml:lang="vi"><ten b='2' g:a="1">Nguyễn Thị Ánh &amp;<!-- ghi chú --> <x xmlns=""/></ten><?in-an a4?>
<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"><SignedInfo><CanonicalizationMethod Algorithm="$c"/><SignatureMethod Algorithm="$2"/><Reference URI=""><Transforms><Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/><Transform Algorithm="$c"/></Transforms><DigestMethod Algorithm="$(digest_uri "$3")"/><DigestValue/></Reference></SignedInfo><SignatureValue/><KeyInfo><X509Data/></KeyInfo></Signature></g:don>
X
}
theirs() { # what, canonicalisation, method, bits, options of xmlsec1 ...
	what=$1
	template "$2" "$3" "$4" >"$dir/t.xml"
	shift 4
	check "xmlsec1 signs: $what" xmlsec1 --sign "$@" --output "$dir/t-signed.xml" "$dir/t.xml"
	check "we verify: $what" judged "$dir/t-signed.xml"
}
for canon in exclusive exclusive+comments 1.0 1.0+comments 1.1 1.1+comments; do
	for row in "binh rsa" "an ecdsa" "ec384 ecdsa" "ec521 ecdsa"; do
		key=${row% *} form=${row#* }
		for bits in 256 384 512; do
			what="$key, $form, SHA-$bits, C14N $canon"
			made "$what" "$key" "$form-$bits" forms/ho-so.xml \
				"canon=$canon digest=$bits"
			theirs "$what" "$canon" "$MORE$form-sha$bits" "$bits" \
				--privkey-pem "$dir/$key.key,$dir/$key.pem"
		done
	done
done

# HMAC names no signer: only with the key in hand, and never cut short.
printf 'khoa dung chung' >"$dir/shared.key"
for bits in 224 256 384 512; do
	check "HMAC: SHA-$bits" env SHARED_KEY="$dir/shared.key" sh -c '
		xmlsec1 --sign --hmackey "$SHARED_KEY" --output "$2" "$1" && [ "$("$3" "$2" 2>/dev/null)" = valid ]' - \
		"$(template 1.1 "${MORE}hmac-sha$bits" 256 >"$dir/t.xml"; echo "$dir/t.xml")" "$dir/hmac-$bits.xml" "$bin/judge"
done
if judged "$dir/hmac-256.xml"; then not_ok "HMAC without its key"; else ok "HMAC without its key"; fi
printf 'khoa dung chunh' >"$dir/shared.key"
if SHARED_KEY=$dir/shared.key judged "$dir/hmac-256.xml"; then not_ok "HMAC with another key"; else ok "HMAC with another key"; fi
finish
