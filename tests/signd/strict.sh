#!/bin/sh
# What a reviewer asked for: who is an officer, what lies in the front's store,
# what a process inherits, what stands in the log.
. "$top_srcdir/tests/signd/service.sh"
. "$top_srcdir/tests/signd/token.sh"

json='Content-Type: application/json'
exec 9< /dev/zero # as whoever starts signd may have left something open
world_make 'memory-document-max = 1000' 'connections-max = 40'; ok $? "a service comes up"
exec 9<&-
for role in front worker fetcher keyholder ledger; do
	if ls -l "/proc/$(child "$role")/fd" > "$dir/fds" 2> /dev/null; then
		! grep -q '/dev/zero' "$dir/fds"
		ok $? "the $role inherits no stray descriptor"
	else
		tests=$((tests + 1))
		echo "ok $tests - the $role # SKIP only root can look into it"
	fi
done

# A certificate of the officers' CA is not yet an officer.
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
    -subj "/CN=clerk" -keyout "$dir/clerk.key" -out "$dir/clerk.csr" \
    2> /dev/null
openssl x509 -req -in "$dir/clerk.csr" -CA "$dir/oca.pem" \
    -CAkey "$dir/oca.key" -CAcreateserial -days 30 -extfile "$dir/ext" \
    -out "$dir/clerk.pem" 2> /dev/null
by() { # by WHO CURL-OPTIONS...
	who=$1
	shift
	ask --cert "$dir/$who.pem" --key "$dir/$who.key" "$@"
}
by officer "$officer_url/v1/audit"
expect 200 '' "an officer reads the audit"
by clerk "$officer_url/v1/audit"
expect 403 officer-unknown "a clerk with a certificate of the same CA does not"
by clerk "$officer_url/v1/enrolments/none"
expect 403 officer-unknown "nor looks at enrolments"

# An enrolment, approved here without signctl, so that it can be repeated.
der_sha256() {
	openssl x509 -in "$1" -outform DER | sha256sum | cut -d' ' -f1
}
now=$(date -u +%Y-%m-%dT%H:%M:%SZ)
zeros=$(printf '%064d' 0)
nonce=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
officer=$(der_sha256 "$dir/officer.pem")
printf 'signd enrolment 1\n%s\n' "name: An
subject-id: CCCD:001099123456
province: HN
locality: 
profile: citizen
evidence: card-seen
evidence-sha256: $zeros
consent: $now
desk: d
officer: $officer
time: $now
nonce: $nonce" > "$dir/record"
approval=$(openssl dgst -sha256 -sign "$dir/officer.key" "$dir/record" |
    base64 -w0)
cat > "$dir/enrolment" << EOF
{"record":{"name":"An","subjectID":"CCCD:001099123456","province":"HN",
"locality":"","profile":"citizen","evidence":"card-seen",
"evidenceSHA256":"$zeros","consent":"$now","desk":"d","officer":"$officer",
"time":"$now","nonce":"$nonce"},"approval":"$approval",
"approvalAlgorithm":"MAoGCCqGSM49BAMC"}
EOF
by officer -H "$json" -H 'Idempotency-Key: desk-1' -d "@$dir/enrolment" \
    "$officer_url/v1/enrolments"
expect 201 '' "an enrolment under a key"
token=$(json_field token < "$dir/out")
cp "$dir/out" "$dir/first"
by officer -H "$json" -H 'Idempotency-Key: desk-1' -d "@$dir/enrolment" \
    "$officer_url/v1/enrolments"
cmp -s "$dir/out" "$dir/first"
ok $? "is answered again as it was"
by clerk -H "$json" -H 'Idempotency-Key: desk-1' -d "@$dir/enrolment" \
    "$officer_url/v1/enrolments"
[ "$status" -ge 400 ]; ok $? "but not to somebody else"
by officer -H "$json" -H 'Idempotency-Key: desk-2' -d "@$dir/enrolment" \
    "$officer_url/v1/enrolments"
expect 403 approval-replayed "one approval makes one enrolment"
by officer -H "$json" -H 'Idempotency-Key: desk-3' -d '' \
    "$officer_url/v1/enrolments"
expect 400 json "nothing under a key is broken JSON"
[ -n "$token" ] && ! grep -aqF -- "$token" "$dir"/state/front/* \
    "$dir"/state/ledger/* "$dir/log"
ok $? "the link lies in no database and no log"

# Lines of the log are of one line, and of characters that show themselves.
ask "$url/v1/%C2%9B31m%E2%80%AE%0Alevel=error%FF"
grep -aq 'path="/v1/' "$dir/log" &&
    ! LC_ALL=C grep -aq "$(printf '\302\233\\|\342\200\256\\|\377')" "$dir/log"
ok $? "a path puts no control characters into the log"
ask "$url/ti%E1%BA%BFng"
grep -aq 'path="/tiếng"' "$dir/log"; ok $? "but keeps the letters of a language"

# One body, one length; one form, one document.
raw() { openssl s_client -quiet -connect "localhost:$port_citizen" \
    > "$dir/raw" 2> /dev/null; }
head='POST /v1/credentials/info HTTP/1.1\r\nHost: l\r\n'"$json"'\r\n'
{
	printf "$head"'Content-Length: 2\r\nContent-Length: 5\r\n\r\n{}xxx'
	sleep 1
} | raw
refused() { # refused CODE: by us, or by a libmicrohttpd that is as strict
	[ "$(grep -c '^HTTP/1' "$dir/raw")" -eq 1 ] &&
	    { grep -q "\"code\":\"$1\"" "$dir/raw" ||
		grep -q '^HTTP/1\.1 \(400\|501\) ' "$dir/raw"; }
}
refused request-framing; ok $? "two lengths are refused"
{
	printf "$head"'Content-Length: 2\r\nTransfer-Encoding: chunked\r\n'
	printf '\r\n2\r\n{}\r\n0\r\n\r\n'
	sleep 1
} | raw
refused request-framing
ok $? "and a length beside chunks; what follows is no request"
strange() { # strange HEADERS NAME
	{
		printf "$head$1"'\r\n2\r\n{}\r\n0\r\n\r\n'
		sleep 1
	} | raw
	refused request-head; ok $? "$2" || sed 's/^/# /' "$dir/raw"
}
strange 'Host: other\r\nContent-Length: 12\r\n' "two hosts are refused"
strange 'Content-Length : 12\r\n' "a name with a space behind it, too"
strange 'Transfer-Encoding: xchunked\r\n' "and an encoding that nobody knows"
ask "$url/style.css%00.html"
expect 404 not-found "a path does not end at a zero byte"
ask -H 'Content-Type: application/pdf' --data-binary 'a' \
    "$url/v1/verifications?wait=1%00x"
expect 400 parameter "nor does a parameter"
echo a > "$dir/a"
ask -F "document=@$dir/a" -F "document=@$dir/a" "$url/v1/verifications"
expect 400 parameter "a form with two documents"
ask -H "$json" -d "{\"credentialID\":\"$(printf '%065d' 0)\"}" \
    "$url/v1/credentials/info"
expect 400 json-field "an id longer than any"
ask -H "$json" -d "{\"credentialID\":\"$(printf '%064d' 0)\"}" \
    "$url/v1/credentials/info"
expect 404 credential-unknown "and one that is not"

# One client that opens all the connections there are, and says nothing, and is
# not given up soon.
if command -v python3 > /dev/null 2>&1; then
	service_stop
	echo 'header-seconds = 600' >> "$dir/signd.conf"
	service_start
	python3 -c 'import signal, socket, sys
held = []
for i in range(50):
    s = socket.socket()
    s.bind(("127.0.0.2", 0))
    s.connect(("127.0.0.1", int(sys.argv[1])))
    held.append(s)
print("held", flush=True)
signal.pause()' "$port_citizen" > "$dir/held" &
	holder=$!
	await grep -q held "$dir/held"
	ask --max-time 50 --interface 127.0.0.1 \
	    --resolve "localhost:$port_citizen:127.0.0.1" "$url/v1/info"
	expect 200 '' "one client keeps nobody else waiting"
	kill "$holder"
	wait "$holder" 2> /dev/null
fi

# What is wrong here is not the client's fault, nor the client's business.
mv "$dir/state/spool" "$dir/state/away"
head -c 5000 /dev/zero > "$dir/large"
ask -H 'Content-Type: application/pdf' --data-binary "@$dir/large" \
    "$url/v1/verifications"
[ "$status" = 500 ] && ! grep -qi 'spool\|directory' "$dir/out"
ok $? "a spool that is gone is an error of ours, without its details"
mv "$dir/state/away" "$dir/state/spool"
ask -H 'Content-Type: application/pdf' --data-binary "@$dir/large" \
    "$url/v1/verifications"
expect 200 format-unknown "and when it is back all is well"

# An officer that was ended is one no more.
"$signd" officer-end --config "$dir/signd.conf" "$dir/officer.pem" \
    > /dev/null 2>&1
ok $? "an officer is ended"
by officer "$officer_url/v1/audit"
expect 403 officer-unknown "and reads the audit no more"

service_stop; ok $? "signd stops with status 0"
! grep -q 'Sanitizer' "$dir/log"; ok $? "no sanitizer complained"
finish
