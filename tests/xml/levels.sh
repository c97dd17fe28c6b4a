#!/bin/sh
# From B to T, LT, LTA and a renewed LTA, of ours and of what others signed;
# time stamps by `openssl ts`, judged by us, xmlsec1 and, where it is, EU DSS.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/xml/opening.sh"
need xmlsec1

# A CA with a CRL, a signer and a time-stamp authority under it.
cat >"$dir/ca.cnf" <<C
[req]
distinguished_name = dn
prompt = no
utf8 = yes
string_mask = utf8only
[dn]
C = VN
CN = CA Thử nghiệm
[ca]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[leaf]
basicConstraints = CA:FALSE
keyUsage = critical,digitalSignature,nonRepudiation
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[tsa]
basicConstraints = CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[ca_default]
database = $dir/index
crlnumber = $dir/number
default_md = sha256
default_crl_days = 30
[tsa_default]
serial = $dir/serial
crypto_device = builtin
signer_cert = $dir/tsa.pem
certs = $dir/ca.pem
signer_key = $dir/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
accuracy = secs:1
ess_cert_id_alg = sha256
C
: >"$dir/index"
echo 01 >"$dir/number"
echo 01 >"$dir/serial"
for who in ca an tsa; do
	openssl ecparam -name prime256v1 -genkey -noout -out "$dir/$who.key" 2>/dev/null
done
openssl req -x509 -new -key "$dir/ca.key" -config "$dir/ca.cnf" -extensions ca \
	-days 30 -out "$dir/ca.pem" 2>/dev/null
issue() { # name, subject, extensions, serial
	openssl req -new -key "$dir/$1.key" -utf8 -config "$dir/ca.cnf" \
		-subj "/C=VN/CN=$2" -out "$dir/$1.csr" 2>/dev/null
	openssl x509 -req -in "$dir/$1.csr" -CA "$dir/ca.pem" -CAkey "$dir/ca.key" \
		-set_serial "$4" -days 20 -extfile "$dir/ca.cnf" -extensions "$3" \
		-out "$dir/$1.pem" 2>/dev/null
}
issue an "Nguyễn Văn An" leaf 1001
issue tsa "Dấu thời gian" tsa 1002
openssl ca -gencrl -config "$dir/ca.cnf" -name ca_default -cert "$dir/ca.pem" \
	-keyfile "$dir/ca.key" -out "$dir/crl.pem" 2>/dev/null
openssl crl -in "$dir/crl.pem" -outform DER -out "$dir/crl.der"

stamp() { # digest in hex -> $dir/token
	openssl ts -query -digest "$1" -sha256 -cert -out "$dir/query" 2>/dev/null &&
	openssl ts -reply -config "$dir/ca.cnf" -section tsa_default \
		-queryfile "$dir/query" -token_out -out "$dir/token" 2>/dev/null
}
raise() { # level, in, out, options
	level=$1 in=$2 out=$3
	shift 3
	digest=$("$bin/extender" prepare "$level" "$in" "$dir/state" "$@") || {
		echo "$digest"
		return 1
	}
	token=/dev/null
	if [ "$digest" != - ]; then
		stamp "$digest" || return 1
		token=$dir/token
	fi
	"$bin/extender" embed "$dir/state" "$token" "$in" "$out"
}
judged() { # file, level: all hold, also the time stamps
	said=$("$bin/judge" "$1" 2>"$dir/facts")
	[ "$said" = valid ] && grep -q "level $2\$" "$dir/facts" &&
		! grep "stamp digest" "$dir/facts" | grep -v "digest 1 signature 1" ||
		{ echo "$said"; cat "$dir/facts"; false; }
}
verify() { xmlsec1 --verify --trusted-pem "$dir/ca.pem" --id-attr:Id SignedProperties --id-attr:Id SignatureValue --id-attr:Id Object "$1"; }

# Only what the scanner puts in may differ: without it the bytes are the same.
inserted_only() { # before, after
	python3 - "$1" "$2" <<'P'
import sys
a, b = (open(p, "rb").read() for p in sys.argv[1:3])
k = next(i for i in range(len(a) + 1) if i == len(a) or a[i] != b[i])
t = len(a) - k
# An empty element may have become a start and an end tag.
sys.exit(0 if t == 0 or b.endswith(a[k:]) or b.endswith(a[k + 2:]) else 1)
P
}

all_levels() { # name, file
	check "$1: B to T" raise T "$2" "$dir/t.xml"
	check "$1: T stays byte for byte around it" inserted_only "$2" "$dir/t.xml"
	check "$1: T is judged as T" judged "$dir/t.xml" 2
	check "$1: T to LT" raise LT "$dir/t.xml" "$dir/lt.xml" \
		"cert=$dir/ca.pem" "cert=$dir/tsa.pem" "crl=$dir/crl.der"
	check "$1: LT stays byte for byte around it" inserted_only "$dir/t.xml" "$dir/lt.xml"
	check "$1: LT is judged as LT" judged "$dir/lt.xml" 3
	check "$1: LT to LTA" raise LTA "$dir/lt.xml" "$dir/lta.xml"
	check "$1: LTA is judged as LTA" judged "$dir/lta.xml" 4
	check "$1: LTA is renewed" raise LTA "$dir/lta.xml" "$dir/lta2.xml"
	check "$1: the renewed one is judged as LTA" judged "$dir/lta2.xml" 4
	check "$1: xmlsec1 still verifies it" verify "$dir/lta2.xml"
	for l in t lt lta lta2; do cp "$dir/$l.xml" "$dir/$3-$l.xml"; done
}
dss_says() { # level, files
	want=$1
	shift
	java -cp "$dir/classes:$SIGND_TEST_DSS/*" Judge verify "$dir/ca.pem" "$@" >"$dir/dss" 2>/dev/null
	cat "$dir/dss"
	[ "$(grep -c "TOTAL_PASSED/null/$want\|TOTAL-PASSED/null/$want" "$dir/dss")" = $# ]
}

printf '<?xml version="1.0" encoding="UTF-8"?>\r\n<don xmlns="urn:don" xml:lang="vi">\r\n\t<ten>Ông Bình</ten><ky/>\r\n</don>\r\n' >"$dir/don.xml"
sign() { "$bin/signer" "$dir/an.key" "$dir/an.pem" ecdsa "$dir/don.xml" "$@"; }
sign "$dir/ours.xml" >/dev/null
sign "$dir/inclusive.xml" canon=1.1 place=/don/ky >/dev/null
sign "$dir/around.xml" packaging=enveloping >/dev/null
# As another program could have written it: other prefixes, empty elements.
sed 's/xmlns:xades/xmlns:q/g; s/xades:/q:/g' "$dir/ours.xml" >"$dir/theirs.xml"
all_levels "enveloped" "$dir/ours.xml" ours
all_levels "inclusive C14N, at a place" "$dir/inclusive.xml" inclusive
all_levels "enveloping" "$dir/around.xml" around

# What a change does to time stamps.
sed 's/<xades:EncapsulatedCRLValue>MI/<xades:EncapsulatedCRLValue>MJ/' "$dir/ours-lta2.xml" >"$dir/changed.xml"
if judged "$dir/changed.xml" 4 >/dev/null; then not_ok "a changed CRL breaks the archive time stamps"; else ok "a changed CRL breaks the archive time stamps"; fi

# What cannot be raised says why.
refused() { # code, level, file
	out=$("$bin/extender" prepare "$2" "$3" "$dir/state")
	case $out in "$1:"*) return 0 ;; *) echo "$out"; return 1 ;; esac
}
check "LT without T is refused" refused level-unsupported LT "$dir/ours.xml"
check "LTA without LT is refused" refused level-unsupported LTA "$dir/ours-t.xml"
check "LT without evidence is refused" refused evidence-missing LT "$dir/ours-t.xml"
sign "$dir/plain.xml" profile=xmldsig >/dev/null
check "plain XMLDSig is not raised" refused xml-not-xades T "$dir/plain.xml"
for old in 1.1.1 1.2.2; do
	sed "s,http://uri.etsi.org/01903/v1.3.2#,http://uri.etsi.org/01903/v$old#,g" \
		"$dir/ours.xml" >"$dir/old.xml"
	check "XAdES $old is not raised" refused xml-xades-old T "$dir/old.xml"
done
"$bin/signer" "$dir/an.key" "$dir/an.pem" ecdsa "$dir/ours.xml" "$dir/two.xml" >/dev/null
check "of two signatures one must be named" refused signature-choose T "$dir/two.xml"
check "and the second is raised by its number" raise T "$dir/two.xml" "$dir/two-t.xml" id=2
check "xmlsec1 verifies what was raised" verify "$dir/two-t.xml"
check "a counter-signature is raised by its number" sh -c '
	"$1/signer" "$2/an.key" "$2/an.pem" ecdsa "$2/ours.xml" "$2/c.xml" counter=1'  - "$bin" "$dir"
check "T on it" raise T "$dir/c.xml" "$dir/ct.xml" id=2
check "both hold" verify "$dir/ct.xml"

if [ -z "${SIGND_TEST_DSS:-}" ] || ! command -v javac >/dev/null; then
	n=$((n + 1))
	echo "ok $n - EU DSS says the levels # SKIP SIGND_TEST_DSS and a JDK are needed (tests/interop/README.md)"
else
	mkdir "$dir/classes"
	check "DSS's harness compiles" javac -nowarn -d "$dir/classes" \
		-cp "$SIGND_TEST_DSS/*" "$here/../interop/dss/Judge.java"
	check "DSS: B" dss_says XAdES-BASELINE-B "$dir/ours.xml" "$dir/inclusive.xml" "$dir/around.xml"
	check "DSS: T" dss_says XAdES-BASELINE-T "$dir/ours-t.xml" "$dir/inclusive-t.xml" "$dir/around-t.xml"
	check "DSS: LT" dss_says XAdES-BASELINE-LT "$dir/ours-lt.xml" "$dir/inclusive-lt.xml" "$dir/around-lt.xml"
	check "DSS: LTA" dss_says XAdES-BASELINE-LTA "$dir/ours-lta.xml" "$dir/inclusive-lta.xml" "$dir/around-lta.xml"
	check "DSS: LTA renewed" dss_says XAdES-BASELINE-LTA "$dir/ours-lta2.xml" "$dir/inclusive-lta2.xml" "$dir/around-lta2.xml"
fi
finish
