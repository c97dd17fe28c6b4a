#!/bin/sh
# A token that fails on order, under the running service: each fault costs a
# keyholder and at most one answer that says when to come again; the next request
# is served, and what was given out is in the audit, once.
. "$top_srcdir/tests/signd/service.sh"
. "$top_srcdir/tests/signd/token.sh"

# An instrumented module in a program that is none, and the other way round,
# does not start.
order=$top_builddir/tests/pkcs11/order
faulty=$top_builddir/tests/pkcs11/.libs/faulty.so
[ -f "$faulty" ] && [ -x "$order" ] || skip_all "the faulty module is not built"
faulty=$(realpath "$faulty")

service_make 'threads = 4' 'queue-max = 3' 'connections-max = 64' \
    'token-time-max = 15'
token_make
orders=$dir/token/orders
order() { "$order" "$orders" "$@"; }
order C_Sign none 0
cp "$faulty" "$dir/token/faulty.so"
chmod 755 "$dir/token/faulty.so"
sed -i '/^token-module = /d' "$dir/signd.conf"
cat >> "$dir/signd.conf" << EOF2
token-module = $dir/token/faulty.so
token-environment = FAULTY_TARGET=$module
token-environment = FAULTY_ORDERS=$orders
EOF2
ceremony && service_start; ok $? "a service comes up on the faulty module"
enrol 'Nguyễn Văn An' 'CCCD:001099123456' && activate 246813
ok $? "a citizen can sign"
printf '<a>xin chào</a>' > "$dir/a.xml"
given=0
sign() {
	ask --data-binary "@$dir/a.xml" -H 'Content-Type: application/xml' \
	    -H "$(pin_header 246813)" \
	    "$url/v1/signatures/signDoc?credentialID=$credential"
	[ "$status" != 200 ] || given=$((given + 1))
}
audited() {
	ask --cert "$dir/officer.pem" --key "$dir/officer.key" \
	    "$officer_url/v1/audit?from=1&count=1000"
	grep -c '"event":"signed"' "$dir/out"
}
sign; expect 200 '' "without a fault"

signs() {
	sign
	[ "$status" = 200 ]
}
another() { # a keyholder is there, and not the one of before
	after=$(child keyholder)
	[ -n "$after" ] && [ "$after" != "$before" ]
}

# Once: nobody notices.  The keyholder is another one afterwards.
once() { # once FUNCTION FAULT
	before=$(child keyholder)
	order "$1" "$2" 1
	sign; expect 200 '' "$1 $2, once: the request is served all the same"
	[ "$(order)" = 1 ]; ok $? "and the fault was there"
	await another; ok $? "another keyholder took over"
}
once C_Sign session-invalid
once C_SignInit session-invalid
once C_Sign device-removed
once C_UnwrapKey token-gone
once C_UnwrapKey device-removed
once C_Sign length
once HMAC length
once HMAC session-invalid
once C_UnwrapKey garbage
once C_DestroyObject session-invalid
once C_SignInit general

# A value that is none: it does not verify, so it does not leave.
order C_Sign garbage 1
sign
[ "$status" -ge 400 ]; ok $? "a signature of other bytes does not leave: $status"
sign; expect 200 '' "and the next one is right"

# For as long as it lasts it is said, with the time to come again.
while_it_lasts() { # while_it_lasts FUNCTION FAULT
	order "$1" "$2" -1
	if [ -n "${evicting:-}" ]; then
		holder=$(child keyholder)
		kill_token_user "$holder"
		while [ "$(child keyholder)" = "$holder" ]; do sleep 0.05; done
	fi
	sign; expect 503 token-unavailable "$1 $2, for ever: it is said"
	grep -qi '^Retry-After: [0-9]' "$dir/head"
	ok $? "with the time to come again"
	sign; expect 503 token-unavailable "and said again, at once"
	order "$1" none 0
	await signs
	expect 200 '' "and served when the token is back"
}
while_it_lasts C_Sign session-invalid
while_it_lasts C_UnwrapKey device-removed
# These are called when a keyholder starts: so the one that is there must go.
evicting=1
while_it_lasts C_OpenSession token-gone
while_it_lasts C_Login device-removed

# The module crashes: the keyholder goes, and nobody else.
before=$(child keyholder) front=$(child front) ledger=$(child ledger)
order C_Sign crash 1
sign
case $status in 502 | 503) ok 0 "a crash of the module is said: $status" ;;
*) ok 1 "a crash of the module is said: $status" ;; esac
grep -qi '^Retry-After: [0-9]' "$dir/head"; ok $? "with the time to come again"
sign; expect 200 '' "the next request is served"
[ "$(child front)" = "$front" ] && [ "$(child ledger)" = "$ledger" ]
ok $? "by the same front and ledger"

# A token that hangs is given up, with its process.
longest() { # longest SECONDS: for one signature, from now on
	service_stop
	sed -i "s/^token-time-max.*/token-time-max = $1/" "$dir/signd.conf"
	service_start
}
longest 3
order C_Sign slow 1 60000
sign
[ "$status" -ge 500 ]; ok $? "a token that hangs is given up: $status"
grep -q 'event=token-hangs' "$dir/log"; ok $? "which the log says"
sign; expect 200 '' "and the next request is served"

# A batch takes longer than one signature may (15 s), and than others wait (20 s): the
# token is not stuck, and what it made is not lost.  A second more for each of forty
# is time enough (front-backend.c).
longest 15
hash=$(printf x | openssl dgst -sha256 -binary | base64)
hashes=\"$hash\"
for _ in $(seq 2 40); do hashes="$hashes,\"$hash\""; done
before=$(child keyholder)
order C_Sign slow 40 550
ask -H 'Content-Type: application/json' \
    -d "{\"credentialID\":\"$credential\",\"PIN\":\"246813\",
    \"hashes\":[$hashes],\"hashAlgorithmOID\":\"2.16.840.1.101.3.4.2.1\",
    \"signAlgo\":\"1.2.840.10045.4.3.2\"}" "$url/v1/signatures/signHash"
expect 200 '' "a batch that takes longer than one signature may is served"
[ "$status" != 200 ] || given=$((given + 1))
[ "$(order)" = 40 ] && [ "$(child keyholder)" = "$before" ]
ok $? "by the keyholder that was there"
order C_Sign none 0

# Slow, and more requests than the queue has places: told at once to come
# again, and those that have a place are served, once the token goes on.  By a new
# credential: tries whose keyholder crashed above are used up for a minute.
enrol 'Nguyễn Thị Bình' 'CCCD:001199123457' && activate 246813
ok $? "another citizen can sign"
order C_Sign slow -1 60000
jobs=
rm -f "$dir"/many.*
for i in $(seq 1 24); do
	curl -s --max-time 120 --cacert "$dir/tls.pem" -o /dev/null \
	    -D "$dir/heads.$i" -w '%{http_code}\n' \
	    --data-binary "@$dir/a.xml" -H 'Content-Type: application/xml' \
	    -H "$(pin_header 246813)" \
	    "$url/v1/signatures/signDoc?credentialID=$credential" \
	    > "$dir/many.$i" &
	jobs="$jobs $!"
done
some_refused() { cat "$dir"/many.* | grep -q '^503'; }
await some_refused
order C_Sign none 0
wait $jobs
echo "# $(cat "$dir"/many.* | sort | uniq -c | tr '\n' ';')"
served=$(cat "$dir"/many.* | grep -c '^200')
given=$((given + served))
[ "$served" -ge 4 ]; ok $? "a slow token still serves some"
[ "$(cat "$dir"/many.* | grep -c '^503')" -ge 1 ]
ok $? "and the queue is bounded"
! cat "$dir"/many.* | grep -qv '^200\|^503\|^423'
ok $? "nothing else is answered"
missing=0
for i in $(seq 1 24); do
	grep -q '^503' "$dir/many.$i" || continue
	grep -qi '^Retry-After: [0-9]' "$dir/heads.$i" || missing=1
done
ok $missing "each 503 says when to come again"

kept=$(audited)
echo "# $given signatures given out, $kept recorded"
[ "$kept" -ge "$given" ]; ok $? "every signature given out is recorded"

# Replaced as planned: nobody notices.
service_stop; ok $? "signd stops with status 0"
echo 'token-operations-max = 3' >> "$dir/signd.conf"
service_start; ok $? "and starts with keyholders of three signatures"
well=0
for i in $(seq 1 12); do
	sign
	[ "$status" = 200 ] && well=$((well + 1))
done
[ "$well" -eq 12 ]; ok $? "all of 12 requests are served: $well"
[ "$(grep -c 'event=child-ended child=keyholder.*exit=0' "$dir/log")" -ge 3 ]
ok $? "by several keyholders, which ended well"
service_stop; ok $? "signd stops with status 0"
"$signd" audit-check --config "$dir/signd.conf" > "$dir/out" 2>&1
ok $? "the chain of the audit is whole"
! grep -q 'Sanitizer' "$dir/log"; ok $? "no sanitizer complained"
finish
