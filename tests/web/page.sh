#!/bin/sh
# The pages in headless Chromium, driven through chromedriver's HTTP interface:
# a signed file is chosen, the verdict is read; the same in 360 pixels of
# width, by keyboard, in English, and without JavaScript.  With SHOTS=DIR the
# screenshots are kept there.
. "$top_srcdir/tests/signd/service.sh"
. "$top_srcdir/tests/signd/token.sh"

. "$top_srcdir/tests/web/browser.sh"

world_make; ok $? "a service comes up"
enrol 'Nguyễn Văn An' 'CCCD:001099123456'; ok $? "a citizen is enrolled"

driver_start

# A judge of pages, where it is there (tests/interop/README.md).
axe=$("${SIGND_TEST_PYTHON:-python3}" -c 'import axe_core_python, os
print(os.path.dirname(axe_core_python.__file__) + "/axe.min.js")' 2> /dev/null) || axe=

in_page() { # in_page KIND FILE...: nothing is found by these, run as one
	kind=$1
	shift
	python3 -c 'import json, sys
print(json.dumps({"script": "\n".join(open(f).read() for f in sys.argv[1:]),
                  "args": []}))' "$@" > "$dir/script"
	found=$(d POST "/session/$session/execute/$kind" "@$dir/script")
	[ "$found" = '{"value":[]}' ] || echo "# $found"
	[ "$found" = '{"value":[]}' ]
}
wcag() { # wcag NAME: nothing is found by wcag.js, nor by axe
	in_page sync "$top_srcdir/tests/web/wcag.js"
	ok $? "$1: contrast, labels, headings, language, width"
	if [ -n "$axe" ]; then
		in_page async "$axe" "$top_srcdir/tests/web/axe.js"
		ok $? "$1: axe finds nothing"
	else
		skip "$1: axe finds nothing" "axe-core is not here"
	fi
}

session_new ''; ok $? "a browser comes up"

# The citizen sets the PIN.
go "$link"
wait_for '#activate:not([hidden])'
js 'document.getElementById(\"who\").textContent' | grep -q 'Nguyễn Văn An'
ok $? "the activation page knows who is meant"
[ "$(js 'location.hash')" = '""' ]
ok $? "and takes the token out of the address"
keys '#pin' 246813
keys '#again' 246814
click '#activate button'
wait_for '#result .error'; ok $? "two PINs that differ are refused"
js 'document.getElementById(\"again\").value = \"\"' > /dev/null
keys '#again' 246813
shot activate
click '#activate button'
wait_for '#result .good'; ok $? "the PIN is set"
shot activated
credential=$(js 'document.getElementById(\"result\").textContent' |
    grep -o '[0-9a-f]\{32\}')
[ -n "$credential" ]; ok $? "and the page tells the credential"

python3 "$top_srcdir/demo-data/make-pdf.py" "$dir/don.pdf" 2> /dev/null ||
    printf '<a>xin chào</a>' > "$dir/don.pdf"
ask --data-binary "@$dir/don.pdf" -H 'Content-Type: application/octet-stream' \
    -H "$(pin_header 246813)" \
    "$url/v1/signatures/signDoc?credentialID=$credential"
cp "$dir/out" "$dir/signed.pdf"
expect 200 '' "a document is signed"
# One byte of what was signed is changed.
sed 's/MediaBox \[0 0 595/MediaBox [0 0 594/; s/xin/xon/' "$dir/signed.pdf" \
    > "$dir/changed.pdf"
echo "no document" > "$dir/none.txt"

go "$url/"
keys '#document' "$dir/signed.pdf"
click '#verify button'
wait_for '#result .verdict'
js 'document.querySelector(\".verdict .word\").textContent' |
    grep -q 'HỢP LỆ'
ok $? "a good signature is called valid, in Vietnamese"
[ "$(js 'document.querySelector(\".verdict\").className')" = '"verdict good"' ]
ok $? "with its colour and sign"
js 'document.getElementById(\"result\").textContent' | grep -q 'Nguyễn Văn An'
ok $? "and the signer's name"
[ "$(js 'document.activeElement.id')" = '"result"' ]
ok $? "the focus goes to the result"
shot valid

js 'document.getElementById(\"lang-en\").click()' > /dev/null
js 'document.querySelector(\".verdict .word\").textContent' | grep -qi 'valid'
ok $? "the same result is told in English without asking again"
[ "$(js 'document.documentElement.lang')" = '"en"' ]
ok $? "and the page says its language"
shot english

go "$url/"
keys '#document' "$dir/changed.pdf"
click '#verify button'
wait_for '#result .verdict'
[ "$(js 'document.querySelector(\".verdict\").className')" = '"verdict bad"' ]
ok $? "a changed document is called not valid"
shot changed

# WCAG 2.1, 1.4.10: as wide as 1280 pixels magnified four times.
resize 320 800
go "$url/"
keys '#document' "$dir/signed.pdf"
click '#verify button'
wait_for '#result .verdict'
fits
ok $? "on a narrow screen nothing runs over the edge"
shot narrow
wcag "the page with a result"

# A report that is kept has a page, on which a file is compared.
go "$url/"
wcag "the page before"
keys '#document' "$dir/signed.pdf"
click '#keep'
click '#verify button'
wait_for '#result .links a'
page=$(js 'document.querySelector(\".links a\").pathname' | tr -d '"')
js 'document.querySelectorAll(\".links a\")[1].pathname' | grep -q '^"/receipts/'
ok $? "a report that is kept has links to its page and to a receipt"
for lang in vi en; do
	go "$url$page?lang=$lang"
	wait_for '#same-file'
	[ "$(js 'document.documentElement.lang')" = "\"$lang\"" ]
	ok $? "its page is there in $lang"
	wcag "its page in $lang"
	shot "verdict-$lang"
done
keys '#same-file' "$dir/signed.pdf"
wait_for '#same-said.good'; ok $? "the same file is known again"
wcag "its page, after that"
go "$url$page"
keys '#same-file' "$dir/changed.pdf"
wait_for '#same-said.bad'; ok $? "and another one is not"
shot other-file
go "$url/v/00000000000000000000000000000000"
wait_for '.verdict.error'; ok $? "a link that leads nowhere is told"
wcag "the page of an error"
go "$url/"
keys '#document' "$dir/none.txt"
click '#verify button'
wait_for '#result .verdict.open'; ok $? "what is no document gets the third word"
text '#result .verdict' | grep -q 'CHƯA XÁC ĐỊNH ĐƯỢC' &&
    text '#result .verdict' | grep -q 'Việc cần làm: Chưa sử dụng tệp này'
ok $? "with what to do"
shot error
keys '#document' "$dir/signed.pdf"
[ "$(js 'document.getElementById(\"result\").hidden')" = true ]
ok $? "and goes when another file is chosen"

# The rows are those of the page that the service writes.
click '#verify button'
wait_for '#result .verdict.good'
js 'Array.from(document.querySelectorAll(\"#result .signature > dl > *\"), function (e) { return e.textContent; }).join()' \
    > "$dir/rows"
ask -H 'Accept: text/html' -H 'Accept-Language: vi' -F "document=@$dir/signed.pdf" \
    "$url/v1/verifications?lang=vi"
python3 - "$dir/rows" "$dir/out" << 'END'
import html, json, re, sys
rows = json.load(open(sys.argv[1]))
page = open(sys.argv[2]).read()
page = re.search(r"<article.*?<dl>(.*?)</dl>", page, re.S).group(1)
page = ",".join(html.unescape(t) for t in re.findall(r"<d[td]>(.*?)</d[td]>", page, re.S))
print("#", rows, "#", page, sep="\n# ") if rows != page else None
sys.exit(rows != page or rows.count(",") < 18)
END
ok $? "it has the rows of the service's own page, no more and no fewer"

# A PDF that opens by a password: it is asked for, and then it is read.
if command -v qpdf > /dev/null; then
	qpdf --encrypt mở own 256 -- "$dir/don.pdf" "$dir/locked.pdf"
	keys '#document' "$dir/locked.pdf"
	click '#verify button'
	wait_for '#result .verdict.open'
	text '#result .verdict' | grep -q 'mật khẩu'
	ok $? "a locked PDF is told"
	[ "$(js 'document.activeElement.id')" = '"password"' ]
	ok $? "and its password asked for"
	wcag "the page that asks for it"
	keys '#password' mở
	click '#verify button'
	await reads '#result .verdict' 'không có chữ ký số'
	ok $? "with it the file is looked into"
	! grep -q 'mở' "$dir/log"; ok $? "the log does not have it"
fi

# Another policy, and another time: folded away, and reached by keyboard.
go "$url/"
[ "$(js 'document.getElementById(\"advanced\").open')" = false ]
ok $? "policy and time are folded away"
for width in 390 1100; do
	resize $width 1400
	js 'document.getElementById(\"advanced\").open = true' > /dev/null
	fits; ok $? "unfolded they fit into $width pixels"
	wcag "the page with them, $width pixels wide"
	shot "advanced-$width"
done
js 'document.getElementById(\"lang-en\").click()' > /dev/null
text '#advanced' | grep -q 'As of a time' && ! text '#advanced' | grep -q 'Chính sách'
ok $? "they are told in English, too"
wcag "the page with them, in English"
shot advanced-english
go "$url/"
keys '#document' "$dir/signed.pdf"
keys '#advanced summary' '\uE007'
[ "$(js 'document.getElementById(\"advanced\").open')" = true ]
ok $? "Enter unfolds them"
keys '#policy-default' '\uE015\uE015\uE015' # three times down
[ "$(js 'document.querySelector(\"input[name=policy]:checked\").value')" = '"strict"' ]
ok $? "the arrows choose a policy"
keys '#verify button' '\uE007'
wait_for '#result .verdict.open'
text '#result' | grep -q 'strict: ' && text '#result .verdict' | grep -q 'dấu thời gian'
ok $? "under strict a signature without a time stamp is undecided, and the result names the policy"
fits; wcag "that result"
shot advanced-strict
click '#policy-vn-2025'
[ "$(js 'document.getElementById(\"result\").hidden')" = true ]
ok $? "a result goes when another policy is chosen"
click '#verify button'
wait_for '#result .verdict.good'
text '#result' | grep -q 'vn-2025: ' ; ok $? "under vn-2025 it is valid"
js 'document.getElementById(\"time\").value = \"2001-02-03T04:05\"' > /dev/null
click '#verify button'
wait_for '#result .verdict:not(.good)'
text '#result' | grep -q '03/02/2001 04:05 +07:00'
ok $? "as of a time before the signer's certificate it is not, and the result names the time"
shot advanced-time

# By keyboard alone: Enter on the button.
go "$url/"
keys '#document' "$dir/signed.pdf"
keys '#verify button' '\uE007'
wait_for '#result .verdict.good'; ok $? "the keyboard is enough"
d DELETE "/session/$session" > /dev/null

# Without JavaScript: a plain form, and a page in return.
session_new '"profile.managed_default_content_settings.javascript":2'
go "$url/"
keys '#document' "$dir/signed.pdf"
click '#verify button'
await reads '.verdict .word' 'hợp lệ'
ok $? "it works without JavaScript"
shot plain
go "$url/"
keys '#document' "$dir/signed.pdf"
click '#advanced summary'
click '#policy-strict'
keys '#time' '020220010404AM' # in whichever order day and month stand
click '#verify button'
await reads body '02/02/2001 04:04' && text 'body' | grep -q 'strict'
ok $? "policy and time, too"
shot plain-advanced
d DELETE "/session/$session" > /dev/null
kill "$driver_pid"
finish
