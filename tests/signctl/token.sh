#!/bin/sh
# A person's own token, of three makes: key, request, certificate, signatures,
# and what goes wrong.  Prints TAP.
. "$top_srcdir/tests/signd/service.sh"
signctl=$top_builddir/signctl/signctl
case $signctl in /*) ;; *) signctl=$PWD/$signctl ;; esac
need openssl python3 softhsm2-util
dir=$(mktemp -d "${TMPDIR:-/tmp}/signd-token-XXXXXX")
tpm=
end() {
	[ -z "$tpm" ] || kill "$tpm" 2> /dev/null
	rm -rf "$dir"
}
trap end EXIT
trap 'exit 1' INT TERM
pin=648-tokenpin
printf '%s\n' "$pin" > "$dir/pin"
printf 'wrong-wrong\n' > "$dir/wrong"
chmod 600 "$dir/pin" "$dir/wrong"
printf '<a>xin chào</a>' > "$dir/a.xml"
python3 "$top_srcdir/demo-data/make-pdf.py" "$dir/a.pdf" > /dev/null 2>&1
[ -s "$dir/a.pdf" ] || skip_all "make-pdf.py makes no PDF"

token() { # token COMMAND OPTIONS...: with the token that is tried
	verb=$1
	shift
	"$signctl" $verb --module "$module" --module-args "$arguments" \
	    --lang en "$@"
}
code() { # code CODE NAME: what the last command said
	grep -q "\[$1\]" "$dir/err"
	ok $? "$2"
	grep -q "\[$1\]" "$dir/err" || sed 's/^/# /' "$dir/err"
}
check() { # check NAME COMMAND...: it must do
	what=$1
	shift
	"$@" > "$dir/out" 2> "$dir/err" < /dev/null
	status=$?
	[ $status -eq 0 ] || sed 's/^/# /' "$dir/err"
	ok $status "$what"
}
refuse() { # refuse CODE NAME COMMAND...
	said=$1 what=$2
	shift 2
	"$@" > "$dir/out" 2> "$dir/err" < /dev/null
	[ $? -ge 64 ]
	ok $? "$what"
	code "$said" "and it says why: $said"
}

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 \
    -subj "/CN=CA" -keyout "$dir/ca.key" -out "$dir/ca.pem" 2> /dev/null
printf 'keyUsage=critical,digitalSignature,nonRepudiation\n' > "$dir/ext"
issue() { # issue NAME: as a desk would, on the request
	openssl req -in "$dir/$1.csr" -verify -noout 2> "$dir/err" &&
	    openssl x509 -req -in "$dir/$1.csr" -CA "$dir/ca.pem" \
		-CAkey "$dir/ca.key" -CAcreateserial -days 60 \
		-extfile "$dir/ext" -out "$dir/$1.pem" 2> "$dir/err"
}

# one_kind KIND NAME OPTIONS...: from the key to signatures that are valid
one_kind() {
	kind=$1 name=$2
	shift 2
	check "$make: a $kind key is made" token 'token key-new' \
	    --token "$uri" --kind "$kind" --label "Khóa 🔑 $kind" \
	    --pin-file "$dir/pin"
	key=$(cat "$dir/out")
	case $key in pkcs11:*id=%*) ok 0 "its address has the id" ;;
	*) ok 1 "its address has the id" ;; esac
	check "a request is made" token 'token csr' --token "$key" \
	    --subject 'CN=Nguyễn Thị Ánh' --pin-file "$dir/pin" \
	    --out "$dir/$name.csr"
	issue "$name"; ok $? "openssl verifies it and issues on it"
	check "the certificate is stored" token 'token put-cert' \
	    --token "$key" --pin-file "$dir/pin" "$dir/$name.pem"
	check "and stored again without harm" token 'token put-cert' \
	    --token "$key" --pin-file "$dir/pin" "$dir/$name.pem"
	check "PDF and XML are signed" token sign --token "$key" \
	    --pin-file "$dir/pin" "$@" "$dir/a.pdf" "$dir/a.xml"
	for f in a.pdf a.xml; do
		check "$f is valid" "$signctl" verify --policy path-only \
		    --trust "$dir/ca.pem" --indication "$dir/$f.signed"
	done
	cp "$top_srcdir/trust/vietnam.json" "$dir/list.json"
	check "a trust list is signed" token 'trust sign' --token "$key" \
	    --pin-file "$dir/pin" --out "$dir/$name.p7m" "$dir/list.json"
	check "and is taken as that signer's" "$signctl" trust show \
	    --signer "$dir/$name.pem" "$dir/$name.p7m"
	check "openssl finds its signature good" openssl cms -verify -binary \
	    -inform DER -in "$dir/$name.p7m" -noverify \
	    -certfile "$dir/$name.pem" -out "$dir/read"
	check "over the same list" cmp "$dir/read" "$dir/list.json"
	check "a PDF is signed visibly" token sign --token "$key" \
	    --pin-file "$dir/pin" "$@" --appearance decree-30-seal \
	    --box 50,50,200,100 --qr https://example.org/ \
	    --picture "$top_srcdir/tests/pdf/golden/ink.png" \
	    --seal "$top_srcdir/tests/pdf/golden/stamp.png" \
	    --out "$dir/seen.pdf" "$dir/a.pdf"
	check "and is valid" "$signctl" verify --policy path-only \
	    --trust "$dir/ca.pem" --indication "$dir/seen.pdf"
	if command -v pdfsig > /dev/null && [ -z "${no_pdfsig:-}" ]; then
		pdfsig -nocert "$dir/a.pdf.signed" 2> /dev/null |
		    grep -q 'Signature is Valid'
		ok $? "pdfsig says the same"
	fi
}

one_make() {
	one_kind P-256 p256
	first=$key
	check "the token tells what it has" token 'token probe' \
	    --token "$uri" --login --pin-file "$dir/pin"
	grep -q 'CN=Nguyễn Thị Ánh' "$dir/out"
	ok $? "with the subject of the certificate"
	grep -q 'Khóa 🔑 P-256' "$dir/out"; ok $? "and the label"
	LC_ALL=C grep -q '[[:cntrl:]]' "$dir/out"
	[ $? -eq 1 ]; ok $? "and no control characters"
	check "as JSON too" token 'token probe' --token "$uri" --json
	python3 -c 'import json,sys; json.load(sys.stdin)' < "$dir/out"
	ok $? "which is JSON"
	one_kind P-384 p384
	one_kind RSA-2048 rsa
	one_kind RSA-2048 pss --pss
	refuse token-key-several "of several keys none is guessed" token sign \
	    --token "$uri" --pin-file "$dir/pin" "$dir/a.xml"
	cp "$dir/list.json" "$dir/before.json"
	rm -f "$dir/no.p7m"
	refuse token-pin "a wrong PIN for a trust list" token 'trust sign' \
	    --token "$first" --pin-file "$dir/wrong" --out "$dir/no.p7m" \
	    "$dir/list.json"
	[ ! -e "$dir/no.p7m" ] && cmp -s "$dir/list.json" "$dir/before.json"
	ok $? "leaves the list as it was"
	"$signctl" trust sign --module "$module" --module-args "$arguments" \
	    --token "$first" --pin-file "$dir/pin" --cert "$dir/ca.pem" \
	    --out "$dir/no.p7m" "$dir/list.json" > "$dir/out" 2>&1
	[ $? -ge 64 ] && [ ! -e "$dir/no.p7m" ]
	ok $? "nor does a certificate of a key elsewhere make one"
	refuse token-pin "a wrong PIN" token sign --token "$first" \
	    --pin-file "$dir/wrong" "$dir/a.xml"
	refuse token-certificate-missing "another id" token sign \
	    --token "$uri;id=%00%01" --pin-file "$dir/pin" "$dir/a.xml"
	refuse usage "a PIN in the address" token sign \
	    --token "$uri?pin-value=$pin" "$dir/a.xml"
	refuse token-key-missing "a certificate without its key" \
	    token 'token put-cert' --token "$uri" --pin-file "$dir/pin" \
	    "$dir/ca.pem"
}

first_of() {
	for f; do
		[ -f "$f" ] && echo "$f" && return
	done
}

# ---- SoftHSM ----
make=SoftHSM
module=$(first_of /usr/lib/softhsm/libsofthsm2.so \
    /usr/lib/*/softhsm/libsofthsm2.so)
arguments=
mkdir "$dir/softhsm"
printf 'directories.tokendir = %s/softhsm\nlog.level = ERROR\n' "$dir" \
    > "$dir/softhsm.conf"
export SOFTHSM2_CONF="$dir/softhsm.conf"
softhsm2-util --init-token --free --label 'thẻ mới' --pin "$pin" \
    --so-pin 0987654321 > /dev/null
uri=pkcs11:token=th%E1%BA%BB%20m%E1%BB%9Bi
check "an empty token says what to do" token 'token probe' --token "$uri" \
    --login --pin-file "$dir/pin"
grep -q 'signctl token key-new' "$dir/out"; ok $? "it is to make a key"
one_make
check "a key may want the PIN each time" token 'token key-new' \
    --token "$uri" --always --pin-file "$dir/pin"
key=$(cat "$dir/out")
check "its request is made" token 'token csr' --token "$key" \
    --pin-file "$dir/pin" --out "$dir/each.csr" --subject CN=each
issue each
check "its certificate is stored" token 'token put-cert' --token "$key" \
    --pin-file "$dir/pin" "$dir/each.pem"
check "it signs" token sign --token "$key" --pin-file "$dir/pin" "$dir/a.xml"
check "it signs a file (CMS)" token sign --token "$key" --pin-file "$dir/pin" \
    --format cms --out "$dir/a.p7m" "$dir/a.xml"
check "its signature is countersigned" token sign --token "$key" \
    --pin-file "$dir/pin" --counter-sign 1 --out "$dir/counter.p7m" "$dir/a.p7m"
check "one more signer is put beside it" token sign --token "$key" \
    --pin-file "$dir/pin" --out "$dir/two.p7m" "$dir/a.p7m"
openssl cms -cmsout -print -inform DER -in "$dir/counter.p7m" 2> /dev/null |
    grep -q countersignature
ok $? "openssl sees the counter-signature"
for f in counter two; do
	[ "$("$signctl" verify --json --policy path-only --trust "$dir/ca.pem" \
	    "$dir/$f.p7m" 2> /dev/null | grep -o '"indication": *"TOTAL-PASSED"' |
	    wc -l)" -ge 2 ]
	ok $? "$f.p7m: both signatures are valid"
done
refuse no-signature "a counter-signature on nothing" token sign --token "$key" \
    --pin-file "$dir/pin" --counter-sign 9 --out "$dir/no" "$dir/a.p7m"
chmod 644 "$dir/pin"
refuse secret-file "a file of the PIN that others may read" token sign \
    --token "$key" --pin-file "$dir/pin" "$dir/a.xml"
chmod 600 "$dir/pin"
check "the PIN comes by a descriptor" sh -c \
    '"$0" sign --module "$1" --token "$2" --pin-fd 5 "$3" 5< "$4"' \
    "$signctl" "$module" "$first" "$dir/a.xml" "$dir/pin"
refuse token-unavailable "no such token" token 'token probe' \
    --token pkcs11:token=none

# ---- a module that fails on order ----
real=$module
module=$(realpath "$top_builddir/tests/pkcs11/.libs/faulty.so" 2> /dev/null)
order() { "$top_builddir/tests/pkcs11/order" "$dir/orders" "$@"; }
if [ -f "$module" ] && order C_Sign none 0; then
	export FAULTY_TARGET="$real" FAULTY_ORDERS="$dir/orders"
	mine() { # mine OPTIONS...: sign with the first key
		timeout 60 "$signctl" sign --module "$module" --lang en \
		    --token "$first" "$@" "$dir/a.xml"
	}
	check "the faulty module signs while it has no orders" \
	    mine --pin-file "$dir/pin"
	order C_GetTokenInfo final -1
	refuse token-pin-final "the last try of a PIN, though it is right" \
	    mine --pin-file "$dir/pin"
	FAULTY_PAD_PIN=$pin
	export FAULTY_PAD_PIN
	order C_GetTokenInfo pad -1
	check "a PIN is entered at the reader" mine
	grep -q 'keypad of the reader' "$dir/err"
	ok $? "and the person is told to look there"
	unset FAULTY_PAD_PIN
	order C_Sign crash 1
	refuse token-module-died "a crash of the module" \
	    mine --pin-file "$dir/pin"
	order C_Sign garbage 1
	refuse token-signature-wrong "a signature of other bytes" \
	    mine --pin-file "$dir/pin"
	order C_Sign length 1
	refuse token-unavailable "a signature of another length" \
	    mine --pin-file "$dir/pin"
	order C_OpenSession token-gone -1
	refuse token-unavailable "a token that opens no session" \
	    mine --pin-file "$dir/pin"
	order C_Initialize general -1
	check "probe tells of a module that does not start" \
	    "$signctl" token probe --module "$module" --lang en
	grep -q 'not answering' "$dir/out"; ok $? "in words"
	order C_Sign none 0
else
	ok 0 "the faulty module # SKIP it is not built"
fi

module=$dir/a.xml
refuse token-unavailable "what is no module" token 'token probe' \
    --token pkcs11:

# ---- NSS ----
make=NSS
module=$(first_of /usr/lib/*/libsoftokn3.so /usr/lib/*/nss/libsoftokn3.so)
if [ -n "$module" ] && command -v certutil > /dev/null; then
	mkdir "$dir/nss"
	certutil -N -d "sql:$dir/nss" -f "$dir/pin" > /dev/null 2>&1
	arguments="configdir='sql:$dir/nss' certPrefix='' keyPrefix='' secmod='secmod.db' flags="
	uri=pkcs11:token=NSS%20Certificate%20DB
	one_make
else
	ok 0 "NSS # SKIP its soft token or certutil is not installed"
fi
arguments=

# ---- a TPM ----
make=TPM
module=$(first_of /usr/lib/*/pkcs11/libtpm2_pkcs11.so \
    /usr/lib/*/libtpm2_pkcs11.so.1)
if [ -n "$module" ] && command -v swtpm > /dev/null &&
    command -v pkcs11-tool > /dev/null; then
	mkdir "$dir/tpm"
	swtpm socket --tpm2 --tpmstate "dir=$dir/tpm" --ctrl \
	    "type=unixio,path=$dir/tpm/sock.ctrl" --server \
	    "type=unixio,path=$dir/tpm/sock" \
	    --flags not-need-init,startup-clear > /dev/null 2>&1 &
	tpm=$!
	for _ in $(seq 1 100); do
		[ -S "$dir/tpm/sock.ctrl" ] && break
		sleep 0.05
	done
	export TPM2_PKCS11_STORE="$dir/tpm" TSS2_LOG=all+none
	export TPM2_PKCS11_TCTI="swtpm:path=$dir/tpm/sock"
	pkcs11-tool --module "$module" --slot 1 --init-token --label thẻ \
	    --so-pin 0987654321 > /dev/null 2>&1
	pkcs11-tool --module "$module" --slot 1 --init-pin --login \
	    --login-type so --so-pin 0987654321 --new-pin "$pin" \
	    > /dev/null 2>&1
	uri=pkcs11:token=th%E1%BA%BB
	one_make
else
	ok 0 "TPM # SKIP swtpm, tpm2-pkcs11 or pkcs11-tool is not installed"
fi
finish
