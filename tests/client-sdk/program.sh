#!/bin/sh
# libsignd as others have it: installed, its header alone, a program of theirs.
. "$top_srcdir/tests/signd/service.sh"
. "$top_srcdir/tests/signd/token.sh"

need python3 pkg-config make
grep -q 'SIGND_SANITIZED 1' "$top_builddir/config.h" &&
    skip_all "a program without sanitizers cannot link with them"
world_make; ok $? "a service comes up"
enrol 'Nguyễn Văn An' 'CCCD:001099123456' && activate 246813
ok $? "a citizen can sign"

unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES
make -s -C "$top_builddir" install-libLTLIBRARIES install-includeHEADERS \
    install-pkgconfigDATA prefix=/usr libdir=/usr/lib \
    pkgconfigdir=/usr/lib/pkgconfig DESTDIR="$dir/root" > "$dir/make" 2>&1 ||
    sed 's/^/# /' "$dir/make"
sed "s,^prefix=.*,prefix=$dir/root/usr," \
    "$dir/root/usr/lib/pkgconfig/libsignd.pc" > "$dir/libsignd.pc"
flags=$(PKG_CONFIG_PATH=$dir pkg-config --cflags --libs libsignd)
# shellcheck disable=SC2086
${CC:-cc} -std=c99 -D_POSIX_C_SOURCE=200809L -pedantic -Wall -Wextra -Werror \
    -o "$dir/program" "$top_srcdir/tests/client-sdk/program.c" $flags \
    > "$dir/cc" 2>&1 || sed 's/^/# /' "$dir/cc"
[ -x "$dir/program" ]; ok $? "a program of strict C99 is made with pkg-config"
program() {
	what=$1
	shift
	LD_LIBRARY_PATH=$dir/root/usr/lib "$dir/program" "$what" "$@"
}

cp "$top_srcdir/demo-data/to-khai.xml" "$dir/in.xml"
[ "$(echo 246813 | program job "$url" "$dir/tls.pem" "$credential" \
    "$dir/in.xml" "$dir/out.xml")" = TOTAL-PASSED ]
ok $? "it signs and verifies"
[ "$(echo 111111 | program job "$url" "$dir/tls.pem" "$credential" \
    "$dir/in.xml" "$dir/none.xml")" = "pin-wrong 401 told" ]
ok $? "it is told of a wrong PIN"
program wrong "$url" "$dir/tls.pem" "$dir/in.xml" > "$dir/wrong"
ok $? "PIN and SAD, neither, no document, one that cannot be read: all refused"
grep -q '^authorization-missing 0 told$' "$dir/wrong" &&
    [ "$(grep -c ' 0 told$' "$dir/wrong")" -eq 4 ]
ok $? "before anything is sent, and each with a reason"
sed 's/^/# /' "$dir/wrong"

python3 "$top_srcdir/tests/client-sdk/closes.py" "$dir/tls.pem" \
    "$dir/tls.key" > "$dir/port" 2> "$dir/closes" &
closes=$!
await [ -s "$dir/port" ]
got=$(program twice "https://localhost:$(cat "$dir/port")" "$dir/tls.pem" \
    "$dir/in.xml" 100)
[ "$got" = "$(tail -c +101 "$dir/in.xml" | sha256sum | cut -c1-64)" ]
ok $? "what is sent a second time begins where the file stood"
kill "$closes" 2> /dev/null
wait "$closes" 2> /dev/null
service_stop; ok $? "signd stops with status 0"
finish
