#!/bin/sh
# Revocation lists that are too large for a message: fetched behind, made an
# index once, shared by all workers, kept over a restart; what is on them is
# revoked, and a list that somebody else signed clears nobody.
. "$top_srcdir/tests/signd/service.sh"
. "$top_srcdir/tests/signd/token.sh"
. "$top_srcdir/tests/status.sh"
need python3 openssl curl ss
entries=${LIST_ENTRIES:-1000000}
# What was freed does not count as memory that is held.
export ASAN_OPTIONS="${ASAN_OPTIONS:-}:quarantine_size_mb=1:thread_local_quarantine_size_kb=64"

service_make
trap 'status_end; service_end' EXIT
status_world; ok $? "a PKI of OpenSSL's, with a server of lists"
cat >> "$dir/signd.conf" << END
trust-file = government $dir/pki/root.pem
fetch-private-address = 127.0.0.1:$crl_port
fetch-max = 1M
status-retry-seconds = 0
worker-memory-max = 512M
END
large() { # ENTRIES SERIAL...: www/large.crl
	count=$1
	shift
	python3 "$top_srcdir/tests/signd/large-list.py" "$dir/pki/sub.pem" \
	    "$dir/pki/${signed_by:-sub}.key" "$count" \
	    "$dir/pki/www/large.crl" --pad "$@"
}
serial() { openssl x509 -in "$dir/pki/$1.pem" -noout -serial | sed 's/.*=//'; }
status_leaf good "crlDistributionPoints=URI:$base/large.crl" &&
    status_sign good
status_leaf bad "crlDistributionPoints=URI:$base/large.crl" && status_sign bad
large "$entries" "$(serial bad)"; ok $? "a list of $entries entries"
copy=$(($(stat -c %s "$dir/pki/www/large.crl") / 1024))
echo "# $copy KB"
token_make && ceremony && service_start; ok $? "a service comes up"

verify() { # verify NAME WAIT: its report into $dir/out
	ask --data-binary "@$dir/pki/$1.p7m" -H 'Accept: application/json' \
	    -H 'Content-Type: application/octet-stream' \
	    "$url/v1/verifications?policy=basic&wait=$2"
}
says() { # says INDICATION SUB NAME
	python3 - "$dir/out" "$1" "$2" << 'END'
import json, sys
r = json.load(open(sys.argv[1]))
got = [r["indication"], r["sub_indication"] or ""]
if got != sys.argv[2:]:
    print("#", got, r["code"], json.dumps(r["sources"]))
sys.exit(got != sys.argv[2:])
END
	ok $? "$3"
}
asked() { grep -c "^$1\$" "$dir/pki/requests"; }
an_index() { ls "$dir"/state/front/lists/*.index > /dev/null 2>&1; }
index_is_there() { await an_index; }

verify good 30
index_is_there; ok $? "the list is fetched and indexed behind the verification"
[ "$(ls "$dir/state/front/lists" | wc -l)" = 1 ]; ok $? "as one file"
times=$(asked /large.crl)
verify good 30; says TOTAL-PASSED '' "who is not on it is judged by it"
verify bad 30; says INDETERMINATE REVOKED_NO_POE "who is on it is revoked" 
for _ in 1 2 3 4; do
	verify good 30
done
[ "$(asked /large.crl)" = "$times" ]
ok $? "further verifications fetch it no more"
most=0
for p in $(pgrep -P "$pid" -f -- '--role=worker '); do
	kb=$(sed -n 's/^RssAnon:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$p/status")
	[ "$kb" -gt "$most" ] && most=$kb
done
echo "# the largest worker has $most KB of its own"
[ "$most" -lt "$copy" ]; ok $? "no worker has a copy of it"
kb=$(sed -n 's/^RssAnon:[^0-9]*\([0-9]*\).*/\1/p' \
    "/proc/$(child front)/status")
echo "# the front has $kb KB"
[ "$kb" -lt "$copy" ]; ok $? "nor has the front"
another_indexer() {
	[ "$(grep -c 'child-started child=indexer' "$dir/log")" -ge 2 ]
}
await another_indexer
ok $? "who makes an index makes no other"

service_stop
service_start
verify good 30; says TOTAL-PASSED '' "it is there after a restart"
[ "$(asked /large.crl)" = "$times" ]; ok $? "without being fetched"

# One that somebody else signed, under the same name.
openssl ecparam -name prime256v1 -genkey -noout -out "$dir/pki/stranger.key"
signed_by=stranger large 20000
rm "$dir"/state/front/lists/*.index
verify good 30; index_is_there
verify good 30; says INDETERMINATE TRY_LATER \
    "a list with a stranger's signature clears nobody"
# Something that is no list does not take the place of one that is.
signed_by=sub large 20000
rm "$dir"/state/front/lists/*.index
verify good 30; index_is_there
verify good 30; says TOTAL-PASSED '' "a right one is taken again"
head -c 3000000 /dev/urandom > "$dir/pki/www/large.crl"
find "$dir/state/front/lists" -name '*.index' \
    -exec touch -d '2 days ago' {} +
times=$(asked /large.crl)
verify good 5; says TOTAL-PASSED '' \
    "a server that gives rubbish does not take the last good one away"
asked_again() { [ "$(asked /large.crl)" -gt "$times" ]; }
await asked_again; ok $? "(it was asked)"

# Our own list, when many are revoked: told by the ledger once, and an index.
enrol 'Nguyễn Văn An' CCCD:001099012345 && activate 246810
printf 246810 > "$dir/pin-in"
as_citizen sign --credential "$credential" --pin-fd 3 --format cms \
    --out "$dir/own.p7m" "$dir/pki/text" 3< "$dir/pin-in" > /dev/null 2>&1
ok $? "a citizen of ours signs"
service_stop
python3 - "$dir/state/ledger/ledger.db" << 'END'
import os, sqlite3, sys
d = sqlite3.connect(sys.argv[1])
d.executemany("INSERT INTO issued (serial, profile, certificate, key_sha256,"
              " subject_id, replaces, not_after, created, officer, revoked_at,"
              " reason) VALUES (?, 'citizen', x'00', ?, 'x', '', 4000000000, 1,"
              " '', 1, 4)",
              [(os.urandom(16).hex(), os.urandom(32)) for _ in range(20000)])
d.execute("UPDATE register SET changes = changes + 20000")
d.commit()
END
ok $? "twenty thousand are revoked"
service_start
own() { # own INDICATION SUB NAME
	ask --data-binary "@$dir/own.p7m" -H 'Accept: application/json' \
	    -H 'Content-Type: application/octet-stream' \
	    "$url/v1/verifications?policy=basic&wait=20"
	says "$@"
}
long_list() {
	curl -s --max-time 120 -o "$dir/own.crl" "$public_url/pki/ca.crl"
	[ "$(stat -c %s "$dir/own.crl")" -gt 262144 ]
}
await long_list; ok $? "the list is long"
count=$(ls "$dir/state/front/lists" | wc -l)
own TOTAL-PASSED '' "our own citizen is judged by it"
[ "$(ls "$dir/state/front/lists" | wc -l)" = $((count + 1)) ]
ok $? "which is an index by now"
ask -H 'Content-Type: application/json' \
    -d "{\"credentialID\":\"$credential\"}" "$url/v1/credentials/info"
as_officer revoke --credential "$credential" --reason keyCompromise \
    --serial "$(json_field serialNumber < "$dir/out")" \
    > "$dir/revoke.log" 2>&1
ok $? "an officer revokes"
own INDETERMINATE REVOKED_NO_POE "and the next verification knows"
[ "$(ls "$dir/state/front/lists" | wc -l)" = $((count + 1)) ]
ok $? "by an index in the place of the last one"

# Beyond list-max it is said, and nothing is kept.
service_stop
sed -i '/^list-/d' "$dir/signd.conf"
echo 'list-max = 2M' >> "$dir/signd.conf"
rm -f "$dir"/state/front/lists/*
service_start
verify good 30; says INDETERMINATE TRY_LATER "one beyond list-max is not taken"
grep -q fetch-too-large "$dir/out"; ok $? "and the report says why"
[ "$(ls "$dir/state/front/lists" | wc -l)" = 1 ]
ok $? "nothing is left of it but our own"
finish
