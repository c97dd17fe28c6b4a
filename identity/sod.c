#include "identity/sod.h"

#include "certs/ossl.h"
#include "cms/ber.h"
#include "identity/element.h"
#include "identity/signature.h"

#include <openssl/x509v3.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TAG_SOD 0x77
#define OID_LDS_SECURITY_OBJECT "2.23.136.1.1.1"
#define SIGNED_DATA_VERSION 3

struct sod {
	struct cms *cms;
	enum digest_alg digest;
	/* Borrowed from cms; by number, ptr NULL where there is none. */
	struct bytes hashes[DATA_GROUPS + 1];
	char lds_version[8];
};

DEFINE_FREEP(EXTENDED_KEY_USAGE_free, EXTENDED_KEY_USAGE)

void
sod_free(struct sod *s)
{
	if (s == NULL)
		return;
	cms_free(s->cms);
	free(s);
}

enum digest_alg
sod_digest(const struct sod *s)
{
	return s->digest;
}

struct bytes
sod_hash(const struct sod *s, int number)
{
	if (number < 1 || number > DATA_GROUPS)
		return BYTES_NONE;
	return s->hashes[number];
}

const char *
sod_lds_version(const struct sod *s)
{
	return s->lds_version;
}

/* ---- LDSSecurityObject, ICAO 9303-10 4.6.2.3 ---- */

static struct err *
read_digest(struct bytes *rest, struct sod *s)
{
	struct element algorithm, oid, null;
	TRY(element_take_der(rest, TAG_SEQUENCE, &algorithm));
	struct bytes inner = algorithm.value;
	TRY(element_take_der(&inner, TAG_OID, &oid));
	/* NULL parameters and none mean the same (RFC 5754 2). */
	if (inner.len > 0) {
		TRY(element_take_der(&inner, TAG_NULL, &null));
		TRY(element_end(null.value));
	}
	TRY(element_end(inner));
	char text[OID_TEXT_MAX];
	TRY(ber_oid_text(oid.value, text));
	s->digest = digest_by_oid(text);
	if (!chip_digest_allowed(s->digest))
		return err_new(ERR_UNSUPPORTED, "ICAO 9303-12 4.4",
		    "data groups hashed with %s", text);
	return NULL;
}

static struct err *
read_hash(struct bytes *rest, struct sod *s)
{
	struct element pair, number, hash;
	int n;
	TRY(element_take_der(rest, TAG_SEQUENCE, &pair));
	struct bytes inner = pair.value;
	TRY(element_take_der(&inner, TAG_INTEGER, &number));
	TRY(element_small(number, &n));
	TRY(element_take_der(&inner, TAG_OCTETS, &hash));
	TRY(element_end(inner));
	if (n < 1 || n > DATA_GROUPS)
		return err_new(
		    ERR_MALFORMED, "ICAO 9303-10 4.6.2.3", "data group %d", n);
	if (s->hashes[n].ptr != NULL)
		return err_new(ERR_MALFORMED, "ICAO 9303-10 4.6.2.3",
		    "data group %d stands twice", n);
	if (hash.value.len != digest_len(s->digest))
		return err_new(ERR_MALFORMED, "ICAO 9303-10 4.6.2.3",
		    "a hash of %zu bytes", hash.value.len);
	s->hashes[n] = hash.value;
	return NULL;
}

/* LDSVersionInfo: two strings of digits, "0108" and "040000". */
static struct err *
read_lds_version(struct bytes *rest, struct sod *s)
{
	struct element info, lds, unicode;
	TRY(element_take_der(rest, TAG_SEQUENCE, &info));
	struct bytes inner = info.value;
	TRY(element_take_der(&inner, TAG_PRINTABLE, &lds));
	TRY(element_take_der(&inner, TAG_PRINTABLE, &unicode));
	TRY(element_end(inner));
	if (lds.value.len >= sizeof(s->lds_version))
		return err_new(ERR_MALFORMED, NULL, "a long LDS version");
	for (size_t i = 0; i < lds.value.len; i++)
		if (lds.value.ptr[i] < '0' || lds.value.ptr[i] > '9')
			return err_new(
			    ERR_MALFORMED, NULL, "an LDS version of letters");
	memcpy(s->lds_version, lds.value.ptr, lds.value.len);
	return NULL;
}

static struct err *
read_security_object(struct bytes content, struct sod *s)
{
	struct element object, e;
	int version;
	TRY(element_take_der(&content, TAG_SEQUENCE, &object));
	TRY(element_end(content));
	struct bytes rest = object.value;
	TRY(element_take_der(&rest, TAG_INTEGER, &e));
	TRY(element_small(e, &version));
	if (version > 1)
		return err_new(ERR_MALFORMED, "ICAO 9303-10 4.6.2.3",
		    "a security object of version %d", version);
	TRY(read_digest(&rest, s));
	TRY(element_take_der(&rest, TAG_SEQUENCE, &e));
	if (e.value.len == 0)
		return err_new(ERR_MALFORMED, "ICAO 9303-10 4.6.2.3",
		    "no data group has a hash");
	while (e.value.len > 0)
		TRY(read_hash(&e.value, s));
	if (version == 1 && rest.len > 0)
		TRY(read_lds_version(&rest, s));
	return element_end(rest);
}

/* ---- the SignedData around it ---- */

/* The version is 3 because the content is no id-data (RFC 5652 5.1), and
 * ICAO 9303-10 4.6.2.2 wants just that. */
static struct err *
check_version(struct bytes cms)
{
	struct tlv t;
	int version;
	TRY(ber_only(cms, BER_SEQUENCE, &t));
	struct bytes rest = t.body;
	TRY(ber_take(&rest, BER_OID, &t));
	TRY(ber_take(&rest, BER_CONTEXT, &t));
	rest = t.body;
	TRY(ber_only(rest, BER_SEQUENCE, &t));
	rest = t.body;
	TRY(ber_take(&rest, BER_INTEGER, &t));
	TRY(ber_small(t, &version));
	if (version != SIGNED_DATA_VERSION)
		return err_new(ERR_MALFORMED, "ICAO 9303-10 4.6.2.2",
		    "SignedData of version %d", version);
	return NULL;
}

/* What is CMS but not ours is no EF.SOD: malformed, not unsupported. */
static struct err *
parse_cms(struct bytes in, struct cms **out)
{
	struct err *e = cms_parse(in, out);
	if (e == NULL || err_kind(e) != ERR_UNSUPPORTED)
		return e;
	struct err *e2 =
	    err_new(ERR_MALFORMED, "ICAO 9303-10 4.6.2.2", "%s", err_text(e));
	err_free(e);
	return e2;
}

struct err *
sod_parse(struct bytes in, struct sod **out)
{
	if (in.len > SOD_MAX)
		return err_new(ERR_LIMIT, NULL, "%zu bytes", in.len);
	if (element_is(in, TAG_SOD)) {
		struct element file;
		TRY(element_only(in, TAG_SOD, &file));
		in = file.value;
	}
	CLEANUP(sod_freep) struct sod *s = calloc(1, sizeof(*s));
	if (s == NULL)
		return err_new(ERR_NOMEM, NULL, "struct sod");
	TRY(parse_cms(in, &s->cms));
	if (strcmp(cms_content_type(s->cms), OID_LDS_SECURITY_OBJECT) != 0)
		return err_new(ERR_MALFORMED, "ICAO 9303-10 4.6.2.2",
		    "content of type %s", cms_content_type(s->cms));
	TRY(check_version(in));
	if (cms_content(s->cms).ptr == NULL)
		return err_new(ERR_MALFORMED, NULL, "no security object");
	if (cms_signers(s->cms) != 1)
		return err_new(
		    cms_signers(s->cms) == 0 ? ERR_MALFORMED : ERR_UNSUPPORTED,
		    "ICAO 9303-10 4.6.2.2", "%zu signers", cms_signers(s->cms));
	TRY(read_security_object(cms_content(s->cms), s));
	*out = TAKE(s);
	return NULL;
}

/* ---- the document signer ---- */

static struct err *
check_key_usage(const struct cert *c, const char *purpose, struct path *p)
{
	if (cert_has_key_usage(c) &&
	    (cert_key_usage(c) & KU_DIGITAL_SIGNATURE) == 0) {
		p->result = PATH_CONSTRAINTS;
		snprintf(p->detail, sizeof(p->detail),
		    "the key is not for signing data");
		return NULL;
	}
	ossl_begin();
	int critical = -1;
	CLEANUP(EXTENDED_KEY_USAGE_freep)
	EXTENDED_KEY_USAGE *eku =
	    X509_get_ext_d2i(cert_x509(c), NID_ext_key_usage, &critical, NULL);
	TRY(ossl_forget());
	bool named = false;
	for (int i = 0; i < sk_ASN1_OBJECT_num(eku); i++) {
		char text[OID_TEXT_MAX];
		oid_text(sk_ASN1_OBJECT_value(eku, i), text, sizeof(text));
		named =
		    named || (purpose != NULL && strcmp(text, purpose) == 0);
	}
	/* -1: there is none.  Anything else but the wanted one is refused. */
	if (purpose != NULL ? named : critical == -1)
		return NULL;
	p->result = PATH_CONSTRAINTS;
	snprintf(p->detail, sizeof(p->detail),
	    "the signer's key is for another purpose");
	return NULL;
}

struct err *
document_signer_path(struct cert *signer, const char *purpose,
    const struct sod_request *r, struct path *out)
{
	const struct path_request request = {
		.leaf = signer,
		.pool = r->pool,
		.anchors = r->csca,
		.time = r->time,
		.status = r->status,
		.status_data = r->status_data,
		.nstatus_data = r->nstatus_data,
		.explicit_curves = true,
		.issuers_only = true,
	};
	TRY(path_build(&request, out));
	if (out->result == PATH_OK)
		TRY(check_key_usage(signer, purpose, out));
	return NULL;
}

/* ---- judging ---- */

static struct err *
judge_signature(
    const struct sod *s, const struct sod_request *r, struct sod_verdict *v)
{
	struct chip_signature found;
	TRY(chip_signature_check(s->cms, r->pool, &found));
	v->signature = found.value;
	v->signer = TAKE(found.signer);
	v->alg = found.alg;
	v->findings = found.findings;
	found.findings = (struct findings){ 0 };
	chip_signature_done(&found);
	return NULL;
}

static struct err *
judge_group(
    const struct sod *s, const struct data_group *g, struct sod_verdict *v)
{
	if (g->number < 1 || g->number > DATA_GROUPS)
		return err_new(ERR_USAGE, "ICAO 9303-10 4.7",
		    "there is no data group %d", g->number);
	enum group_state *state = &v->groups[g->number];
	if (*state != GROUP_NOT_GIVEN)
		return err_new(
		    ERR_USAGE, NULL, "data group %d is given twice", g->number);
	if (g->bytes.len > DATA_GROUP_MAX)
		return err_new(ERR_LIMIT, NULL, "data group %d has %zu bytes",
		    g->number, g->bytes.len);
	struct bytes want = sod_hash(s, g->number);
	uint8_t hash[DIGEST_MAX];
	if (want.ptr == NULL) {
		*state = GROUP_NOT_COVERED;
		return findings_add(&v->findings, false, "chip-group-uncovered",
		    "DG%d has no hash in the SOD", g->number);
	}
	TRY(digest_of(s->digest, g->bytes, hash));
	if (bytes_eq(want, bytes_of(hash, digest_len(s->digest)))) {
		*state = GROUP_FITS;
		return NULL;
	}
	*state = GROUP_DIFFERS;
	return findings_add(&v->findings, true, "chip-group-differs",
	    "DG%d is not what was signed", g->number);
}

static struct err *
judge_groups(
    const struct sod *s, const struct sod_request *r, struct sod_verdict *v)
{
	v->all_fit = true;
	for (size_t i = 0; i < r->ngroups; i++) {
		TRY(judge_group(s, &r->groups[i], v));
		if (v->groups[r->groups[i].number] != GROUP_FITS)
			v->all_fit = false;
	}
	return NULL;
}

/* A hash that nobody is known to have signed covers nothing. */
static void
uncover(struct sod_verdict *v)
{
	for (int n = 1; n <= DATA_GROUPS; n++)
		if (v->groups[n] == GROUP_FITS) {
			v->groups[n] = GROUP_NOT_COVERED;
			v->all_fit = false;
		}
}

/* Certificates that came in the SOD help to find the way, no more. */
static struct err *
judge_path(
    const struct sod *s, const struct sod_request *r, struct sod_verdict *v)
{
	if (v->signer == NULL || r->csca == NULL || r->csca->n == 0)
		return findings_add(&v->findings, false, "chip-no-csca",
		    v->signer == NULL ? "the document signer is not known"
				      : "no CSCA was given");
	struct cert_list pool = { 0 };
	struct err *e = NULL;
	const struct cert_list *from[] = { cms_certs(s->cms), r->pool };
	for (size_t k = 0; k < COUNT_OF(from); k++)
		for (size_t i = 0;
		     e == NULL && from[k] != NULL && i < from[k]->n; i++)
			e = cert_list_add(&pool, from[k]->v[i]);
	struct sod_request with_pool = *r;
	with_pool.pool = &pool;
	if (e == NULL)
		e = document_signer_path(v->signer, NULL, &with_pool, &v->path);
	cert_list_done(&pool);
	TRY(e);
	v->has_path = true;
	if (v->path.result == PATH_OK)
		return NULL;
	const char *code = "chip-signer-untrusted";
	if (v->path.result == PATH_NO_STATUS)
		code = "chip-status-unknown";
	else if (v->path.result == PATH_REVOKED ||
		 v->path.result == PATH_SUSPENDED)
		code = "chip-signer-revoked";
	return findings_add(&v->findings, false, code, "%s", v->path.detail);
}

static enum chip_state
state_of(const struct sod_verdict *v)
{
	for (int i = 1; i <= DATA_GROUPS; i++)
		if (v->groups[i] == GROUP_DIFFERS)
			return CHIP_FORGED;
	if (v->signature == CHECK_FAILED)
		return CHIP_FORGED;
	return v->signature == CHECK_PASSED && v->has_path &&
		       v->path.result == PATH_OK
		   ? CHIP_AUTHENTIC
		   : CHIP_NOT_VERIFIED;
}

static struct err *
judge(const struct sod *s, const struct sod_request *r, struct sod_verdict *v)
{
	TRY(judge_signature(s, r, v));
	if (v->signature == CHECK_FAILED)
		TRY(findings_add(&v->findings, true, "chip-signature-wrong",
		    "the SOD's signature does not hold"));
	if (s->digest == DIGEST_SHA1 || v->alg.digest == DIGEST_SHA1)
		TRY(findings_add(&v->findings, false, "chip-sha1",
		    "SHA-1 is used on this chip"));
	TRY(judge_groups(s, r, v));
	if (v->signature != CHECK_PASSED)
		uncover(v);
	TRY(judge_path(s, r, v));
	v->state = state_of(v);
	return NULL;
}

struct err *
sod_verify(
    const struct sod *s, const struct sod_request *r, struct sod_verdict *out)
{
	CLEANUP(sod_verdict_done)
	struct sod_verdict v = { .path = { .revoked_at = TIME_NONE,
				     .revocation_reason = -1 } };
	TRY(judge(s, r, &v));
	*out = v;
	v = (struct sod_verdict){ 0 };
	return NULL;
}

void
sod_verdict_done(struct sod_verdict *v)
{
	path_done(&v->path);
	cert_free(v->signer);
	findings_done(&v->findings);
	*v = (struct sod_verdict){ 0 };
}
