#!/bin/sh
# The daemon once under valgrind: supervisor, front, ledger, fetcher and
# keyholder while a citizen is enrolled, signs, and is revoked.  Not the
# workers: their seccomp filter ends what valgrind does beside them (the same
# code runs under the sanitizers).  ./check runs this; it prints TAP.
. "$top_srcdir/tests/signd/service.sh"
. "$top_srcdir/tests/signd/token.sh"
need valgrind

logs=$(mktemp -d "${TMPDIR:-/tmp}/signd-valgrind-XXXXXX")
chmod 777 "$logs"
cat > "$logs/signd" << EOF
#!/bin/sh
SIGND_PROGRAM=$top_builddir/signd/signd exec valgrind -q --vgdb=no --trace-children=yes \\
    --trace-children-skip-by-arg='--role=worker' --leak-check=full \\
    --show-leak-kinds=definite --errors-for-leak-kinds=definite \\
    --log-file="$logs/%p" $top_builddir/signd/signd "\$@"
EOF
chmod 755 "$logs/signd"

# The ceremony goes without; what serves goes with it.
plain=$signd
service_make
token_make && ceremony; ok $? "the ceremony is held"
signd=$logs/signd
service_start; ok $? "the service comes up under valgrind"
signd=$plain
enrol 'Nguyễn Văn An' 'CCCD:001099123456'; ok $? "an officer enrols a citizen"
activate 246813; ok $? "the citizen sets the PIN"
printf '<a xmlns="urn:a">Tờ khai</a>' > "$dir/form.xml"
ask --data-binary "@$dir/form.xml" -H 'Content-Type: application/xml' \
    -H "$(pin_header 246813)" \
    "$url/v1/signatures/signDoc?credentialID=$credential"
expect 200 '' "an XML form is signed"
cp "$dir/out" "$dir/signed.xml"
ask --data-binary "@$dir/signed.xml" -H 'Content-Type: application/xml' \
    "$url/v1/verifications"
expect 200 '' "and verified"
ask --data-binary 'no json' -H 'Content-Type: application/json' \
    "$url/v1/activations"
expect 400 '' "what is broken is refused"
as_officer revoke --credential "$credential" --reason keyCompromise \
    > "$dir/revoked" 2>&1; ok $? "an officer revokes"
service_stop; ok $? "it stops with status 0"

[ "$(find "$logs" -type f ! -name signd | wc -l)" -ge 5 ]
ok $? "five processes were watched"
found=$(find "$logs" -type f ! -name signd -size +0 | sort)
for log in $found; do sed 's/^/# /' "$log"; done
[ -z "$found" ]; ok $? "valgrind has nothing to say"
rm -rf "$logs"
finish
