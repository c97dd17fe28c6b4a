#!/bin/sh
# A content of a gigabyte is judged, signed and raised with 64 MB of data: RLIMIT_DATA counts
# what a process holds, and not the file that it reads.  TAP.
build=${top_builddir:-build}
case $build in /*) ;; *) build=$PWD/$build ;; esac
here=$(cd "$(dirname "$0")/.." && pwd)
signctl=$build/signctl/signctl
if grep -q 'SIGND_SANITIZED 1' "$build/config.h"; then
	echo "1..0 # SKIP a sanitizer wants more memory than is measured here"
	exit 0
fi
command -v openssl >/dev/null || { echo "1..0 # SKIP there is no openssl"; exit 0; }
dir=$(mktemp -d) || exit 1
trap 'exec 9>&-; rm -rf "$dir"' EXIT
cd "$dir" || exit 1
room=$(df -k . | awk 'END { print $4 }')
[ "$room" -gt 3500000 ] || { echo "1..0 # SKIP no room for three gigabytes"; exit 0; }
n=0
bad=0
told() { # told STATUS WHAT
	n=$((n + 1))
	[ "$1" -eq 0 ] && echo "ok $n - $2" && return
	bad=1
	sed 's/^/# /' log
	echo "not ok $n - $2"
}
small() { # small COMMAND...: with 64 MB of data
	(ulimit -d 65536 && exec "$@") >log 2>&1
}
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 \
    -subj "/CN=An" -keyout an.key -out an.pem 2>log
truncate -s 1G content
openssl cms -sign -binary -cades -stream -nodetach -in content -signer an.pem \
    -inkey an.key -outform DER -out attached 2>log
told $? "openssl signs a gigabyte, in pieces"
small "$signctl" verify --policy crypto-only --indication attached
told $? "attached, it is judged in little memory"
rm attached
openssl cms -sign -binary -cades -in content -signer an.pem -inkey an.key \
    -outform DER -out detached 2>log
small "$signctl" verify --policy crypto-only --indication --content content detached
told $? "detached, too"
echo x >>content
! small "$signctl" verify --policy crypto-only --indication --content content detached
told $? "and one byte more is found"
rm detached

# ---- and signed, with a token at this machine, and raised to T ----
module=$(for f in /usr/lib/softhsm/libsofthsm2.so /usr/lib/*/softhsm/libsofthsm2.so; do
	[ -f "$f" ] && echo "$f" && break
done)
if ! command -v softhsm2-util >/dev/null || [ -z "$module" ]; then
	echo "ok $((n + 1)) - signing a gigabyte # SKIP there is no SoftHSM"
	echo "1..$((n + 1))"
	exit $bad
fi
truncate -s 1G content
mkdir tokens
printf 'directories.tokendir = %s/tokens\nlog.level = ERROR\n' "$dir" >softhsm.conf
export SOFTHSM2_CONF="$dir/softhsm.conf"
echo 24681357 >pin
chmod 600 pin
openssl pkcs8 -topk8 -nocrypt -in an.key -out an.p8 2>log
softhsm2-util --init-token --free --label An --pin 24681357 --so-pin 0987654321 >log 2>&1 &&
    softhsm2-util --import an.p8 --token An --label An --id 01 --pin 24681357 >>log 2>&1 &&
    "$signctl" token put-cert --module "$module" --token 'pkcs11:token=An;id=%01' \
        --pin-file pin an.pem >>log 2>&1
told $? "there is a token with that key"
mkfifo stop answer
"$here/tsa.py" "$dir" <stop >answer &
exec 9>stop
read -r url <answer
sign() { # sign OPTION...
	small "$signctl" sign --format cms --module "$module" \
	    --token 'pkcs11:token=An;id=%01' --pin-file pin "$@" content
}
sign --out attached
told $? "a gigabyte is signed in little memory"
small "$signctl" extend --level t --tsa "$url" --out raised attached
told $? "and raised to T"
rm attached
openssl cms -verify -binary -cades -inform DER -in raised -CAfile an.pem -purpose any \
    -out /dev/null 2>log
told $? "openssl verifies it"
rm raised
sign --detached --level t --tsa "$url" --out detached
told $? "beside the file, at T at once"
[ "$(wc -c <detached)" -lt 20000 ] &&
    openssl cms -verify -binary -cades -inform DER -in detached -content content \
        -CAfile an.pem -purpose any -out /dev/null 2>log
told $? "openssl verifies that, too"
exec 9>&-
echo "1..$n"
exit $bad
