# Sourced by the tests of tokens: one make from the key to signatures that are
# valid.  Wants dir, signctl and pin; each make sets make, module, arguments, uri.
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
	check "any file is signed (CMS)" token sign --token "$key" \
	    --pin-file "$dir/pin" "$@" --format cms --out "$dir/a.p7m" \
	    "$dir/a.xml"
	openssl cms -verify -inform DER -in "$dir/a.p7m" -CAfile "$dir/ca.pem" \
	    -purpose any -out "$dir/content" 2> "$dir/err" &&
	    cmp -s "$dir/content" "$dir/a.xml"
	ok $? "openssl finds it valid"
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

# rsa_only: the make has no elliptic curves.
one_make() {
	if [ -n "${rsa_only:-}" ]; then
		one_kind RSA-3072 rsa3072
		refuse token-kind "a kind that it does not make" \
		    token 'token key-new' --token "$uri" --kind P-256 \
		    --pin-file "$dir/pin"
	else
		one_kind P-256 p256
	fi
	first=$key
	check "the token tells what it has" token 'token probe' \
	    --token "$uri" --login --pin-file "$dir/pin"
	grep -q 'CN=Nguyễn Thị Ánh' "$dir/out"
	ok $? "with the subject of the certificate"
	grep -q "Khóa 🔑 $kind" "$dir/out"; ok $? "and the label"
	LC_ALL=C grep -q '[[:cntrl:]]' "$dir/out"
	[ $? -eq 1 ]; ok $? "and no control characters"
	check "as JSON too" token 'token probe' --token "$uri" --json
	python3 -c 'import json,sys; json.load(sys.stdin)' < "$dir/out"
	ok $? "which is JSON"
	[ -n "${rsa_only:-}" ] || one_kind P-384 p384
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

