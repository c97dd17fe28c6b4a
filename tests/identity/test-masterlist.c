/* Master lists: imported when their signer has a path, else not at all. */
#include "identity/masterlist.h"
#include "tests/identity/chip.h"

/* A country that publishes a list with two authorities and one stranger. */
struct publisher {
	struct person csca, other, signer;
	struct cert_list trust;
	struct buf list;
};

static void
publisher_done(struct publisher *p)
{
	person_done(&p->csca);
	person_done(&p->other);
	person_done(&p->signer);
	cert_list_done(&p->trust);
	buf_done(&p->list);
}

static void
publish(struct publisher *p, int version, const char *type, const char *eku)
{
	struct buf set = BUF(16384), body = BUF(16384), content = BUF(16384);
	p->csca = make((struct wish){ .name = "CSCA-NL", .key = "P-256" });
	p->other = make((struct wish){ .name = "CSCA-XX", .key = "explicit" });
	p->signer = make((struct wish){
	    .name = "ML", .key = "P-256", .issuer = &p->csca, .eku = eku });
	CHECK_OK(cert_list_add(&p->trust, p->csca.cert));
	CHECK_OK(buf_append(&set, cert_der(p->csca.cert)));
	CHECK_OK(buf_append(&set, cert_der(p->other.cert)));
	CHECK_OK(buf_append(&set, cert_der(p->signer.cert)));
	put_small(&body, version);
	CHECK_OK(der_put_set(&body, BER_SET, buf_bytes(&set)));
	CHECK_OK(der_put(&content, BER_SEQUENCE, buf_bytes(&body)));
	p->list = BUF(65536);
	sign_cms(
	    &p->signer, type, buf_bytes(&content), "SHA256", false, &p->list);
	buf_done(&set);
	buf_done(&body);
	buf_done(&content);
}

static void
imports_the_authorities_of_a_list_it_can_trust(void)
{
	CLEANUP(publisher_done) struct publisher p = { 0 };
	CLEANUP(cert_list_done) struct cert_list out = { 0 };
	struct masterlist_result r = { 0 };
	publish(&p, 0, OID_LIST, EKU_LIST);
	CHECK_OK(masterlist_read(buf_bytes(&p.list), &p.trust, NOON, &out, &r));
	CHECK(r.accepted && r.added == 2 && r.passed_over == 1);
	CHECK(out.n == 2);
}

static void
expect_refusal(
    const struct publisher *p, const struct cert_list *trust, int64_t time)
{
	CLEANUP(cert_list_done) struct cert_list out = { 0 };
	struct masterlist_result r = { 0 };
	CHECK_OK(masterlist_read(buf_bytes(&p->list), trust, time, &out, &r));
	CHECK(!r.accepted && r.added == 0 && out.n == 0);
	CHECK(r.detail[0] != '\0');
}

static void
imports_nothing_without_trust_in_the_publisher(void)
{
	CLEANUP(publisher_done) struct publisher p = { 0 };
	CLEANUP(publisher_done) struct publisher q = { 0 };
	publish(&p, 0, OID_LIST, EKU_LIST);
	publish(&q, 0, OID_LIST, EKU_LIST);
	expect_refusal(&p, NULL, NOON);
	expect_refusal(&p, &q.trust, NOON);
	expect_refusal(&p, &p.trust, NOON + 2000 * DAY);
	p.list.ptr[p.list.len - 1] ^= 1;
	expect_refusal(&p, &p.trust, NOON);
}

static void
imports_nothing_that_a_document_signer_signed(void)
{
	CLEANUP(publisher_done) struct publisher p = { 0 };
	CLEANUP(publisher_done) struct publisher q = { 0 };
	publish(&p, 0, OID_LIST, NULL);
	expect_refusal(&p, &p.trust, NOON);
	publish(&q, 0, OID_LIST, "emailProtection");
	expect_refusal(&q, &q.trust, NOON);
}

static void
refuses_what_is_no_master_list(void)
{
	CLEANUP(publisher_done) struct publisher p = { 0 };
	CLEANUP(publisher_done) struct publisher q = { 0 };
	CLEANUP(cert_list_done) struct cert_list out = { 0 };
	struct masterlist_result r = { 0 };
	publish(&p, 1, OID_LIST, EKU_LIST);
	CHECK_ERR(masterlist_read(buf_bytes(&p.list), &p.trust, NOON, &out, &r),
	    ERR_MALFORMED);
	publish(&q, 0, OID_LDS, EKU_LIST);
	CHECK_ERR(masterlist_read(buf_bytes(&q.list), &q.trust, NOON, &out, &r),
	    ERR_MALFORMED);
	CHECK_ERR(masterlist_read(BYTES_LIT("0"), &q.trust, NOON, &out, &r),
	    ERR_MALFORMED);
	CHECK(out.n == 0);
}

int
main(void)
{
	RUN(imports_the_authorities_of_a_list_it_can_trust);
	RUN(imports_nothing_without_trust_in_the_publisher);
	RUN(imports_nothing_that_a_document_signer_signed);
	RUN(refuses_what_is_no_master_list);
	return DONE();
}
