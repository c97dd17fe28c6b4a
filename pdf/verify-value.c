/* The value of a signature, by /SubFilter: ISO 32000-2 table 260. */
#include "pdf/verify-impl.h"

#include "cms/tsp.h"

#include <openssl/asn1.h>

#include <stdio.h>
#include <string.h>

#define STAMPS_MAX 64 /* of one signature; more prove no more */
#define COVERS_MAX 64 /* bytes of the sentence about coverage */

/* Digests of the signed bytes; each algorithm is run once. */
struct digests {
	uint8_t v[DIGEST_COUNT][DIGEST_MAX];
	bool done[DIGEST_COUNT];
};

/* run_to hashes the document up to `at`, going on from where the last call of
 * this algorithm ended; signatures mostly stand in the order of the file. */
static struct err *
run_to(struct verify *v, enum digest_alg alg, size_t at, struct digest **out)
{
	struct running *r = &v->running[alg];
	if (r->d != NULL && r->at > at)
		digest_free(TAKE(r->d));
	if (r->d == NULL) {
		r->at = 0;
		TRY(digest_new(alg, &r->d));
	}
	TRY(digest_add(r->d, bytes_slice(v->in->document, r->at, at - r->at)));
	r->at = at;
	return digest_copy(r->d, out);
}

struct err *
document_digest(struct verify *v)
{
	CLEANUP(digest_freep) struct digest *d = NULL;
	uint8_t hash[DIGEST_MAX];
	TRY(run_to(v, DIGEST_SHA256, v->in->document.len, &d));
	TRY(digest_final(d, hash));
	memcpy(
	    v->facts->document_sha256, hash, sizeof(v->facts->document_sha256));
	v->facts->hashed = true;
	return NULL;
}

/* *out is empty for an algorithm that is not known, and for no range. */
static struct err *
range_digest(struct verify *v, const struct sig *s, struct digests *all,
    enum digest_alg alg, struct bytes *out)
{
	*out = BYTES_NONE;
	if (!s->ranged || alg <= DIGEST_NONE || alg >= DIGEST_COUNT)
		return NULL;
	if (!all->done[alg]) {
		struct bytes file = v->in->document;
		CLEANUP(digest_freep) struct digest *d = NULL;
		TRY(run_to(v, alg, s->gap_at, &d));
		TRY(digest_add(
		    d, bytes_slice(file, s->gap_end, s->covered - s->gap_end)));
		TRY(digest_final(d, all->v[alg]));
		all->done[alg] = true;
	}
	*out = bytes_of(all->v[alg], digest_len(alg));
	return NULL;
}

static struct signature_fact *
fact_of(struct verify *v, const struct sig *s, size_t i)
{
	return &v->facts->signatures[s->fact + i];
}

static struct err *
set_covers(struct verify *v, const struct sig *s)
{
	char text[COVERS_MAX];
	if (s->view == 0)
		snprintf(text, sizeof(text), "unclear");
	else if (s->covered == v->in->document.len)
		snprintf(text, sizeof(text), "whole document");
	else
		snprintf(text, sizeof(text), "revision %zu of %zu", s->view,
		    pdf_views(v->d));
	for (size_t i = 0; i < s->nfacts; i++) {
		struct signature_fact *f = fact_of(v, s, i);
		for (size_t k = 0; k < f->nreferences; k++) {
			f->references[k].whole = s->view != 0;
			TRY(fact_string(
			    &f->references[k].covers, bytes_str(text)));
		}
	}
	return NULL;
}

static struct err *
set_format(struct verify *v, const struct sig *s, const char *name)
{
	for (size_t i = 0; i < s->nfacts; i++)
		TRY(fact_string(&fact_of(v, s, i)->format, bytes_str(name)));
	return NULL;
}

/* /Contents without the zeros behind it. */
static struct err *
parse_contents(const struct sig *s, struct cms **out)
{
	size_t len;
	TRY(cms_length(s->contents, &len));
	return cms_parse(bytes_slice(s->contents, 0, len), out);
}

/* Each SignerInfo is a signature of its own. */
static struct err *
add_signers(struct verify *v, struct sig *s, size_t n)
{
	for (; s->nfacts < n; s->nfacts++) {
		struct signature_fact *f;
		TRY(facts_add_signature(v->facts, &f));
		const struct findings *from = &fact_of(v, s, 0)->findings;
		for (size_t i = 0; i < from->n; i++)
			TRY(findings_add(&f->findings, from->v[i].fatal,
			    from->v[i].code, "%s",
			    from->v[i].detail == NULL ? ""
						      : from->v[i].detail));
	}
	return NULL;
}

/* What came inside a signature came with its revision. */
static void
set_positions(struct verify *v, const struct sig *s, size_t first_status)
{
	position at = s->view == 0 ? POSITION_LAST : POSITION_OF(s->view);
	for (size_t i = first_status; i < v->facts->nstatus_data; i++)
		v->facts->status_at[i] =
		    (struct status_place){ FACTS_DOCUMENT, at };
	for (size_t i = 0; i < s->nfacts; i++) {
		struct signature_fact *f = fact_of(v, s, i);
		for (size_t k = 0; k < f->ntimestamps; k++) {
			if (!f->timestamps[k].document)
				f->timestamps[k].at = at;
		}
	}
}

static struct err *
add_status(struct verify *v, const struct sig *s, const struct cms *c)
{
	size_t before = v->facts->nstatus_data;
	struct err *e = cms_collect_status(c, v->facts);
	set_positions(v, s, before);
	if (e == NULL || err_kind(e) == ERR_NOMEM)
		return e;
	struct err *again = findings_add(&v->facts->findings, false,
	    "pdf-status-unreadable", "%s", err_text(e));
	err_free(e);
	return again;
}

/* ---- ETSI.CAdES.detached, adbe.pkcs7.detached ---- */

static struct err *
detached(struct verify *v, struct sig *s, const char *format)
{
	CLEANUP(cms_freep) struct cms *c = NULL;
	struct digests all = { .done = { false } };
	TRY(parse_contents(s, &c));
	if (cms_signers(c) == 0)
		return err_new(ERR_MALFORMED, CLAUSE_SIGNATURE, "no signer");
	if (cms_content(c).ptr != NULL)
		TRY(sig_finding(v, s, true, "pdf-cms-content",
		    "a detached signature with content of its own"));
	TRY(add_signers(v, s, cms_signers(c)));
	TRY(set_format(v, s, format));
	for (size_t i = 0; i < s->nfacts; i++) {
		struct bytes digest;
		TRY(range_digest(v, s, &all, cms_signer_digest(c, i), &digest));
		TRY(cms_collect_signer(
		    c, i, digest, &v->extra, "ByteRange", fact_of(v, s, i)));
	}
	return add_status(v, s, c);
}

/* ---- adbe.pkcs7.sha1: the content is the SHA-1 of the range ---- */

static struct err *
pkcs7_sha1(struct verify *v, struct sig *s)
{
	CLEANUP(cms_freep) struct cms *c = NULL;
	struct digests all = { .done = { false } };
	TRY(parse_contents(s, &c));
	if (cms_signers(c) == 0)
		return err_new(ERR_MALFORMED, CLAUSE_SIGNATURE, "no signer");
	TRY(add_signers(v, s, cms_signers(c)));
	TRY(set_format(v, s, "PKCS#7 in PDF"));
	struct bytes sha1, content = cms_content(c);
	TRY(range_digest(v, s, &all, DIGEST_SHA1, &sha1));
	enum check fits = sha1.len > 0 && bytes_eq(sha1, content)
			      ? CHECK_PASSED
			      : CHECK_FAILED;
	for (size_t i = 0; i < s->nfacts; i++) {
		enum digest_alg alg = cms_signer_digest(c, i);
		uint8_t inner[DIGEST_MAX];
		struct bytes digest = BYTES_NONE;
		if (alg != DIGEST_NONE && content.ptr != NULL) {
			TRY(digest_of(alg, content, inner));
			digest = bytes_of(inner, digest_len(alg));
		}
		struct signature_fact *f = fact_of(v, s, i);
		TRY(cms_collect_signer(c, i, digest, &v->extra, "content", f));
		TRY(signature_add_reference(
		    f, "ByteRange", DIGEST_SHA1, fits, NULL, true));
	}
	return add_status(v, s, c);
}

/* ---- adbe.x509.rsa_sha1: a bare PKCS #1 value, certificates in /Cert ---- */

static struct err *
add_cert(struct signature_fact *f, const struct pdf_obj *o)
{
	struct cert *c = NULL;
	if (!pdf_is(o, PDF_STRING))
		return err_new(ERR_MALFORMED, CLAUSE_SIGNATURE, "/Cert");
	TRY(cert_parse(o->text, &c));
	struct err *e = cert_list_add(&f->certs, c);
	if (e == NULL && f->cert == NULL)
		f->cert = cert_ref(c);
	cert_free(c);
	return e;
}

static struct err *
read_certs(struct verify *v, const struct sig *s, struct signature_fact *f)
{
	const struct pdf_obj *o, *item;
	TRY(pdf_dict_get(v->d, pdf_views(v->d), s->dict, "Cert", &o));
	if (!pdf_is(o, PDF_ARRAY))
		return add_cert(f, o);
	for (size_t i = 0; i < pdf_array_len(o) && i < CMS_SIGNERS_MAX; i++) {
		TRY(pdf_array_get(v->d, pdf_views(v->d), o, i, &item));
		TRY(add_cert(f, item));
	}
	return NULL;
}

static struct err *
rsa_value(const struct sig *s, struct buf *out)
{
	const uint8_t *p = s->contents.ptr;
	ASN1_OCTET_STRING *o =
	    d2i_ASN1_OCTET_STRING(NULL, &p, (long)s->contents.len);
	if (o == NULL)
		return err_new(ERR_MALFORMED, CLAUSE_SIGNATURE,
		    "/Contents is no OCTET STRING");
	struct err *e = buf_append(out,
	    bytes_of(ASN1_STRING_get0_data(o), (size_t)ASN1_STRING_length(o)));
	ASN1_OCTET_STRING_free(o);
	return e;
}

static struct err *
x509_rsa(struct verify *v, struct sig *s)
{
	struct digests all = { .done = { false } };
	struct bytes digest;
	struct signature_fact *f = fact_of(v, s, 0);
	CLEANUP(buf_done) struct buf value = BUF(4096);
	TRY(set_format(v, s, "PKCS#1 in PDF"));
	TRY(rsa_value(s, &value));
	TRY(read_certs(v, s, f));
	if (f->cert == NULL)
		return err_new(ERR_MALFORMED, CLAUSE_SIGNATURE, "no /Cert");
	f->alg =
	    (struct sig_alg){ .form = SIG_RSA_PKCS1, .digest = DIGEST_SHA1 };
	TRY(range_digest(v, s, &all, DIGEST_SHA1, &digest));
	bool ok = false;
	if (digest.len > 0 && cert_key_alg(f->cert) == KEY_RSA)
		TRY(cert_verify_digest(
		    f->cert, f->alg, digest, buf_bytes(&value), &ok));
	f->signature = ok ? CHECK_PASSED : CHECK_FAILED;
	return signature_add_reference(f, "ByteRange", DIGEST_SHA1,
	    ok ? CHECK_PASSED : CHECK_FAILED, NULL, true);
}

/* ---- ETSI.RFC3161: a document time stamp ---- */

static struct err *
check_token(struct verify *v, const struct sig *s, struct bytes token,
    struct timestamp_fact *out)
{
	CLEANUP(tst_freep) struct tst *t = NULL;
	struct digests all = { .done = { false } };
	struct bytes digest;
	TRY(tst_parse(token, &t));
	enum digest_alg alg = tst_imprint_alg(t);
	TRY(range_digest(v, s, &all, alg, &digest));
	struct signature_fact *f = fact_of(v, s, 0);
	TRY(tst_check(t, digest, &v->extra, &f->certs, out));
	out->document = true;
	out->kind = STAMP_DOCUMENT;
	out->at = s->view == 0 ? 0 : POSITION_OF_STAMP(s->view);
	if (digest.len == 0)
		out->digest = CHECK_FAILED;
	return signature_add_reference(
	    f, "ByteRange", alg, out->digest, NULL, true);
}

/* A stamp over the signed revision proves that earlier signatures were there;
 * but only if what it covers is clear. */
static struct err *
add_stamp(struct verify *v, const struct sig *s, struct timestamp_fact t)
{
	if (s->view == 0)
		t.digest = CHECK_FAILED;
	TRY(signature_add_timestamp(fact_of(v, s, 0), t));
	for (size_t i = 0; i < v->nsigs; i++) {
		const struct sig *other = &v->sigs[i];
		if (other == s || other->stamp || other->view == 0 ||
		    other->view > s->view)
			continue;
		for (size_t k = 0; k < other->nfacts; k++) {
			struct signature_fact *f = fact_of(v, other, k);
			if (f->ntimestamps < STAMPS_MAX)
				TRY(signature_add_timestamp(f, t));
		}
	}
	return NULL;
}

static struct err *
document_stamp(struct verify *v, struct sig *s)
{
	CLEANUP(cms_freep) struct cms *c = NULL;
	struct timestamp_fact t = { .time = TIME_NONE };
	size_t len;
	TRY(set_format(v, s, "PAdES document time stamp"));
	fact_of(v, s, 0)->stamp = true;
	TRY(cms_length(s->contents, &len));
	struct bytes token = bytes_slice(s->contents, 0, len);
	TRY(cms_parse(token, &c));
	if (cms_signers(c) != 1)
		return err_new(ERR_MALFORMED, "RFC 3161 2.4.2", "signers");
	uint8_t inner[DIGEST_MAX];
	struct bytes digest = BYTES_NONE, content = cms_content(c);
	enum digest_alg alg = cms_signer_digest(c, 0);
	if (alg != DIGEST_NONE && content.ptr != NULL) {
		TRY(digest_of(alg, content, inner));
		digest = bytes_of(inner, digest_len(alg));
	}
	TRY(cms_collect_signer(
	    c, 0, digest, &v->extra, "TSTInfo", fact_of(v, s, 0)));
	struct err *e = check_token(v, s, token, &t);
	struct signature_fact *f = fact_of(v, s, 0);
	f->level = FACT_LEVEL_NONE;
	if (e == NULL) {
		f->claimed_time = t.time;
		if (t.signature != CHECK_PASSED)
			f->signature = t.signature;
		e = add_stamp(v, s, t);
	}
	cert_free(t.tsa);
	TRY(e);
	return add_status(v, s, c);
}

/* ---- which of them ---- */

static struct err *
by_subfilter(struct verify *v, struct sig *s)
{
	const struct pdf_obj *sub = pdf_dict_raw(s->dict, "SubFilter");
	if (pdf_is_name(sub, "ETSI.CAdES.detached"))
		return detached(v, s, "PAdES");
	if (pdf_is_name(sub, "adbe.pkcs7.detached"))
		return detached(v, s, "PKCS#7 in PDF");
	if (pdf_is_name(sub, "adbe.pkcs7.sha1"))
		return pkcs7_sha1(v, s);
	if (pdf_is_name(sub, "adbe.x509.rsa_sha1"))
		return x509_rsa(v, s);
	if (pdf_is_name(sub, "ETSI.RFC3161"))
		return document_stamp(v, s);
	return sig_finding(v, s, true, "pdf-subfilter",
	    "a kind of signature that is not known");
}

struct err *
sig_value(struct verify *v, struct sig *s)
{
	TRY(set_format(v, s, "PDF"));
	if (s->contents.len == 0)
		return NULL;
	struct err *e = by_subfilter(v, s);
	if (e != NULL && err_kind(e) != ERR_NOMEM &&
	    err_kind(e) != ERR_INTERNAL) {
		struct err *again = sig_finding(
		    v, s, true, "pdf-cms-broken", "/Contents: %s", err_text(e));
		err_free(e);
		e = again;
	}
	TRY(e);
	return set_covers(v, s);
}
