#!/bin/sh
# A content of a gigabyte is judged and raised with 64 MB of data: RLIMIT_DATA counts
# what a process holds, and not the file that it reads.  TAP.
build=${top_builddir:-build}
case $build in /*) ;; *) build=$PWD/$build ;; esac
signctl=$build/signctl/signctl
if grep -q 'SIGND_SANITIZED 1' "$build/config.h"; then
	echo "1..0 # SKIP a sanitizer wants more memory than is measured here"
	exit 0
fi
command -v openssl >/dev/null || { echo "1..0 # SKIP there is no openssl"; exit 0; }
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
room=$(df -k . | awk 'END { print $4 }')
[ "$room" -gt 2500000 ] || { echo "1..0 # SKIP no room for two gigabytes"; exit 0; }
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
echo "1..$n"
exit $bad
