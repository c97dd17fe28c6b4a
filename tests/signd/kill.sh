#!/bin/sh
# Any child dies by SIGKILL under load: requests in it get a clear error,
# nothing else notices, it is back at once (tests do not assert on time: the
# milliseconds are told), nothing recorded is lost.
. "$top_srcdir/tests/signd/service.sh"
. "$top_srcdir/tests/signd/token.sh"

world_make; ok $? "a service comes up"
# A loader each: a try that a dead keyholder left open counts for a minute.
for i in 1 2 3 4; do
	enrol 'Nguyễn Văn An' "CCCD:00109912345$i" && activate 246813 &&
	    echo "$credential" > "$dir/citizen.$i"
done
[ -s "$dir/citizen.4" ]
ok $? "four citizens can sign"
printf '<a>xin chào</a>' > "$dir/a.xml"
auth=$(pin_header 246813)

# One line for each request: status and code.
load() { # load NUMBER
	while [ -e "$dir/loading" ]; do
		s=$(curl -s --max-time 60 --cacert "$dir/tls.pem" \
		    -o "$dir/load.$1" -w '%{http_code}' \
		    --data-binary "@$dir/a.xml" \
		    -H 'Content-Type: application/xml' -H "$auth" \
		    "$url/v1/signatures/signDoc?credentialID=$(cat "$dir/citizen.$1")")
		c=$(sed -n 's/.*"code": *"\([^"]*\)".*/\1/p' "$dir/load.$1")
		echo "$s ${c:--}" >> "$dir/results"
	done
}
audit_count() {
	ask --cert "$dir/officer.pem" --key "$dir/officer.key" \
	    "$officer_url/v1/audit?from=1&count=1000"
	grep -c '"event":"signed"' "$dir/out"
}
signed() { grep -c '^200' "$dir/results"; }
another_is_well() {
	now=$(child "$role")
	[ -n "$now" ] && [ "$now" != "$victim" ] && well
}
more_signed() { [ "$(signed)" -ge "$1" ]; }

for role in worker keyholder fetcher ledger front; do
	: > "$dir/results"
	touch "$dir/loading"
	loaders=
	for i in 1 2 3 4; do load $i & loaders="$loaders $!"; done
	await more_signed 2
	victim=$(child "$role")
	begin=$(date +%s%N)
	kill_token_user "$victim"
	await another_is_well && back=$((($(date +%s%N) - begin) / 1000000)) ||
	    back=
	await more_signed $(($(signed) + 4))
	goes_on=$?
	rm "$dir/loading"
	wait $loaders
	echo "# $role: back after ${back:-?} ms;" \
	    $(sort "$dir/results" | uniq -c | tr '\n' ';')
	[ -n "$back" ]
	ok $? "the $role is back, in the time told above"
	# A connection that the front dropped has no status at all.
	allowed='^200 -$|^50[234] (process-died|worker-died|busy|token-unavailable)$'
	[ "$role" = front ] && allowed="$allowed|^000 "
	! grep -Evq "$allowed" "$dir/results"
	ok $? "every request is answered, or told why not"
	ok $goes_on "and the others went on"
	[ "$(grep -vc '^200' "$dir/results")" -le 8 ]
	ok $? "only what was in it is lost"
	grep -c '^200' "$dir/results" >> "$dir/signed"
done

given=$(awk '{ n += $1 } END { print n + 0 }' "$dir/signed")
kept=$(audit_count)
echo "# $given signatures given out, $kept recorded"
[ "$kept" -ge "$given" ]; ok $? "every signature given out is recorded"
service_stop; ok $? "signd stops with status 0"
"$signd" audit-check --config "$dir/signd.conf" > "$dir/out" 2>&1
ok $? "the chain of the audit is whole"
! grep -q 'Sanitizer' "$dir/log"; ok $? "no sanitizer complained"
finish
