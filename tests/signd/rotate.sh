#!/bin/sh
# New keys that wrap and cover, with the program's own commands beside a service
# that runs; and a backup of the token and the ledger that is put in their place.
. "$top_srcdir/tests/signd/service.sh"
. "$top_srcdir/tests/signd/token.sh"
need python3

kek() { "$signd" "kek-$1" --config "$dir/signd.conf" > "$dir/kek.out" 2>&1; }
signs() { # signs PIN: the status
	ask --data-binary "@$dir/form.xml" -H 'Content-Type: application/xml' \
	    -H "$(pin_header "$1")" \
	    "$url/v1/signatures/signDoc?credentialID=$credential"
	[ "$status" = 200 ]
}


world_make; ok $? "a service comes up"
printf '<a>đơn</a>\n' > "$dir/form.xml"
enrol 'Nguyễn Văn An' 'CCCD:001099123456' && activate 246813
ok $? "a citizen has a credential"
kek status && grep -q 'generation 1 (in use): KEK there, wraps 1; cover key there, covers 1' "$dir/kek.out"
ok $? "the first generation wraps and covers it"

service_stop
cp -a "$dir/token" "$dir/token.backup" && cp -a "$dir/state" "$dir/state.backup"
ok $? "token and ledger are backed up"
# The backup is looked at where it lies, while the service goes on.
sed "s#$dir/token/#$dir/token.backup/#" "$dir/token/softhsm2.conf" \
    > "$dir/backup.softhsm"
to_backup="s#=$dir/token/softhsm2.conf#=$dir/backup.softhsm#
    s#$dir/token/#$dir/token.backup/#"
sed "$to_backup; s#$dir/state#$dir/state.backup#" "$dir/signd.conf" \
    > "$dir/backup.conf"
sed "$to_backup" "$dir/signd.conf" > "$dir/mixed.conf"
check() { # check CONFIG: of a token and a ledger
	"$signd" token-check --config "$1" > "$dir/check.out" 2>&1
}
service_start; ok $? "and the service goes on"
check "$dir/backup.conf" && [ "$(grep -c ': good$' "$dir/check.out")" = 10 ]
ok $? "the backup has all that its ledger needs"
grep -q '^a credential under cover key 1: good' "$dir/check.out"
ok $? "and opens the cover of a credential"

kek rotate && grep -q '^1 credentials are under the new cover key; 0 are damaged' "$dir/kek.out"
ok $? "new keys are made while it runs"
check "$dir/signd.conf"; ok $? "the token has what the ledger needs now"
! check "$dir/mixed.conf" && grep -q '^KEK of generation 2: ' "$dir/check.out" &&
    ! grep -q '^KEK of generation 2: good' "$dir/check.out"
ok $? "a backup of the token from before has not, and the check says so"
signs 246813; ok $? "and the citizen signs"
kek status && grep -q 'generation 1: KEK there, wraps 1; cover key there, covers 0' "$dir/kek.out"
ok $? "the old cover key covers nothing"
kek retire && grep -q 'generation 1: KEK there, wraps 1; cover key destroyed' "$dir/kek.out"
ok $? "and is destroyed; the KEK is needed still"
signs 246813; ok $? "and the citizen signs"
kek rewrap && grep -q '^0 credentials' "$dir/kek.out"
ok $? "there is nothing left to do"

# The old ledger with today's token: what a thief of yesterday's backup has.
service_stop
mv "$dir/state" "$dir/state.now" && cp -a "$dir/state.backup" "$dir/state"
if service_start; then
	! signs 246813; ok $? "yesterday's ledger signs nothing with today's token"
	service_stop
else
	ok 0 "yesterday's ledger signs nothing with today's token"
fi
# The backup as a whole works.
mv "$dir/token" "$dir/token.now" && cp -a "$dir/token.backup" "$dir/token"
service_start && signs 246813; ok $? "a backup of both is good"
service_stop
rm -rf "$dir/state" "$dir/token"
mv "$dir/state.now" "$dir/state" && mv "$dir/token.now" "$dir/token"
service_start && signs 246813; ok $? "and so is what was there before"

# A copy that is made while citizens sign: the ledger by SQLite's own means, the
# token's directory as it is; then the machine is lost, and another one serves.
mkdir -p "$dir/away" && chmod 755 "$dir/away"
for _ in 1 2 3 4 5 6 7 8; do
	signs 246813 && echo signed >> "$dir/signed"
done &
load=$!
cp -a "$dir/token" "$dir/away/token"
python3 - "$dir/state/ledger/ledger.db" "$dir/ledger.copy" << 'END'
import sqlite3, sys
of = sqlite3.connect("file:" + sys.argv[1] + "?mode=ro", uri=True)
to = sqlite3.connect(sys.argv[2])
of.backup(to)
to.close()
END
ok $? "the ledger of a running service is copied"
wait $load
[ "$(wc -l < "$dir/signed")" = 8 ]; ok $? "while it signs"
service_stop
cp -a "$dir/state" "$dir/away/state"
rm -f "$dir/away/state/ledger"/ledger.db*
cp "$dir/ledger.copy" "$dir/away/state/ledger/ledger.db"
chown --reference="$dir/state/ledger/ledger.db" \
    "$dir/away/state/ledger/ledger.db"
chmod 600 "$dir/away/state/ledger/ledger.db"
mv "$dir/state" "$dir/state.lost"
mv "$dir/token" "$dir/token.lost"
sed -i "s#$dir/token#$dir/away/token#g; s#$dir/state#$dir/away/state#g" \
    "$dir/signd.conf"
sed -i "s#$dir/token#$dir/away/token#" "$dir/away/token/softhsm2.conf"
check "$dir/signd.conf"; ok $? "the copy has all that its ledger needs"
"$signd" audit-check --config "$dir/signd.conf" > "$dir/out" 2>&1
ok $? "and its audit is whole"
service_start && signs 246813; ok $? "another machine signs with it"
service_stop
finish
