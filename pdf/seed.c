#include "pdf/seed.h"

#include "pdf/text.h"

#include <string.h>

/* Bits of /Ff: the value is a constraint. Table 237, and 238 below. */
enum {
	SEED_FILTER = 1 << 0,
	SEED_SUBFILTER = 1 << 1,
	SEED_VERSION = 1 << 2,
	SEED_REASONS = 1 << 3,
	SEED_ATTESTATION = 1 << 4,
	SEED_REVOCATION = 1 << 5,
	SEED_DIGEST = 1 << 6,
	SEED_LOCK = 1 << 7,
	SEED_APPEARANCE = 1 << 8,
};
enum {
	SEED_CERT_SUBJECT = 1 << 0,
	SEED_CERT_ISSUER = 1 << 1,
};

#define SEED_VERSION_MAX 3 /* what a signer must understand: 3 is PDF 2.0 */
#define REASON_MAX 4096    /* bytes of one proposed reason */

struct seed {
	struct pdf_document *d;
	const struct pdf_survey *survey;
	const struct sign_params *params;
	struct pdf_params *pdf;
	const struct pdf_obj *dict; /* /SV */
	int64_t flags;
};

static struct err *
refuse(const char *what)
{
	return err_coded(err_new(ERR_DENIED, "ISO 32000-2 12.7.5.5",
			     "the field prescribes %s", what),
	    "pdf-seed");
}

static struct err *
get(const struct seed *s, const struct pdf_obj *dict, const char *key,
    const struct pdf_obj **out)
{
	return pdf_dict_get(s->d, pdf_views(s->d), dict, key, out);
}

static struct err *
flags_of(const struct seed *s, const struct pdf_obj *dict, int64_t *out)
{
	const struct pdf_obj *o;
	*out = 0;
	TRY(get(s, dict, "Ff", &o));
	(void)pdf_int(o, 0, UINT32_MAX, out);
	return NULL;
}

/* Whether a name stands in the array under `key`. */
static struct err *
lists_name(const struct seed *s, const char *key, const char *name, bool *out)
{
	const struct pdf_obj *list, *o;
	*out = false;
	TRY(get(s, s->dict, key, &list));
	for (size_t i = 0; !*out && i < pdf_array_len(list); i++) {
		TRY(pdf_array_get(s->d, pdf_views(s->d), list, i, &o));
		*out = pdf_is_name(o, name);
	}
	return NULL;
}

/* ---- the values ---- */

static struct err *
check_filter(const struct seed *s)
{
	const struct pdf_obj *o;
	bool listed = true;
	TRY(get(s, s->dict, "Filter", &o));
	if ((s->flags & SEED_FILTER) != 0 && !pdf_is_name(o, "Adobe.PPKLite"))
		return refuse("another signature handler (/Filter)");
	if ((s->flags & SEED_SUBFILTER) != 0)
		TRY(lists_name(s, "SubFilter", "ETSI.CAdES.detached", &listed));
	return listed ? NULL
		      : refuse("an encoding other than PAdES (/SubFilter)");
}

static struct err *
check_version(const struct seed *s)
{
	const struct pdf_obj *o;
	int64_t v = 0;
	TRY(get(s, s->dict, "V", &o));
	/* It may be written 2.0. */
	if ((s->flags & SEED_VERSION) == 0 ||
	    pdf_int(o, 0, SEED_VERSION_MAX, &v) || pdf_is(o, PDF_REAL))
		return NULL;
	return refuse("a signer of a newer version (/V)");
}

static struct err *
check_digest(const struct seed *s)
{
	static const char *const names[DIGEST_COUNT] = {
		[DIGEST_SHA1] = "SHA1",
		[DIGEST_SHA256] = "SHA256",
		[DIGEST_SHA384] = "SHA384",
		[DIGEST_SHA512] = "SHA512",
		[DIGEST_RIPEMD160] = "RIPEMD160",
		[DIGEST_SHA3_256] = "SHA3-256",
		[DIGEST_SHA3_384] = "SHA3-384",
		[DIGEST_SHA3_512] = "SHA3-512",
	};
	bool listed = false;
	const char *ours = s->params->alg.form == SIG_EDDSA
			       ? "SHA512"
			       : names[s->params->alg.digest];
	if ((s->flags & SEED_DIGEST) == 0)
		return NULL;
	if (ours != NULL)
		TRY(lists_name(s, "DigestMethod", ours, &listed));
	return listed ? NULL : refuse("another digest (/DigestMethod)");
}

static struct err *
is_reason(const struct seed *s, const struct pdf_obj *o, bool *out)
{
	CLEANUP(buf_done) struct buf text = BUF(REASON_MAX);
	*out = false;
	if (!pdf_is(o, PDF_STRING) || s->params->reason == NULL)
		return NULL;
	TRY(pdf_text_utf8(o->text, &text));
	*out = bytes_eq_str(buf_bytes(&text), s->params->reason);
	return NULL;
}

/* Required and empty, or a single point: no reason may be given. */
static struct err *
check_reason(const struct seed *s)
{
	const struct pdf_obj *list, *o = &pdf_null;
	bool fits = false;
	if ((s->flags & SEED_REASONS) == 0)
		return NULL;
	TRY(get(s, s->dict, "Reasons", &list));
	size_t n = pdf_array_len(list);
	if (n == 1)
		TRY(pdf_array_get(s->d, pdf_views(s->d), list, 0, &o));
	bool none =
	    n == 0 || (pdf_is(o, PDF_STRING) && bytes_eq_str(o->text, "."));
	if (none)
		return s->params->reason == NULL
			   ? NULL
			   : refuse("that no reason is given (/Reasons)");
	for (size_t i = 0; !fits && i < n; i++) {
		TRY(pdf_array_get(s->d, pdf_views(s->d), list, i, &o));
		TRY(is_reason(s, o, &fits));
	}
	return fits ? NULL : refuse("one of its own reasons (/Reasons)");
}

/* /MDP has no bit: it always binds. */
static struct err *
check_certification(const struct seed *s)
{
	const struct pdf_obj *mdp, *p;
	int64_t level;
	TRY(get(s, s->dict, "MDP", &mdp));
	TRY(get(s, mdp, "P", &p));
	if (!pdf_int(p, 0, 3, &level))
		return NULL;
	if (s->pdf->certify != PDF_APPROVAL &&
	    s->pdf->certify != (enum pdf_certify)level)
		return refuse("another kind of certification (/MDP)");
	if (level != 0 && s->survey->signatures > 0)
		return refuse("a certification, but others signed first");
	s->pdf->certify = (enum pdf_certify)level;
	return NULL;
}

static struct err *
check_time_stamp(const struct seed *s)
{
	const struct pdf_obj *o;
	int64_t flags;
	TRY(get(s, s->dict, "TimeStamp", &o));
	TRY(flags_of(s, o, &flags));
	if ((flags & 1) != 0 && s->params->level < LEVEL_T)
		return refuse("a time stamp: level T (/TimeStamp)");
	return NULL;
}

/* What we do not do is no trouble when it is not wanted either. */
static struct err *
check_rest(const struct seed *s)
{
	const struct pdf_obj *revocation, *lock;
	TRY(get(s, s->dict, "AddRevInfo", &revocation));
	TRY(get(s, s->dict, "LockDocument", &lock));
	if ((s->flags & SEED_REVOCATION) != 0 && pdf_is(revocation, PDF_BOOL) &&
	    revocation->boolean)
		return refuse("revocation data inside (/AddRevInfo)");
	if ((s->flags & SEED_LOCK) != 0 && pdf_is_name(lock, "true"))
		return refuse("that the document is locked (/LockDocument)");
	if ((s->flags & SEED_ATTESTATION) != 0)
		return refuse("a legal attestation (/LegalAttestation)");
	if ((s->flags & SEED_APPEARANCE) != 0)
		return refuse("an appearance by name (/AppearanceFilter)");
	return NULL;
}

/* ---- the certificate, table 238 ---- */

static bool
is_ours(const struct seed *s, const struct pdf_obj *o, bool issuer)
{
	const struct cert_list *chain = s->params->chain;
	if (!pdf_is(o, PDF_STRING))
		return false;
	if (!issuer)
		return bytes_eq(o->text, cert_der(s->params->cert));
	for (size_t i = 0; chain != NULL && i < chain->n; i++) {
		if (bytes_eq(o->text, cert_der(chain->v[i])))
			return true;
	}
	return false;
}

static struct err *
check_list(const struct seed *s, const struct pdf_obj *cert, const char *key,
    bool issuer)
{
	const struct pdf_obj *list, *o;
	bool listed = false;
	TRY(get(s, cert, key, &list));
	for (size_t i = 0; !listed && i < pdf_array_len(list); i++) {
		TRY(pdf_array_get(s->d, pdf_views(s->d), list, i, &o));
		listed = is_ours(s, o, issuer);
	}
	return listed ? NULL
		      : refuse(issuer ? "a certificate of another issuer"
				      : "another certificate");
}

static struct err *
check_certificate(const struct seed *s)
{
	const struct pdf_obj *cert;
	int64_t flags;
	TRY(get(s, s->dict, "Cert", &cert));
	TRY(flags_of(s, cert, &flags));
	if ((flags & SEED_CERT_SUBJECT) != 0)
		TRY(check_list(s, cert, "Subject", false));
	if ((flags & SEED_CERT_ISSUER) != 0)
		TRY(check_list(s, cert, "Issuer", true));
	if ((flags & ~(SEED_CERT_SUBJECT | SEED_CERT_ISSUER)) != 0)
		return refuse("more of the certificate than is looked at");
	return NULL;
}

struct err *
pdf_seed_check(struct pdf_document *d, const struct pdf_survey *survey,
    const struct sign_params *params, struct pdf_params *pdf)
{
	struct seed s = {
		.d = d, .survey = survey, .params = params, .pdf = pdf
	};
	if (!survey->found)
		return NULL;
	TRY(get(&s, survey->dict, "SV", &s.dict));
	if (pdf_is(s.dict, PDF_NULL))
		return NULL;
	TRY(flags_of(&s, s.dict, &s.flags));
	TRY(check_filter(&s));
	TRY(check_version(&s));
	TRY(check_digest(&s));
	TRY(check_reason(&s));
	TRY(check_certification(&s));
	TRY(check_time_stamp(&s));
	TRY(check_rest(&s));
	return check_certificate(&s);
}
