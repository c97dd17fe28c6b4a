#!/bin/sh
# The service within the system calls and the capabilities that
# packaging/signd.service.in leaves it: all its processes start, sign, stamp and verify, and none is killed.
. "$top_srcdir/tests/signd/service.sh"
. "$top_srcdir/tests/signd/token.sh"
need systemd-analyze python3
! grep -q '^#define SIGND_SANITIZED' "$top_builddir/config.h" ||
    skip_all "sanitizers make other system calls"

calls=$(mktemp)
chmod 644 "$calls"
python3 - "$top_srcdir/packaging/signd.service.in" > "$calls" << 'END'
import subprocess, sys

sets, name = {}, None
listed = subprocess.run(["systemd-analyze", "syscall-filter"], check=True,
                        capture_output=True, text=True).stdout
for line in listed.splitlines():
    if line.startswith("@"):
        name = line.strip()
        sets[name] = []
    elif name and line.strip() and not line.strip().startswith("#"):
        sets[name].append(line.strip())


def calls(word):
    if not word.startswith("@"):
        return {word}
    return set().union(*(calls(w) for w in sets[word]))


allowed = calls("@default")
unit = [line.strip() for line in open(sys.argv[1])]
for line in unit:
    if line.startswith("SystemCallFilter="):
        for word in line.split("=", 1)[1].split():
            allowed |= calls(word)
if "ProtectClock=yes" in unit:
    allowed -= calls("@clock")
print("\n".join(sorted(allowed)))
END
[ -s "$calls" ] && grep -qx execve "$calls" && ! grep -qx reboot "$calls"
ok $? "systemd says what the unit's filter lets pass"
SERVICE_UNDER="$top_builddir/tests/signd/only $calls"
if [ "$(id -u)" -eq 0 ]; then # and what it leaves root
	capabilities=$(sed -n 's/^CapabilityBoundingSet=//p' \
	    "$top_srcdir/packaging/signd.service.in" | tr 'A-Z ' 'a-z,' |
	    sed 's/cap_/+/g')
	SERVICE_UNDER="setpriv --bounding-set=-all,$capabilities \
	    --inh-caps=-all $SERVICE_UNDER"
fi
export SERVICE_UNDER
world_make 'tsa-clock-checked = yes'; ok $? "a service starts within it"
rm -f "$calls"
enrol 'Nguyễn Văn An' 'CCCD:001099123456' && activate 246813
ok $? "a citizen is enrolled"
for role in front worker fetcher keyholder ledger; do
	child "$role"
done > "$dir/before"
ask --data-binary "@$top_srcdir/demo-data/to-khai.xml" \
    -H 'Content-Type: application/xml' -H "$(pin_header 246813)" \
    "$url/v1/signatures/signDoc?credentialID=$credential"
expect 200 '' "and signs"
ask --data-binary "@$dir/out" -H 'Content-Type: application/xml' \
    -H 'Accept: application/json' "$url/v1/verifications"
expect 200 '' "a worker verifies"
grep -q 'TOTAL-PASSED' "$dir/out"; ok $? "and finds it valid"
# Whether the kernel's clock is synchronised is another matter.
openssl ts -query -digest "$(printf '%064d' 7)" -sha256 -out "$dir/query" \
    2> /dev/null
code=$(curl -s -o "$dir/out" -w '%{http_code}' \
    -H 'Content-Type: application/timestamp-query' \
    --data-binary "@$dir/query" "$public_url/tsa")
[ "$code" = 200 ]; ok $? "the clock is looked at for a time stamp"
for role in front worker fetcher keyholder ledger; do
	child "$role"
done | cmp -s - "$dir/before"
ok $? "and nobody was killed"
service_stop; ok $? "signd stops with status 0"
finish
