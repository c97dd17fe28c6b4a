#!/bin/sh
# The page of activation where a second factor is on: it alone shows the secret,
# another program (oathtool) makes codes of it, and one of them signs.
. "$top_srcdir/tests/signd/service.sh"
. "$top_srcdir/tests/signd/token.sh"
. "$top_srcdir/tests/web/browser.sh"
need oathtool

world_make 'second-factor = totp' 'plain-pin = no' 'log-level = debug'
ok $? "a service that asks for codes"
enrol 'Nguyễn Văn An' 'CCCD:001099123456'; ok $? "a citizen is enrolled"
driver_start
session_new ''; ok $? "a browser comes up"

go "$link"
wait_for '#activate:not([hidden])'
keys '#pin' dao-ngoc-1
keys '#again' dao-ngoc-1
click '#activate button'
wait_for '#otp-key'; ok $? "the page tells the secret of the second factor"
shot second
secret=$(js 'document.getElementById(\"otp-key\").textContent' | tr -d '" ')
echo "$secret" | grep -qx '[A-Z2-7]\{32\}'; ok $? "as text that can be typed"
js 'document.getElementById(\"otp-link\").href' |
    grep -q "^\"otpauth://totp/.*secret=$secret&.*digits=6&period=30\"$"
ok $? "and as a link for an app, with the same secret"
credential=$(js 'document.getElementById(\"result\").textContent' |
    grep -o '[0-9a-f]\{32\}')
# Ids of wide letters are one word that is too long for the line.
wide="p.textContent = p.textContent.replace(/[0-9a-f]{32}/, 'd'.repeat(32))"
js "document.querySelectorAll('#result p').forEach(p => { if (!p.children.length) $wide })" > /dev/null
resize 360 800
fits
ok $? "on a narrow screen nothing runs over the edge"
go "$link"
go "$url/"
go "$link"
wait_for '#result .error'
[ "$(js '!!document.querySelector(\"#otp-key\")')" = false ]
ok $? "who opens the link again is not told"

printf '<a>đơn</a>\n' > "$dir/form.xml"
echo dao-ngoc-1 > "$dir/pin"
oathtool --totp -b "$secret" > "$dir/code"
as_citizen sign --credential "$credential" --pin-fd 3 --otp-fd 4 \
    --out "$dir/signed.xml" "$dir/form.xml" 3< "$dir/pin" 4< "$dir/code" \
    > /dev/null 2> "$dir/err"
ok $? "PIN and a code of that secret sign"
d DELETE "/session/$session" > /dev/null
service_stop
! grep -rqs "$secret\|dao-ngoc-1" "$dir/log" "$dir/state" "$dir/run"
ok $? "neither secret nor PIN stands in a log or a database"
kill "$driver_pid"
finish
