/* The trust list: its text, which of two counts, what ETSI's lists give. */
#include "tests/certs/ca.h"
#include "tests/tap.h"
#include "trust/etsi.h"
#include "xml/format.h"

#include <string.h>

#define TEXT_MAX (1024 * 1024)

static struct test_ca ca;

static struct trust_list *
list_with(struct cert *c, int64_t sequence)
{
	struct trust_list *l = NULL;
	struct trust_anchor *a = NULL;
	uint8_t sha256[32];
	cert_fingerprint(c, sha256);
	CHECK_OK(trust_list_new(&l));
	l->sequence = sequence;
	l->issued = TEST_NOW;
	l->next_update = TEST_NOW + DAY;
	CHECK_OK(trust_list_put(l, "neac", "Gốc \"thử\" \\", sha256, &a));
	CHECK_OK(trust_anchor_change(
	    a, (struct trust_change){ TRUST_SIGNATURE, TEST_NOW - 100, true }));
	CHECK_OK(trust_anchor_change(
	    a, (struct trust_change){ TRUST_SIGNATURE, TEST_NOW + 100, false }));
	a->cert = cert_ref(c);
	return l;
}

static void
a_list_reads_back_as_it_was_written(void)
{
	CLEANUP(buf_done) struct buf one = BUF(TEXT_MAX);
	CLEANUP(buf_done) struct buf two = BUF(TEXT_MAX);
	CLEANUP(trust_list_freep) struct trust_list *l = list_with(ca.root, 7);
	CLEANUP(trust_list_freep) struct trust_list *again = NULL;
	CHECK_OK(trust_list_render(l, &one));
	CHECK_OK(trust_list_parse(buf_bytes(&one), &again));
	CHECK_OK(trust_list_render(again, &two));
	CHECK(bytes_eq(buf_bytes(&one), buf_bytes(&two)));
	CHECK(again->sequence == 7 && again->n == 1);
	CHECK(cert_eq(again->anchors[0].cert, ca.root));
	CHECK(strcmp(again->anchors[0].name, "Gốc \"thử\" \\") == 0);
}

/* Changes one word of a good list. */
static void
refused_with(const char *from, const char *to)
{
	CLEANUP(buf_done) struct buf text = BUF(TEXT_MAX);
	CLEANUP(buf_done) struct buf changed = BUF(TEXT_MAX);
	CLEANUP(trust_list_freep) struct trust_list *l = list_with(ca.root, 7);
	struct trust_list *out = NULL;
	CHECK_OK(trust_list_render(l, &text));
	size_t at = bytes_find(buf_bytes(&text), bytes_str(from));
	CHECK(at != SIZE_MAX);
	CHECK_OK(buf_append(&changed, bytes_slice(buf_bytes(&text), 0, at)));
	CHECK_OK(buf_str(&changed, to));
	CHECK_OK(buf_append(
	    &changed, bytes_from(buf_bytes(&text), at + strlen(from))));
	struct err *e = trust_list_parse(buf_bytes(&changed), &out);
	CHECK(e != NULL && strcmp(err_code(e), "trust-list-malformed") == 0);
	CHECK(out == NULL);
	err_free(e);
}

static void
a_list_with_anything_odd_in_it_is_refused(void)
{
	refused_with("signd-trust-list-1", "signd-trust-list-2");
	refused_with("\"sequence\": 7", "\"sequence\": -7");
	refused_with("\"sequence\": 7", "\"sequence\": \"7\"");
	refused_with("\"granted\": true", "\"granted\": 1");
	refused_with("\"granted\": true", "\"granted\": true, \"also\": 1");
	refused_with("\"service\": \"signature\"", "\"service\": \"all\"");
	refused_with("\"neac\"", "\"NEAC\"");
	refused_with("\"sha256\": \"", "\"sha256\": \"00");
	refused_with("\"issued\": \"20", "\"issued\": \"30");
	refused_with("\"certificate\": \"MII", "\"certificate\": \"MIJ");
	refused_with("{", "[");
}

static void
a_certificate_never_stands_under_anothers_fingerprint(void)
{
	CLEANUP(buf_done) struct buf text = BUF(TEXT_MAX);
	CLEANUP(trust_list_freep) struct trust_list *l = list_with(ca.root, 7);
	struct trust_list *out = NULL;
	cert_free(l->anchors[0].cert);
	l->anchors[0].cert = cert_ref(ca.ca);
	CHECK_OK(trust_list_render(l, &text));
	CHECK_ERR(trust_list_parse(buf_bytes(&text), &out), ERR_MALFORMED);
}

static void
replaces(int64_t was, int64_t is, int64_t now, const char *code)
{
	CLEANUP(trust_list_freep) struct trust_list *old = list_with(
	    ca.root, was);
	CLEANUP(trust_list_freep) struct trust_list *next = list_with(
	    ca.root, is);
	struct err *e = trust_list_replaces(next, old, now);
	CHECK((e == NULL) == (code == NULL));
	if (e != NULL)
		CHECK(strcmp(err_code(e), code) == 0);
	err_free(e);
}

static void
an_older_or_expired_list_never_replaces_a_good_one(void)
{
	replaces(7, 8, TEST_NOW, NULL);
	replaces(7, 7, TEST_NOW, NULL);
	replaces(7, 6, TEST_NOW, "trust-list-older");
	replaces(7, 8, TEST_NOW + DAY, "trust-list-expired");
	/* The same number with other contents. */
	CLEANUP(trust_list_freep) struct trust_list *old = list_with(
	    ca.root, 7);
	CLEANUP(trust_list_freep) struct trust_list *next = list_with(ca.ca, 7);
	CHECK_ERR(trust_list_replaces(next, old, TEST_NOW), ERR_DENIED);
	CHECK_OK(trust_list_replaces(next, NULL, TEST_NOW));
}

static void
a_status_holds_from_its_change_to_the_next(void)
{
	struct trust_domains d;
	CLEANUP(trust_list_freep) struct trust_list *l = list_with(ca.root, 1);
	const struct trust_anchor *a = &l->anchors[0];
	CHECK(!trust_granted(a, TRUST_SIGNATURE, TEST_NOW - 101));
	CHECK(trust_granted(a, TRUST_SIGNATURE, TEST_NOW - 100));
	CHECK(trust_granted(a, TRUST_SIGNATURE, TEST_NOW + 99));
	CHECK(!trust_granted(a, TRUST_SIGNATURE, TEST_NOW + 100));
	CHECK(!trust_granted(a, TRUST_TIMESTAMP, TEST_NOW));
	CHECK_OK(trust_domains_of(l, &d));
	CHECK(d.n == 1 && d.v[0].nuses == 1);
	CHECK(d.v[0].uses[0].from == TEST_NOW - 100);
	CHECK(d.v[0].uses[0].until == TEST_NOW + 100);
	trust_domains_done(&d);
}

static void
an_anchor_without_certificate_is_trusted_for_nothing(void)
{
	struct trust_domains d;
	CLEANUP(trust_list_freep) struct trust_list *l = list_with(ca.root, 1);
	cert_free(TAKE(l->anchors[0].cert));
	CHECK_OK(trust_domains_of(l, &d));
	CHECK(d.n == 0);
	trust_domains_done(&d);
}

/* ---- ETSI TS 119 612 ---- */

#define TYPE "http://uri.etsi.org/TrstSvc/Svctype/"
#define STATUS "http://uri.etsi.org/TrstSvc/TrustedList/Svcstatus/"
#define INSTANCE(type, cert, status, since)                                    \
	"<ServiceTypeIdentifier>" type "</ServiceTypeIdentifier>"              \
	"<ServiceDigitalIdentity>" cert "</ServiceDigitalIdentity>"            \
	"<ServiceStatus> " status " </ServiceStatus>"                          \
	"<StatusStartingTime>" since "</StatusStartingTime>"

static const char head[] =
    "<TrustServiceStatusList xmlns=\"http://uri.etsi.org/02231/v2#\" "
    "Id=\"tl\"><SchemeInformation>"
    "<ListIssueDateTime>2026-09-21T14:00:00Z</ListIssueDateTime>"
    "<NextUpdate><dateTime>2027-01-01T00:00:00Z</dateTime></NextUpdate>"
    "</SchemeInformation><TrustServiceProviderList><TrustServiceProvider>"
    "<TSPServices>";
static const char tail[] =
    "</TSPServices></TrustServiceProvider></TrustServiceProviderList>"
    "</TrustServiceStatusList>";

static struct err *
etsi_text(struct buf *out)
{
	TRY(buf_str(out, head));
	TRY(buf_str(out, "<TSPService><ServiceInformation>"));
	TRY(buf_str(out,
	    "<ServiceTypeIdentifier>" TYPE "CA/QC</ServiceTypeIdentifier>"
	    "<ServiceDigitalIdentity><DigitalId><X509Certificate>"));
	TRY(base64_encode(cert_der(ca.root), out));
	TRY(buf_str(out,
	    "</X509Certificate></DigitalId></ServiceDigitalIdentity>"
	    "<ServiceStatus>" STATUS "withdrawn</ServiceStatus>"
	    "<StatusStartingTime>2026-06-01T00:00:00Z</StatusStartingTime>"
	    "</ServiceInformation><ServiceHistory><ServiceHistoryInstance>"));
	TRY(buf_str(out,
	    INSTANCE(TYPE "CA/QC", "", STATUS "granted",
		"2016-07-01T00:00:00Z") "</ServiceHistoryInstance>"
	    "<ServiceHistoryInstance>"));
	TRY(buf_str(out,
	    INSTANCE(TYPE "CA/QC", "",
		"http://uri.etsi.org/TrstSvc/Svcstatus/accredited",
		"2010-01-01T00:00:00Z") "</ServiceHistoryInstance>"
	    "</ServiceHistory></TSPService>"));
	TRY(buf_str(out,
	    "<TSPService><ServiceInformation>" INSTANCE(TYPE "unspecified", "",
		STATUS "granted",
		"2016-07-01T00:00:00Z") "</ServiceInformation></TSPService>"));
	return buf_str(out, tail);
}

/* An enveloped XAdES signature by the citizen of the test. */
static struct err *
etsi_sign(struct bytes text, struct buf *out)
{
	struct prepared p = { 0 };
	struct insertion in = { 0 };
	struct bytes pieces[INSERTION_PIECES];
	CLEANUP(buf_done) struct buf value = BUF(4096);
	struct signer signer = softkey_signer(ca.key);
	const struct sign_params params = {
		.cert = ca.leaf,
		.alg = softkey_alg(ca.key),
		.level = LEVEL_B,
		.time = TEST_NOW,
	};
	TRY(format_xml.prepare(text, &params, &p));
	TRY(signer.sign(signer.ctx, params.alg,
	    bytes_of(p.digest, digest_len(p.digest_alg)), &value));
	TRY(format_xml.embed(
	    buf_bytes(&p.state), buf_bytes(&value), BYTES_NONE, &in));
	size_t n = insertion_pieces(&in, text, pieces);
	for (size_t i = 0; i < n; i++)
		TRY(buf_append(out, pieces[i]));
	prepared_done(&p);
	insertion_done(&in);
	return NULL;
}

static struct err *
import(struct bytes xml, struct cert *pinned, int64_t now,
    struct trust_list *into, struct etsi_result *r)
{
	CLEANUP(cert_list_done) struct cert_list l = { 0 };
	TRY(cert_list_add(&l, pinned));
	const struct etsi_import in = {
		.xml = xml, .pinned = &l, .domain = "eu", .now = now
	};
	return trust_etsi_import(&in, into, r);
}

static void
services_of_an_etsi_list_come_with_their_history(void)
{
	CLEANUP(buf_done) struct buf text = BUF(TEXT_MAX);
	CLEANUP(buf_done) struct buf xml = BUF(TEXT_MAX);
	CLEANUP(trust_list_freep) struct trust_list *l = NULL;
	struct etsi_result r;
	CHECK_OK(trust_list_new(&l));
	CHECK_OK(etsi_text(&text));
	CHECK_OK(etsi_sign(buf_bytes(&text), &xml));
	CHECK_OK(import(buf_bytes(&xml), ca.leaf, TEST_NOW, l, &r));
	CHECK(r.added == 1 && r.passed_over == 1 && l->n == 1);
	const struct trust_anchor *a = &l->anchors[0];
	CHECK(cert_eq(a->cert, ca.root) && strcmp(a->domain, "eu") == 0);
	CHECK(a->nchanges == 3);
	CHECK(!trust_granted(a, TRUST_SIGNATURE, 1262304000 - 1));
	CHECK(trust_granted(a, TRUST_SIGNATURE, 1262304000));
	CHECK(trust_granted(a, TRUST_SIGNATURE, 1500000000));
	CHECK(!trust_granted(a, TRUST_SIGNATURE, TEST_NOW));
	/* Once more: nothing new. */
	CHECK_OK(import(buf_bytes(&xml), ca.leaf, TEST_NOW, l, &r));
	CHECK(r.added == 0 && l->n == 1 && a->nchanges == 3);
}

static void
import_refused(struct bytes xml, struct cert *pinned, int64_t now,
    const char *code)
{
	CLEANUP(trust_list_freep) struct trust_list *l = NULL;
	struct etsi_result r;
	CHECK_OK(trust_list_new(&l));
	struct err *e = import(xml, pinned, now, l, &r);
	CHECK(e != NULL && strcmp(err_code(e), code) == 0);
	CHECK(l->n == 0);
	err_free(e);
}

static void
an_etsi_list_counts_only_whole_and_from_who_is_pinned(void)
{
	CLEANUP(buf_done) struct buf text = BUF(TEXT_MAX);
	CLEANUP(buf_done) struct buf xml = BUF(TEXT_MAX);
	CHECK_OK(etsi_text(&text));
	CHECK_OK(etsi_sign(buf_bytes(&text), &xml));
	import_refused(
	    buf_bytes(&text), ca.leaf, TEST_NOW, "trust-list-unsigned");
	import_refused(buf_bytes(&xml), ca.ca, TEST_NOW, "trust-list-unsigned");
	import_refused(
	    buf_bytes(&xml), ca.leaf, 1800000000, "trust-list-expired");
	size_t at = bytes_find(buf_bytes(&xml), BYTES_LIT("withdrawn"));
	CHECK(at != SIZE_MAX);
	memcpy(xml.ptr + at, "granted  ", 9);
	import_refused(buf_bytes(&xml), ca.leaf, TEST_NOW, "trust-list-unsigned");
}

int
main(void)
{
	CHECK_OK(test_ca_make(&ca, "P-256"));
	RUN(a_list_reads_back_as_it_was_written);
	RUN(a_list_with_anything_odd_in_it_is_refused);
	RUN(a_certificate_never_stands_under_anothers_fingerprint);
	RUN(an_older_or_expired_list_never_replaces_a_good_one);
	RUN(a_status_holds_from_its_change_to_the_next);
	RUN(an_anchor_without_certificate_is_trusted_for_nothing);
	RUN(services_of_an_etsi_list_come_with_their_history);
	RUN(an_etsi_list_counts_only_whole_and_from_who_is_pinned);
	test_ca_done(&ca);
	return tap_done();
}
