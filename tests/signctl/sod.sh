#!/bin/bash
# signctl sod verify on a chip made with openssl: a CSCA, a document signer,
# EF.SOD, data groups, a master list, a challenge answered.
set -u
build=${top_builddir:-build}
signctl=$build/signctl/signctl
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
n=0
bad=0

# expect CODE PATTERN WHAT OPTIONS...: exit code and output.
expect() {
	local code=$1 pattern=$2 what=$3 got
	shift 3
	"$signctl" sod verify --lang en "$@" >"$dir/out" 2>&1 </dev/null
	got=$?
	n=$((n + 1))
	if [ "$got" = "$code" ] && grep -qE "$pattern" "$dir/out"; then
		echo "ok $n - $what"
	else
		bad=1
		echo "# exit $got, wanted $code and /$pattern/"
		sed 's/^/# /' "$dir/out"
		echo "not ok $n - $what"
	fi
}

# signer NAME ISSUER EXTENSIONS: an EC key on brainpoolP256r1, given by its
# parameters, as travel documents have it.
signer() {
	openssl ecparam -name brainpoolP256r1 -param_enc explicit -genkey \
	    -noout -out "$dir/$1.key" &&
	    openssl req -new -key "$dir/$1.key" -subj "/C=VN/CN=$1" \
		-out "$dir/$1.csr" &&
	    printf '%b' "$3" >"$dir/$1.ext" &&
	    if [ "$1" = "$2" ]; then
		openssl x509 -req -in "$dir/$1.csr" -signkey "$dir/$1.key" \
		    -days 30 -extfile "$dir/$1.ext" -out "$dir/$1.pem"
	    else
		openssl x509 -req -in "$dir/$1.csr" -CA "$dir/$2.pem" \
		    -CAkey "$dir/$2.key" -set_serial "0x$RANDOM" -days 30 \
		    -extfile "$dir/$1.ext" -out "$dir/$1.pem"
	    fi
}

# sign SIGNER TYPE IN OUT
sign() {
	openssl cms -sign -binary -nodetach -nosmimecap -in "$dir/$3" \
	    -econtent_type "$2" -signer "$dir/$1.pem" -inkey "$dir/$1.key" \
	    -md sha256 -outform DER -out "$dir/$4"
}

# crl NAME [REVOKED]: the CSCA's list of revoked document signers.
crl() {
	touch "$dir/index" && echo 01 >"$dir/number" &&
	    cat >"$dir/ca.cnf" <<-END &&
		[ca]
		default_ca = a
		[a]
		database = $dir/index
		crlnumber = $dir/number
		default_md = sha256
		certificate = $dir/CSCA.pem
		private_key = $dir/CSCA.key
		default_crl_days = 20
		crl_extensions = e
		[e]
		authorityKeyIdentifier = keyid
	END
	    if [ $# -gt 1 ]; then
		openssl ca -config "$dir/ca.cnf" -revoke "$dir/$2.pem"
	    fi &&
	    openssl ca -config "$dir/ca.cnf" -gencrl -out "$dir/$1"
}

make_chip() {
	local ca='basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n'
	local ds='keyUsage=critical,digitalSignature\nauthorityKeyIdentifier=keyid\n'
	signer CSCA CSCA "$ca" && signer OTHER OTHER "$ca" &&
	    signer DS CSCA "$ds" &&
	    signer ML CSCA "${ds}extendedKeyUsage=critical,2.23.136.1.1.3\n" &&
	    signer AA AA "$ds" &&
	    openssl pkey -in "$dir/AA.key" -pubout -outform DER \
		-out "$dir/aa.der" &&
	    openssl x509 -in "$dir/CSCA.pem" -outform DER \
		-out "$dir/CSCA.der" &&
	    python3 - "$dir" <<-'END' &&
		import hashlib, sys
		def tlv(tag, *parts):
		    body = b"".join(parts)
		    n = len(body)
		    size = b"" if n < 128 else n.to_bytes((n.bit_length() + 7) // 8, "big")
		    return tag + (bytes([n]) if n < 128 else bytes([128 | len(size)]) + size) + body
		def write(name, data):
		    open(sys.argv[1] + "/" + name, "wb").write(data)
		def read(name):
		    return open(sys.argv[1] + "/" + name, "rb").read()
		aa = tlv(b"\x30", bytes.fromhex("0606678108010105020101060a04007f00070101040103"))
		card = b"IDVNM2345678900001234567890<<1" b"0105318M4105316VNM<<<<<<<<<<<0" b"NGUYEN<<VAN<AN<<<<<<<<<<<<<<<<"
		write("holder1", tlv(b"\x61", tlv(b"\x5f\x1f", card)))
		def item(n, text):
		    return tlv(b"\x30", tlv(b"\x02", bytes([n])), tlv(b"\x0c", text.encode()))
		write("holder13", tlv(b"\x6d", tlv(b"\x30", tlv(b"\x31", item(1, "001234567890"), item(2, "Nguyễn Văn An"),
		      item(6, "bí mật")))))
		groups = {1: tlv(b"\x61", b"one"), 2: tlv(b"\x75", b"two"), 14: tlv(b"\x6e", tlv(b"\x31", aa)),
		          15: tlv(b"\x6f", read("aa.der"))}
		hashes = []
		for n, data in groups.items():
		    write("dg%d" % n, data)
		    hashes.append(tlv(b"\x30", tlv(b"\x02", bytes([n])), tlv(b"\x04", hashlib.sha256(data).digest())))
		write("dg13", b"\x6d\x00")
		fits = b"".join(tlv(b"\x30", tlv(b"\x02", bytes([n])), tlv(b"\x04", hashlib.sha256(read("holder%d" % n)).digest()))
		                for n in (1, 13))
		sha256 = tlv(b"\x30", bytes.fromhex("0609608648016503040201"))
		write("lds", tlv(b"\x30", b"\x02\x01\x00", sha256, tlv(b"\x30", *hashes)))
		write("lds13", tlv(b"\x30", b"\x02\x01\x00", sha256, tlv(b"\x30", fits)))
		write("certs", tlv(b"\x30", b"\x02\x01\x00", tlv(b"\x31", read("CSCA.der"))))
		write("challenge", bytes(range(8)))
	END
	    crl crl && crl revoked DS && sign DS 2.23.136.1.1.1 lds sod && sign DS 2.23.136.1.1.1 lds13 card && sign ML 2.23.136.1.1.2 certs list &&
	    openssl dgst -sha256 -sign "$dir/AA.key" -out "$dir/answer.der" \
		"$dir/challenge" &&
	    openssl asn1parse -inform DER -in "$dir/answer.der" |
		sed -n 's/.*INTEGER *:\([0-9A-F]*\)$/\1/p' |
		python3 -c 'import sys
for line in sys.stdin: sys.stdout.buffer.write(int(line, 16).to_bytes(32, "big"))' >"$dir/answer"
}

if ! make_chip >"$dir/made" 2>&1; then
	sed 's/^/# /' "$dir/made"
	echo "not ok 1 - openssl makes a chip"
	echo 1..1
	exit 1
fi
sod=$dir/sod
csca=(--trust "$dir/CSCA.pem" --crl "$dir/crl")
ask=(--challenge 0001020304050607 --response "$dir/answer")

expect 0 'signed by the authority' "accepts a chip of a known authority" \
    "${csca[@]}" --dg "1=$dir/dg1" --dg "2=$dir/dg2" "$sod"
expect 2 'not known whether' "wants to know whether the signer is revoked" \
    --trust "$dir/CSCA.pem" --dg "1=$dir/dg1" "$sod"
expect 0 'signed by the authority' "leaves that out when asked to" \
    --trust "$dir/CSCA.pem" --policy path-only --dg "1=$dir/dg1" "$sod"
expect 2 'signer is revoked' "believes no signer that is revoked" \
    --trust "$dir/CSCA.pem" --crl "$dir/revoked" --policy path-only "$sod"
expect 2 'could not be verified' "says so when no authority is known" \
    --dg "1=$dir/dg1" "$sod"
expect 2 'no path to a trusted' "believes no other authority" \
    --trust "$dir/OTHER.pem" "$sod"
expect 0 'who signed was not asked' "judges the mathematics alone" \
    --policy crypto-only --dg "1=$dir/dg1" "$sod"
expect 1 'DG2: It differs' "sees that a data group was changed" \
    "${csca[@]}" --dg "2=$dir/dg1" "$sod"
expect 2 'DG13: It is not covered by the chip' "says what the signature does not cover" \
    "${csca[@]}" --dg "1=$dir/dg1" --dg "13=$dir/dg13" "$sod"
expect 2 'expired' "looks at the time" "${csca[@]}" --policy path-only --time 2060-01-01 "$sod"
expect 2 'not used' "uses no master list that nobody vouches for" \
    --masterlist "$dir/list" "$sod"
expect 0 'master list is used' "uses a master list that a CSCA vouches for" \
    "${csca[@]}" --masterlist "$dir/list" "$sod"
expect 0 'it is no copy' "accepts the chip's answer to a challenge" \
    "${csca[@]}" "${ask[@]}" --dg "14=$dir/dg14" --dg "15=$dir/dg15" "$sod"
expect 1 'may be a copy' "sees an answer to another challenge" "${csca[@]}" \
    --challenge ffffffffffffffff --response "$dir/answer" \
    --dg "14=$dir/dg14" --dg "15=$dir/dg15" "$sod"
expect 2 'key is not known' "takes no key from a group that was not read" \
    "${csca[@]}" "${ask[@]}" --dg "15=$dir/dg15" "$sod"
expect 0 'Name: Nguyễn Văn An' "shows what a card says of its holder" "${csca[@]}" \
    --show --dg "1=$dir/holder1" --dg "13=$dir/holder13" "$dir/card"
n=$((n + 1))
if grep -q 'Document: 234567890$' "$dir/out" && grep -q 'Born: 2001-05-31' "$dir/out" &&
    grep -q 'Identity number: 001234567890' "$dir/out" && ! grep -q 'bí mật' "$dir/out"; then
	echo "ok $n - number and birth too, and nothing of belief or descent"
else
	bad=1
	sed 's/^/# /' "$dir/out"
	echo "not ok $n - number and birth too, and nothing of belief or descent"
fi
expect 1 'DG13: It differs' "shows nothing of what does not fit" "${csca[@]}" \
    --show --dg "13=$dir/holder1" "$dir/card"
n=$((n + 1))
if ! grep -q NGUYEN "$dir/out"; then
	echo "ok $n - nothing at all"
else
	bad=1
	echo "not ok $n - nothing at all"
fi
expect 0 'Not readable' "says of what it cannot read that it cannot" "${csca[@]}" \
    --show --dg "1=$dir/dg1" "$sod"
expect 65 'malformed' "refuses what is no EF.SOD" "$dir/dg15"
expect 65 'malformed' "refuses a master list in its place" "$dir/list"
expect 64 'wants N=FILE' "wants to know which data group" --dg "$dir/dg1" "$sod"
expect 64 'given twice' "takes a data group once" --dg "1=$dir/dg1" \
    --dg "1=$dir/dg1" "$sod"
expect 64 'belong together' "wants challenge and answer" \
    --challenge 0001020304050607 "$sod"
expect 64 'no such policy' "knows its policies" --policy x "$sod"
expect 66 'No such file' "says that a file is not there" --dg 1=/nothing "$sod"
echo "1..$n"
exit $bad
