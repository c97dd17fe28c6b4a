#!/bin/sh
# signctl timestamp verify, on time stamps that openssl makes.  Prints TAP.
build=${top_builddir:-build}
signctl=$build/signctl/signctl
command -v openssl >/dev/null || { echo "1..0 # SKIP there is no openssl"; exit 0; }
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
n=0
bad=0
expect() { # expect CODE WHAT ARGS...
	code=$1 what=$2
	shift 2
	n=$((n + 1))
	"$signctl" timestamp verify "$@" >"$dir/out" 2>&1 </dev/null
	got=$?
	if [ "$got" = "$code" ]; then
		echo "ok $n - $what"
	else
		bad=1
		sed 's/^/# /' "$dir/out"
		echo "not ok $n - $what (exit $got, wanted $code)"
	fi
}
cd "$dir" || exit 1
authority() { # authority NAME: a CA and a TSA below it
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -days 30 -subj "/CN=CA $1" -keyout "$1-ca.key" -out "$1-ca.pem" \
	    2>/dev/null
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -subj "/CN=TSA $1" -keyout "$1.key" -out "$1.csr" 2>/dev/null
	printf 'extendedKeyUsage=critical,timeStamping\n' >ext
	openssl x509 -req -in "$1.csr" -CA "$1-ca.pem" -CAkey "$1-ca.key" \
	    -CAcreateserial -days 30 -extfile ext -out "$1.pem" 2>/dev/null
}
authority good
authority other
cat >tsa.cnf <<-END
	[tsa]
	default_tsa = t
	[t]
	serial = $dir/serial
	default_policy = 1.2.3.4
	digests = sha256
	signer_digest = sha256
	ess_cert_id_alg = sha256
	END
echo 01 >serial
echo "xin chào" >data
echo "tạm biệt" >data2
openssl ts -query -data data -sha256 -cert -out q.tsq 2>/dev/null
openssl ts -query -data data -sha256 -cert -out q2.tsq 2>/dev/null
openssl ts -reply -queryfile q.tsq -config tsa.cnf -signer good.pem \
    -inkey good.key -out r.tsr 2>/dev/null
openssl ts -reply -in r.tsr -token_out -out r.tst 2>/dev/null
head -c 200 r.tst >cut.tst

case $signctl in /*) ;; *) signctl=$OLDPWD/$signctl ;; esac
expect 0 "a response over its data is right" --data data --trust good-ca.pem r.tsr
expect 0 "so is the bare token" --data data --trust good-ca.pem r.tst
expect 0 "and the answer to its request" --request q.tsq --trust good-ca.pem r.tsr
expect 1 "other data are not what was stamped" --data data2 --trust good-ca.pem r.tsr
expect 1 "it does not answer another request" --request q2.tsq --trust good-ca.pem r.tsr
expect 1 "a stranger's authority is not trusted" --data data --trust other-ca.pem r.tsr
expect 1 "it is not right before its authority existed" --data data \
    --trust good-ca.pem --time 2001-01-01T00:00:00Z r.tsr
expect 0 "its authority may be asked for by name" --data data \
    --trust good-ca.pem --authority "CN=TSA good" r.tsr
expect 1 "another authority is not the one asked for" --data data \
    --trust good-ca.pem --authority "CN=TSA other" r.tsr
printf '\060\005\060\003\002\001\002' >no.tsr
expect 1 "a refusal is no time stamp" --data data --trust good-ca.pem no.tsr
expect 65 "half a token is refused" --data data --trust good-ca.pem cut.tst
expect 64 "without data or request nothing is asked" --trust good-ca.pem r.tsr
echo "1..$n"
exit $bad
