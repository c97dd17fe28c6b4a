/* What a request says of how to sign, for the worker that prepares. */
#include <stdlib.h>
#include <string.h>

#include "base/encoding.h"
#include "base/pack.h"
#include "cms/params.h"
#include "pdf/params.h"
#include "signd/front-choices.h"
#include "signd/front-level.h"
#include "worker/job.h"
#include "xml/params.h"

#define CMS_CHOICES_MAX (1024 * 1024 + 4096) /* bytes; most is a time stamp */

/* Every parameter that changes what is signed. */
#define CHOICES                                                                \
	"reason", "location", "field", "certify", "lock", "appearance",        \
	    "page", "box", "corner", "anchor", "text", "qr", "xmlProfile",     \
	    "xmlPackaging", "xmlPlace", "xmlCanon", "xmlCounter",              \
	    "xmlObjects", "cmsCounter", "contentDigest", "contentTimeStamp",   \
	    "conformance_level", "signature_format",                           \
	    "signed_envelope_property", "role", "commitment", "policyOID",     \
	    "policyHash", "policyURI"
static const char *const choices[] = { CHOICES, NULL };
static const char *const known[] = { CHOICES, "credentialID", "filename",
	NULL };

struct err *
choices_known(const struct request *r)
{
	return request_params_are(r, known);
}

struct err *
choices_material(const struct request *r, struct buf *out)
{
	for (size_t i = 0; choices[i] != NULL; i++) {
		const char *v;
		TRY(request_param(r, choices[i], &v));
		TRY(pack_str(out, 5, v));
	}
	return NULL;
}

/* ---- what several formats have ---- */

static struct err *
wrong(const char *what)
{
	return err_coded(err_new(ERR_USAGE, NULL, "%s", what), "parameter");
}

/* CSC API v2 11.11: signature_format is C, P or X. */
static struct err *
read_format(const struct request *r, const char **out)
{
	static const char *const letters[] = { "C", "P", "X" };
	static const char *const formats[] = { "cms", "pdf", "xml" };
	const char *letter;
	TRY(request_param(r, "signature_format", &letter));
	for (size_t i = 0; i < COUNT_OF(letters); i++)
		if (letter != NULL && strcmp(letter, letters[i]) == 0)
			*out = formats[i];
	return letter != NULL && *out == NULL
		   ? wrong("no such signature_format")
		   : NULL;
}

static struct err *
read_digest(const struct request *r, const char *name, struct buf *out)
{
	const char *text;
	TRY(request_param(r, name, &text));
	if (text == NULL)
		return NULL;
	struct err *e = base64url_decode(bytes_str(text), out);
	if (e == NULL && out->len == digest_len(DIGEST_SHA256))
		return NULL;
	err_free(e);
	return wrong(name);
}

/* The policy that is signed under is named by its hash; its document stays
 * where it is. */
static struct err *
read_policy(const struct request *r, struct buf *hash, struct sig_policy *out)
{
	TRY(request_param(r, "policyOID", &out->oid));
	TRY(request_param(r, "policyURI", &out->uri));
	TRY(read_digest(r, "policyHash", hash));
	if ((out->oid == NULL) != (hash->len == 0) ||
	    (out->oid == NULL && out->uri != NULL))
		return wrong("policyOID and policyHash go together");
	out->alg = DIGEST_SHA256;
	out->digest = buf_bytes(hash);
	return NULL;
}

/* At T at once; what is above comes afterwards. */
static struct err *
read_choices(const struct request *r, struct prepare_request *p)
{
	TRY(level_param(r, &p->level));
	if (p->level > LEVEL_T)
		p->level = LEVEL_T;
	TRY(request_param(r, "reason", &p->reason));
	TRY(request_param(r, "location", &p->location));
	TRY(request_param(r, "field", &p->field));
	TRY(request_param(r, "role", &p->role));
	TRY(request_param(r, "commitment", &p->commitment));
	return read_format(r, &p->format);
}

/* ---- CMS ---- */

/* Whether the document stays inside (signed_envelope_property), or is itself
 * a signature that gets one more. */
static struct err *
read_form(const struct request *r, struct cms_params *out)
{
	static const struct {
		const char *name;
		enum cms_form form;
	} forms[] = { { "Attached", CMS_FORM_ATTACHED },
		{ "Detached", CMS_FORM_DETACHED },
		{ "Parallel", CMS_FORM_PARALLEL } };
	const char *place;
	TRY(request_param(r, "signed_envelope_property", &place));
	TRY(request_param(r, "cmsCounter", &out->counter));
	if (place != NULL && out->counter != NULL)
		return wrong("cmsCounter");
	if (out->counter != NULL)
		out->form = CMS_FORM_COUNTER;
	for (size_t i = 0; i < COUNT_OF(forms); i++)
		if (place != NULL && strcmp(place, forms[i].name) == 0)
			out->form = forms[i].form;
	return place != NULL && out->form == CMS_FORM_BY_DOCUMENT
		   ? wrong("signed_envelope_property")
		   : NULL;
}

/* The time stamp on what is signed, which the document as it came is only
 * where the form says so; `digest` is of the content beside it. */
static struct err *
stamp_content(const struct request *r, enum cms_form form, struct bytes digest,
    struct buf *token)
{
	const char *wanted;
	bool whole = form == CMS_FORM_ATTACHED || form == CMS_FORM_DETACHED;
	bool beside = form == CMS_FORM_PARALLEL && digest.len > 0;
	TRY(request_param(r, "contentTimeStamp", &wanted));
	if (wanted == NULL)
		return NULL;
	if (strcmp(wanted, "true") != 0)
		return wrong("contentTimeStamp");
	if (!whole && !beside)
		return wrong("contentTimeStamp without a form that says what "
			     "the content is");
	if (whole)
		digest = bytes_of(r->document.sha256, 32);
	return level_stamp_digest(r->front, DIGEST_SHA256, digest, token);
}

static struct err *
pack_cms(const struct request *r, const char *format, struct buf *out)
{
	CLEANUP(buf_done) struct buf digest = BUF(DIGEST_MAX);
	CLEANUP(buf_done) struct buf token = BUF(CMS_CHOICES_MAX);
	struct cms_params params = { .form = CMS_FORM_BY_DOCUMENT };
	TRY(read_form(r, &params));
	TRY(read_digest(r, "contentDigest", &digest));
	TRY(stamp_content(r, params.form, buf_bytes(&digest), &token));
	bool any = params.form != CMS_FORM_BY_DOCUMENT || digest.len > 0;
	if (any && (format == NULL || strcmp(format, "cms") != 0))
		return wrong("for signature_format=C alone");
	if (!any)
		return NULL;
	params.content_digest = buf_bytes(&digest);
	params.content_stamp = buf_bytes(&token);
	return cms_params_pack(&params, out);
}

/* ---- XML ---- */

/* Names separated by commas: elements of the document, "#data". */
static struct err *
xml_objects(char *list, struct xml_object *out, size_t *n)
{
	char *rest = NULL;
	for (char *w = strtok_r(list, ",", &rest); w != NULL;
	     w = strtok_r(NULL, ",", &rest)) {
		if (*n == XML_OBJECTS_MAX || *w != '#')
			return wrong("xmlObjects");
		out[(*n)++].uri = w;
	}
	return NULL;
}

/* What only XML has; nothing is appended when nothing of it was asked for. */
static struct err *
pack_xml(const struct request *r, struct buf *out)
{
	struct xml_object objects[XML_OBJECTS_MAX] = { 0 };
	CLEANUP(free_charp) char *list = NULL;
	struct xml_params x;
	struct xml_words w = { 0 };
	const char *names = NULL;
	size_t n = 0;
	TRY(request_param(r, "xmlProfile", &w.profile));
	TRY(request_param(r, "xmlPackaging", &w.packaging));
	TRY(request_param(r, "xmlPlace", &w.place));
	TRY(request_param(r, "xmlCanon", &w.canon));
	TRY(request_param(r, "xmlCounter", &w.counter));
	TRY(request_param(r, "xmlObjects", &names));
	if (names == NULL && w.profile == NULL && w.packaging == NULL &&
	    w.place == NULL && w.canon == NULL && w.counter == NULL)
		return NULL;
	TRY(xml_params_read(&w, &x));
	if (names != NULL)
		TRY(bytes_dup_str(bytes_str(names), &list));
	if (list != NULL)
		TRY(xml_objects(list, objects, &n));
	x.objects = objects;
	x.nobjects = n;
	return xml_params_pack(&x, out);
}

/* ---- PDF ---- */

static struct err *
pack_pdf(const struct request *r, struct buf *out)
{
	const char *field;
	struct pdf_words w = { 0 };
	TRY(request_param(r, "certify", &w.certify));
	TRY(request_param(r, "lock", &w.lock));
	TRY(request_param(r, "appearance", &w.appearance));
	TRY(request_param(r, "page", &w.page));
	TRY(request_param(r, "box", &w.box));
	TRY(request_param(r, "corner", &w.corner));
	TRY(request_param(r, "anchor", &w.anchor));
	TRY(request_param(r, "text", &w.text));
	TRY(request_param(r, "qr", &w.qr));
	TRY(request_param(r, "field", &field));
	w.field = field != NULL;
	if (r->form != NULL) {
		w.picture = buf_bytes(&r->form->picture);
		w.seal = buf_bytes(&r->form->seal);
	}
	return pdf_params_words(&w, out);
}

/* ---- all of it ---- */

struct err *
choices_pack(const struct request *r, const struct credential *c,
    struct sig_alg alg, struct buf *out)
{
	struct prepare_request p = {
		.cert = cert_der(c->cert),
		.chain = c->chain,
		.nchain = c->nchain,
		.digest = alg.digest,
		.form = alg.form,
		.time = clock_now(&clock_system),
	};
	CLEANUP(buf_done) struct buf hash = BUF(DIGEST_MAX);
	CLEANUP(buf_done) struct buf cms = BUF(CMS_CHOICES_MAX);
	CLEANUP(buf_done) struct buf xml = BUF(CHOICES_MAX);
	CLEANUP(buf_done) struct buf pdf = BUF(PDF_PARAMS_MAX);
	TRY(read_choices(r, &p));
	TRY(read_policy(r, &hash, &p.policy));
	TRY(pack_cms(r, p.format, &cms));
	TRY(pack_xml(r, &xml));
	TRY(pack_pdf(r, &pdf));
	p.cms = buf_bytes(&cms);
	p.xml = buf_bytes(&xml);
	p.pdf = buf_bytes(&pdf);
	return prepare_request_pack(&p, out);
}
