#!/bin/sh
# signctl extend, with a time-stamp authority over HTTP (openssl ts) and evidence
# in files, on what openssl signed; and what openssl says of the outcome.  TAP.
build=${top_builddir:-build}
case $build in /*) ;; *) build=$PWD/$build ;; esac
here=$(cd "$(dirname "$0")/.." && pwd)
signctl=$build/signctl/signctl
for tool in openssl python3; do
	command -v $tool >/dev/null || { echo "1..0 # SKIP there is no $tool"; exit 0; }
done
dir=$(mktemp -d) || exit 1
trap 'exec 9>&-; rm -rf "$dir"' EXIT
cd "$dir" || exit 1
n=0
bad=0
told() { # told STATUS WHAT
	n=$((n + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $n - $2"
	else
		bad=1
		sed 's/^/# /' log
		echo "not ok $n - $2"
	fi
}

# The authority ends when its standard input, our descriptor 9, does.
mkfifo stop answer
"$here/tsa.py" "$dir" <stop >answer &
exec 9>stop
read -r url <answer

curve="-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
# shellcheck disable=SC2086 # several words
openssl req -x509 $curve -days 3000 -subj "/CN=CA" \
    -addext keyUsage=critical,keyCertSign,cRLSign \
    -keyout ca.key -out ca.pem 2>log
# shellcheck disable=SC2086
openssl req $curve -subj "/CN=An" -keyout an.key -out an.csr 2>log
echo "keyUsage=critical,digitalSignature,nonRepudiation" >ext
openssl x509 -req -in an.csr -CA ca.pem -CAkey ca.key -CAcreateserial \
    -days 300 -extfile ext -out an.pem 2>log
sed 's/tsa\.index/ca.index/; s/tsa\.crlnumber/ca.crlnumber/' tsa.cnf >ca.cnf
: >ca.index
echo 01 >ca.crlnumber
openssl ca -config ca.cnf -gencrl -keyfile ca.key -cert ca.pem -out ca.crl 2>log
told $? "there are an authority, a signer and a CRL"

echo "nội dung" >content
sign() {
	openssl cms -sign -binary -cades -in content -signer an.pem -inkey an.key \
	    -outform DER "$@" 2>log
}
sign -nodetach -out b.p7m && sign -out b.p7s
told $? "openssl signs"
level() { # level FILE [OPTION...]
	"$signctl" verify --json --policy path-only --trust ca.pem --trust tsa-ca.pem \
	    "$@" 2>log | python3 -c 'import json, sys
for s in json.load(sys.stdin)["signatures"]: print(s["indication"], s["level"])'
}
is() { # is WHAT LEVEL FILE [OPTION...]
	what=$1 wanted=$2
	shift 2
	got=$(level "$@")
	echo "$got" >log
	[ "$got" = "$wanted" ]
	told $? "$what"
}
raise() { # raise LEVEL IN OUT [OPTION...]
	wanted=$1 in=$2 out=$3
	shift 3
	"$signctl" extend --level "$wanted" --tsa "$url" --trust ca.pem --trust tsa-ca.pem \
	    --cert tsa.pem --crl ca.crl --crl tsa-ca.crl --out "$out" "$@" "$in" >log 2>&1
}
is "at first it is B" "TOTAL-PASSED B" b.p7m
raise t b.p7m t.p7m
told $? "it is raised to T"
is "then it is T" "TOTAL-PASSED T" t.p7m
raise lt t.p7m lt.p7m
told $? "to LT"
is "then it is LT" "TOTAL-PASSED LT" lt.p7m
raise lta b.p7m lta.p7m
told $? "from B to LTA in one call"
is "then it is LTA" "TOTAL-PASSED LTA" lta.p7m
raise lta lta.p7m again.p7m && [ "$(wc -c <again.p7m)" -gt "$(wc -c <lta.p7m)" ]
told $? "LTA is renewed"
is "and is LTA still" "TOTAL-PASSED LTA" again.p7m
raise lta b.p7s lta.p7s --content content
told $? "a detached signature is raised beside its content"
is "and is LTA" "TOTAL-PASSED LTA" lta.p7s --content content
! raise lta b.p7s none.p7s && [ ! -e none.p7s ]
told $? "without the content it is not, and nothing is written"
! raise lt b.p7m none.p7m --id 7
told $? "a signature that is not there cannot be raised"
! "$signctl" extend --level t --out none.p7m b.p7m >log 2>&1
told $? "without an authority there is no time stamp"
! "$signctl" extend --level t --tsa "$url/nowhere:1" --tsa http://127.0.0.1:1/ \
    --out none.p7m b.p7m >log 2>&1
told $? "nor with one that does not answer"

"$signctl" preserve --lang en --policy basic --tsa "$url" --trust ca.pem --trust tsa-ca.pem \
    --cert tsa.pem --crl ca.crl --crl tsa-ca.crl --out kept.p7m b.p7m >log 2>&1 &&
    grep -q '^VALID' log && grep -q 'The evidence holds until' log
told $? "preserve verifies, raises to LTA, and says until when it holds"
is "what was preserved is LTA" "TOTAL-PASSED LTA" kept.p7m
# A year on the signer's certificate has ended; the authorities publish still.
later() { date -u -d "+$1 days" "+$2"; }
for ca in ca tsa-ca; do
	conf=$ca.cnf
	[ -e "$conf" ] || conf=tsa.cnf
	openssl ca -config "$conf" -gencrl -keyfile $ca.key -cert $ca.pem \
	    -crl_lastupdate "$(later 354 %Y%m%d%H%M%SZ)" \
	    -crl_nextupdate "$(later 357 %Y%m%d%H%M%SZ)" -out $ca-later.crl 2>log
done
year() { # year FILE: what is said of it then
	"$signctl" verify --lang en --policy basic --trust ca.pem --trust tsa-ca.pem \
	    --certs tsa.pem --crl ca-later.crl --crl tsa-ca-later.crl \
	    --time "$(later 355 %Y-%m-%dT%H:%M:%SZ)" "$1" 2>&1
}
year b.p7m >log
grep -q '^INDETERMINATE' log
told $? "a year on, B is not known to be valid"
year kept.p7m >log
grep -q '^VALID' log && grep -q 'has expired since' log
told $? "what was preserved is valid, and the report says what ended"

sed 's/i dung/i duhg/' b.p7m >wrong.p7m
! "$signctl" preserve --policy basic --tsa "$url" --trust ca.pem --out none.p7m wrong.p7m \
    >log 2>&1 && grep -q preserve-not-valid log && [ ! -e none.p7m ]
told $? "what is not valid is not preserved"

for f in t lt lta again; do
	openssl cms -verify -binary -cades -inform DER -in $f.p7m -CAfile ca.pem \
	    -purpose any -out got >log 2>&1 && cmp -s got content
	told $? "openssl verifies $f, and the content is as it was"
done
openssl cms -verify -binary -cades -inform DER -in lta.p7s -content content \
    -CAfile ca.pem -purpose any -out got >log 2>&1
told $? "openssl verifies the detached one"
echo "1..$n"
exit $bad
