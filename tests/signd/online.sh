#!/bin/sh
# Verification asks the servers that certificates name: lists, responders,
# issuers, with OpenSSL's own as peers; and says who did not answer.
. "$top_srcdir/tests/signd/service.sh"
. "$top_srcdir/tests/signd/token.sh"
. "$top_srcdir/tests/status.sh"
need python3 openssl curl ss

service_make
trap 'status_end; service_end' EXIT
status_world; ok $? "a PKI of OpenSSL's, with a server of lists"
cat >> "$dir/signd.conf" << END
trust-file = government $dir/pki/root.pem
fetch-private-address = 127.0.0.1:$crl_port
fetch-private-address = 127.0.0.1:$ocsp_port
fetch-private-address = 127.0.0.1:$dead_port
fetch-max = 1M
list-max = 1M
status-retry-seconds = 3600
status-seconds = 30
fetch-seconds = 60
END
token_make && ceremony && service_start; ok $? "a service comes up"

# verify NAME [QUERY]: its report into $dir/out.
verify() {
	ask --data-binary "@$dir/pki/$1.p7m" -H 'Accept: application/json' \
	    -H 'Content-Type: application/octet-stream' \
	    "$url/v1/verifications?policy=basic${2:+&$2}"
}
# says INDICATION SUB NAME
says() {
	python3 - "$dir/out" "$1" "$2" << 'END'
import json, sys
r = json.load(open(sys.argv[1]))
got = [r["indication"], r["sub_indication"] or ""]
if got != sys.argv[2:]:
    print("#", got, r["code"], json.dumps(r["sources"]))
sys.exit(got != sys.argv[2:])
END
	ok $? "$3"
}
# source URL CODE: that it was asked, and what came of it.
source_is() {
	python3 - "$dir/out" "$1" "$2" << 'END'
import json, sys
r = json.load(open(sys.argv[1]))
found = [s["code"] or "" for s in r["sources"] if sys.argv[2] in s["url"]]
if sys.argv[3] not in found:
    print("#", json.dumps(r["sources"]))
sys.exit(sys.argv[3] not in found)
END
}
# tells VIETNAMESE ENGLISH: in the next step.
tells() {
	python3 - "$dir/out" "$1" "$2" << 'END'
import json, sys
n = json.load(open(sys.argv[1]))["next"]
print("#", n["vi"])
sys.exit(sys.argv[2] not in n["vi"] or sys.argv[3] not in n["en"])
END
}
asked() { # asked PATH: how often
	grep -c "^$1\$" "$dir/pki/requests"
}

# ---- who answers ----

status_leaf list "crlDistributionPoints=URI:$base/sub.crl" && status_sign list
verify list
says TOTAL-PASSED '' "a certificate with a CRL is judged by it"
source_is /sub.crl '' && source_is /root.crl ''
ok $? "its own and its issuer's were fetched"
verify list
says TOTAL-PASSED '' "a second time too"
[ "$(asked /sub.crl)" -eq 1 ] && [ "$(asked /root.crl)" -eq 1 ]
ok $? "out of the cache"

status_leaf asks "authorityInfoAccess=OCSP;URI:http://127.0.0.1:$ocsp_port/" &&
    status_register asks && status_sign asks
status_leaf gone "authorityInfoAccess=OCSP;URI:http://127.0.0.1:$ocsp_port/" &&
    status_register gone && status_sign gone && status_revoke gone sub
status_ocsp; ok $? "openssl ocsp answers"
verify asks
says TOTAL-PASSED '' "a certificate with a responder is judged by its answer"
verify gone
says INDETERMINATE REVOKED_NO_POE "a revoked one as well"

status_leaf unsent "crlDistributionPoints=URI:$base/sub.crl" \
    "authorityInfoAccess=caIssuers;URI:$base/sub.cer" &&
    status_sign unsent -md sha256
verify unsent
says TOTAL-PASSED '' "an issuer that was not sent along is fetched"
source_is /sub.cer ''; ok $? "from where the certificate says"

status_leaf either "crlDistributionPoints=URI:$base/sub.crl" \
    "authorityInfoAccess=OCSP;URI:http://127.0.0.1:$dead_port/" &&
    status_sign either
verify either
says TOTAL-PASSED '' "where the responder is away the list will do"

# ---- kept with the signature ----

extend() { # extend NAME: to LT, into $dir/lt.p7m
	ask --data-binary "@$dir/pki/$1.p7m" \
	    -H 'Content-Type: application/octet-stream' \
	    "$url/v1/extensions?conformance_level=AdES-B-LT"
	cp "$dir/out" "$dir/lt.p7m"
}
extend list; expect 200 '' "a signature of others is raised to LT"
openssl x509 -in "$dir/ca.pem" -out "$dir/city.pem"
"$signctl" verify --indication --trust "$dir/pki/root.pem" \
    --trust "$dir/ca.pem" "$dir/lt.p7m" > "$dir/verdict"
grep -q '^TOTAL-PASSED' "$dir/verdict"
ok $? "with its chain and lists inside: it is valid without a network"
sed 's/^/# /' "$dir/verdict"

# ---- who does not ----

# bad NAME URL CODE VIETNAMESE ENGLISH: waited for as long as it takes
bad() {
	status_leaf "$1" "crlDistributionPoints=URI:$2" && status_sign "$1"
	verify "$1" "${wait:-}"
	says INDETERMINATE TRY_LATER "$1: nothing is said of the certificate"
	source_is "$2" "$3"; ok $? "the report names $2 as $3"
	tells "$4" "$5"; ok $? "and the next step does, too"
}
here="127.0.0.1:$crl_port"
wait=wait=2
bad slow "$base/slow/sub.crl" source-slow \
    "CRL $here không trả lời trong 2" "CRL server $here did not answer within 2"
wait=
bad dead "http://127.0.0.1:$dead_port/a.crl" source-unreachable \
    "127.0.0.1:$dead_port" "127.0.0.1:$dead_port could not be reached"
bad garbage "$base/garbage" source-garbage "không đọc được" "cannot be read"
bad html "$base/html" source-garbage "không đọc được" "cannot be read"
bad missing "$base/none.crl" source-refused "từ chối" "refused"
bad huge "$base/huge" fetch-too-large "lớn hơn giới hạn" "larger"
bad redirect "$base/redirect?http://127.0.0.1:$port_public/pki/ca.crl" \
    fetch-private "địa chỉ nội bộ" "private address"
bad private "http://127.0.0.1:$port_public/pki/ca.crl" \
    fetch-private "địa chỉ nội bộ" "private address"

extend dead; expect 503 evidence-not-had \
    "a level is not claimed without what it wants"

before=$(asked /slow/sub.crl)
verify slow wait=2
says INDETERMINATE TRY_LATER "who was slow just now"
source_is /slow/ source-slow && [ "$(asked /slow/sub.crl)" -eq "$before" ]
ok $? "is named, and not asked again at once"

verify list wait=31; expect 400 parameter "nobody waits longer than is allowed"
status_leaf unasked "crlDistributionPoints=URI:$base/other/sub.crl" &&
    status_sign unasked
verify unasked wait=0
says INDETERMINATE TRY_LATER "wait=0 asks nobody"
[ "$(asked /other/sub.crl)" -eq 0 ]; ok $? "really"

fetcher=$(child fetcher)
kill -9 "$fetcher"
status_leaf later "crlDistributionPoints=URI:$base/later/sub.crl" &&
    status_sign later
verify later
says TOTAL-PASSED '' "a fetcher that dies is replaced"

service_stop; ok $? "signd stops with status 0"
finish
