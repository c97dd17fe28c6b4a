#!/bin/sh
# The token goes away and comes back; signd is asked to stop while it works;
# more requests than the queue holds.
. "$top_srcdir/tests/signd/service.sh"
. "$top_srcdir/tests/signd/token.sh"

world_make 'threads = 2' 'queue-max = 2' 'connections-max = 64'
ok $? "a service comes up"
enrol 'Nguyễn Văn An' 'CCCD:001099123456' && activate 246813
ok $? "a citizen can sign"
printf '<a>xin chào</a>' > "$dir/a.xml"
sign() {
	ask --data-binary "@$dir/a.xml" -H 'Content-Type: application/xml' \
	    -H "$(pin_header 246813)" \
	    "$url/v1/signatures/signDoc?credentialID=$credential"
}
sign; expect 200 '' "with the token"
mv "$dir/token/objects" "$dir/token/away"
begin=$(date +%s)
for i in 1 2 3; do
	sign
	[ "$status" = 503 ] && [ "$(code)" = token-unavailable ]
	ok $? "without it: $status $(code)"
	grep -qi '^Retry-After:' "$dir/head"; ok $? "says when to try again"
done
echo "# told three times in $(($(date +%s) - begin)) s"
! grep -q 'code=process-timeout' "$dir/log"
ok $? "and nobody waited for it in vain"
ask -H 'Content-Type: application/xml' --data-binary "@$dir/a.xml" \
    "$url/v1/verifications"
expect 200 '' "verifying goes on without it"
mv "$dir/token/away" "$dir/token/objects"
signs() {
	sign
	[ "$status" = 200 ]
}
await signs
expect 200 '' "and signing goes on when it is back"

# Twenty at once, for two threads and two places in the queue.
rm -f "$dir"/many.*
jobs=
for i in $(seq 1 20); do
	curl -s --max-time 60 --cacert "$dir/tls.pem" -o "$dir/body.$i" \
	    -w '%{http_code}\n' --data-binary "@$dir/a.xml" \
	    -H 'Content-Type: application/xml' -H "$(pin_header 246813)" \
	    "$url/v1/signatures/signDoc?credentialID=$credential" \
	    > "$dir/many.$i" &
	jobs="$jobs $!"
done
wait $jobs
echo "# $(cat "$dir"/many.* | sort | uniq -c | tr '\n' ';')"
[ "$(cat "$dir"/many.* | grep -c '^200')" -ge 2 ]
ok $? "a full queue still serves some"
! cat "$dir"/many.* | grep -qv '^200\|^503'
ok $? "and tells the others to come again"

# Stopping: what is at work is finished.
: > "$dir/results"
jobs=
for i in 1 2; do
	curl -sv --max-time 120 --cacert "$dir/tls.pem" -o /dev/null \
	    -w '%{http_code}\n' --limit-rate 20k --data-binary @- \
	    -H 'Expect: 100-continue' --expect100-timeout 120 \
	    -H 'Content-Type: application/xml' -H "$(pin_header 246813)" \
	    "$url/v1/signatures/signDoc?credentialID=$credential" \
	    >> "$dir/results" 2> "$dir/begun.$i" << EOF &
<a>$(head -c 60000 /dev/zero | tr '\0' x)</a>
EOF
	jobs="$jobs $!"
done
for i in 1 2; do
	await grep -q '^< HTTP/1.1 100' "$dir/begun.$i"
done
service_stop; ok $? "signd stops with status 0"
wait $jobs
[ "$(grep -c '^200' "$dir/results")" -eq 2 ]
ok $? "after finishing what was at work: $(tr '\n' ' ' < "$dir/results")"
! grep -q 'Sanitizer' "$dir/log"; ok $? "no sanitizer complained"
finish
