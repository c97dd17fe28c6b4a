# Sourced after service.sh: a token of SoftHSM, the ceremony, an officer and
# citizens, all with the program's own commands.

token_make() {
	need softhsm2-util
	module=
	for module in /usr/lib/softhsm/libsofthsm2.so \
	    /usr/lib/*/softhsm/libsofthsm2.so; do
		[ -f "$module" ] && break
	done
	[ -f "$module" ] || skip_all "there is no SoftHSM module"
	mkdir -p "$dir/token/objects"
	cat > "$dir/token/softhsm2.conf" << EOF
directories.tokendir = $dir/token/objects
objectstore.backend = file
log.level = ERROR
EOF
	echo 1234567890 > "$dir/token/pin"
	SOFTHSM2_CONF=$dir/token/softhsm2.conf softhsm2-util --init-token \
	    --free --label signd-test --pin 1234567890 --so-pin 0987654321 \
	    > /dev/null || return 1
	chmod 600 "$dir/token/pin"
	if [ "$(id -u)" -eq 0 ]; then
		chmod 755 "$dir/token"
		chown -R daemon:daemon "$dir/token/objects" "$dir/token/pin"
	fi
	cat >> "$dir/signd.conf" << EOF
token-module = $module
token-uri = pkcs11:token=signd-test
token-pin-file = $dir/token/pin
token-environment = SOFTHSM2_CONF=$dir/token/softhsm2.conf
EOF
}

ceremony() {
	"$signd" init --config "$dir/signd.conf" --chain-file "$dir/ca.pem" \
	    > "$dir/init.log" 2>&1 &&
	    "$signd" officer-add --config "$dir/signd.conf" \
		"$dir/officer.pem" >> "$dir/init.log" 2>&1 && return 0
	sed 's/^/# /' "$dir/init.log"
	return 1
}

# A service with a token, from nothing.
world_make() {
	service_make "$@"
	token_make && ceremony && service_start
}

signctl=$top_builddir/signctl/signctl
as_officer() { # as_officer COMMAND OPTIONS...
	verb=$1
	shift
	"$signctl" "$verb" --officer-url "$officer_url" \
	    --cacert "$dir/tls.pem" --cert "$dir/officer.pem" \
	    --key "$dir/officer.key" "$@"
}
as_citizen() {
	verb=$1
	shift
	"$signctl" "$verb" --url "$url" --cacert "$dir/tls.pem" "$@"
}
json_field() { # json_field NAME: a text member of the JSON on stdin
	sed -n "s/.*\"$1\": *\"\([^\"]*\)\".*/\1/p" | head -1
}

# enrol NAME ID: sets $link
enrol() {
	echo evidence > "$dir/evidence"
	link=$(as_officer enrol --name "$1" --subject-id "$2" \
	    --province 'Thành phố Hà Nội' --evidence card-seen \
	    --evidence-file "$dir/evidence" --desk 'Bộ phận một cửa' --json |
	    json_field activationLink)
	[ -n "$link" ]
}
# activate PIN: sets $credential
activate() {
	ask -H 'Content-Type: application/json' \
	    -d "{\"token\":\"${link#*#}\",\"pin\":\"$1\"}" "$url/v1/activations"
	credential=$(json_field credentialID < "$dir/out")
	[ -n "$credential" ]
}
pin_header() { # the header for a PIN
	echo "Signd-Authorization: PIN $(printf '%s' "$1" | base64 -w0 |
	    tr '+/' '-_' | tr -d '=')"
}
