#include "xml/signature.h"

#include "certs/ossl.h"
#include "xml/hmac.h"
#include "xml/ns.h"

#include <stdlib.h>
#include <string.h>

#define SIGNED_INFO_MAX (8 * 1024 * 1024) /* canonical bytes */
#define VALUE_MAX 8192                    /* bytes of a signature value */

void
xml_signature_done(struct xml_signature *s)
{
	for (size_t i = 0; i < s->nrefs; i++)
		xml_ref_done(&s->refs[i]);
	free(s->refs);
	keyinfo_done(&s->keys);
}

struct err *
xml_signature_open(xmlNode *node, struct xml_signature *out)
{
	xmlNode *c = xml_first(node);
	out->node = node;
	xmlNode *info = c;
	xmlNode *value = c == NULL ? NULL : xml_next(c);
	if (!xml_is(info, NS_DS, "SignedInfo") ||
	    !xml_is(value, NS_DS, "SignatureValue") || !xml_is_plain(value))
		return err_new(ERR_MALFORMED, "XMLDSig 4.1",
		    "SignedInfo and SignatureValue");
	c = xml_next(value);
	if (xml_is(c, NS_DS, "KeyInfo")) {
		out->keyinfo = c;
		c = xml_next(c);
	}
	for (; c != NULL; c = xml_next(c))
		if (!xml_is(c, NS_DS, "Object"))
			return err_new(ERR_MALFORMED, "XMLDSig 4.1",
			    "something else stands in the Signature");
	if (xml_has_text(node))
		return err_new(ERR_MALFORMED, "XMLDSig 4.1",
		    "text stands in the Signature");
	out->info = info;
	out->value = value;
	return NULL;
}

bool
xml_ref_is_own(const struct xml_signature *s, const struct xml_ref *r)
{
	if (r->kind != REF_ELEMENT || !xml_is_inside(r->element, s->node))
		return false;
	const xmlNode *e = r->element;
	return xades_is(e, "SignedProperties") ||
	       xades_is(e, "QualifyingProperties") ||
	       xml_is(e, NS_DS, "SignatureProperties") ||
	       xml_is(e, NS_DS, "SignatureProperty") ||
	       (s->keyinfo != NULL && xml_is_inside(e, s->keyinfo));
}

/* ---- the value ---- */

struct attempt {
	struct sig_alg alg;
	struct bytes message;
	struct bytes value; /* as OpenSSL wants it */
	bool tried;
	struct xml_work *work;
};

/* A key of another kind, or one OpenSSL refuses, simply does not fit. */
static struct err *
try_key(struct attempt *a, EVP_PKEY *key, bool *ok)
{
	struct err *problem = NULL;
	*ok = false;
	a->tried = true;
	TRY(work_spend_steps(a->work, STEPS_VERIFY));
	TRY(blame_document(
	    key_verify(key, a->alg, a->message, a->value, ok), &problem));
	err_free(problem);
	return NULL;
}

/* Remembers the certificate under whose key the value holds; while there is
 * none, the first stands in, so that a report can name somebody. */
static struct err *
try_cert(struct attempt *a, struct cert *c, struct signature_fact *fact)
{
	bool ok;
	TRY(try_key(a, cert_key(c), &ok));
	if (ok || fact->cert == NULL) {
		cert_free(fact->cert);
		fact->cert = cert_ref(c);
	}
	if (ok)
		fact->signature = CHECK_PASSED;
	return NULL;
}

/* Two certificates may have one key: the one that the signed properties name
 * goes first. */
static struct err *
try_list(struct attempt *a, const struct cert_list *l,
    const struct xml_signature *s, struct signature_fact *fact)
{
	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < l->n && fact->signature != CHECK_PASSED;
		     i++) {
			bool named = false;
			TRY(xades_names(s, l->v[i], &named));
			if (named == (pass == 0))
				TRY(try_cert(a, l->v[i], fact));
		}
	return NULL;
}

/* Certificates that do not stand in KeyInfo count when KeyInfo, or the signed
 * property SigningCertificate, names them.  Nobody is guessed. */
static struct err *
try_named(const struct cert_list *l, struct attempt *a,
    const struct xml_signature *s, struct signature_fact *fact)
{
	for (size_t i = 0;
	     l != NULL && i < l->n && fact->signature != CHECK_PASSED; i++) {
		bool named = false;
		if (s->keyinfo != NULL)
			TRY(keyinfo_allows(s->keyinfo, l->v[i], &named));
		if (!named)
			TRY(xades_names(s, l->v[i], &named));
		if (named)
			TRY(try_cert(a, l->v[i], fact));
	}
	return NULL;
}

/* No certificate stands in for a key that verified by itself. */
static void
only_a_key(struct signature_fact *fact)
{
	cert_free(fact->cert);
	fact->cert = NULL;
	fact->signature = CHECK_PASSED;
}

static struct err *
try_given_keys(
    struct xml_job *job, struct attempt *a, struct signature_fact *fact)
{
	for (size_t i = 0; i < job->in->nkeys; i++) {
		bool ok = false;
		const uint8_t *p = job->in->keys[i].ptr;
		CLEANUP(EVP_PKEY_freep)
		EVP_PKEY *k = d2i_PUBKEY(NULL, &p, (long)job->in->keys[i].len);
		if (k == NULL)
			return err_ossl(ERR_USAGE, "a key from outside");
		TRY(try_key(a, k, &ok));
		if (!ok)
			continue;
		only_a_key(fact);
		return findings_add(&fact->findings, false, "xml-key-given",
		    "verified with a key given from outside");
	}
	return NULL;
}

static struct err *
try_embedded_keys(
    struct attempt *a, const struct keyinfo *k, struct signature_fact *fact)
{
	for (size_t i = 0; i < k->nkeys; i++) {
		bool ok = false;
		TRY(try_key(a, k->keys[i], &ok));
		if (!ok)
			continue;
		only_a_key(fact);
		return findings_add(&fact->findings, false,
		    "xml-no-certificate",
		    "only a bare key in the document, and no name to it");
	}
	return NULL;
}

/* Certificates of the document, then what the caller gave, then a bare key. */
static struct err *
try_all(struct xml_job *job, struct xml_signature *s,
    const struct cert_list *later, struct attempt *a,
    struct signature_fact *fact)
{
	TRY(try_list(a, &s->keys.certs, s, fact));
	TRY(try_named(job->in->extra, a, s, fact));
	TRY(try_named(later, a, s, fact));
	if (fact->signature != CHECK_PASSED)
		TRY(try_given_keys(job, a, fact));
	if (fact->signature != CHECK_PASSED && s->keys.certs.n == 0)
		TRY(try_embedded_keys(a, &s->keys, fact));
	if (fact->signature == CHECK_PASSED)
		return NULL;
	if (a->tried) {
		fact->signature = CHECK_FAILED;
		return NULL;
	}
	return findings_add(&fact->findings, true, "xml-no-key",
	    "no certificate or key to verify with");
}

/* SEQUENCE of two INTEGERs to the last byte; that r || s should look so by
 * chance is one in 2^40. */
static bool
is_der_pair(struct bytes v)
{
	size_t at = v.len > 1 && v.ptr[1] == 0x81 ? 3 : 2;
	if (v.len < 8 || v.ptr[0] != 0x30 || v.ptr[at - 1] != v.len - at)
		return false;
	for (int i = 0; i < 2; i++) {
		if (at + 2 > v.len || v.ptr[at] != 0x02 || v.ptr[at + 1] == 0)
			return false;
		at += 2 + v.ptr[at + 1];
	}
	return at == v.len;
}

/* XMLDSig 6.4: DSA and ECDSA values are r || s.  Some tools write the DER of
 * CMS instead; it says the same and is taken with a remark. */
static struct err *
value_for_openssl(const struct xml_signature *s, struct sig_alg alg,
    struct buf *out, bool *der)
{
	CLEANUP(buf_done) struct buf raw = BUF(VALUE_MAX);
	TRY(xml_base64(s->value, &raw));
	*der = false;
	if (alg.form != SIG_ECDSA && alg.form != SIG_DSA)
		return buf_append(out, buf_bytes(&raw));
	*der = is_der_pair(buf_bytes(&raw));
	return *der ? buf_append(out, buf_bytes(&raw))
		    : ecdsa_raw_to_der(buf_bytes(&raw), out);
}

static struct err *
signed_info_bytes(
    struct xml_job *job, const struct xml_signature *s, struct buf *out)
{
	CLEANUP(canon_done) struct canon c = { 0 };
	xmlNode *method = xml_first(s->info);
	if (!xml_is(method, NS_DS, "CanonicalizationMethod"))
		return err_new(ERR_MALFORMED, "XMLDSig 4.4", "SignedInfo");
	TRY(canon_read(method, &c));
	return xml_canon_element(
	    s->info, &c, &job->work, &(struct sink){ .buf = out });
}

static struct err *
read_method(const struct xml_signature *s, struct sig_alg *out)
{
	const xmlNode *method = xml_next(xml_first(s->info));
	const char *uri = method == NULL ? NULL : xml_attr(method, "Algorithm");
	if (!xml_is(method, NS_DS, "SignatureMethod") || uri == NULL)
		return err_new(ERR_MALFORMED, "XMLDSig 4.4", "SignatureMethod");
	*out = sig_alg_by_xml_uri(uri);
	if (out->form == SIG_NONE || xml_first(method) != NULL)
		return err_coded(err_new(ERR_UNSUPPORTED, "XMLDSig 6.4",
				     "this signature algorithm"),
		    "xml-unsupported");
	return NULL;
}

/* Holds or not, there is no signer. */
static struct err *
judge_hmac(struct xml_job *job, const struct xml_signature *s,
    const xmlNode *method, struct signature_fact *fact)
{
	CLEANUP(buf_done) struct buf message = BUF(SIGNED_INFO_MAX);
	CLEANUP(buf_done) struct buf value = BUF(VALUE_MAX);
	bool same = false;
	if (job->in->shared_key.len == 0)
		return err_coded(err_new(ERR_UNSUPPORTED, "XMLDSig 6.3",
				     "HMAC: anybody who can verify can sign"),
		    "xml-hmac");
	TRY(signed_info_bytes(job, s, &message));
	TRY(xml_base64(s->value, &value));
	TRY(hmac_check(job->in->shared_key, method, buf_bytes(&message),
	    buf_bytes(&value), &same));
	fact->signature = same ? CHECK_PASSED : CHECK_FAILED;
	return findings_add(&fact->findings, false, "xml-shared-key",
	    "verified with a shared key given from outside");
}

static struct err *
judge_value(struct xml_job *job, struct xml_signature *s,
    const struct cert_list *later, struct signature_fact *fact)
{
	CLEANUP(buf_done) struct buf message = BUF(SIGNED_INFO_MAX);
	CLEANUP(buf_done) struct buf value = BUF(VALUE_MAX);
	bool der;
	const xmlNode *method = xml_next(xml_first(s->info));
	const char *uri = method == NULL ? NULL : xml_attr(method, "Algorithm");
	if (uri != NULL && hmac_is(uri))
		return judge_hmac(job, s, method, fact);
	TRY(read_method(s, &fact->alg));
	TRY(signed_info_bytes(job, s, &message));
	TRY(value_for_openssl(s, fact->alg, &value, &der));
	struct attempt a = { .work = &job->work,
		.alg = fact->alg,
		.message = buf_bytes(&message),
		.value = buf_bytes(&value) };
	TRY(try_all(job, s, later, &a, fact));
	if (der)
		TRY(findings_add(&fact->findings, false, "xml-value-der",
		    "the value is DER where XMLDSig wants r and s"));
	return NULL;
}

struct err *
xml_judge_value(struct xml_job *job, struct xml_signature *s,
    const struct cert_list *later, struct signature_fact *fact)
{
	struct err *problem = NULL;
	TRY(blame_document(judge_value(job, s, later, fact), &problem));
	if (problem == NULL)
		return NULL;
	const char *code = err_code(problem);
	if (err_kind(problem) == ERR_MALFORMED)
		code = "xml-structure";
	struct err *e =
	    findings_add(&fact->findings, true, code, "%s", err_text(problem));
	err_free(problem);
	return e;
}
