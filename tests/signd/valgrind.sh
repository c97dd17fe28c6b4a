#!/bin/sh
# The daemon once under valgrind: supervisor, front, ledger, keyholders and
# fetcher do the main job without an error of memory and without a leak of
# ours.  Workers run beside it without valgrind, whose own system calls their
# filter ends; their jobs run under the sanitizers.  Prints TAP; `./check` runs
# it once.
: "${top_srcdir:=.}"
. "$top_srcdir/tests/signd/service.sh"
. "$top_srcdir/tests/signd/token.sh"
need valgrind
signd=$(readlink -f "$signd")

# SoftHSM's own leaks are not ours: a leak counts when it was allocated below
# one of our functions and not inside the vendor's module.
supp=$(mktemp)
cat > "$supp" << 'END'
{
   the vendor's module
   Memcheck:Leak
   ...
   obj:*libsofthsm2*
   ...
}
END
logs=$(mktemp -d)
chmod 1777 "$logs"
chmod 644 "$supp"
trap 'rm -rf "$logs" "$supp"; service_end' EXIT

service_make 'keyholders = 1' 'workers = 1'
trap 'service_end; rm -rf "$logs" "$supp"' EXIT
token_make && ceremony
ok $? "the ceremony is done"
SERVICE_UNDER="valgrind --quiet --vgdb=no --trace-children=yes \
--trace-children-skip-by-arg=*role=worker* --leak-check=full \
--show-leak-kinds=definite --errors-for-leak-kinds=definite \
--suppressions=$supp --log-file=$logs/%p.log"
service_start
ok $? "the service comes up under valgrind"
enrol 'Nguyễn Văn An' 'CCCD:001099123456' && activate 246813
ok $? "a citizen is enrolled and activated"
printf '<a>xin chào</a>' > "$dir/a.xml"
auth=$(pin_header 246813)
ask --data-binary "@$dir/a.xml" -H 'Content-Type: application/xml' -H "$auth" \
    "$url/v1/signatures/signDoc?credentialID=$credential"
expect 200 '' "a document is signed"
cp "$dir/out" "$dir/a.signed.xml"
ask --data-binary "@$dir/a.signed.xml" -H 'Content-Type: application/xml' \
    "$url/v1/verifications"
expect 200 '' "and verified"
ask --data-binary "@$dir/a.xml" -H 'Content-Type: application/xml' \
    -H "$(pin_header 999999)" \
    "$url/v1/signatures/signDoc?credentialID=$credential"
expect 401 pin-wrong "a wrong PIN is refused"
ask --data-binary '{"broken' -H 'Content-Type: application/json' \
    "$url/v1/credentials/info"
expect 400 '' "broken JSON is refused"
service_stop
ok $? "the service stops when told"

found=0
for log in "$logs"/*.log; do
	[ -s "$log" ] || continue
	found=1
	sed 's/^/# /' "$log" | head -60
done
[ "$(ls "$logs" | wc -l)" -ge 5 ]
ok $? "five processes ran under valgrind"
ok $found "none of them touched memory wrongly or lost some"
finish
