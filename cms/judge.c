#include "cms/internal.h"

#include "certs/ossl.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

/* Certificates with the signer's name and number: more than a few is an
 * attempt to make us work. */
#define CANDIDATES_MAX 8

/* The signed attributes that decide something.  Values borrow. */
struct signed_attributes {
	bool present;
	struct bytes content_type;   /* OID's value; empty: missing */
	struct bytes message_digest; /* ptr NULL: missing */
	struct bytes ess_v1;         /* the whole value; ptr NULL: missing */
	struct bytes ess_v2;
	struct bytes protection; /* CMSAlgorithmProtection whole */
	int64_t signing_time;
};

/* What is no fault of the file: memory that ran out, which OpenSSL does not
 * always call so. */
static bool
ours(const struct err *e)
{
	return err_kind(e) == ERR_NOMEM || err_kind(e) == ERR_INTERNAL;
}

static struct err *
told(struct findings *f, bool fatal, const char *code, struct err *e)
{
	if (ours(e))
		return e;
	struct err *e2 = findings_add(f, fatal, code, "%s", err_text(e));
	err_free(e);
	return e2;
}

/* The slot that an attribute's only value goes to, NULL for the others. */
static struct bytes *
slot_of(struct signed_attributes *a, struct bytes oid, struct bytes *time)
{
	if (bytes_eq(oid, OID_CONTENT_TYPE))
		return &a->content_type;
	if (bytes_eq(oid, OID_MESSAGE_DIGEST))
		return &a->message_digest;
	if (bytes_eq(oid, OID_SIGNING_TIME))
		return time;
	if (bytes_eq(oid, OID_SIGNING_CERTIFICATE))
		return &a->ess_v1;
	if (bytes_eq(oid, OID_SIGNING_CERTIFICATE_V2))
		return &a->ess_v2;
	if (bytes_eq(oid, OID_ALGORITHM_PROTECTION))
		return &a->protection;
	return NULL;
}

static struct err *
read_values(struct signed_attributes *a, struct bytes time)
{
	struct tlv t;
	if (a->content_type.ptr != NULL) {
		TRY(ber_only(a->content_type, BER_OID, &t));
		a->content_type = t.body;
	}
	if (a->message_digest.ptr != NULL) {
		TRY(ber_only(a->message_digest, BER_OCTETS, &t));
		a->message_digest = t.body;
	}
	if (time.ptr != NULL) {
		TRY(ber_next(&time, &t));
		TRY(ber_time(t, &a->signing_time));
	}
	return NULL;
}

/* RFC 5652 11: each of these at most once, and with one value. */
static struct err *
read_attributes(const struct signer_info *s, struct signed_attributes *a)
{
	*a = (struct signed_attributes){ .signing_time = TIME_NONE };
	a->present = s->signed_attrs.ptr != NULL;
	struct bytes time = BYTES_NONE;
	size_t n = 0;
	for (struct bytes rest = s->signed_body; rest.len > 0; n++) {
		struct attribute at;
		TRY(attribute_next(&rest, &at));
		if (n == CMS_ATTRIBUTES_MAX)
			return err_new(ERR_LIMIT, NULL, "over %d attributes",
			    CMS_ATTRIBUTES_MAX);
		struct bytes *slot = slot_of(a, at.oid, &time);
		if (slot == NULL)
			continue;
		struct tlv t;
		TRY(attribute_single(at, &t));
		if (slot->ptr != NULL)
			return err_new(ERR_MALFORMED, "RFC 5652 11",
			    "an attribute stands twice");
		*slot = t.whole;
	}
	return read_values(a, time);
}

/* ---- who signed ---- */

static bool
same_name(struct bytes der, const struct cert *c)
{
	if (bytes_eq(der, cert_issuer_der(c)))
		return true;
	/* The same name may be encoded in another string type. */
	const uint8_t *p = der.ptr;
	CLEANUP(X509_NAME_freep)
	X509_NAME *name = d2i_X509_NAME(NULL, &p, (long)der.len);
	if (name == NULL) {
		ERR_clear_error();
		return false;
	}
	return X509_NAME_cmp(name, X509_get_issuer_name(cert_x509(c))) == 0;
}

static bool
is_named(const struct signer_info *s, const struct cert *c)
{
	if (s->issuer.ptr == NULL) {
		const ASN1_OCTET_STRING *id =
		    X509_get0_subject_key_id(cert_x509(c));
		return id != NULL && s->key_id.len > 0 &&
		       bytes_eq(s->key_id, bytes_of(ASN1_STRING_get0_data(id),
					       (size_t)ASN1_STRING_length(id)));
	}
	return cert_has_serial(c, s->serial) && same_name(s->issuer, c);
}

struct candidates {
	struct cert *v[CANDIDATES_MAX];
	size_t n;
};

static void
gather(const struct signer_info *s, const struct cert_list *l,
    struct candidates *out)
{
	for (size_t i = 0; l != NULL && i < l->n; i++) {
		bool there = false;
		for (size_t k = 0; k < out->n; k++)
			there = there || cert_eq(out->v[k], l->v[i]);
		if (!there && out->n < CANDIDATES_MAX && is_named(s, l->v[i]))
			out->v[out->n++] = l->v[i];
	}
}

/* RFC 5035: an attribute that is there must fit; if both are, both must. */
static struct err *
check_binding(
    const struct signed_attributes *a, const struct cert *c, enum check *out)
{
	enum check v1 = CHECK_NOT_DONE, v2 = CHECK_NOT_DONE;
	if (a->ess_v1.ptr != NULL)
		TRY(ess_check(a->ess_v1, false, c, &v1));
	if (a->ess_v2.ptr != NULL)
		TRY(ess_check(a->ess_v2, true, c, &v2));
	if (v1 == CHECK_FAILED || v2 == CHECK_FAILED)
		*out = CHECK_FAILED;
	else if (v1 == CHECK_PASSED || v2 == CHECK_PASSED)
		*out = CHECK_PASSED;
	else
		*out = CHECK_NOT_DONE;
	return NULL;
}

/* ---- whether the value holds ---- */

/* What is needed to check one value under any certificate. */
struct subject {
	const struct cms *cms;
	const struct signer_info *s;
	const struct signed_attributes *a;
	struct bytes content_digest;
	struct sig_alg algs[2];
	size_t nalgs;
};

static struct err *
check_message(const struct subject *x, struct cert *cert, struct bytes message,
    struct sig_alg alg, bool *ok)
{
	struct err *e =
	    cert_verify(cert, alg, message, buf_bytes(&x->s->signature), ok);
	/* A key of another kind than the algorithm's verifies nothing. */
	if (e != NULL && !ours(e)) {
		err_free(e);
		*ok = false;
		return NULL;
	}
	return e;
}

/*
 * RFC 5652 5.4: the attributes are hashed in DER with the tag of SET OF.
 * Signers exist that hash them in the order and form in which they stand;
 * the bytes differ, what they say does not.
 */
static struct err *
check_attributes(
    const struct subject *x, struct cert *cert, struct sig_alg alg, bool *ok)
{
	struct bytes body = x->s->signed_body;
	CLEANUP(buf_done) struct buf der = BUF(CMS_MAX);
	TRY(der_put_set(&der, BER_SET, body));
	TRY(check_message(x, cert, buf_bytes(&der), alg, ok));
	if (*ok)
		return NULL;
	CLEANUP(buf_done) struct buf plain = BUF(CMS_MAX);
	TRY(der_put(&plain, BER_SET, body));
	if (!bytes_eq(buf_bytes(&plain), buf_bytes(&der)))
		TRY(check_message(x, cert, buf_bytes(&plain), alg, ok));
	if (*ok)
		return NULL;
	buf_clear(&der);
	TRY(buf_byte(&der, BER_SET));
	TRY(buf_append(&der, bytes_from(x->s->signed_attrs, 1)));
	if (!bytes_eq(buf_bytes(&plain), buf_bytes(&der)))
		TRY(check_message(x, cert, buf_bytes(&der), alg, ok));
	return NULL;
}

/* Without signed attributes the value is over the content itself. */
static struct err *
check_content(const struct subject *x, struct cert *cert, struct sig_alg alg,
    bool *done, bool *ok)
{
	if (alg.form == SIG_EDDSA || alg.form == SIG_ED448) {
		*done = x->cms->content.ptr != NULL && !x->s->counter;
		return *done ? check_message(x, cert, x->cms->content, alg, ok)
			     : NULL;
	}
	*done = x->content_digest.len > 0 && alg.digest == x->s->digest;
	if (!*done)
		return NULL;
	struct err *e = cert_verify_digest(
	    cert, alg, x->content_digest, buf_bytes(&x->s->signature), ok);
	if (e != NULL && !ours(e)) {
		err_free(e);
		*ok = false;
		return NULL;
	}
	return e;
}

static struct err *
check_value(
    const struct subject *x, struct cert *cert, struct signer_result *out)
{
	out->signature = CHECK_NOT_DONE;
	for (size_t i = 0; i < x->nalgs; i++) {
		bool done = true, ok = false;
		if (x->a->present)
			TRY(check_attributes(x, cert, x->algs[i], &ok));
		else
			TRY(check_content(x, cert, x->algs[i], &done, &ok));
		if (!done)
			continue;
		out->alg = x->algs[i];
		out->signature = ok ? CHECK_PASSED : CHECK_FAILED;
		if (ok)
			break;
	}
	return NULL;
}

/* Of several certificates that fit the name, the one that is bound and under
 * which the value holds. */
static struct err *
choose(const struct subject *x, const struct candidates *all,
    struct signer_result *out)
{
	struct cert *best = NULL;
	int best_score = -1;
	for (size_t i = 0; i < all->n; i++) {
		struct signer_result r = *out;
		TRY(check_binding(x->a, all->v[i], &r.binding));
		TRY(check_value(x, all->v[i], &r));
		int score = (r.signature == CHECK_PASSED ? 2 : 0) +
			    (r.binding == CHECK_PASSED ? 1 : 0);
		if (score <= best_score)
			continue;
		best_score = score;
		*out = r;
		best = all->v[i];
	}
	out->cert = best == NULL ? NULL : cert_ref(best);
	return NULL;
}

/*
 * The signature algorithm may name another hash than digestAlgorithm does
 * (RFC 8933 forbids it).  Both were named by the signer, so either may have
 * been meant for the value: doc/cms.md.
 */
static struct err *
read_algs(struct subject *x, struct findings *f)
{
	struct sig_alg alg;
	struct err *e = sig_alg_parse(x->s->sig_alg, x->s->digest, &alg);
	if (e != NULL)
		return told(f, false, "signature-algorithm-unknown", e);
	x->algs[x->nalgs++] = alg;
	/* RFC 8419 3.1: one digest each, where there are attributes. */
	bool eddsa = alg.form == SIG_EDDSA || alg.form == SIG_ED448;
	enum digest_alg want =
	    alg.form == SIG_ED448 ? DIGEST_SHAKE256 : DIGEST_SHA512;
	if (eddsa && x->a->present && x->s->digest != want)
		return findings_add(f, true, "cms-digest-forbidden", "%s",
		    digest_name(x->s->digest));
	if (eddsa || alg.form == SIG_RSA_PSS || alg.digest == x->s->digest ||
	    x->s->digest == DIGEST_NONE)
		return NULL;
	alg.digest = x->s->digest;
	x->algs[x->nalgs++] = alg;
	return findings_add(f, false, "cms-digest-differs", "%s and %s",
	    digest_name(x->algs[0].digest), digest_name(x->s->digest));
}

/* ---- the attributes themselves ---- */

/*
 * A value made over signed attributes is also a value over a content that
 * consists of just these attributes.  Nobody signs such a thing on purpose.
 */
bool
is_attributes(struct bytes content)
{
	struct tlv set;
	struct err *e = ber_only(content, BER_SET, &set);
	bool found = false;
	while (e == NULL && set.body.len > 0) {
		struct attribute a;
		e = attribute_next(&set.body, &a);
		if (e == NULL && bytes_eq(a.oid, OID_MESSAGE_DIGEST))
			found = true;
	}
	bool yes = e == NULL && found;
	err_free(e);
	return yes;
}

/* RFC 6211 2: what was signed about the algorithms must be what is used. */
static bool
protection_fits(const struct signed_attributes *a, const struct signer_info *s)
{
	struct tlv t, digest, sig, oid;
	struct err *e = ber_only(a->protection, BER_SEQUENCE, &t);
	struct bytes rest = e == NULL ? t.body : BYTES_NONE;
	if (e == NULL)
		e = ber_take(&rest, BER_SEQUENCE, &digest);
	if (e == NULL)
		e = ber_take(&digest.body, BER_OID, &oid);
	if (e == NULL)
		e = ber_take(&rest, BER_CONTEXT + 1, &sig);
	bool fits = false;
	if (e == NULL) {
		struct bytes whole = s->sig_alg;
		struct tlv used;
		e = ber_take(&whole, BER_SEQUENCE, &used);
		fits = e == NULL && bytes_eq(oid.body, s->digest_oid) &&
		       bytes_eq(sig.body, used.body);
	}
	err_free(e);
	return fits;
}

static struct err *
check_without_attributes(const struct cms *c, struct findings *f)
{
	TRY(findings_add(f, false, "cms-no-signed-attributes",
	    "the value is over the content itself"));
	if (!bytes_eq(c->content_oid, OID_DATA))
		TRY(findings_add(f, true, "cms-attributes-missing",
		    "content of type %s wants signed attributes",
		    c->content_type));
	if (is_attributes(c->content))
		TRY(findings_add(f, true, "cms-content-is-attributes",
		    "the content is a set of attributes"));
	return NULL;
}

static struct err *
check_with_attributes(const struct cms *c, const struct signer_info *s,
    const struct signed_attributes *a, struct findings *f)
{
	if (s->counter) {
		/* RFC 5652 11.4: what is signed is no content. */
		if (a->content_type.ptr != NULL)
			TRY(findings_add(f, false, "cms-content-type",
			    "content-type in a counter-signature"));
	} else if (!bytes_eq(a->content_type, c->content_oid))
		TRY(findings_add(f, true, "cms-content-type",
		    a->content_type.ptr == NULL
			? "no content-type attribute"
			: "content-type is not that of the content"));
	if (a->message_digest.ptr == NULL)
		TRY(findings_add(f, true, "cms-attributes-missing",
		    "no message-digest attribute"));
	if (a->protection.ptr != NULL && !protection_fits(a, s))
		TRY(findings_add(f, true, "cms-algorithm-protection",
		    "the signed algorithms are not those used"));
	return NULL;
}

static enum check
check_digest(const struct signed_attributes *a, struct bytes content_digest,
    enum check signature)
{
	if (content_digest.len == 0)
		return CHECK_NOT_DONE;
	if (!a->present)
		return signature == CHECK_PASSED ? CHECK_PASSED
						 : CHECK_NOT_DONE;
	return bytes_eq(a->message_digest, content_digest) ? CHECK_PASSED
							   : CHECK_FAILED;
}

static struct err *
judge_attributes(struct subject *x, const struct cert_list *extra,
    struct findings *f, struct signer_result *out)
{
	if (x->a->present)
		TRY(check_with_attributes(x->cms, x->s, x->a, f));
	else if (!x->s->counter)
		TRY(check_without_attributes(x->cms, f));
	TRY(read_algs(x, f));
	struct candidates all = { 0 };
	gather(x->s, &x->cms->certs, &all);
	gather(x->s, extra, &all);
	out->signing_time = x->a->signing_time;
	if (x->nalgs > 0)
		out->alg = x->algs[0];
	TRY(choose(x, &all, out));
	out->digest = check_digest(x->a, x->content_digest, out->signature);
	if (out->cert == NULL)
		return findings_add(f, false, "signer-certificate-missing",
		    "no certificate fits the signer's identifier");
	if (out->binding == CHECK_FAILED)
		return findings_add(f, false, "signer-certificate-not-bound",
		    "the signing-certificate attribute names another");
	return NULL;
}

struct err *
signer_judge(const struct cms *c, const struct signer_info *s,
    struct bytes content_digest, const struct cert_list *extra,
    struct findings *findings, struct signer_result *out)
{
	*out = (struct signer_result){ .signing_time = TIME_NONE };
	struct signed_attributes a;
	struct err *e = read_attributes(s, &a);
	if (e != NULL)
		return told(findings, true, "cms-attributes-broken", e);
	if (content_digest.len > 0 &&
	    content_digest.len != digest_len(s->digest))
		return err_new(ERR_USAGE, NULL, "a digest of %zu bytes",
		    content_digest.len);
	struct subject x = {
		.cms = c, .s = s, .a = &a, .content_digest = content_digest
	};
	e = judge_attributes(&x, extra, findings, out);
	if (e == NULL || ours(e))
		return e;
	cert_free(TAKE(out->cert));
	*out = (struct signer_result){ .signing_time = TIME_NONE };
	return told(findings, true, "cms-attributes-broken", e);
}
