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
. "$top_srcdir/tests/signctl/token-lib.sh"

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
"$signctl" token csr --token "$key" --pin-file "$dir/pin" \
    --subject "CN=$(printf 'Nguye\314\202\314\203n Thi\314\243 A\314\201nh')" \
    2> /dev/null | openssl req -noout -subject -nameopt utf8 |
    grep -q 'Nguyễn Thị Ánh'
ok $? "a name whose marks came apart is in it in normal form C"
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
prompt() {
	python3 "$top_srcdir/tests/signctl/prompt.py" "$@"
}
check "the PIN is typed at a terminal, and not to be seen" prompt "$pin" \
    "$signctl" sign --module "$module" --token "$first" --lang vi "$dir/a.xml"
grep -q 'Mã PIN' "$dir/out"; ok $? "it was asked for"
prompt wrong-wrong "$signctl" sign --module "$module" --token "$first" \
    "$dir/a.xml" > "$dir/err" 2>&1
[ $? -ge 64 ]; ok $? "a wrong one"
code token-pin "is said to be wrong"
[ "$(grep -c 'PIN: ' "$dir/err")" = 1 ]; ok $? "and was asked for once"
prompt '^C' "$signctl" sign --module "$module" --token "$first" \
    "$dir/a.xml" > "$dir/err" 2>&1
[ $? = 254 ]; ok $? "Ctrl-C ends it, and the terminal shows again what is typed"
refuse token-not-found "no such token" token 'token probe' \
    --token pkcs11:token=none

# ---- alike: one id, one label, or none ----
alike=$dir/alike
mkdir "$alike"
cp -a "$dir/softhsm" "$alike/softhsm"
sed "s|$dir/softhsm|$alike/softhsm|" "$SOFTHSM2_CONF" > "$alike/conf"
with() { # with CONF COMMAND...: of another set of tokens
	conf=$1
	shift
	SOFTHSM2_CONF=$conf "$@"
}
softhsm2-util --init-token --free --label 'thẻ mới 2' --pin "$pin" \
    --so-pin 0987654321 > /dev/null
two=pkcs11:token=th%E1%BA%BB%20m%E1%BB%9Bi%202
if command -v pkcs11-tool > /dev/null; then
	for n in 1 2; do
		openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 \
		    -nodes -days 30 -subj "/CN=alike $n" -keyout "$dir/k$n.pem" \
		    -out "$dir/alike$n.pem" -addext \
		    'keyUsage=critical,digitalSignature,nonRepudiation' 2> /dev/null
		openssl pkcs8 -topk8 -nocrypt -in "$dir/k$n.pem" -outform DER \
		    -out "$dir/k$n.der"
		openssl x509 -in "$dir/alike$n.pem" -outform DER -out "$dir/a$n.der"
		pkcs11-tool --module "$module" --token-label 'thẻ mới 2' --login \
		    --pin "$pin" --write-object "$dir/k$n.der" --type privkey \
		    --label 'Khóa của tôi' --usage-sign > /dev/null 2>&1
	done
	check "keys without an id are told" token 'token probe' --token "$two" \
	    --login --pin-file "$dir/pin" --json
	grep -q probe-keys-alike "$dir/out"
	ok $? "and that no address names one of them"
	refuse token-certificate-missing "without a certificate" token sign \
	    --token "$two" --pin-file "$dir/pin" "$dir/a.xml"
	for n in 1 2; do
		check "key $n of two alike signs by a certificate beside the token" \
		    token sign --token "$two" --key-of "$dir/alike$n.pem" \
		    --pin-file "$dir/pin" --out "$dir/alike.xml" "$dir/a.xml"
		check "and is valid" "$signctl" verify --policy path-only \
		    --trust "$dir/alike$n.pem" --indication "$dir/alike.xml"
		openssl x509 -in "$dir/alike$n.pem" -noout -pubkey \
		    > "$dir/alike$n.pub"
		check "a request by the public key" token 'token csr' \
		    --token "$two" --key-of "$dir/alike$n.pub" \
		    --pin-file "$dir/pin" --out "$dir/alike.csr" --subject CN=a
		openssl req -in "$dir/alike.csr" -noout -pubkey 2> /dev/null |
		    cmp -s - "$dir/alike$n.pub"
		ok $? "is the right key's"
		check "its certificate is stored" token 'token put-cert' \
		    --token "$two" --pin-file "$dir/pin" "$dir/alike$n.pem"
	done
	refuse token-key-several "and still none is guessed" token sign \
	    --token "$two" --pin-file "$dir/pin" "$dir/a.xml"
	check "by the public key the certificate in the token is found" \
	    token sign --token "$two" --key-of "$dir/alike2.pub" \
	    --pin-file "$dir/pin" --out "$dir/alike.xml" "$dir/a.xml"
	check "and is the right one" "$signctl" verify --policy path-only \
	    --trust "$dir/alike2.pem" --indication "$dir/alike.xml"
	refuse token-key-missing "the key of a stranger's certificate" \
	    token sign --token "$two" --key-of "$dir/ca.pem" \
	    --pin-file "$dir/pin" "$dir/a.xml"
else
	ok 0 "keys that are alike # SKIP there is no pkcs11-tool"
fi

# ---- addresses ----
refuse token-several "an address that fits two tokens" token 'token probe' \
    --token pkcs11:manufacturer=SoftHSM%20project
refuse token-address "a blank in an address" token 'token probe' \
    --token 'pkcs11:token=thẻ mới'
refuse token-not-found "a token of another maker's module" token 'token probe' \
    --token "$uri;library-manufacturer=IBM"
check "a directory and the name of a module" "$signctl" token probe --lang en \
    --token "$uri?module-path=$(dirname "$module")&module-name=softhsm2"
printf 'not a module\n' > "$dir/libnone.so"
refuse token-module-wrong "a file that is no module" "$signctl" token probe \
    --lang en --token "$uri?module-path=$dir&module-name=none"
refuse token-module-missing "a name that no module has" "$signctl" token probe \
    --lang en --token "$uri?module-name=nobody"
grep -qF 'softhsm' /usr/share/p11-kit/modules/* 2> /dev/null && {
	check "the address alone: p11-kit knows the module" "$signctl" token \
	    probe --lang en --token "$uri"
	check "by its name too" "$signctl" token probe --lang en \
	    --token "$uri?module-name=softhsm2"
}

# ---- what probe tells of certificates ----
: > "$dir/index"
cat > "$dir/ca.conf" << EOF
[ca]
default_ca = d
[d]
database = $dir/index
new_certs_dir = $dir
rand_serial = yes
unique_subject = no
default_md = sha256
policy = p
[p]
commonName = supplied
EOF
dated() { # dated NAME FROM TO: a key with a certificate of that time
	key=$(token 'token key-new' --token "$two" --pin-file "$dir/pin")
	token 'token csr' --token "$key" --pin-file "$dir/pin" \
	    --subject "CN=$1" --out "$dir/$1.csr" &&
	    openssl ca -batch -config "$dir/ca.conf" -cert "$dir/ca.pem" \
		-keyfile "$dir/ca.key" -in "$dir/$1.csr" -out "$dir/$1.pem" \
		-startdate "$2" -enddate "$3" -notext 2> /dev/null &&
	    check "a certificate for another time is stored" token \
		'token put-cert' --token "$key" --pin-file "$dir/pin" \
		"$dir/$1.pem"
}
told() { # told WORDS LANGUAGE
	"$signctl" token probe --module "$module" --lang "$2" --token "$two" \
	    --login --pin-file "$dir/pin" > "$dir/out" 2> "$dir/err"
	grep -qF "$1" "$dir/out"
	ok $? "probe says: $1"
}
dated past 20200101000000Z 20210101000000Z
dated future 20980101000000Z 20990101000000Z
told 'A certificate has ended' en
told 'Có chứng thư đã hết hiệu lực' vi
told 'A certificate is not yet in force' en
told 'Kiểm tra ngày giờ của máy' vi
told 'Several keys have the same id' en
token 'token key-new' --token "$two" --pin-file "$dir/pin" > /dev/null
told 'A key has no certificate' en

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
	prompt "$pin" "$signctl" sign --module "$module" --token "$first" \
	    "$dir/a.xml" > "$dir/err" 2>&1
	[ $? -ge 64 ] && ! grep -q 'PIN: ' "$dir/err"
	ok $? "and nobody is asked for it"
	FAULTY_PAD_PIN=$pin
	export FAULTY_PAD_PIN
	probe() { # probe WORDS LANGUAGE: what is said of the PIN
		"$signctl" token probe --module "$module" --lang "$2" \
		    --token "$uri" > "$dir/out" 2> "$dir/err"
		grep -qF "$1" "$dir/out"
		ok $? "probe says: $1"
	}
	probe 'One try of the PIN is left' en
	probe 'Chỉ còn một lần nhập mã PIN' vi
	order C_GetTokenInfo low -1
	probe 'A wrong PIN was entered' en
	order C_GetTokenInfo locked -1
	probe 'PIN of the key device is locked' en
	probe 'PUK' vi
	refuse token-pin-locked "a locked PIN is not tried" \
	    mine --pin-file "$dir/pin"
	order C_GetTokenInfo pad -1
	probe "entered on the reader's keypad" en
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
	grep -q 'does not start' "$dir/out"; ok $? "in words"
	order C_Sign none 0
else
	ok 0 "the faulty module # SKIP it is not built"
fi

module=$dir/a.xml
refuse token-module-wrong "what is no module" token 'token probe' \
    --token pkcs11:
module=$real

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
	for _ in $(seq 1 1200); do
		[ -S "$dir/tpm/sock.ctrl" ] || ! kill -0 "$tpm" && break
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
	# Two makes at once, as p11-kit knows them.
	if grep -qs libtpm2_pkcs11 /usr/share/p11-kit/modules/* &&
	    grep -qs libsofthsm2 /usr/share/p11-kit/modules/*; then
		check "one of several modules has the token" "$signctl" token \
		    probe --lang en --token "$uri"
		softhsm2-util --init-token --free --label thẻ --pin "$pin" \
		    --so-pin 0987654321 > /dev/null
		refuse token-several "two modules have one of that name" \
		    "$signctl" token probe --lang en --token "$uri"
		check "the name of the module tells them apart" "$signctl" \
		    token probe --lang en --token "$uri?module-name=softhsm2"
		grep -q 'Maker: SoftHSM' "$dir/out"; ok $? "it is that one"
		check "so does what the address says of the library" "$signctl" \
		    token probe --lang en \
		    --token "$uri;library-manufacturer=SoftHSM"
		check "all modules are asked" "$signctl" token probe --lang en
		[ "$(grep -c 'Token: thẻ$' "$dir/out")" = 2 ]
		ok $? "and both tokens are told"
	else
		ok 0 "two makes # SKIP p11-kit does not know both modules"
	fi
else
	ok 0 "TPM # SKIP swtpm, tpm2-pkcs11 or pkcs11-tool is not installed"
fi
finish
