#include "xml/extend.h"

#include "cms/tsp.h"
#include "xml/embed.h"
#include "xml/ns.h"
#include "xml/stamp.h"
#include "xml/unsigned.h"
#include "xml/write.h"

#include <string.h>

#define ITEM_MAX (64 * 1024 * 1024) /* bytes of a CRL or token */

/* One extension in the making. */
struct extending {
	const struct extend_request *r;
	struct collect_input in;
	struct xml_doc *doc; /* owned */
	struct xml_job job;
	struct xml_signature signature;
	struct xml_unsigned at;
	struct cert_list have; /* certificates that are there already */
	struct buf after;      /* up to the token */
	struct buf end;
};

static void
extending_done(struct extending *x)
{
	xml_signature_done(&x->signature);
	xml_doc_free(x->doc);
	cert_list_done(&x->have);
	buf_done(&x->after);
	buf_done(&x->end);
}

/* ---- what is there ---- */

static bool
has(const struct extending *x, const char *name)
{
	for (xmlNode *p = xml_first(x->at.properties); p != NULL;
	     p = xml_next(p))
		if (xades_is(p, name))
			return true;
	return false;
}

static struct err *
not_this_level(const char *why)
{
	return err_coded(err_new(ERR_UNSUPPORTED, "EN 319 132-1 6", "%s", why),
	    "level-unsupported");
}

static struct err *
check_level(const struct extending *x)
{
	switch (x->r->level) {
	case LEVEL_T:
		return NULL;
	case LEVEL_LT:
		return has(x, "SignatureTimeStamp") ||
			       has(x, "ArchiveTimeStamp")
			   ? NULL
			   : not_this_level("level T comes first");
	case LEVEL_LTA:
		return has(x, "RevocationValues") ||
			       has(x, "CertificateValues") ||
			       has(x, "TimeStampValidationData")
			   ? NULL
			   : not_this_level("level LT comes first");
	case LEVEL_NONE:
	case LEVEL_B:
		break;
	}
	return err_new(ERR_USAGE, NULL, "to which level?");
}

static const char *
property_name(enum level level)
{
	return level == LEVEL_T    ? "SignatureTimeStamp"
	       : level == LEVEL_LT ? "CertificateValues"
				   : "ArchiveTimeStamp";
}

static struct err *
open_signature(struct extending *x)
{
	xmlNode *node = NULL;
	TRY(xml_doc_parse(x->r->document, &x->doc));
	x->job.doc = x->doc;
	TRY(xml_signature_find(x->doc, x->r->id, &node));
	TRY(xml_signature_open(node, &x->signature));
	TRY(xml_unsigned_find(x->doc, x->r->document, node, &x->at));
	if (strcmp(x->at.ns, NS_XADES) != 0)
		return err_coded(err_new(ERR_UNSUPPORTED, "EN 319 132-1 4.2",
				     "a version of XAdES before 1.3.2"),
		    "xml-xades-old");
	TRY(check_level(x));
	return xml_unsigned_check(&x->job, &x->at, property_name(x->r->level));
}

/* ---- evidence ---- */

static struct err *
have_cert(struct extending *x, const xmlNode *n)
{
	CLEANUP(buf_done) struct buf der = BUF(CERT_MAX);
	TRY(work_spend_steps(&x->job.work, STEPS_CERT));
	TRY(xml_base64(n, &der));
	return cert_list_add_der(&x->have, buf_bytes(&der));
}

static struct err *
have_token(struct extending *x, const xmlNode *n)
{
	CLEANUP(buf_done) struct buf der = BUF(ITEM_MAX);
	CLEANUP(tst_freep) struct tst *t = NULL;
	TRY(xml_base64(n, &der));
	TRY(tst_parse(buf_bytes(&der), &t));
	const struct cert_list *l = tst_certs(t);
	for (size_t i = 0; i < l->n; i++)
		TRY(cert_list_add(&x->have, l->v[i]));
	return NULL;
}

/* What cannot be read is not there. */
static struct err *
gather_certs(struct extending *x)
{
	xmlNode *top = x->signature.node;
	for (xmlNode *n = top; n != NULL; n = xml_walk(n, top)) {
		struct err *problem = NULL;
		if (xml_is(n, NS_DS, "X509Certificate") ||
		    xades_is(n, "EncapsulatedX509Certificate"))
			TRY(blame_document(have_cert(x, n), &problem));
		else if (xades_is(n, "EncapsulatedTimeStamp"))
			TRY(blame_document(have_token(x, n), &problem));
		err_free(problem);
	}
	return NULL;
}

static bool
is_known(const struct extending *x, const struct cert *c)
{
	for (size_t i = 0; i < x->have.n; i++)
		if (cert_eq(x->have.v[i], c))
			return true;
	return false;
}

/* Whether a CRL or an answer stands in the signature; texts are compared, so
 * that a megabyte is decoded only if it has the right length. */
static struct err *
is_there(struct extending *x, const char *name, struct bytes der, bool *out)
{
	xmlNode *top = x->at.properties;
	*out = false;
	for (xmlNode *n = top; n != NULL && !*out; n = xml_walk(n, top)) {
		CLEANUP(buf_done) struct buf b = BUF(ITEM_MAX);
		struct err *problem = NULL;
		if (!xades_is(n, name))
			continue;
		TRY(work_spend_bytes(&x->job.work, der.len));
		TRY(blame_document(xml_base64(n, &b), &problem));
		err_free(problem);
		*out = bytes_eq(buf_bytes(&b), der);
	}
	return NULL;
}

static struct err *
put_item(struct buf *b, const char *name, struct bytes der)
{
	TRY(buf_printf(b, "<xades:%s>", name));
	TRY(base64_encode(der, b));
	return buf_printf(b, "</xades:%s>", name);
}

/* CertificateValues (EN 319 132-1 5.4.1), if there is anything new. */
static struct err *
put_certs(struct extending *x, struct buf *b)
{
	const struct cert_list *l = x->r->evidence.certs;
	bool any = false;
	for (size_t i = 0; l != NULL && i < l->n; i++) {
		if (is_known(x, l->v[i]))
			continue;
		if (!any)
			TRY(buf_str(b,
			    "<xades:CertificateValues xmlns:xades=\"" NS_XADES
			    "\">"));
		any = true;
		TRY(put_item(
		    b, "EncapsulatedX509Certificate", cert_der(l->v[i])));
	}
	return any ? buf_str(b, "</xades:CertificateValues>") : NULL;
}

struct status_kind {
	const char *outer, *inner;
	const struct bytes *v;
	size_t n;
};

static struct err *
put_status(struct extending *x, const struct status_kind *k, struct buf *b)
{
	bool any = false;
	for (size_t i = 0; i < k->n; i++) {
		bool there = false;
		TRY(is_there(x, k->inner, k->v[i], &there));
		if (there)
			continue;
		if (!any)
			TRY(buf_printf(b, "<xades:%s>", k->outer));
		any = true;
		TRY(put_item(b, k->inner, k->v[i]));
	}
	return any ? buf_printf(b, "</xades:%s>", k->outer) : NULL;
}

/* RevocationValues (5.4.2): CRLs, then answers. */
static struct err *
put_revocation(struct extending *x, struct buf *b)
{
	CLEANUP(buf_done) struct buf inside = BUF(INSERTION_MAX);
	const struct evidence *e = &x->r->evidence;
	const struct status_kind crls = { "CRLValues", "EncapsulatedCRLValue",
		e->crls, e->ncrls };
	const struct status_kind ocsps = { "OCSPValues",
		"EncapsulatedOCSPValue", e->ocsps, e->nocsps };
	TRY(put_status(x, &crls, &inside));
	TRY(put_status(x, &ocsps, &inside));
	if (inside.len == 0)
		return NULL;
	TRY(buf_str(
	    b, "<xades:RevocationValues xmlns:xades=\"" NS_XADES "\">"));
	TRY(buf_append(b, buf_bytes(&inside)));
	return buf_str(b, "</xades:RevocationValues>");
}

/* What comes later than the first goes into TimeStampValidationData (5.5.1):
 * CertificateValues and RevocationValues stand there once. */
static struct err *
put_evidence(struct extending *x)
{
	CLEANUP(buf_done) struct buf values = BUF(INSERTION_MAX);
	bool later = has(x, "CertificateValues") ||
		     has(x, "RevocationValues") || has(x, "ArchiveTimeStamp");
	TRY(gather_certs(x));
	TRY(put_certs(x, &values));
	TRY(put_revocation(x, &values));
	if (values.len == 0 && !later)
		return err_coded(err_new(ERR_MISSING, "EN 319 132-1 6.3",
				     "no evidence was given, nor is any there"),
		    "evidence-missing");
	if (values.len == 0)
		return NULL;
	if (later)
		TRY(buf_str(&x->after, "<xades141:TimeStampValidationData "
				       "xmlns:xades141=\"" NS_XADES141 "\">"));
	TRY(buf_append(&x->after, buf_bytes(&values)));
	return later ? buf_str(&x->after, "</xades141:TimeStampValidationData>")
		     : NULL;
}

/* ---- time stamps ---- */

static struct err *
put_stamp(struct extending *x, const char *name, const char *ns,
    enum stamp_scope scope, struct prepared *out)
{
	const struct stamp_input in = { .job = &x->job,
		.signature = &x->signature,
		.scope = scope,
		.unsigned_properties = x->at.properties,
		.canon = { .mode = XML_C14N_EXCLUSIVE_1_0 } };
	TRY(stamp_digest(&in, x->r->stamp_alg, out->digest));
	out->digest_alg = x->r->stamp_alg;
	TRY(xml_put_stamp_start(&x->after, name, ns));
	return xml_put_stamp_end(&x->end, name, ns);
}

static struct err *
put_property(struct extending *x, struct prepared *out)
{
	if (x->r->level == LEVEL_LT)
		return put_evidence(x);
	if (x->r->level == LEVEL_T)
		return put_stamp(
		    x, "SignatureTimeStamp", NS_XADES, STAMPS_VALUE, out);
	return put_stamp(x, "ArchiveTimeStamp", NS_XADES141, STAMPS_ALL, out);
}

static struct err *
extend(struct extending *x, struct prepared *out)
{
	TRY(open_signature(x));
	TRY(xml_place_open(&x->at.place, &x->after));
	TRY(xml_unsigned_open(&x->at, &x->after));
	size_t empty = x->after.len;
	TRY(put_property(x, out));
	/* Nothing new: not a byte is changed. */
	bool changes = x->after.len > empty;
	TRY(xml_unsigned_close(&x->at, &x->end));
	TRY(xml_place_close(&x->at.place, &x->end));
	struct xml_state t = { .stamped = out->digest_alg != DIGEST_NONE,
		.at = x->at.place.at,
		.cut = changes ? x->at.place.cut : 0,
		.after = changes ? buf_bytes(&x->after) : BYTES_NONE,
		.end = changes ? buf_bytes(&x->end) : BYTES_NONE };
	return xml_state_pack(&t, &out->state);
}

struct err *
xml_extend(const struct extend_request *r, struct prepared *out)
{
	CLEANUP(extending_done)
	struct extending x = { .r = r,
		.in = { .document = r->document,
		    .external = r->external,
		    .nexternal = r->nexternal },
		.after = BUF(INSERTION_MAX),
		.end = BUF(INSERTION_MAX) };
	x.job = (struct xml_job){ .in = &x.in, .work = XML_WORK };
	CLEANUP(prepared_done)
	struct prepared made = { .state = BUF(STATE_MAX) };
	TRY(extend(&x, &made));
	*out = made;
	made = (struct prepared){ 0 };
	return NULL;
}
