# Sourced: a small PKI of OpenSSL's with servers of lists, of issuers and an
# OCSP responder (openssl ocsp).  Wants dir, top_srcdir, machine.sh; status_world makes
# $dir/pki and sets crl_port, ocsp_port, dead_port; status_end ends all.

status_pids=
status_end() {
	for p in $status_pids; do
		kill "$p" 2> /dev/null
		wait "$p" 2> /dev/null
	done
	status_pids=
}

status_config() {
	cat << END
[req]
distinguished_name = dn
prompt = no
[dn]
CN = x
[ca]
default_ca = $1
[root]
database = $dir/pki/root.index
crlnumber = $dir/pki/root.number
default_md = sha256
default_crl_days = 7
private_key = $dir/pki/root.key
certificate = $dir/pki/root.pem
[sub]
database = $dir/pki/sub.index
crlnumber = $dir/pki/sub.number
default_md = sha256
default_crl_days = 7
private_key = $dir/pki/sub.key
certificate = $dir/pki/sub.pem
END
}

# status_issue NAME ISSUER EXTENSION...: a certificate with a P-256 key.
status_issue() {
	name=$1
	issuer=$2
	shift 2
	printf '%s\n' "$@" > "$dir/pki/$name.ext"
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -subj "/C=VN/CN=$name" -keyout "$dir/pki/$name.key" \
	    -out "$dir/pki/$name.csr" 2> /dev/null &&
	    openssl x509 -req -in "$dir/pki/$name.csr" \
		-CA "$dir/pki/$issuer.pem" -CAkey "$dir/pki/$issuer.key" \
		-set_serial "0x$(openssl rand -hex 8 | sed 's/^./1/')" \
		-days 365 -extfile "$dir/pki/$name.ext" \
		-out "$dir/pki/$name.pem" 2> /dev/null
}

# status_crl ISSUER: writes www/ISSUER.crl anew.
status_crl() {
	status_config "$1" > "$dir/pki/$1.cnf"
	openssl ca -config "$dir/pki/$1.cnf" -gencrl -out "$dir/pki/$1.crl" \
	    2> /dev/null &&
	    openssl crl -in "$dir/pki/$1.crl" -outform DER \
		-out "$dir/pki/www/$1.crl"
}

status_revoke() { # NAME ISSUER
	status_config "$2" > "$dir/pki/$2.cnf"
	openssl ca -config "$dir/pki/$2.cnf" -revoke "$dir/pki/$1.pem" \
	    2> /dev/null
}

# status_leaf NAME EXTENSION...: a signer below sub.
status_leaf() {
	leaf=$1
	shift
	status_issue "$leaf" sub 'keyUsage=critical,nonRepudiation' \
	    'authorityKeyIdentifier=keyid' "$@"
}

# status_sign NAME [OPTIONS]: $dir/pki/NAME.p7m, with its issuer.
status_sign() {
	signer=$1
	shift
	[ $# -gt 0 ] || set -- -certfile "$dir/pki/sub.pem"
	openssl cms -sign -cades -binary -nodetach -md sha256 \
	    -in "$dir/pki/text" -signer "$dir/pki/$signer.pem" \
	    -inkey "$dir/pki/$signer.key" -outform DER \
	    -out "$dir/pki/$signer.p7m" "$@"
}

status_server() { # FOLDER: sets port
	rm -f "$dir/pki/port"
	python3 "$top_srcdir/tests/status-server.py" "$1" "$dir/pki/port" \
	    "$dir/pki/requests" < /dev/null > /dev/null 2>&1 &
	status_pids="$status_pids $!"
	await [ -f "$dir/pki/port" ]
	port=$(cat "$dir/pki/port")
}

# status_ocsp: the responder of sub, answering from its index.
status_ocsp() {
	openssl ocsp -port "$ocsp_port" -index "$dir/pki/sub.index" \
	    -CA "$dir/pki/sub.pem" -rsigner "$dir/pki/responder.pem" \
	    -rkey "$dir/pki/responder.key" -ndays 1 \
	    > "$dir/pki/ocsp.log" 2>&1 &
	status_pids="$status_pids $!"
	await listens "$ocsp_port"
}

# Certificates made with openssl x509 are not in the index that the responder
# answers from.
status_register() { # NAME
	serial=$(openssl x509 -in "$dir/pki/$1.pem" -noout -serial)
	printf 'V\t491231235959Z\t\t%s\tunknown\t/C=VN/CN=%s\n' \
	    "${serial#serial=}" "$1" >> "$dir/pki/sub.index"
}

status_world() {
	mkdir -p "$dir/pki/www"
	chmod 755 "$dir/pki"
	: > "$dir/pki/requests"
	: > "$dir/pki/root.index"
	: > "$dir/pki/sub.index"
	echo 01 > "$dir/pki/root.number"
	echo 01 > "$dir/pki/sub.number"
	echo 'Biên bản bàn giao' > "$dir/pki/text"
	status_server "$dir/pki/www"
	crl_port=$port
	base=http://127.0.0.1:$crl_port
	ocsp_port=$(free_port)
	dead_port=$(free_port)
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -days 3650 -subj '/C=VN/CN=Status Root' \
	    -keyout "$dir/pki/root.key" -out "$dir/pki/root.pem" \
	    -addext 'keyUsage=critical,keyCertSign,cRLSign' 2> /dev/null &&
	    status_issue sub root 'basicConstraints=critical,CA:TRUE' \
		'keyUsage=critical,keyCertSign,cRLSign' \
		'subjectKeyIdentifier=hash' \
		"crlDistributionPoints=URI:$base/root.crl" &&
	    status_issue responder sub 'extendedKeyUsage=OCSPSigning' \
		'keyUsage=critical,digitalSignature' \
		"crlDistributionPoints=URI:$base/sub.crl" &&
	    openssl x509 -in "$dir/pki/sub.pem" -outform DER \
		-out "$dir/pki/www/sub.cer" &&
	    status_crl root && status_crl sub
}
