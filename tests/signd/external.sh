#!/bin/sh
# Citizens' certificates by a CA of somebody else, asked by CMP: what becomes
# of an activation when it agrees, takes its time, refuses, makes the wrong one,
# does not answer, or dies; and that what it made is used or taken back.
. "$top_srcdir/tests/signd/service.sh"
. "$top_srcdir/tests/signd/token.sh"

top=$(cd "$top_builddir" && pwd)
ca_dir=$(mktemp -d)
chmod 755 "$ca_dir"
port_ca=$(free_port 50)
server=
other_new() { # NAME CN OPTIONS...
	name=$1 cn=$2
	shift 2
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -keyout "$ca_dir/$name.key" -out "$ca_dir/$name.pem" -days 900 \
	    -subj "/C=VN/O=Other/CN=$cn" "$@" 2> /dev/null
}
other_new root 'Other root'
other_new ca 'Other CA' -CA "$ca_dir/root.pem" -CAkey "$ca_dir/root.key" \
    -addext basicConstraints=critical,CA:TRUE,pathlen:0 \
    -addext keyUsage=critical,keyCertSign,cRLSign
cat "$ca_dir/ca.pem" "$ca_dir/root.pem" > "$ca_dir/chain.pem"
printf 'between-us\n' > "$ca_dir/secret"
chmod 600 "$ca_dir/secret"
[ "$(id -u)" -ne 0 ] || chown daemon "$ca_dir/secret"

ca_start() {
	: > "$ca_dir/said"
	(cd "$ca_dir" && exec "$top/tests/certs/cmp-ca" "$port_ca" ca.pem \
	    ca.key city-desk between-us) &
	server=$!
	wait_for listening
}
ca_stop() {
	[ -z "$server" ] || kill "$server" 2> /dev/null
	[ -z "$server" ] || wait "$server" 2> /dev/null
	server=
}
mode() { echo "$*" > "$ca_dir/mode"; }
said() { grep -c "^$1" "$ca_dir/said"; }
wait_for() { # a word in what the CA said
	for _ in $(seq 300); do
		grep -q "^$1" "$ca_dir/said" && return 0
		sleep 0.1
	done
	return 1
}

ledger() { # ledger SQL: on the ledger of a service that does not run
	python3 -c 'import sqlite3, sys
d = sqlite3.connect(sys.argv[1])
for r in d.execute(sys.argv[2]):
    print(*(c.decode() if isinstance(c, bytes) else c for c in r))
d.commit()' "$dir/state/ledger/ledger.db" "$1"
}

world_make "external-ca-url = http://127.0.0.1:$port_ca/pkix/" \
    "external-ca-file = $ca_dir/chain.pem" \
    "external-ca-reference = city-desk" \
    "external-ca-secret-file = $ca_dir/secret" \
    "external-ca-seconds = 6" "keyholders = 2"
ok $? "a service with an external CA comes up, and the CA is not there yet"
trap 'ca_stop; service_end; rm -rf "$ca_dir"' EXIT

enrol 'Nguyễn Văn An' CCCD:001099012345; ok $? "a citizen is enrolled"
activate 246810; expect 502 external-ca "no CA: no certificate, and it is said"
mode issue
ca_start; ok $? "the CA comes up"
activate 246810; expect 201 '' "the same link works once the CA is there"
an=$credential
python3 - "$dir/out" "$dir/an.pem" "$dir/an-chain.pem" << 'END'
import json, sys
d = json.load(open(sys.argv[1]))
open(sys.argv[2], 'w').write(d['certificate'])
open(sys.argv[3], 'w').write(''.join(d['chain']))
END
openssl verify -CAfile "$ca_dir/root.pem" -untrusted "$dir/an-chain.pem" \
    "$dir/an.pem" > /dev/null 2>&1
ok $? "the certificate is that CA's, with its chain"
openssl x509 -in "$dir/an.pem" -noout -subject -nameopt utf8 |
    grep -q 'Nguyễn Văn An.*CCCD:001099012345'
ok $? "for whom the officer approved"
[ "$(said issued)" = 1 ] && wait_for confirmed && [ "$(said revoked)" = 0 ]
ok $? "one was made, confirmed, and not taken back"

# It signs like any other.
cp "$ca_dir/root.pem" "$dir/other-root.pem"
echo 'một văn bản' > "$dir/text"
printf 246810 > "$dir/pin-in"
sign() { # sign OUT
	as_citizen sign --credential "$an" --pin-fd 3 --format cms \
	    --out "$1" "$dir/text" 3< "$dir/pin-in" > "$dir/sign.log" 2>&1
}
sign "$dir/text.p7s"; ok $? "the citizen signs"
openssl cms -verify -binary -inform DER -in "$dir/text.p7s" -content "$dir/text" \
    -CAfile "$ca_dir/root.pem" -purpose any > /dev/null 2> "$dir/cms.log"
ok $? "openssl verifies it under that CA's root"

# Nobody here trusts that CA yet, and its certificates name no list.
as_citizen sign --credential "$an" --pin-fd 3 --format cms --lang en \
    --level lt --out "$dir/lt.p7s" "$dir/text" 3< "$dir/pin-in" \
    > "$dir/lt.log" 2>&1
[ ! -e "$dir/lt.p7s" ] && grep -q 'evidence-not-had' "$dir/lt.log"
ok $? "level LT is refused where its revocation data is not to be had"

enrol 'Trần Thị Bình' CCCD:001199012345
mode refuse
activate 246810; expect 502 external-ca-refused "a refusal is told as one"
mode wrong-key
activate 246810; expect 502 external-ca-wrong "another key's certificate is not taken"
wait_for rejected; ok $? "and the CA hears that it is not"
activated() { # a slow machine asks less often in its six seconds
	activate 246810
	[ "$status" != 503 ]
}
mode wait 2
: > "$ca_dir/said"
await activated; expect 201 '' "one that decides after two questions is waited for"
[ "$(said polled)" = 2 ]; ok $? "(it was asked again)"

# One that takes longer is asked once, and what it decided is fetched.
enrol 'Hoàng Văn Hải' CCCD:001099012399
mode wait 9
: > "$ca_dir/said"
activate 246810; expect 503 external-ca-waiting "a CA that does not decide is not waited for long"
service_stop
ledger "SELECT length(waiting) > 100 FROM enrolment
    WHERE subject_id = 'CCCD:001099012399'" | grep -q 1
ok $? "what it was asked is kept"
service_start
await activated; expect 201 '' "the link goes on with it, in another process"
[ "$(said asked)" = 1 ] && [ "$(said polled)" = 9 ] && [ "$(said issued)" = 1 ]
ok $? "and it was asked once"
an_was=$an an=$credential
sign "$dir/later.p7s"; ok $? "the key is the one that was asked about"
an=$an_was
enrol 'Hoàng Văn Long' CCCD:001099012398
mode wait 60
: > "$ca_dir/said"
activate 246810; expect 503 external-ca-waiting "another waits"
mode issue
activate 135790; expect 201 '' "with another PIN"
[ "$(said asked)" = 2 ]; ok $? "it is asked anew: that PIN opens nothing"
service_stop
[ "$(ledger "SELECT count(*) FROM enrolment WHERE length(waiting) > 0")" = 0 ]
ok $? "nothing is kept of what has ended"
service_start
enrol 'Trần Thị Bình' CCCD:001199012345

# Signing goes on while the CA thinks: nobody has the token meanwhile.
enrol 'Lê Văn Chung' CCCD:001099012346
mode hang
activate 246810 > /dev/null &
waiting=$!
wait_for hangs
sign "$dir/meanwhile.p7s"
kill -0 "$waiting" 2> /dev/null && [ -s "$dir/meanwhile.p7s" ]
ok $? "others sign while a CA hangs"
wait "$waiting"
mode hang
activate 246810; expect 502 external-ca "a CA that hangs is given up"

# It made one, and its word about the confirmation was lost.
: > "$ca_dir/said"
mode unconfirmed
activate 246810; [ "$status" = 502 ] && [ "$(said issued)" = 1 ]
ok $? "without the end of the exchange there is no activation"
mode issue
activate 246810; expect 201 '' "the link still works, for a new key"
chung=$credential
lost=$(sed -n 's/^issued //p' "$ca_dir/said" | head -1)
used=$(sed -n 's/^issued //p' "$ca_dir/said" | tail -1)

# Two at once with one link: one wins, what the other got is taken back.
enrol 'Phạm Thị Dung' CCCD:001199012347
: > "$ca_dir/said"
for i in 1 2; do
	curl -s --max-time 60 --cacert "$dir/tls.pem" -o "$dir/two-$i" \
	    -w '%{http_code}\n' -H 'Content-Type: application/json' \
	    -d "{\"token\":\"${link#*#}\",\"pin\":\"246810\"}" \
	    "$url/v1/activations" > "$dir/status-$i" &
	eval "asking$i=\$!"
done
wait "$asking1" "$asking2"
[ "$(cat "$dir/status-1" "$dir/status-2" | grep -c 201)" = 1 ]
ok $? "two at once with one link: one of them"

# Orphans are due after ten minutes; the ledger's clock is moved instead.
service_stop
ledger "UPDATE external_task SET due = 0"
tasks=$(ledger "SELECT upper(serial) FROM external_task")
[ -n "$lost" ] && echo "$tasks" | grep -q "$lost"
ok $? "the ledger knows of the one that was lost"
! echo "$tasks" | grep -q "$used"; ok $? "and that the next one is used"
: > "$ca_dir/said"
service_start
wait_for "revoked $lost"; ok $? "it is taken back at its CA"

# A revocation at the desk reaches the CA, also one that was away.
serial=$(openssl x509 -in "$dir/an.pem" -noout -serial | sed 's/.*=//')
ca_stop
as_officer revoke --credential "$an" --reason keyCompromise \
    --serial "$(echo "$serial" | tr 'A-F' 'a-f')" > "$dir/revoke.log" 2>&1
ok $? "an officer revokes while the CA is away"
ask -H 'Content-Type: application/json' -d "{\"credentialID\":\"$an\"}" \
    "$url/v1/credentials/info"
grep -q '"status": *"revoked"' "$dir/out"; ok $? "here it counts at once"
for _ in $(seq 100); do
	grep -q 'event=external-ca-not-told' "$dir/log" && break
	sleep 0.1
done
grep -q 'event=external-ca-not-told' "$dir/log"
ok $? "that the CA could not be told is logged"
service_stop
ledger "UPDATE external_task SET due = 0"
ca_start
service_start
wait_for "revoked $serial"; ok $? "the CA is told when it is back"

# What that CA issued is no business of our own lists.
curl -s -o "$dir/own.crl" "$public_url/pki/ca.crl"
openssl crl -inform DER -in "$dir/own.crl" -noout -text > "$dir/own.text" &&
    [ -n "$serial" ] && ! grep -qi "$serial" "$dir/own.text"
ok $? "our own CRL does not speak of it"
service_stop
ledger "SELECT line FROM audit" > "$dir/audit"
grep -q '"external-issued"' "$dir/audit" &&
    grep -q '"external-told"' "$dir/audit"
ok $? "the audit has what was made and what was told"
! grep -rq between-us "$dir/log" "$dir/audit"; ok $? "and no secret"

# One link asks that CA once at a time, however many use it at once.
at_once() { # at_once LINKS...: activates all of them; statuses in $dir/many.*
	i=0 asking=
	rm -f "$dir"/many.*
	for one in "$@"; do
		i=$((i + 1))
		curl -s --max-time 150 --cacert "$dir/tls.pem" \
		    -o "$dir/body.$i" -w '%{http_code}\n' \
		    -H 'Content-Type: application/json' \
		    -d "{\"token\":\"${one#*#}\",\"pin\":\"246810\"}" \
		    "$url/v1/activations" > "$dir/many.$i" &
		asking="$asking $!"
	done
}
statuses() { cat "$dir"/many.* | grep -c "^$1"; }
answered() { # answered N STATUS: within a minute that many have it
	for _ in $(seq 600); do
		[ "$(statuses "$2")" -ge "$1" ] && break
		sleep 0.1
	done
	[ "$(statuses "$2")" = "$1" ] && return 0
	head -c 300 "$dir"/many.* "$dir"/body.* | sed 's/^/# /'
	return 1
}
sed -i 's/^external-ca-seconds.*/external-ca-seconds = 100/' "$dir/signd.conf"
service_start
enrol 'Đỗ Văn Em' CCCD:001099012348
: > "$ca_dir/said"
mode hang
at_once "$link" "$link" "$link" "$link" "$link" "$link"
answered 5 409 && [ "$(grep -l activation-busy "$dir"/body.* | wc -l)" = 5 ]
ok $? "six at once with one link: five hear that it is being used"
wait_for hangs
ca_stop
wait $asking
answered 1 502 && [ "$(said hangs)" = 1 ]
ok $? "and the CA was asked once ($(said hangs))"
ca_start
mode issue
activate 246810; expect 201 '' "and the link is free when that has ended"
service_stop

# A CA that hangs has few threads of a keyholder, and does not keep a process
# from being replaced whose token failed.
sed -i 's/^keyholders.*/keyholders = 1/' "$dir/signd.conf"
echo 'threads = 16' >> "$dir/signd.conf"
service_start
links=
for i in 1 2 3 4 5 6; do
	enrol 'Vũ Thị Giang' CCCD:00119901235$i
	links="$links $link"
done
: > "$ca_dir/said"
mode hang
at_once $links
answered 2 503 && answered 2 . &&
    [ "$(grep -l '"busy"' "$dir"/body.* | wc -l)" = 2 ]
ok $? "four wait for a CA that hangs, and others are told to come again"
an=$chung
sign "$dir/beside.p7s"; ok $? "who signs does not wait"
mv "$dir/token/objects" "$dir/token/away"
sign "$dir/without.p7s"
[ ! -e "$dir/without.p7s" ] && grep -q token-unavailable "$dir/sign.log"
ok $? "the token fails meanwhile"
mv "$dir/token/away" "$dir/token/objects"
for _ in $(seq 20); do
	sign "$dir/again.p7s" && break
	sleep 0.5
done
[ -s "$dir/again.p7s" ]; ok $? "a new keyholder signs before that CA is given up"
wait $asking
service_stop

# The way out is for that CA's messages alone, and for keyholders alone.
if [ "$(id -u)" -eq 0 ] && command -v setpriv > /dev/null; then
	asker=$top/tests/signd/.libs/ask
	[ -x "$asker" ] || asker=$top/tests/signd/ask
	cp "$asker" "$dir/ask.real"
	chmod 755 "$dir/ask.real"
	as() { # as USER OPERATION [TEXT]: of the fetcher
		user=$1
		shift
		setpriv --reuid="$user" --regid="$(id -g "$user")" \
		    --clear-groups "$dir/ask.real" "$dir/run/fetcher.sock" \
		    "$@" 2> "$dir/why"
	}
	service_start
	[ "$(as daemon 0x02ff)" = ok ]; ok $? "a keyholder reaches the fetcher"
	for operation in 0x0201 0x0202 0x0203 0x0205; do
		as daemon $operation http://127.0.0.1/ > /dev/null
		grep -q 'not for this process' "$dir/why"
		ok $? "but has it fetch nothing else ($operation)"
	done
	as nobody 0x0204 x > /dev/null
	grep -q 'not for this process' "$dir/why"
	ok $? "and the front cannot speak to the CA"
	service_stop
fi

# Settings that cannot work are said at the start.
ca_stop
sed -i '/^external-ca-reference/d' "$dir/signd.conf"
"$signd" --config "$dir/signd.conf" 2> "$dir/bad.log" &
pid=$!
for _ in $(seq 100); do
	grep -q 'external-ca-reference' "$dir/bad.log" && break
	sleep 0.1
done
grep -q 'external-ca-reference' "$dir/bad.log"
ok $? "a setting that is missing is named"
finish
