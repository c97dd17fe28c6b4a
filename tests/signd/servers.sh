#!/bin/sh
# Officers' and servers' certificates, where the settings allow the desk to have
# them issued: openssl and certtool judge them, and a TLS handshake uses both.
. "$top_srcdir/tests/signd/service.sh"
. "$top_srcdir/tests/signd/token.sh"
need openssl ss

server=
service_make
trap 'kill $server 2> /dev/null; service_end' EXIT
printf 'issue-profile = officer\nissue-profile = tls-server\n' \
    >> "$dir/signd.conf"
token_make && ceremony && service_start
ok $? "a service comes up whose desk may have them issued"
csplit -s -z -f "$dir/chain-" "$dir/ca.pem" '/-BEGIN/' '{*}'
cp "$dir/chain-00" "$dir/issuer.pem"
cp "$dir/chain-01" "$dir/root.pem"
echo evidence > "$dir/evidence"

request() { # request NAME
	openssl req -new -nodes -subj "/CN=whatever they like" -newkey ec \
	    -pkeyopt ec_paramgen_curve:P-256 -keyout "$dir/$1.key" \
	    -out "$dir/$1.csr" 2> /dev/null
}
issue() { # issue NAME PROFILE CN ID: NAME.pem, with its issuers
	as_officer issue --csr "$dir/$1.csr" --out "$dir/$1.pem" --name "$3" \
	    --subject-id "$4" --province 'Thành phố Hà Nội' \
	    --evidence card-seen --evidence-file "$dir/evidence" \
	    --desk 'Bộ phận một cửa' --profile "$2" > "$dir/issued" 2>&1
}
refused() { # refused CODE NAME
	grep -q "\[$1\]" "$dir/issued" && ok 0 "$2" && return
	ok 1 "$2"
	sed 's/^/# /' "$dir/issued"
}
accepted() { # accepted NAME PURPOSE OPTIONS...
	name=$1 purpose=$2
	shift 2
	openssl verify -x509_strict -purpose "$purpose" \
	    -CAfile "$dir/root.pem" -untrusted "$dir/issuer.pem" "$@" \
	    "$dir/$name.pem" > "$dir/verify" 2>&1
}
text() { openssl x509 -in "$dir/$1.pem" -noout -text -nameopt utf8; }

for name in web desk; do
	request $name
done
issue web tls-server ky.example.vn CCCD:001199012345
ok $? "a server's certificate is issued"
accepted web sslserver -verify_hostname ky.example.vn
ok $? "openssl verifies it for that host"
! accepted web sslserver -verify_hostname www.example.vn
ok $? "and for no other"
! accepted web sslclient; ok $? "it is no client's"
text web > "$dir/text"
grep -q 'DNS:ky.example.vn' "$dir/text" && ! grep -q CCCD "$dir/text"
ok $? "it names the host, and not who answers for it"
issue desk officer 'Trần Thị Ánh' CCCD:001199012345
ok $? "an officer's certificate is issued"
accepted desk sslclient; ok $? "openssl verifies it for a client"
! accepted desk smimesign; ok $? "it signs no documents"
text desk | grep 'Subject:' > "$dir/text"
organisation=$(openssl x509 -in "$dir/issuer.pem" -noout -subject \
    -nameopt utf8,sep_multiline | sed -n 's/^ *O=//p')
[ -n "$organisation" ] && grep -q "O=$organisation" "$dir/text" &&
    grep -q 'Trần Thị Ánh.*CCCD:001199012345' "$dir/text"
ok $? "it names the person and whose officer it is"
if command -v certtool > /dev/null 2>&1; then
	for name in web desk; do
		certtool --verify-chain --infile "$dir/$name.pem" \
		    > "$dir/certtool" 2>&1
		ok $? "certtool verifies the chain of $name"
	done
fi

# Both in one handshake.
port=$(free_port)
openssl s_server -accept "127.0.0.1:$port" -cert "$dir/web.pem" \
    -key "$dir/web.key" -cert_chain "$dir/web.pem" -Verify 5 \
    -verify_return_error -CAfile "$dir/root.pem" -naccept 3 -www \
    > "$dir/s_server" 2>&1 &
server=$!
await listens "$port"
handshake() { # handshake HOST OPTIONS...
	host=$1
	shift
	printf 'GET / HTTP/1.0\r\n\r\n' | timeout 60 openssl s_client \
	    -connect "127.0.0.1:$port" -CAfile "$dir/root.pem" -tls1_3 \
	    -verify_return_error -verify_hostname "$host" -ign_eof "$@" \
	    > "$dir/s_client" 2>&1
}
officer="-cert $dir/desk.pem -cert_chain $dir/desk.pem -key $dir/desk.key"
handshake ky.example.vn $officer && grep -q 'HTTP/1.0 200' "$dir/s_client" &&
    grep -q 'Verify return code: 0 (ok)' "$dir/s_client"
ok $? "server and officer know each other in a TLS handshake"
! handshake www.example.vn $officer; ok $? "another host's name ends it"
itself="-cert $dir/web.pem -cert_chain $dir/web.pem -key $dir/web.key"
handshake ky.example.vn $itself
! grep -q 'HTTP/1.0 200' "$dir/s_client"
ok $? "a server's certificate is no officer's"

# What the desk cannot have.
request other
issue other tls-server 'Trần Thị Ánh' CCCD:001199012345
refused record-field "a person is no host"
issue other tls-server '*.vn' CCCD:001199012345
refused record-field "nor is a pattern"
issue other tls-server ky2.example.vn nobody
refused record-field "somebody must answer for a server"
issue other issuing-ca 'CA' CCCD:001199012345
refused record-field "no desk can ask for a CA"
enrolled=$(as_officer enrol --name 'Trần Thị Ánh' \
    --subject-id CCCD:001199012345 --province 'Thành phố Hà Nội' \
    --evidence card-seen --evidence-file "$dir/evidence" --desk Một \
    --profile officer 2>&1)
echo "$enrolled" | grep -q '\[record-field\]'
ok $? "an officer's key is never in the service"
serial=$(openssl x509 -in "$dir/web.pem" -noout -serial | sed 's/.*=//' |
    tr 'A-F' 'a-f')
as_officer revoke --serial "$serial" --reason keyCompromise \
    > "$dir/issued" 2>&1; ok $? "a server's certificate is revoked"
openssl ocsp -issuer "$dir/issuer.pem" -cert "$dir/web.pem" \
    -url "$public_url/pki/ocsp" -CAfile "$dir/root.pem" \
    -verify_other "$dir/issuer.pem" 2> /dev/null | grep -q 'web.pem: revoked'
ok $? "and OCSP says so"
service_stop; ok $? "the service ends as it should"

sed -i '/^issue-profile/d' "$dir/signd.conf"
service_start
issue other officer 'Trần Thị Ánh' CCCD:001199012345
refused profile-not-issued "without the setting the desk has none issued"
service_stop
echo 'issue-profile = issuing-ca' >> "$dir/signd.conf"
"$signd" --config "$dir/signd.conf" > "$dir/start" 2>&1 &
pid=$!
await grep -q 'issue-profile' "$dir/start"
ok $? "the setting can allow no CA"
kill "$pid" 2> /dev/null
wait "$pid" 2> /dev/null
finish
