#!/bin/sh
# Two signatures at level LTA in one document, after their authority has ended:
# each is kept by its own archive time stamp (EN 319 102-1 5.6).
. "${top_srcdir:-$(dirname "$0")/../..}/tests/xml/opening.sh"
signctl=$top/signctl/signctl

# A root that lives on, an authority under it that ends in 20 days with all that
# it issued, and a second time-stamp authority under the root.
cat >"$dir/ca.cnf" <<C
[req]
distinguished_name = dn
prompt = no
utf8 = yes
string_mask = utf8only
[dn]
C = VN
CN = CA gốc thử nghiệm
[ca]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[leaf]
basicConstraints = CA:FALSE
keyUsage = critical,digitalSignature,nonRepudiation
authorityKeyIdentifier = keyid
[tsa]
basicConstraints = CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
authorityKeyIdentifier = keyid
[crls]
database = $dir/index
crlnumber = $dir/number
default_md = sha256
default_crl_days = 10
[stamps]
serial = $dir/serial
crypto_device = builtin
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
ess_cert_id_alg = sha256
C
: >"$dir/index"
echo 01 >"$dir/number"
echo 01 >"$dir/serial"
key() { openssl ecparam -name prime256v1 -genkey -noout -out "$dir/$1.key"; }
issue() { # name, subject, extensions, serial, issuer, days
	key "$1"
	openssl req -new -key "$dir/$1.key" -utf8 -config "$dir/ca.cnf" \
		-subj "/C=VN/CN=$2" -out "$dir/$1.csr"
	openssl x509 -req -in "$dir/$1.csr" -CA "$dir/$5.pem" -CAkey "$dir/$5.key" \
		-set_serial "$4" -days "$6" -extfile "$dir/ca.cnf" -extensions "$3" \
		-out "$dir/$1.pem"
}
crl() { # issuer, out, options
	from=$1 out=$2
	shift 2
	openssl ca -gencrl -config "$dir/ca.cnf" -name crls -cert "$dir/$from.pem" \
		-keyfile "$dir/$from.key" -out "$dir/crl.pem" "$@" &&
		openssl crl -in "$dir/crl.pem" -outform DER -out "$dir/$out.der"
}
# A day as openssl has it, and as ISO 8601 has it.
day() { python3 -c "import datetime as d; print((d.datetime.utcnow()+d.timedelta(days=$1)).strftime('$2'))"; }
{
	key root
	openssl req -x509 -new -key "$dir/root.key" -config "$dir/ca.cnf" \
		-extensions ca -days 400 -out "$dir/root.pem"
	issue sub "CA cấp dưới" ca 1000 root 20
	issue an "Nguyễn Văn An" leaf 1001 sub 19
	issue binh "Trần Thị Bình" leaf 1002 sub 19
	issue tsa1 "Dấu thời gian 1" tsa 1003 sub 19
	issue tsa2 "Dấu thời gian 2" tsa 1004 root 300
	crl root root
	crl sub sub
	crl root later -crl_lastupdate "$(day 59 %Y%m%d%H%M%SZ)" \
		-crl_nextupdate "$(day 69 %Y%m%d%H%M%SZ)"
} >"$dir/made" 2>&1 || { sed 's/^/# /' "$dir/made"; exit 1; }

raise() { # level, in, out, authority, options
	level=$1 in=$2 out=$3 tsa=$4
	shift 4
	digest=$("$bin/extender" prepare "$level" "$in" "$dir/state" "$@") || return 1
	: >"$dir/token"
	if [ "$digest" != - ]; then
		openssl ts -query -digest "$digest" -sha256 -cert -out "$dir/query" &&
			openssl ts -reply -config "$dir/ca.cnf" -section stamps \
				-signer "$dir/$tsa.pem" -inkey "$dir/$tsa.key" \
				-queryfile "$dir/query" -token_out -out "$dir/token" || return 1
	fi
	"$bin/extender" embed "$dir/state" "$dir/token" "$in" "$out"
}
to_lt() { # number, in, out
	raise T "$2" "$dir/t.xml" tsa1 "id=$1" &&
		raise LT "$dir/t.xml" "$3" - "id=$1" "cert=$dir/sub.pem" \
			"crl=$dir/root.der" "crl=$dir/sub.der"
}
# The indication of the document, and of the signatures in it.
judged() { # file, expected words in order
	file=$1
	shift
	"$signctl" verify --json --policy basic --trust "$dir/root.pem" \
		--crl "$dir/later.der" --time "$(day 60 %Y-%m-%dT%H:%M:%SZ)" \
		"$file" >"$dir/answer"
	python3 - "$dir/answer" "$@" <<'P'
import json, sys
a = json.load(open(sys.argv[1]))
found = [a["indication"]] + [s["indication"] for s in a["signatures"]]
print(found, [s.get("sub_indication") for s in a["signatures"]])
sys.exit(found != sys.argv[2:])
P
}

echo '<don xmlns="urn:don"><ten>Ông Bình</ten></don>' >"$dir/don.xml"
"$bin/signer" "$dir/an.key" "$dir/an.pem" ecdsa "$dir/don.xml" "$dir/one.xml" >/dev/null
"$bin/signer" "$dir/binh.key" "$dir/binh.pem" ecdsa "$dir/one.xml" "$dir/two.xml" >/dev/null
check "the first is raised to LT" to_lt 1 "$dir/two.xml" "$dir/lt1.xml"
check "the second is raised to LT" to_lt 2 "$dir/lt1.xml" "$dir/lt2.xml"
check "after its authority's end, LT is not enough" \
	judged "$dir/lt2.xml" INDETERMINATE INDETERMINATE INDETERMINATE
check "the first is raised to LTA" raise LTA "$dir/lt2.xml" "$dir/lta1.xml" tsa2 id=1
check "its archive time stamp keeps it, and not the other" \
	judged "$dir/lta1.xml" INDETERMINATE TOTAL-PASSED INDETERMINATE
check "the second is raised to LTA" raise LTA "$dir/lta1.xml" "$dir/lta2.xml" tsa2 id=2
check "both are kept" judged "$dir/lta2.xml" TOTAL-PASSED TOTAL-PASSED TOTAL-PASSED
finish
