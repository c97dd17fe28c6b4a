#!/bin/bash
# make install into an empty folder: everything an administrator and a
# programmer need is there, is usable, and goes away again.  Prints TAP.
set -u
build=${top_builddir:?}
root=$(mktemp -d) || exit 1
trap 'rm -rf "$root"' EXIT
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES
count=0 bad=0
report() { # STATUS SENTENCE
	count=$((count + 1))
	[ "$1" = 0 ] || bad=1
	[ "$1" = 0 ] && echo "ok $count - $2" || echo "not ok $count - $2"
}
in_root() {
	make -s -C "$build" "$@" DESTDIR="$root" prefix=/usr sysconfdir=/etc \
	    libdir=/usr/lib pkgconfigdir=/usr/lib/pkgconfig \
	    systemdsystemunitdir=/usr/lib/systemd/system \
	    sysusersdir=/usr/lib/sysusers.d tmpfilesdir=/usr/lib/tmpfiles.d \
	    >"$root/log" 2>&1 || { sed 's/^/# /' "$root/log"; return 1; }
}

in_root install
report $? "make install works"

missing=
for file in etc/signd/signd.conf usr/sbin/signd usr/bin/signctl \
    usr/include/signd.h usr/lib/libsignd.so usr/lib/pkgconfig/libsignd.pc \
    usr/lib/systemd/system/signd.service usr/lib/sysusers.d/signd.conf \
    usr/lib/tmpfiles.d/signd.conf usr/share/man/man1/signctl.1 \
    usr/share/man/man3/signd_open.3 usr/share/man/man5/signd.conf.5 \
    usr/share/man/man8/signd.8 usr/share/doc/signd/README.md; do
	[ -s "$root/$file" ] || missing+=" $file"
done
[ -z "$missing" ] || echo "# missing:$missing"
[ -z "$missing" ]
report $? "programs, library, manual, unit, users and settings are there"

users=$(sed -n 's/^u \([a-z-]*\) .*/\1/p' "$root/usr/lib/sysusers.d/signd.conf" |
    sort | xargs)
wanted=$("$build/signd/signd" --sample-config |
    sed -nE 's/^#? ?user-[a-z]+ = (.*)/\1/p' | sort | xargs)
[ -n "$users" ] && [ "$users" = "$wanted" ]
report $? "the users made are those of the settings ($users)"

echo '# changed' >>"$root/etc/signd/signd.conf"
in_root install && tail -n 1 "$root/etc/signd/signd.conf" | grep -q changed
report $? "settings that were changed survive another make install"

echo 'int main(void) { return signd_version()[0] == 0; }' >"$root/p.c"
${CC:-cc} -include signd.h -I"$root/usr/include" "$root/p.c" -o "$root/p" \
    -L"$root/usr/lib" -lsignd >"$root/log" 2>&1 &&
    LD_LIBRARY_PATH=$root/usr/lib "$root/p"
status=$?
[ $status = 0 ] || sed 's/^/# /' "$root/log"
if grep -q 'SIGND_SANITIZED 1' "$build/config.h"; then
	count=$((count + 1))
	echo "ok $count - a program links with libsignd # SKIP under sanitizers"
else
	report $status "a program links with libsignd"
fi

rm -f "$root/etc/signd/signd.conf" "$root/p" "$root/p.c"
in_root uninstall
rm -f "$root/log"
left=$(find "$root" -type f | sed "s,^$root/,,")
[ -z "$left" ] || echo "# left:" $left
[ -z "$left" ]
report $? "make uninstall leaves nothing behind"

echo "1..$count"
exit $bad
