#!/bin/bash
# STORM_RATE requests a second (200) for STORM_SECONDS (15),
# while keyholders are killed and stopped in turn.  A client that is refused asks
# again under the same Idempotency-Key.  Nobody is left without an answer, each
# signature is in the audit, and none is there twice.
. "$top_srcdir/tests/signd/service.sh"
. "$top_srcdir/tests/signd/token.sh"

rate=${STORM_RATE:-200} seconds=${STORM_SECONDS:-15}
load=$top_builddir/bench/bench-load
[ -x "$load" ] || skip_all "bench-load is not built"
need pgrep

world_make "keyholders = 4" "sad-seconds = 3600" || {
	ok 1 "a service starts"
	finish
	exit 1
}
for i in 1 2 3 4; do
	enrol "Nguyễn Văn $i" "CCCD:00109912340$i" && activate 246813 &&
	    echo "$credential 246813" >> "$dir/credentials"
done
[ "$(wc -l < "$dir/credentials")" = 4 ]
ok $? "four citizens can sign"

"$load" storm "$dir/signd.conf" "$dir/tls.pem" "$dir/credentials" "$rate" \
    "$seconds" > "$dir/told" 2> "$dir/refused" &
storm=$!
await grep -q ready "$dir/told"
kills=0 stops=0
while kill -0 $storm 2> /dev/null && [ "$kills" -lt $((seconds * 2)) ]; do
	victim=$(pgrep -P "$pid" -f -- '--role=keyholder ' | shuf -n 1)
	[ -n "$victim" ] || { sleep 0.2; continue; }
	if [ $((kills % 3)) = 2 ]; then
		kill -STOP "$victim" && stops=$((stops + 1))
		sleep 1
		kill -CONT "$victim" 2> /dev/null
	else
		kill_token_user "$victim"
	fi
	kills=$((kills + 1))
	sleep 1
done
wait $storm
echo "# $(tail -1 "$dir/told"); $((kills - stops)) killed, $stops stopped"
set -- $(tail -1 "$dir/told")
answered=${2:-0} failed=${6:-1}
[ "$failed" = 0 ]
ok $? "whoever asks again is answered"
[ "$failed" = 0 ] || sort "$dir/refused" | uniq -c | sort -rn | head -5 |
    sed 's/^/# /'
[ "$answered" -gt $((10 * kills)) ]
ok $? "the service went on meanwhile"
[ "$kills" -gt 2 ]
ok $? "keyholders were killed and stopped"

from=1
: > "$dir/audit"
while :; do
	curl -s --cacert "$dir/tls.pem" --cert "$dir/officer.pem" \
	    --key "$dir/officer.key" -o "$dir/page" \
	    "$officer_url/v1/audit?from=$from&count=1000"
	grep . "$dir/page" >> "$dir/audit" || break
	from=$((from + $(grep -c . "$dir/page")))
done
grep '"event":"signed"' "$dir/audit" |
    sed 's/.*"digests":\["\([0-9a-f]*\)".*/\1/' | sort > "$dir/signed"
[ "$(wc -l < "$dir/signed")" -ge "$answered" ]
ok $? "every signature given out is in the audit"
[ -z "$(uniq -d "$dir/signed")" ]
ok $? "and none twice"
"$signctl" audit verify "$dir/audit" > "$dir/out" 2>&1
[ $? -ne 1 ]
ok $? "the exported audit is whole"
service_stop
ok $? "signd stops with status 0"
! grep -q Sanitizer "$dir/log"
ok $? "no sanitizer complained"
finish
