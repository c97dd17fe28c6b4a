#!/bin/sh
# Bad input gets a clear error with a stable code, and loses nothing.
. "$top_srcdir/tests/signd/service.sh"
. "$top_srcdir/tests/signd/token.sh"

world_make 'document-max = 300000' 'memory-document-max = 100000' \
    'request-max = 4096' 'header-seconds = 600' 'body-seconds = 600'
ok $? "a service comes up"
verifications=$url/v1/verifications
json='Content-Type: application/json'
octets='Content-Type: application/octet-stream'

tls() { # tls VERSION: whether a handshake succeeds
	echo | openssl s_client -connect "localhost:$port_citizen" "-$1" \
	    -cipher 'ALL:@SECLEVEL=0' > "$dir/tls" 2>&1
	grep -q 'Cipher is [A-Z]' "$dir/tls" && ! grep -q 'Cipher is (NONE)' \
	    "$dir/tls"
}
tls tls1_3; ok $? "TLS 1.3 is spoken"
tls tls1_2; ok $? "TLS 1.2 is spoken"
! tls tls1_1; ok $? "TLS 1.1 is refused"
! tls tls1; ok $? "TLS 1.0 is refused"

ask "$url/"
expect 200 '' "the page is there"
grep -qi '^Content-Security-Policy: default-src .none.' "$dir/head" &&
    grep -qi '^X-Content-Type-Options: nosniff' "$dir/head" &&
    grep -qi '^Strict-Transport-Security:' "$dir/head" &&
    grep -qi '^Cache-Control: no-store' "$dir/head"
ok $? "with the headers that a page of this kind needs"
ask -I "$url/v1/info"
expect 200 '' "HEAD is answered"

ask "$url/v1/nothing"
expect 404 not-found "an unknown address"
grep -q '"vi":' "$dir/out" && grep -q '"requestId":' "$dir/out" &&
    grep -qi '^Content-Type: application/problem+json' "$dir/head"
ok $? "is a problem document in both languages"
ask "$verifications"
expect 405 method-not-allowed "a wrong method"
grep -qi '^Allow: POST' "$dir/head"; ok $? "says which one is right"
ask "$url/v1/audit"
expect 404 not-found "officers' calls are not on the citizens' listener"
ask "$officer_url/v1/audit"
expect 403 client-certificate "no client certificate"
ask --cert "$dir/stranger.pem" --key "$dir/stranger.key" "$officer_url/v1/audit"
expect 403 client-certificate "a stranger's client certificate"

ask -H 'Content-Type: image/png' -d x "$verifications"
expect 415 content-type "a wrong content type"
ask -H 'Content-Type: text/plain' -d '{}' "$url/v1/credentials/info"
expect 415 content-type "JSON that does not say so"
for bad in '{' '[]' '{"a":1,"a":2}' '' '{"credentialID":"x"} x'; do
	ask -H "$json" -d "$bad" "$url/v1/credentials/info"
	expect 400 json "broken JSON: $bad"
done
ask -H "$json" -d '{"credentialID":"x","else":1}' "$url/v1/credentials/info"
expect 400 json-field "a field that is not known"
ask -H "$json" -d '{"credentialID":7}' "$url/v1/credentials/info"
expect 400 json-field "a field of a wrong type"
ask -H "$json" -d '{"credentialID":"nobody"}' "$url/v1/credentials/info"
expect 404 credential-unknown "an unknown credential"
head -c 5000 /dev/zero | tr '\0' ' ' > "$dir/blanks"
ask -H "$json" --data-binary "@$dir/blanks" "$url/v1/credentials/info"
expect 413 request-too-large "JSON over the limit"
grep -q '4096 bytes' "$dir/out"; ok $? "names the limit"

# People are told one of the three words of everything that was looked at.
unreadable() { # unreadable WHY NAME
	grep -q "\"unreadable\": *\"$1\"" "$dir/out" &&
	    grep -q '"indication": *"INDETERMINATE"' "$dir/out" &&
	    grep -q '"CHƯA XÁC ĐỊNH ĐƯỢC"' "$dir/out"
	ok $? "$2"
}
echo 'nothing that anybody signs' > "$dir/text"
ask -H "$octets" --data-binary "@$dir/text" "$verifications"
expect 200 format-unknown "neither PDF nor XML nor CMS"
unreadable unsupported "has none of the three words but the third"
ask -H "$octets" --data-binary "@$dir/text" -H 'Accept: text/html' \
    "$verifications"
expect 200 '' "and for who came by the form"
grep -q '<html' "$dir/out" && grep -q 'CHƯA XÁC ĐỊNH ĐƯỢC' "$dir/out" &&
    grep -q 'Chưa sử dụng tệp này' "$dir/out"
ok $? "a page, with the same word and what to do"
ask -H "$octets" -d '' "$verifications"
expect 400 document-missing "no document"
: > "$dir/empty.pdf"
ask -H "$octets" --data-binary "@$dir/empty.pdf" "$verifications?filename=a.pdf"
expect 200 document-empty "an empty file that has a name"
unreadable malformed "is a verdict"
ask -F "document=@$dir/empty.pdf" -H 'Accept: application/json' "$verifications"
expect 200 document-empty "so is one that came by the form"
ask -H "$octets" --data-binary "@$dir/text" "$verifications?policy=none"
expect 400 policy-unknown "an unknown policy"
ask -H "$octets" --data-binary "@$dir/text" \
    "$verifications?policy=basic&policy=strict"
expect 400 parameter "two policies"
ask -H "$octets" --data-binary "@$dir/text" "$verifications?polcy=strict"
expect 400 parameter "a policy by a misspelt name"
ask -H "$octets" --data-binary "@$dir/text" \
    "$url/v1/signatures/signDoc?credentialID=00&certfy=1"
expect 400 parameter "a signature with a parameter that is none"
ask -H "$octets" --data-binary "@$dir/text" "$url/v1/extensions?conformance_level=T&levl=LT"
expect 400 parameter "an extension with a parameter that is none"
ask -H "$octets" --data-binary "@$dir/text" "$verifications?time=yesterday"
expect 400 parameter "a time that is none"
printf '%%PDF-1.7\n%%broken\n' > "$dir/broken.pdf"
ask -H 'Content-Type: application/pdf' --data-binary "@$dir/broken.pdf" \
    "$verifications"
expect 200 pdf-damaged "a broken PDF"
unreadable malformed "is a verdict, too"
echo '<a><b></a>' > "$dir/broken.xml"
ask -H 'Content-Type: application/xml' --data-binary "@$dir/broken.xml" \
    "$verifications"
expect 200 document-damaged "broken XML"
unreadable malformed "and that"
ask -H 'Content-Type: application/xml' -H 'Accept: application/xml' \
    --data-binary "@$dir/broken.xml" "$verifications"
expect 200 '' "of which there is a report of TS 119 102-2"
grep -q 'mainindication:indeterminate' "$dir/out"; ok $? "that says the same"
ask -F x=y "$verifications"
expect 400 parameter "a form with a field that is not known"
ask -F content=y "$verifications"
expect 400 document-missing "a form without a document"

head -c 300001 /dev/zero > "$dir/large"
ask -H "$octets" --data-binary "@$dir/large" "$verifications"
expect 413 document-too-large "a document over the limit"
grep -q '300000 bytes' "$dir/out"; ok $? "names the limit"
ask -H "$octets" -H 'Transfer-Encoding: chunked' -T "$dir/large" -X POST \
    "$verifications"
expect 413 document-too-large "also when its length was not told"
head -c 3000000 /dev/zero > "$dir/huge"
for expect in '' '100-continue'; do
	ask -H "$octets" -H "Expect: $expect" --data-binary "@$dir/huge" \
	    "$verifications"
	expect 413 document-too-large "far over the limit, Expect: $expect"
done
ask -H "$octets" --data-binary "@$dir/huge" "$url/v1/nothing"
expect 404 not-found "a large document for an unknown address"
head -c 250000 /dev/zero > "$dir/spooled"
ask -H "$octets" --data-binary "@$dir/spooled" "$verifications"
expect 200 format-unknown "one that goes to the disk is read"

ask -H "$octets" --data-binary "@$dir/text" \
    "$url/v1/signatures/signDoc?credentialID=x"
expect 401 authorization-missing "signing without PIN or SAD"
ask -H "$octets" --data-binary "@$dir/text" -H 'Signd-Authorization: PIN !!!!' \
    "$url/v1/signatures/signDoc?credentialID=x"
expect 401 authorization-malformed "a PIN that is not Base64url"
ask -H "$octets" --data-binary "@$dir/text" -H "$(pin_header 123456)" \
    "$url/v1/signatures/signDoc?credentialID=x"
expect 404 credential-unknown "signing with an unknown credential"
ask -H "$json" -d '{"token":"none","pin":"12345"}' "$url/v1/activations"
expect 400 pin-form "a PIN that is too short"
ask -H "$json" -d '{"token":"none","pin":"123456"}' "$url/v1/activations"
[ "$status" -ge 400 ] && [ "$status" -lt 500 ]
ok $? "a link that nobody was given"

# Many that drip, and one that wants to work: none of them is given up yet.
slow=
if command -v python3 > /dev/null 2>&1; then
	python3 -c 'import signal, socket, ssl, sys
anybody = ssl.create_default_context()
anybody.check_hostname = False
anybody.verify_mode = ssl.CERT_NONE
held = []
for i in range(30):
    s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
    held.append(anybody.wrap_socket(s, server_hostname="localhost"))
    held[-1].sendall(b"POST /v1/verifications HTTP/1.1\r\nHost: l\r\n")
print("held", flush=True)
signal.pause()' "$port_citizen" > "$dir/held" &
	slow=$!
	await grep -q held "$dir/held" && ask --max-time 50 "$url/v1/info"
	expect 200 '' "thirty slow clients keep nobody waiting"
	kill "$slow"
	wait "$slow" 2> /dev/null
fi

# Raw connections: what a client writes, piece by piece.
limits() { # limits HEADER BODY: seconds, from now on
	service_stop
	sed -i "s/^header-seconds.*/header-seconds = $1/
	    s/^body-seconds.*/body-seconds = $2/" "$dir/signd.conf"
	service_start
}
limits 600 2
raw() { openssl s_client -quiet -connect "localhost:$port_citizen" \
    > "$dir/raw" 2> /dev/null; }
{
	printf 'POST /v1/verifications HTTP/1.1\r\nHost: localhost\r\n'
	printf 'Content-Type: application/pdf\r\nContent-Length: 1000\r\n\r\n'
	printf '%%PDF'
	sleep 6
} | raw
grep -q '^HTTP/1.1 408' "$dir/raw" && grep -q '"code":"body-slow"' "$dir/raw"
ok $? "a body that stops coming is told so"
{
	printf 'POST /v1/verifications HTTP/1.1\r\nHost: localhost\r\n'
	printf 'Content-Type: application/pdf\r\nContent-Length: 1000\r\n\r\n'
	for i in 1 2 3 4 5 6 7 8 9 10 11 12; do printf x; sleep 0.4; done
} | raw
grep -q '"code":"body-slow"' "$dir/raw"
ok $? "and one that drips"
{
	printf 'POST /v1/verifications HTTP/1.1\r\nHost: localhost\r\n'
	printf 'Content-Type: application/pdf\r\nContent-Length: 1000\r\n\r\n'
	printf '%%PDF'
} | raw
await well; expect 200 '' "half a body is forgotten, and all processes are well"
limits 2 600
{
	printf 'GET / HTTP/1.1\r\n'
	for i in $(seq 240); do
		printf 'X: y\r\n' 2> /dev/null || exit
		sleep 0.5
	done
	echo all > "$dir/dripped"
} | raw
[ ! -s "$dir/raw" ] && [ ! -e "$dir/dripped" ]
ok $? "a head that drips ends the connection"

# A full disk, where root can make a small one.
if [ "$(id -u)" -eq 0 ] && mkdir -p "$dir/small" &&
    mount -t tmpfs -o size=64k,mode=0777 none "$dir/small" 2> /dev/null; then
	sed -i '/^spool-dir/d' "$dir/signd.conf"
	echo "spool-dir = $dir/small" >> "$dir/signd.conf"
	limits 600 600
	ask -H "$octets" --data-binary "@$dir/spooled" "$verifications"
	expect 507 disk-full "a full disk"
	ask -H "$octets" --data-binary "@$dir/text" "$verifications"
	expect 200 format-unknown "small documents do not need it"
	service_stop
	umount "$dir/small"
	sed -i '/^spool-dir/d' "$dir/signd.conf"
	echo "spool-dir = $dir/state/spool" >> "$dir/signd.conf"
	service_start
else
	tests=$((tests + 1))
	echo "ok $tests - a full disk # SKIP only root can make a small one"
fi

service_stop; ok $? "signd stops with status 0"
# Settings that are wrong.
echo 'nonsense = 1' >> "$dir/signd.conf"
"$signd" --config "$dir/signd.conf" > "$dir/out" 2>&1
[ $? -eq 78 ] && grep -q 'signd.conf:[0-9]*: no setting' "$dir/out"
ok $? "a setting that is none is refused with file and line"
sed -i '/nonsense/d' "$dir/signd.conf"
"$signd" --check-config --config "$dir/signd.conf" > "$dir/out" 2>&1 &&
    grep -q '^document-max = 300000$' "$dir/out"
ok $? "--check-config tells what is in force"
! grep -q 'Sanitizer' "$dir/log"; ok $? "no sanitizer complained"
finish
