#!/bin/sh
# A receipt as the service gives it: what it says, and what others say of its
# seal, its time stamp and its being PDF/A.  Judges that are not here are skipped
# aloud (README.md).
. "$top_srcdir/tests/signd/service.sh"
. "$top_srcdir/tests/signd/token.sh"
need pdftotext pdfinfo python3
signctl=$top_builddir/signctl/signctl

world_make; ok $? "a service comes up"
enrol 'Nguyễn Thị Ánh Đặng' 'CCCD:001099123456' && activate 246813
ok $? "a citizen has a key"
python3 "$top_srcdir/demo-data/make-pdf.py" "$dir/don.pdf" 2> /dev/null
sign() {
	ask --data-binary "@$1" -H 'Content-Type: application/pdf' \
	    -H "$(pin_header 246813)" \
	    "$url/v1/signatures/signDoc?credentialID=$credential&conformance_level=AdES-B-T"
	cp "$dir/out" "$2"
	[ "$status" = 200 ]
}
sign "$dir/don.pdf" "$dir/one.pdf" && sign "$dir/one.pdf" "$dir/two.pdf"
ok $? "and signs twice"
hash=$(sha256sum < "$dir/two.pdf" | cut -d' ' -f1)
ask -H 'Accept: application/pdf' --data-binary "@$dir/two.pdf" \
    -H 'Content-Type: application/pdf' \
    "$url/v1/verifications?filename=%C4%91%C6%A1n%20xin.pdf"
expect 200 '' "Accept: application/pdf gives a receipt"
cp "$dir/out" "$dir/receipt.pdf"
place=$(tr -d '\r' < "$dir/head" | sed -n 's/^[Cc]ontent-[Ll]ocation: //p')
id=${place##*/}

pdftotext -layout "$dir/receipt.pdf" "$dir/text"
for words in 'Biên nhận kiểm tra chữ ký số' 'HỢP LỆ' "$hash" 'đơn xin.pdf' \
    'Nguyễn Thị Ánh Đặng' "/v/$id" 'Receipt for the verification' 'VALID' \
    'Chữ ký 2 trong 2' 'Signature 2 of 2' \
    'Người ký' 'Tên trên chứng thư' 'Nơi cấp chứng thư' 'Hạn của chứng thư' \
    'Chứng thư khi ký' 'Thời điểm ký' 'Tính toàn vẹn'; do
	grep -qF "$words" "$dir/text" || echo "# missing: $words"
done > "$dir/missing"
cat "$dir/missing"
[ ! -s "$dir/missing" ]
ok $? "which has the verdict, the document and the seven facts, twice"
if command -v zbarimg > /dev/null 2>&1 && command -v pdftoppm > /dev/null 2>&1; then
	pdftoppm -r 200 -f 1 -l 1 -png "$dir/receipt.pdf" "$dir/page"
	zbarimg -q --raw "$dir"/page*.png | grep -qF "$url/v/$id"
	ok $? "zbarimg reads the address of the page from it"
else
	echo "# there is no zbarimg: the QR code is not read"
fi
ask "$url/v/$id"
grep -q "$hash" "$dir/out" && grep -q 'HỢP LỆ' "$dir/out"
ok $? "the page that it leads to says the same"

# Reports where little is known: of a verdict that was kept alone, of a hash.
ask --data-binary "@$dir/two.pdf" -H 'Content-Type: application/pdf' \
    "$url/v1/verifications"
bare=$(tr -d '\r' < "$dir/head" | sed -n 's/^[Cc]ontent-[Ll]ocation: //p')
ask -H 'Accept: application/xml' "$url$bare"
cp "$dir/out" "$dir/bare.xml"
ask --data-binary "@$dir/two.pdf" -H 'Content-Type: application/octet-stream' \
    -H "$(pin_header 246813)" \
    "$url/v1/signatures/signDoc?credentialID=$credential&signature_format=C&signed_envelope_property=Detached"
cp "$dir/out" "$dir/two.p7s"
ask -F "document=@$dir/two.p7s" -F "hash=SHA-256:$hash" -F keep=verdict \
    -H 'Accept: application/xml' "$url/v1/verifications"
cp "$dir/out" "$dir/hashed.xml"
bare=$(tr -d '\r' < "$dir/head" | sed -n 's/^[Cc]ontent-[Ll]ocation: //p')
ask -H 'Accept: application/xml' "$url$bare"
cp "$dir/out" "$dir/hashed-bare.xml"
"$top_srcdir/tests/interop/etsi.py" "$dir/bare.xml" "$dir/hashed.xml" \
    "$dir/hashed-bare.xml" > "$dir/said"
ok $? "reports of a hash and of a verdict alone fit the schema of TS 119 102-2"
sed 's/^/# /' "$dir/said"

ask "$url/v1/ca.pem"
awk '/BEGIN/ { s = "" } { s = s $0 "\n" } END { printf "%s", s }' \
    "$dir/out" > "$dir/root.pem"
openssl x509 -in "$dir/out" -out "$dir/issuer.pem"
"$signctl" verify --policy path-only --trust "$dir/root.pem" --indication \
    "$dir/receipt.pdf" > "$dir/said"
grep -q '^TOTAL-PASSED' "$dir/said"
ok $? "our own judge finds the receipt valid: $(cat "$dir/said")"
ask --data-binary "@$dir/receipt.pdf" -H 'Content-Type: application/pdf' \
    "$url/v1/verifications?policy=vn-2025"
python3 - "$dir/out" << 'END'
import json, sys
r = json.load(open(sys.argv[1]))
s = r["signatures"][0]
print("#", r["indication"], s["level"], s["signer"], s["coverage"]["changes"])
sys.exit([r["indication"], s["level"], s["time"]["best_from"]] !=
         ["TOTAL-PASSED", "LT", "time-stamp"])
END
ok $? "so does the service under vn-2025, by its time stamp, at level LT"
grep -q '"seal-receipts-only"' "$dir/out"
ok $? "and says that this seal is for receipts alone"
ask --data-binary "@$dir/two.pdf" -H 'Content-Type: application/pdf' \
    -H 'Accept: application/json' "$url/v1/verifications"
expect 200 '' "a citizen's document" && ! grep -q 'seal-receipts-only' "$dir/out"
ok $? "has no such note"
tr 'A' 'B' < "$dir/receipt.pdf" > "$dir/changed.pdf"
! "$signctl" verify --policy path-only --trust "$dir/root.pem" --indication \
    "$dir/changed.pdf" | grep -q '^TOTAL-PASSED'
ok $? "and not after a change"
# A citizen may not sign over what it says.
ask --data-binary "@$dir/receipt.pdf" -H 'Content-Type: application/pdf' \
    -H "$(pin_header 246813)" "$url/v1/signatures/signDoc?credentialID=$credential"
expect 403 pdf-certified "nobody signs a receipt here"
# And who does it elsewhere, with a picture, makes it not valid.
if "${SIGND_TEST_PYTHON:-python3}" -c 'import pyhanko.sign' 2> /dev/null; then
	openssl req -x509 -newkey rsa:2048 -nodes -days 9 -subj '/CN=Kẻ giả mạo' \
	    -keyout "$dir/forger.key" -out "$dir/forger.pem" 2> /dev/null
	"${SIGND_TEST_PYTHON:-python3}" - "$dir" << 'END'
import sys, logging
logging.disable(50)
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
d = sys.argv[1]
who = signers.SimpleSigner.load(d + "/forger.key", d + "/forger.pem")
class Anyhow(signers.PdfSigner):
    def _enforce_certification_constraints(self, *a, **k):
        pass
with open(d + "/receipt.pdf", "rb") as f, open(d + "/over.pdf", "wb") as out:
    w = IncrementalPdfFileWriter(f)
    Anyhow(signers.PdfSignatureMetadata(field_name="X"), who,
           new_field_spec=fields.SigFieldSpec("X", box=(40, 700, 560, 800))
           ).sign_pdf(w, output=out)
END
	"$signctl" verify --policy path-only --trust "$dir/root.pem" --json \
	    "$dir/over.pdf" > "$dir/said"
	python3 - "$dir/said" << 'END'
import json, sys
r = json.load(open(sys.argv[1]))
print("#", [(s["indication"], s["code"]) for s in r["signatures"]])
sys.exit(len(r["signatures"]) != 2 or
         r["signatures"][0]["indication"] != "TOTAL-FAILED")
END
	ok $? "a signature laid over it makes the seal itself not valid"
else
	skip "a signature laid over it" "pyHanko is not here"
fi
ask "$url/receipts/$id"
expect 200 '' "the same link gives a receipt again"
pdftotext -layout "$dir/out" "$dir/again"
cmp -s "$dir/text" "$dir/again"; ok $? "that says the same"
ask --cert "$dir/officer.pem" --key "$dir/officer.key" "$officer_url/v1/audit?from=0&count=200"
grep '"sealed"' "$dir/out" | grep -q "$hash"
ok $? "what was sealed stands in the audit, with the document's hash"

"$signctl" verify --url "$url" --cacert "$dir/tls.pem" --receipt "$dir/by-ctl.pdf" \
    "$dir/two.pdf" > "$dir/told" 2>&1
[ $? -eq 0 ] && grep -q '^HỢP LỆ' "$dir/told" &&
    pdftotext "$dir/by-ctl.pdf" - > "$dir/text" && grep -q 'two.pdf' "$dir/text"
ok $? "signctl gets one, too" || sed 's/^/# /' "$dir/told"

if command -v qpdf > /dev/null 2>&1; then
	qpdf --check "$dir/receipt.pdf" > "$dir/said" 2>&1
	ok $? "qpdf finds nothing wrong"
fi
if command -v pdfsig > /dev/null 2>&1; then
	pdfsig -nocert "$dir/receipt.pdf" > "$dir/said" 2>&1
	grep -q 'Signature is Valid' "$dir/said"
	ok $? "pdfsig finds the seal valid"
fi
PYTHONPATH=$top_srcdir/tests/interop python3 "$top_srcdir/tests/interop/receipt_judges.py" \
    "$dir/receipt.pdf" "$dir/root.pem" "$dir/issuer.pem" > "$dir/judges"
while IFS='	' read -r said name; do
	[ "$said" = skip ] && { echo "# SKIP $name"; continue; }
	[ "$said" = yes ]; ok $? "$name"
done < "$dir/judges"

service_stop; ok $? "signd stops with status 0"
finish
