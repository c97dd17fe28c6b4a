#!/bin/sh
# The second factor from end to end: the front never sees the secret or a code;
# another program (oathtool) makes the codes.
. "$top_srcdir/tests/signd/service.sh"
. "$top_srcdir/tests/signd/token.sh"
need oathtool

world_make 'second-factor = totp' 'plain-pin = no' 'log-level = debug'
ok $? "a service that asks for codes"
enrol 'Nguyễn Văn An' 'CCCD:001099123456'; ok $? "a citizen is enrolled"
echo dao-ngoc-1 > "$dir/pin"
as_citizen activate --link "$link" --pin-fd 3 --json 3< "$dir/pin" > "$dir/made"
credential=$(json_field credentialID < "$dir/made")
uri=$(json_field otpauth < "$dir/made")
echo "$uri" |
    grep -q '^otpauth://totp/.*?secret=[A-Z2-7]\{32\}&.*&digits=6&period=30$'
ok $? "activation tells the link for an app, to the citizen"
secret=$(echo "$uri" | sed 's/.*secret=//; s/&.*//')

ask -H 'Content-Type: application/json' \
    -d "{\"credentialID\":\"$credential\"}" "$url/v1/credentials/info"
grep -q '"PIN AND OTP"' "$dir/out"; ok $? "the credential says what it wants"

printf '<a>đơn</a>\n' > "$dir/form.xml"
sign() { # sign CODE OPTIONS...
	echo "$1" > "$dir/code"
	shift
	as_citizen sign --credential "$credential" --pin-fd 3 --otp-fd 4 \
	    --out "$dir/signed.xml" "$@" "$dir/form.xml" \
	    3< "$dir/pin" 4< "$dir/code" > /dev/null 2> "$dir/err"
}
! as_citizen sign --credential "$credential" --pin-fd 3 \
    --out "$dir/signed.xml" "$dir/form.xml" 3< "$dir/pin" 2> "$dir/err" &&
    grep -q code-missing "$dir/err"
ok $? "the PIN alone does not sign"
now=$(date +%s)
code=$(oathtool --totp -b -N "@$now" "$secret")
sign "$code"; ok $? "PIN and code sign a document"
! sign "$code" && grep -q pin-wrong "$dir/err"
ok $? "the code works once"
# One of a later step; this one, where the last step has gone by meanwhile.
later=$(date +%s)
[ "$later" -ge $(((now / 30 + 1) * 30)) ] || later=$((now + 30))
code=$(oathtool --totp -b -N "@$later" "$secret")
sign "$code" --local; ok $? "the next one signs a digest"

service_stop
! grep -rqs "$secret\|dao-ngoc-1" "$dir/log" "$dir/state" "$dir/run"
ok $? "neither secret nor PIN stands in a log or a database"
finish
