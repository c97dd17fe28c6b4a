#!/bin/sh
# What we issue, asked of programs that we did not write: openssl, certtool.
export LC_ALL=C.UTF-8
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

for kind in P-256 RSA-2048; do
	"$top_builddir/tests/certs/test-issue" "$dir" $kind || exit 99
	cd "$dir" || exit 99
	for f in root ca leaf; do
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
