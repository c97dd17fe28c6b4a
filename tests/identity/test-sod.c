/* Chips that are genuine, and each way in which one is not. */
#include "identity/sod.h"
#include "tests/identity/chip.h"

static const struct group groups[] = {
	{ 1, { (const uint8_t *)"\x61\x02hi", 4 } },
	{ 2, { (const uint8_t *)"\x75\x03pic", 5 } },
	{ 13, { (const uint8_t *)"\x6d\x01x", 3 } },
};

/* A whole country, and a chip of it. */
struct country {
	struct person csca;
	struct person signer;
	struct cert_list trust;
	struct buf sod;
};

static void
country_done(struct country *c)
{
	person_done(&c->csca);
	person_done(&c->signer);
	cert_list_done(&c->trust);
	buf_done(&c->sod);
}

static void
found(struct country *c, struct wish signer)
{
	c->csca = make((struct wish){ .name = "CSCA-VN", .key = signer.key });
	signer.name = "DS 1";
	signer.issuer = &c->csca;
	c->signer = make(signer);
	CHECK_OK(cert_list_add(&c->trust, c->csca.cert));
	c->sod = BUF(65536);
}

static void
issue(struct country *c, enum digest_alg alg, const char *md, bool pss)
{
	struct buf object = BUF(8192);
	security_object(0, alg, groups, COUNT_OF(groups), BYTES_NONE, &object);
	buf_clear(&c->sod);
	wrap_sod(&c->signer, OID_LDS, buf_bytes(&object), md, pss, &c->sod);
	buf_done(&object);
}

static void
judge(const struct country *c, struct sod_request r, struct sod_verdict *v)
{
	CLEANUP(sod_freep) struct sod *s = NULL;
	*v = (struct sod_verdict){ 0 };
	if (r.time == 0)
		r.time = NOON;
	CHECK_OK(sod_parse(buf_bytes(&c->sod), &s));
	if (s != NULL)
		CHECK_OK(sod_verify(s, &r, v));
}

static bool
told(const struct sod_verdict *v, const char *code)
{
	for (size_t i = 0; i < v->findings.n; i++)
		if (strcmp(v->findings.v[i].code, code) == 0)
			return true;
	return false;
}

static void
accept(const char *key, enum digest_alg alg, const char *md, bool pss)
{
	CLEANUP(country_done) struct country c = { 0 };
	CLEANUP(sod_verdict_done) struct sod_verdict v = { 0 };
	struct data_group given[] = { { 1, groups[0].bytes },
		{ 13, groups[2].bytes } };
	found(&c, (struct wish){ .key = key });
	issue(&c, alg, md, pss);
	judge(&c,
	    (struct sod_request){
		.groups = given, .ngroups = 2, .csca = &c.trust },
	    &v);
	CHECK(v.state == CHIP_AUTHENTIC);
	CHECK(v.signature == CHECK_PASSED && v.all_fit);
	CHECK(v.groups[1] == GROUP_FITS && v.groups[13] == GROUP_FITS);
	CHECK(v.groups[2] == GROUP_NOT_GIVEN);
	CHECK(v.path.chain.n == 2);
	CHECK(told(&v, "chip-sha1") == (alg == DIGEST_SHA1));
}

static void
accepts_a_chip_signed_with_ecdsa(void)
{
	accept("P-256", DIGEST_SHA256, "SHA256", false);
	accept("P-521", DIGEST_SHA512, "SHA512", false);
}

static void
accepts_brainpool_and_curves_given_by_parameters(void)
{
	accept("brainpoolP256r1", DIGEST_SHA224, "SHA224", false);
	accept("brainpoolP384r1", DIGEST_SHA384, "SHA384", false);
	accept("explicit", DIGEST_SHA256, "SHA256", false);
}

static void
accepts_a_chip_signed_with_rsa(void)
{
	accept("RSA", DIGEST_SHA1, "SHA1", false);
	accept("RSA", DIGEST_SHA256, "SHA256", true);
}

static void
calls_a_chip_without_csca_not_verified(void)
{
	CLEANUP(country_done) struct country c = { 0 };
	CLEANUP(sod_verdict_done) struct sod_verdict v = { 0 };
	struct data_group given[] = { { 1, groups[0].bytes } };
	found(&c, (struct wish){ .key = "P-256" });
	issue(&c, DIGEST_SHA256, "SHA256", false);
	judge(&c, (struct sod_request){ .groups = given, .ngroups = 1 }, &v);
	CHECK(v.state == CHIP_NOT_VERIFIED);
	CHECK(v.signature == CHECK_PASSED && v.all_fit && !v.has_path);
	CHECK(told(&v, "chip-no-csca"));
}

static void
does_not_trust_another_country_or_the_signer_itself(void)
{
	CLEANUP(country_done) struct country c = { 0 };
	CLEANUP(country_done) struct country other = { 0 };
	CLEANUP(sod_verdict_done) struct sod_verdict v = { 0 };
	CLEANUP(sod_verdict_done) struct sod_verdict w = { 0 };
	found(&c, (struct wish){ .key = "P-256" });
	found(&other, (struct wish){ .key = "P-256" });
	issue(&c, DIGEST_SHA256, "SHA256", false);
	judge(&c, (struct sod_request){ .csca = &other.trust }, &v);
	CHECK(v.state == CHIP_NOT_VERIFIED);
	CHECK(told(&v, "chip-signer-untrusted"));
	struct cert_list self = { 0 };
	CHECK_OK(cert_list_add(&self, c.signer.cert));
	judge(&c, (struct sod_request){ .csca = &self }, &w);
	CHECK(w.state == CHIP_NOT_VERIFIED);
	cert_list_done(&self);
}

static void
refuse_signer(struct wish signer, int64_t time)
{
	CLEANUP(country_done) struct country c = { 0 };
	CLEANUP(sod_verdict_done) struct sod_verdict v = { 0 };
	signer.key = "P-256";
	found(&c, signer);
	issue(&c, DIGEST_SHA256, "SHA256", false);
	judge(&c, (struct sod_request){ .csca = &c.trust, .time = time }, &v);
	CHECK(v.signature == CHECK_PASSED);
	CHECK(v.state == CHIP_NOT_VERIFIED);
	CHECK(told(&v, "chip-signer-untrusted"));
}

static void
does_not_trust_a_signer_whose_key_is_for_something_else(void)
{
	refuse_signer((struct wish){ .usage = "critical,keyAgreement" }, NOON);
	refuse_signer((struct wish){ .eku = EKU_LIST }, NOON);
	refuse_signer((struct wish){ .eku = "serverAuth" }, NOON);
}

static void
does_not_trust_a_signer_that_has_expired(void)
{
	refuse_signer((struct wish){ .to = NOON - DAY }, NOON);
	refuse_signer((struct wish){ 0 }, NOON - 101 * DAY);
}

static void
sees_that_a_data_group_was_changed(void)
{
	CLEANUP(country_done) struct country c = { 0 };
	CLEANUP(sod_verdict_done) struct sod_verdict v = { 0 };
	struct data_group given[] = { { 1, BYTES_LIT("\x61\x02ho") },
		{ 2, groups[1].bytes } };
	found(&c, (struct wish){ .key = "P-256" });
	issue(&c, DIGEST_SHA256, "SHA256", false);
	judge(&c,
	    (struct sod_request){
		.groups = given, .ngroups = 2, .csca = &c.trust },
	    &v);
	CHECK(v.state == CHIP_FORGED && !v.all_fit);
	CHECK(v.groups[1] == GROUP_DIFFERS && v.groups[2] == GROUP_FITS);
}

static void
says_that_a_group_without_a_hash_is_not_covered(void)
{
	CLEANUP(country_done) struct country c = { 0 };
	CLEANUP(sod_verdict_done) struct sod_verdict v = { 0 };
	struct data_group given[] = { { 15, BYTES_LIT("\x6f\x00") } };
	found(&c, (struct wish){ .key = "P-256" });
	issue(&c, DIGEST_SHA256, "SHA256", false);
	judge(&c,
	    (struct sod_request){
		.groups = given, .ngroups = 1, .csca = &c.trust },
	    &v);
	CHECK(v.state == CHIP_AUTHENTIC && !v.all_fit);
	CHECK(v.groups[15] == GROUP_NOT_COVERED);
	CHECK(told(&v, "chip-group-uncovered"));
}

static void
sees_that_the_signature_is_wrong_and_then_covers_nothing(void)
{
	CLEANUP(country_done) struct country c = { 0 };
	CLEANUP(sod_verdict_done) struct sod_verdict v = { 0 };
	struct data_group given[] = { { 1, groups[0].bytes } };
	found(&c, (struct wish){ .key = "RSA" });
	issue(&c, DIGEST_SHA256, "SHA256", false);
	c.sod.ptr[c.sod.len - 1] ^= 1;
	judge(&c,
	    (struct sod_request){
		.groups = given, .ngroups = 1, .csca = &c.trust },
	    &v);
	CHECK(v.state == CHIP_FORGED);
	CHECK(v.signature == CHECK_FAILED);
	CHECK(v.groups[1] == GROUP_NOT_COVERED && !v.all_fit);
}

static void
sees_that_the_security_object_was_changed(void)
{
	CLEANUP(country_done) struct country c = { 0 };
	CLEANUP(sod_verdict_done) struct sod_verdict v = { 0 };
	uint8_t hash[DIGEST_MAX];
	found(&c, (struct wish){ .key = "P-256" });
	issue(&c, DIGEST_SHA256, "SHA256", false);
	CHECK_OK(digest_of(DIGEST_SHA256, groups[0].bytes, hash));
	size_t at = bytes_find(buf_bytes(&c.sod), bytes_of(hash, 32));
	CHECK(at != SIZE_MAX);
	c.sod.ptr[at] ^= 1;
	judge(&c, (struct sod_request){ .csca = &c.trust }, &v);
	CHECK(v.state == CHIP_FORGED);
}

static void
does_not_look_at_a_signature_made_with_md5(void)
{
	CLEANUP(country_done) struct country c = { 0 };
	CLEANUP(sod_verdict_done) struct sod_verdict v = { 0 };
	struct data_group given[] = { { 1, groups[0].bytes } };
	found(&c, (struct wish){ .key = "RSA" });
	issue(&c, DIGEST_SHA256, "MD5", false);
	judge(&c,
	    (struct sod_request){
		.groups = given, .ngroups = 1, .csca = &c.trust },
	    &v);
	CHECK(v.state == CHIP_NOT_VERIFIED);
	CHECK(v.signature == CHECK_NOT_DONE);
	CHECK(v.groups[1] == GROUP_NOT_COVERED);
}

static void
wants_to_know_of_revocation_where_asked(void)
{
	CLEANUP(country_done) struct country c = { 0 };
	CLEANUP(sod_verdict_done) struct sod_verdict v = { 0 };
	found(&c, (struct wish){ .key = "P-256" });
	issue(&c, DIGEST_SHA256, "SHA256", false);
	judge(&c,
	    (struct sod_request){ .csca = &c.trust, .status = STATUS_REQUIRED },
	    &v);
	CHECK(v.state == CHIP_NOT_VERIFIED);
	CHECK(told(&v, "chip-status-unknown"));
}

/* ---- what is no EF.SOD ---- */

static void
refuse_object(struct bytes object, const char *type, enum err_kind kind)
{
	CLEANUP(country_done) struct country c = { 0 };
	struct sod *s = NULL;
	found(&c, (struct wish){ .key = "P-256" });
	wrap_sod(&c.signer, type, object, "SHA256", false, &c.sod);
	CHECK_ERR(sod_parse(buf_bytes(&c.sod), &s), kind);
}

static void
refuse(int version, enum digest_alg alg, const struct group *g, size_t n,
    struct bytes extra, enum err_kind kind)
{
	struct buf object = BUF(8192);
	security_object(version, alg, g, n, extra, &object);
	refuse_object(buf_bytes(&object), OID_LDS, kind);
	buf_done(&object);
}

static const struct bytes version_info = { (const uint8_t *)"\x30\x0e\x13\x04"
							    "0108\x13\x06"
							    "040000",
	16 };

static void
refuses_a_security_object_that_is_out_of_form(void)
{
	const struct group twice[] = { groups[0], groups[0] };
	const struct group none[] = { { 0, BYTES_NONE } };
	const struct group many[] = { { 17, BYTES_NONE } };
	const enum digest_alg a = DIGEST_SHA256;
	refuse(2, a, groups, 3, BYTES_NONE, ERR_MALFORMED);
	refuse(0x80, a, groups, 3, BYTES_NONE, ERR_MALFORMED);
	refuse(0, a, twice, 2, BYTES_NONE, ERR_MALFORMED);
	refuse(0, a, none, 1, BYTES_NONE, ERR_MALFORMED);
	refuse(0, a, many, 1, BYTES_NONE, ERR_MALFORMED);
	refuse(0, a, groups, 0, BYTES_NONE, ERR_MALFORMED);
	refuse(0, DIGEST_MD5, groups, 3, BYTES_NONE, ERR_UNSUPPORTED);
	refuse(0, a, groups, 3, version_info, ERR_MALFORMED);
	refuse(1, a, groups, 3, BYTES_LIT("\x30\x00"), ERR_MALFORMED);
	refuse_object(BYTES_LIT("no DER"), OID_LDS, ERR_MALFORMED);
	/* A length of one byte written in two. */
	refuse_object(
	    BYTES_LIT("\x30\x81\x03\x02\x01\x00"), OID_LDS, ERR_MALFORMED);
}

static void
refuses_content_that_is_no_security_object(void)
{
	struct buf object = BUF(8192);
	security_object(0, DIGEST_SHA256, groups, 3, BYTES_NONE, &object);
	refuse_object(
	    buf_bytes(&object), "1.2.840.113549.1.7.1", ERR_MALFORMED);
	refuse_object(buf_bytes(&object), OID_LIST, ERR_MALFORMED);
	buf_done(&object);
}

static void
refuses_what_is_cut_short_or_too_long(void)
{
	CLEANUP(country_done) struct country c = { 0 };
	struct sod *s = NULL;
	found(&c, (struct wish){ .key = "P-256" });
	issue(&c, DIGEST_SHA256, "SHA256", false);
	struct bytes whole = buf_bytes(&c.sod);
	for (size_t n = 0; n < whole.len; n++)
		CHECK_ERR(
		    sod_parse(bytes_slice(whole, 0, n), &s), ERR_MALFORMED);
	CHECK_OK(buf_byte(&c.sod, 0));
	CHECK_ERR(sod_parse(buf_bytes(&c.sod), &s), ERR_MALFORMED);
	CHECK_ERR(sod_parse(bytes_of(whole.ptr, SOD_MAX + 1), &s), ERR_LIMIT);
}

static void
reads_version_1_and_takes_the_wrapper_or_none(void)
{
	CLEANUP(country_done) struct country c = { 0 };
	CLEANUP(sod_freep) struct sod *s = NULL;
	CLEANUP(sod_freep) struct sod *bare = NULL;
	struct buf object = BUF(8192);
	found(&c, (struct wish){ .key = "P-256" });
	security_object(1, DIGEST_SHA384, groups, 3, version_info, &object);
	wrap_sod(
	    &c.signer, OID_LDS, buf_bytes(&object), "SHA256", false, &c.sod);
	CHECK_OK(sod_parse(buf_bytes(&c.sod), &s));
	if (s == NULL)
		abort();
	CHECK(strcmp(sod_lds_version(s), "0108") == 0);
	CHECK(sod_digest(s) == DIGEST_SHA384);
	CHECK(sod_hash(s, 13).len == 48 && sod_hash(s, 3).ptr == NULL);
	CHECK(sod_hash(s, 0).ptr == NULL && sod_hash(s, 17).ptr == NULL);
	struct bytes in = buf_bytes(&c.sod);
	struct tlv t;
	CHECK_OK(ber_next(&in, &t));
	CHECK_OK(sod_parse(t.body, &bare));
	buf_done(&object);
}

static void
refuses_groups_that_make_no_sense(void)
{
	CLEANUP(country_done) struct country c = { 0 };
	CLEANUP(sod_freep) struct sod *s = NULL;
	struct sod_verdict v;
	struct data_group twice[] = { { 1, groups[0].bytes },
		{ 1, groups[0].bytes } };
	struct data_group zero[] = { { 0, groups[0].bytes } };
	found(&c, (struct wish){ .key = "P-256" });
	issue(&c, DIGEST_SHA256, "SHA256", false);
	CHECK_OK(sod_parse(buf_bytes(&c.sod), &s));
	struct sod_request r = { .groups = twice, .ngroups = 2 };
	CHECK_ERR(sod_verify(s, &r, &v), ERR_USAGE);
	r = (struct sod_request){ .groups = zero, .ngroups = 1 };
	CHECK_ERR(sod_verify(s, &r, &v), ERR_USAGE);
}

int
main(void)
{
	RUN(accepts_a_chip_signed_with_ecdsa);
	RUN(accepts_brainpool_and_curves_given_by_parameters);
	RUN(accepts_a_chip_signed_with_rsa);
	RUN(calls_a_chip_without_csca_not_verified);
	RUN(does_not_trust_another_country_or_the_signer_itself);
	RUN(does_not_trust_a_signer_whose_key_is_for_something_else);
	RUN(does_not_trust_a_signer_that_has_expired);
	RUN(sees_that_a_data_group_was_changed);
	RUN(says_that_a_group_without_a_hash_is_not_covered);
	RUN(sees_that_the_signature_is_wrong_and_then_covers_nothing);
	RUN(sees_that_the_security_object_was_changed);
	RUN(does_not_look_at_a_signature_made_with_md5);
	RUN(wants_to_know_of_revocation_where_asked);
	RUN(refuses_a_security_object_that_is_out_of_form);
	RUN(refuses_content_that_is_no_security_object);
	RUN(refuses_what_is_cut_short_or_too_long);
	RUN(reads_version_1_and_takes_the_wrapper_or_none);
	RUN(refuses_groups_that_make_no_sense);
	return DONE();
}
