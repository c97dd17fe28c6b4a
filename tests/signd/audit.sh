#!/bin/bash
# The audit log of a running service, exported and checked without it: whole,
# changed, shortened, with a record put in, written anew, signed by another key.
. "$top_srcdir/tests/signd/service.sh"
. "$top_srcdir/tests/signd/token.sh"

export_log() { # FILE
	curl -s --max-time 60 --cacert "$dir/tls.pem" --cert "$dir/officer.pem" \
	    --key "$dir/officer.key" -o "$1" \
	    "$officer_url/v1/audit?from=1&count=1000"
}
verify() { # EXPECTED-EXIT NAME FILE OPTIONS...
	local expected=$1 name=$2 got
	shift 2
	"$signctl" audit verify "$@" > "$dir/told" 2>&1
	got=$?
	[ "$got" = "$expected" ]
	ok $? "$name"
	[ "$got" = "$expected" ] || sed "s/^/# exit $got: /" "$dir/told"
}
checkpoints() {
	grep -c '"event":"checkpoint"' "$1"
}

world_make "audit-checkpoint-seconds = 1" "keyholders = 2" || {
	ok 1 "a service starts"
	finish
	exit 1
}
enrol 'Nguyễn Văn An' CCCD:001099123456 && activate 246813
ok $? "somebody is enrolled and activated"
signed_again() { # FILE COUNT: more checkpoints than so many
	export_log "$1"
	[ "$(checkpoints "$1")" -gt "$2" ]
}
await signed_again "$dir/first" 0
ok $? "the service signs its audit by itself"
enrol 'Trần Thị Bé' CCCD:001099654321
await signed_again "$dir/whole" "$(checkpoints "$dir/first")"

verify 0 "a whole log is right" "$dir/whole" --trust "$dir/ca.pem"
verify 0 "it continues an earlier export" "$dir/whole" --trust "$dir/ca.pem" \
    --earlier "$dir/first"
verify 2 "without the CA nobody vouches for it" "$dir/whole"
verify 1 "another CA's checkpoints are refused" "$dir/whole" \
    --trust "$dir/oca.pem"

sed '2s/"event":"\([a-z]\)/"event":"x\1/' "$dir/whole" > "$dir/changed"
verify 1 "a changed record is found" "$dir/changed" --trust "$dir/ca.pem"
sed 3d "$dir/whole" > "$dir/removed"
verify 1 "a removed record is found" "$dir/removed" --trust "$dir/ca.pem"
sed 2p "$dir/whole" > "$dir/inserted"
verify 1 "a record put in is found" "$dir/inserted" --trust "$dir/ca.pem"
head -n 2 "$dir/whole" > "$dir/short"
verify 1 "a log cut off before an earlier export's end is found" "$dir/short" \
    --trust "$dir/ca.pem" --earlier "$dir/first"
tail -n +3 "$dir/whole" > "$dir/tail"
verify 0 "a part that begins later is right for itself" "$dir/tail" \
    --trust "$dir/ca.pem"
grep -q "Các bản ghi 3 đến" "$dir/told"
ok $? "and says where it begins"

# A chain computed anew after a change: every hash fits, the signature not.
python3 - "$dir/whole" "$dir/anew" << 'END'
import hashlib, json, sys
prev = "0" * 64
hashes = {}
with open(sys.argv[2], "w") as out:
    for line in filter(str.strip, open(sys.argv[1])):
        r = json.loads(line)
        if r["n"] == 2:
            r["time"] = "2020-01-01T00:00:00Z"
        r["prev"] = prev
        if r["event"] == "checkpoint":
            r["hash"] = hashes[r["covers"]]
        text = json.dumps(r, separators=(",", ":"), ensure_ascii=False)
        prev = hashes[r["n"]] = hashlib.sha256(text.encode()).hexdigest()
        out.write(text + "\n")
END
verify 1 "a chain written anew is found by its checkpoints" "$dir/anew" \
    --trust "$dir/ca.pem"
# Somebody else's certificate, even a trusted one.
python3 - "$dir/whole" "$dir/other" "$dir/stranger.pem" << 'END'
import json, ssl, sys
der = ssl.PEM_cert_to_DER_cert(open(sys.argv[3]).read()).hex()
with open(sys.argv[2], "w") as out:
    for line in open(sys.argv[1]):
        r = json.loads(line)
        if r["event"] == "checkpoint":
            r["certificate"] = der
        out.write(json.dumps(r, separators=(",", ":"), ensure_ascii=False) + "\n")
        if r["event"] == "checkpoint":
            break
END
verify 1 "a checkpoint under another certificate is refused" "$dir/other" \
    --trust "$dir/ca.pem" --trust "$dir/stranger.pem"
for junk in /dev/null "$signd" "$dir/ca.pem"; do
	verify 1 "what is no log is not right: ${junk##*/}" "$junk"
done
service_stop
ok $? "the service stops"
finish
