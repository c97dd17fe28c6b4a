#!/bin/sh
# signctl: help on every level, exit codes, languages, PINs from descriptors.
build=${top_builddir:-build}
signctl=$build/signctl/signctl
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
n=0
bad=0
ok() { # ok WHAT, with the result of the last command in $r
	n=$((n + 1))
	if [ "$r" = 0 ]; then
		echo "ok $n - $1"
	else
		bad=1
		sed 's/^/# /' "$dir/out"
		echo "not ok $n - $1"
	fi
}
# expect CODE PATTERN WHAT ARGS...: exit code and output (a grep -E pattern)
expect() {
	code=$1 pattern=$2 what=$3
	shift 3
	"$signctl" "$@" >"$dir/out" 2>&1 </dev/null
	got=$?
	r=1
	if [ "$got" = "$code" ] && grep -qE "$pattern" "$dir/out"; then r=0; fi
	[ "$r" = 0 ] || echo "# exit $got, wanted $code and /$pattern/"
	ok "$what"
}
expect 0 'cách dùng: signctl COMMAND' "says what it can" --help
expect 0 'usage: signctl COMMAND' "and in English" --help --lang en
expect 64 'cách dùng: signctl COMMAND' "says so when no command is given"
expect 0 'cert verify' "tells about a group" cert --help
expect 64 'cert verify' "tells about a group without a command" cert
for command in verify sign authorize activate info ca enrol revoke \
	"cert verify" "crl verify" "ocsp verify" "timestamp verify" \
	"sod verify" "token probe" "token key-new" "token csr" "token put-cert"; do
	# shellcheck disable=SC2086
	expect 0 "usage: signctl $command" "tells about $command" \
		$command --help --lang=en
done

# Each summary and each option, in both languages.
"$signctl" --help --lang en | sed -n 's/^  \([a-z-]*\( [a-z-]*\)\{0,1\}\)  .*/\1/p' \
	>"$dir/commands"
: >"$dir/out"
while read -r command; do
	for lang in vi en; do
		# shellcheck disable=SC2086
		"$signctl" $command --help --lang "$lang" 2>&1 |
			grep -E '^(  --[^ ]+( [^ ]+)*  +|[^ ].*)[^ ]' |
			sort -u >"$dir/$lang"
	done
	comm -12 "$dir/vi" "$dir/en" | sed "s/^/$command: /" >>"$dir/out"
done <"$dir/commands"
r=1
[ "$(wc -l <"$dir/commands")" -gt 20 ] && [ ! -s "$dir/out" ] && r=0
ok "says all of it in Vietnamese (signctl/help.def)"
"$signctl" sign --help --lang en | awk 'length > 79' >"$dir/out"
r=1
[ ! -s "$dir/out" ] && r=0
ok "in lines that fit"
expect 0 '^signctl [0-9]' "tells its version" --version
expect 64 'không có lệnh này' "refuses an unknown command" frobnicate
expect 64 'no such option' "refuses an unknown option" verify --frobnicate x
expect 64 'wants FILE' "refuses an option without its value" verify x --trust
expect 64 'given twice' "refuses an option given twice" verify --policy basic --policy basic x
expect 64 'policy-unknown' "refuses an unknown policy" verify --policy frobnicate "$0"
expect 64 'wants a time' "refuses a time that is none" verify --time yesterday "$0"
expect 66 'No such file' "says that a file is not there" verify "$dir/nothing"
expect 64 'is a folder' "says that a file is a folder" sod verify "$dir"
expect 2 '^CHƯA XÁC ĐỊNH ĐƯỢC. Tệp này không thuộc loại' "says that a file is of no known format" verify "$0"
: >"$dir/empty"
cp "$0" "$dir/text"
expect 2 '^CHƯA XÁC ĐỊNH ĐƯỢC. Tệp này rỗng' "says that a file is empty" verify "$dir/empty"
expect 66 'Không tìm thấy' "speaks Vietnamese by default" verify "$dir/nothing"
expect 66 'not there' "speaks English when asked" verify --lang en "$dir/nothing"
expect 64 'makes no sense' "says so too of an option that there is not" verify --nothing --lang en "$dir/text"
expect 64 'url is missing' "wants to know the service" sign --credential x "$dir/text"
expect 64 'must be https' "talks to no plain HTTP" info --url http://localhost:1
expect 69 '\[service-unreachable\]' "says that nobody answers" info --url https://localhost:1
expect 64 'no terminal' "never takes a PIN from nowhere" sign --url https://localhost:1 --credential x "$dir/text"
expect 69 'service-unreachable' "takes a PIN from a descriptor" sign --url https://localhost:1 \
	--credential x --pin-fd 3 --out "$dir/signed" "$dir/text" 3<<-PIN
	246810
	PIN
[ ! -e "$dir/signed" ] && [ -z "$(ls "$dir" | grep signed)" ]
r=$?
ok "leaves no half-made file behind"
for command in "sign --credential x --pin-fd 3" "extend --out $dir/x"; do
	for lang in vi:'dịch vụ tự chọn' en:'The service chooses'; do
		# shellcheck disable=SC2086 # several words
		expect 64 "${lang#*:}" "no service takes --stamp-digest: $command, ${lang%%:*}" \
			$command --lang "${lang%%:*}" --url https://localhost:1 \
			--level t --stamp-digest SHA-512 "$dir/text" 3<<-PIN
			246810
			PIN
		grep -q -- '\[stamp-digest-there\] --stamp-digest' "$dir/out"
		r=$?
		ok "and it is named"
	done
done
echo "1..$n"
exit $bad
