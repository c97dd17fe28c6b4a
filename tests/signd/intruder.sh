#!/bin/sh
# A front, or a worker, that tries what it may not.  Wants root, for only then
# the processes have users of their own.
. "$top_srcdir/tests/signd/service.sh"
. "$top_srcdir/tests/signd/token.sh"

[ "$(id -u)" -eq 0 ] || skip_all "only root can give each process a user"
need setpriv
world_make; ok $? "a service comes up"
enrol 'Nguyễn Văn An' 'CCCD:001099123456' && activate 246813
ok $? "a citizen can sign"

cp "$top_builddir/tests/signd/ask" "$dir/ask.real" 2> /dev/null
[ -x "$top_builddir/tests/signd/.libs/ask" ] &&
    cp "$top_builddir/tests/signd/.libs/ask" "$dir/ask.real"
chmod 755 "$dir/ask.real"
as() { # as USER SOCKET OPERATION [TEXT]...
	user=$1 socket=$2
	shift 2
	setpriv --reuid="$user" --regid="$(id -g "$user")" --clear-groups \
	    "$dir/ask.real" "$dir/run/$socket" "$@" 2> "$dir/why"
}
can() { # can USER COMMAND...
	user=$1
	shift
	setpriv --reuid="$user" --regid="$(id -g "$user")" --clear-groups \
	    "$@" > /dev/null 2>&1
}
refused() { # refused ANSWER NAME
	[ "$1" != ok ]; ok $? "$2"
}

[ "$(as nobody ledger-read.sock 0x04ff)" = ok ]
ok $? "the front reads the ledger"
for operation in 0x0501 0x0503 0x0508 0x050e; do
	refused "$(as nobody ledger-write.sock $operation "$credential")" \
	    "the front cannot write to the ledger ($operation)"
	grep -q 'Permission denied' "$dir/why"
	ok $? "it does not even connect"
done
refused "$(as nobody ledger-read.sock 0x0506 "$credential")" \
    "the front gets no sealed key"
grep -q 'keyholders alone' "$dir/why"
ok $? "and hears why"
[ "$(as daemon ledger-read.sock 0x0506 "$credential")" = ok ]
ok $? "a keyholder does"
refused "$(as games keyholder.sock 0x03ff)" "a worker reaches no keyholder"
refused "$(as games ledger-read.sock 0x04ff)" "a worker reaches no ledger"
refused "$(as news keyholder.sock 0x03ff)" "the fetcher reaches no keyholder"
refused "$(as games fetcher.sock 0x02ff)" "a worker reaches no network"
refused "$(as daemon fetcher.sock 0x02ff)" "nor does a keyholder"
refused "$(as games indexer.sock 0x0601)" "a worker reaches no indexer"
for user in nobody games news daemon; do
	! can "$user" cat "$dir/state/ledger/ledger.db"
	ok $? "$user cannot read the ledger's file"
	! can "$user" cp "$dir/tls.pem" "$dir/state/ledger/ledger.db"
	ok $? "$user cannot put an old one in its place"
done
for user in nobody games news backup; do
	! can "$user" cat "$dir/token/pin"
	ok $? "$user cannot read the PIN of the token"
done
! can games cat "$dir/state/front/store.db"
ok $? "a worker cannot read the front's store"

# No certificate without an officer's approval: rubbish in its place.
answer=$(as nobody keyholder.sock 0x0301 a b c d e f g h i j k l)
refused "$answer" "a keyholder enrols nobody without a record"
ask --cert "$dir/officer.pem" --key "$dir/officer.key" \
    -H 'Content-Type: application/json' -d '{"record":{"name":"Ai Đó",
    "subjectID":"CCCD:001099999999","province":"","locality":"",
    "profile":"citizen","evidence":"card-seen","evidenceSHA256":
    "0000000000000000000000000000000000000000000000000000000000000000",
    "consent":"2026-11-21T08:00:00+07:00","desk":"x","officer":
    "0000000000000000000000000000000000000000000000000000000000000000",
    "time":"2026-11-21T08:00:00+07:00",
    "nonce":"00000000000000000000000000000000"},
    "approval":"AAAA","approvalAlgorithm":"MAoGCCqGSM49BAMC"}' \
    "$officer_url/v1/enrolments"
[ "$status" -ge 400 ] && [ "$status" -lt 500 ]
ok $? "nor with an approval that is none: $(code)"

for role in front worker keyholder ledger fetcher; do
	number=$(child "$role")
	grep -q '^Max core file size *0 ' "/proc/$number/limits"
	ok $? "the $role leaves no core"
	grep -q '^NoNewPrivs:.*1' "/proc/$number/status"
	ok $? "the $role gets no new privileges"
	! tr '\0' '\n' < "/proc/$number/environ" | grep -q 1234567890
	ok $? "no PIN in its environment"
done
grep -q '^Seccomp:.*2' "/proc/$(child worker)/status"
ok $? "a worker runs under seccomp"
service_stop; ok $? "signd stops with status 0"
finish
