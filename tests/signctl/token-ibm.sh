#!/bin/sh
# A person's own token, once more: the soft token of opencryptoki.  Its daemon
# and its tokens have fixed places, so it runs in mounts of its own (as root), beside
# whatever the machine has.  Prints TAP.
. "$top_srcdir/tests/signd/service.sh"
need openssl python3 pkcsslotd pkcs11-tool unshare
if [ "${1:-}" != inside ]; then
	[ "$(id -u)" -eq 0 ] || skip_all "mounts of its own want root"
	unshare -m -i true 2> /dev/null ||
	    skip_all "unshare is not allowed here"
	[ -d /etc/opencryptoki ] || skip_all "opencryptoki is not installed"
	exec unshare -m -i "$0" inside
fi
signctl=$top_builddir/signctl/signctl
case $signctl in /*) ;; *) signctl=$PWD/$signctl ;; esac
dir=$(mktemp -d "${TMPDIR:-/tmp}/signd-ibm-XXXXXX")
daemon=
end() {
	[ -z "$daemon" ] || kill "$daemon" 2> /dev/null
	rm -rf "$dir"
}
trap end EXIT
trap 'exit 1' INT TERM
pin=64812907 # 4 to 8 characters
. "$top_srcdir/tests/signctl/token-lib.sh"

make=opencryptoki
arguments=
rsa_only=yes
module=$(first_of /usr/lib/*/pkcs11/libopencryptoki.so)
[ -n "$module" ] || skip_all "there is no libopencryptoki.so"

mkdir -p "$dir/etc" "$dir/lib/swtok/TOK_OBJ" "$dir/run/opencryptoki" \
    "$dir/run/lock/opencryptoki/swtok"
printf 'version opencryptoki-3.1\nslot 0\n{\nstdll = libpkcs11_sw.so\n}\n' \
    > "$dir/etc/opencryptoki.conf"
chgrp -R pkcs11 "$dir/lib" "$dir/run" && chmod -R 770 "$dir/lib" "$dir/run"
mount --bind "$dir/etc" /etc/opencryptoki &&
    mount --bind "$dir/lib" /var/lib/opencryptoki &&
    mount --bind "$dir/run" /run &&
    mount -t tmpfs tmpfs /dev/shm || skip_all "mounts are not allowed here"
pkcsslotd -f > "$dir/daemon.log" 2>&1 &
daemon=$!
tool() {
	pkcs11-tool --module "$module" "$@" > /dev/null 2>&1
}
for _ in $(seq 1 600); do
	tool -L || ! kill -0 "$daemon" 2> /dev/null && break
	sleep 0.1
done
tool -L || skip_all "its daemon does not start: $(head -1 "$dir/daemon.log")"

check "a token that nobody set up" token 'token probe'
grep -q 'not initialised' "$dir/out"; ok $? "is said to be so"
tool --slot 0 --init-token --label 'thẻ IBM' --so-pin 87654321 &&
    tool --slot 0 --login --login-type so --so-pin 87654321 --change-pin \
	--new-pin 12348765
ok $? "its officer sets it up"
check "a token without a PIN" token 'token probe'
grep -q 'No PIN is set' "$dir/out"; ok $? "is said to be so"
tool --slot 0 --login --login-type so --so-pin 12348765 --init-pin \
    --new-pin 11223344 &&
    tool --slot 0 --login --pin 11223344 --change-pin --new-pin "$pin"
ok $? "its owner gets one, and changes it"
uri=pkcs11:token=th%E1%BA%BB%20IBM
one_make
finish
