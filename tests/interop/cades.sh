#!/bin/sh
# What EU DSS says of CAdES that signctl raised to T, LT and LTA: each must be whole,
# and of the level meant.  Skipped without SIGND_TEST_DSS (see README.md).  TAP.
build=${top_builddir:-build}
case $build in /*) ;; *) build=$PWD/$build ;; esac
tests=$(cd "$(dirname "$0")/.." && pwd)
signctl=$build/signctl/signctl
for tool in openssl python3 java; do
	command -v $tool >/dev/null || { echo "1..0 # SKIP there is no $tool"; exit 0; }
done
[ -d "${SIGND_TEST_DSS:-}" ] || { echo "1..0 # SKIP SIGND_TEST_DSS names no folder of jars"; exit 0; }
dir=$(mktemp -d) || exit 1
trap 'exec 9>&-; rm -rf "$dir"' EXIT
cd "$dir" || exit 1

# The time-stamp authority ends when its standard input, our descriptor 9, does.
mkfifo stop answer
"$tests/tsa.py" "$dir" <stop >answer &
exec 9>stop
read -r url <answer

curve="-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
# shellcheck disable=SC2086 # several words
openssl req -x509 $curve -days 3000 -subj "/CN=CA" -keyout ca.key -out ca.pem \
    -addext keyUsage=critical,keyCertSign,cRLSign 2>log
# shellcheck disable=SC2086
openssl req $curve -subj "/CN=An" -keyout an.key -out an.csr 2>log
echo "keyUsage=critical,digitalSignature,nonRepudiation" >ext
openssl x509 -req -in an.csr -CA ca.pem -CAkey ca.key -CAcreateserial \
    -days 300 -extfile ext -out an.pem 2>log
sed 's/tsa\.index/ca.index/; s/tsa\.crlnumber/ca.crlnumber/' tsa.cnf >ca.cnf
: >ca.index
echo 01 >ca.crlnumber
openssl ca -config ca.cnf -gencrl -keyfile ca.key -cert ca.pem -out ca.crl 2>log
echo "nội dung" >content
openssl cms -sign -binary -cades -nodetach -in content -signer an.pem -inkey an.key \
    -outform DER -out B.p7m 2>log
for level in T LT LTA; do
	"$signctl" extend --level "$(echo $level | tr '[:upper:]' '[:lower:]')" --tsa "$url" \
	    --trust ca.pem --trust tsa-ca.pem --cert tsa.pem --crl ca.crl --crl tsa-ca.crl \
	    --out $level.p7m B.p7m >log 2>&1
done
java -cp "$SIGND_TEST_DSS/*" "$tests/interop/dss/Judge.java" verify ca.pem \
    B.p7m T.p7m LT.p7m LTA.p7m >said 2>log
n=0
bad=0
for level in B T LT LTA; do
	n=$((n + 1))
	if grep -q "^$level.p7m.TOTAL_PASSED/null/CAdES-BASELINE-$level " said; then
		echo "ok $n - EU DSS: CAdES-BASELINE-$level"
	else
		bad=1
		sed 's/^/# /' said log
		echo "not ok $n - EU DSS: CAdES-BASELINE-$level"
	fi
done
echo "1..$n"
exit $bad
