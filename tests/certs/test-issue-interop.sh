#!/bin/sh
# What we issue, asked of programs that we did not write: openssl, certtool.
export LC_ALL=C.UTF-8
. "$top_srcdir/tests/machine.sh"
for tool in openssl ss; do
	command -v $tool >/dev/null || { echo "1..0 # SKIP no $tool"; exit 0; }
done
dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT
n=0
failed=0

# check NAME COMMAND...: the command must succeed.
check() {
	name=$1
	shift
	n=$((n + 1))
	mv -f "$dir/out" "$dir/before" 2>/dev/null
	if "$@" >"$dir/out" 2>&1; then
		echo "ok $n - $name"
	else
		echo "not ok $n - $name"
		head -20 "$dir/out" | sed 's/^/# /'
		failed=1
	fi
}

# What the check before this one printed.
says() { cat "$dir/before" && grep -q -- "$1" "$dir/before"; }
refuses() { ! "$@"; }

# A handshake with both certificates: s_server asks for the officer's.
handshake() { # CLIENT-CERTIFICATE
	port=$(free_port)
	timeout 120 openssl s_server -accept "$port" -cert server.pem -key key.pem \
		-cert_chain ca.pem -CAfile root.pem -chainCAfile ca.pem \
		-Verify 3 -verify_return_error -naccept 1 -quiet \
		>server.out 2>&1 &
	listener=$!
	await listens "$port"
	openssl s_client -connect "localhost:$port" -servername localhost \
		-verify_hostname localhost -verify_return_error \
		-CAfile root.pem -cert "$1.pem" -key key.pem \
		-cert_chain ca.pem </dev/null >client.out 2>&1
	wait $listener # after one, with what it says of the certificate
	cat client.out server.out
	grep -q 'Verification: OK' client.out &&
		! grep -qi 'verify error\|alert' client.out server.out
}

for kind in P-256 RSA-2048; do
	"$top_builddir/tests/certs/test-issue" "$dir" $kind || exit 99
	cd "$dir" || exit 99
	for f in root ca leaf server officer; do
		openssl x509 -inform DER -in $f.der -out $f.pem || exit 99
	done
	openssl crl -inform DER -in crl.der -out crl.pem || exit 99
	check "$kind: openssl verifies the chain strictly" openssl verify \
		-x509_strict -CAfile root.pem \
		-untrusted ca.pem leaf.pem
	check "$kind: openssl finds it good for signing mail" openssl verify \
		-purpose smimesign -CAfile root.pem \
		-untrusted ca.pem leaf.pem
	check "$kind: openssl finds it revoked by our CRL" refuses \
		openssl verify -crl_check -CRLfile crl.pem \
		-CAfile root.pem -untrusted ca.pem leaf.pem
	check "$kind: for that reason alone" says 'certificate revoked'
	check "$kind: openssl verifies the CRL" openssl crl -in crl.pem \
		-CAfile ca.pem -noout -text
	check "$kind: it says why" says 'Superseded'
	check "$kind: openssl prints the names" openssl x509 -in leaf.pem \
		-noout -subject -nameopt utf8
	check "$kind: with diacritics" says 'Nguyễn Thị Ánh'
	check "$kind: a TLS handshake with a server's and an officer's" \
		handshake officer
	check "$kind: and none with a citizen's" refuses handshake leaf
	if command -v certtool >/dev/null; then
		cat leaf.pem ca.pem root.pem >chain.pem
		check "$kind: certtool verifies the chain" certtool \
			--verify-chain \
			--infile chain.pem
		check "$kind: certtool reads the CRL" certtool --crl-info \
			--infile crl.pem
		check "$kind: certtool verifies the CRL" certtool \
			--verify-crl \
			--load-ca-certificate ca.pem --infile crl.pem
	else
		n=$((n + 1))
		echo "ok $n - $kind: certtool # SKIP no certtool (gnutls-bin)"
	fi
	cd - >/dev/null || exit 99
done
echo "1..$n"
exit $failed
