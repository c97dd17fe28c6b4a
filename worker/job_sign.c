/* Signing and raising: prepare, stamp, embed and extend, by the format. */
#include "worker/job.h"

#include "base/pack.h"
#include "cms/format.h"
#include "cms/params.h"
#include "pdf/format.h"
#include "pdf/params.h"
#include "worker/internal.h"
#include "xml/format.h"
#include "xml/params.h"

/* What a stored state consists of, around the format's own. */
enum { STATE_TAG_FORMAT = 1, STATE_TAG_STATE };

static struct err *
choose_alg(
    const struct prepare_request *r, const struct cert *c, struct sig_alg *out)
{
	struct sig_alg alg = { .form = r->form, .digest = r->digest };
	bool fits = false;
	switch (r->form) {
	case SIG_RSA_PSS:
		alg.mgf1 = r->digest;
		alg.salt_len = (int)digest_len(r->digest);
		fits = cert_key_alg(c) == KEY_RSA;
		break;
	case SIG_RSA_PKCS1:
		fits = cert_key_alg(c) == KEY_RSA;
		break;
	case SIG_ECDSA:
		fits = cert_key_alg(c) == KEY_EC;
		break;
	case SIG_EDDSA:
		alg.digest = DIGEST_NONE;
		fits = cert_key_alg(c) == KEY_ED25519;
		break;
	case SIG_ED448:
	case SIG_DSA:
	case SIG_NONE:
		break;
	}
	if (!fits)
		return err_coded(err_new(ERR_USAGE, NULL,
				     "the algorithm does not fit the key"),
		    "algorithm-not-of-key");
	*out = alg;
	return NULL;
}

/* Made with what is safe today; judged is everything. */
static struct err *
check_digest(enum digest_alg alg)
{
	switch (alg) {
	case DIGEST_SHA256:
	case DIGEST_SHA384:
	case DIGEST_SHA512:
	case DIGEST_SHA512_256:
	case DIGEST_SHA3_256:
	case DIGEST_SHA3_384:
	case DIGEST_SHA3_512:
		return NULL;
	default:
		return err_coded(err_new(ERR_USAGE, NULL,
				     "no digest algorithm to sign with"),
		    "algorithm-weak-digest");
	}
}

static struct err *
wrap_state(const struct format *f, struct prepared *p)
{
	CLEANUP(buf_done) struct buf wrapped = BUF(STATE_MAX + 64);
	TRY(pack_str(&wrapped, STATE_TAG_FORMAT, f->name));
	TRY(pack_bytes(&wrapped, STATE_TAG_STATE, buf_bytes(&p->state)));
	buf_done(&p->state);
	p->state = buf_move(&wrapped);
	return NULL;
}

/* Hands on what a format prepared, under its name. */
static struct err *
give_prepared(const struct format *f, struct prepared *p, struct prepared *out)
{
	struct err *e = wrap_state(f, p);
	if (e != NULL) {
		prepared_done(p);
		return e;
	}
	*out = *p;
	return NULL;
}

/* What was asked for and another format alone has would be left undone. */
static struct err *
check_options(const struct prepare_request *r, const struct format *f)
{
	bool strange = f == &format_pdf ? r->xml.len > 0 || r->cms.len > 0
					: r->pdf.len > 0;
	if ((f == &format_xml && r->xml.len == 0 && r->cms.len > 0) ||
	    (f == &format_cms && r->cms.len == 0 && r->xml.len > 0))
		strange = true;
	return strange ? err_coded(err_new(ERR_USAGE, NULL,
				       "%s has no such options", f->name),
			     "parameter")
		       : NULL;
}

/* Only the format that is used has its parameters read. */
static struct err *
prepare_by(const struct prepare_request *r, const struct format *f,
    struct sign_params *params, struct prepared *out)
{
	CLEANUP(pdf_params_freep) struct pdf_params *pdf = NULL;
	CLEANUP(xml_params_freep) struct xml_params *xml = NULL;
	CLEANUP(cms_params_freep) struct cms_params *cms = NULL;
	TRY(check_options(r, f));
	if (f == &format_pdf && r->pdf.len > 0)
		TRY(pdf_params_unpack(r->pdf, &pdf));
	if (f == &format_xml && r->xml.len > 0)
		TRY(xml_params_unpack(r->xml, &xml));
	if (f == &format_cms && r->cms.len > 0)
		TRY(cms_params_unpack(r->cms, &cms));
	params->cms = cms;
	params->pdf = pdf;
	params->xml = xml;
	return f->prepare(r->document, params, out);
}

static struct err *
prepare_with(const struct prepare_request *r, const struct format *f,
    struct sign_params *params, const struct cert_list *chain,
    struct prepared *out)
{
	struct prepared p = { 0 };
	TRY(check_digest(r->digest));
	TRY(choose_alg(r, params->cert, &params->alg));
	params->chain = chain;
	TRY(prepare_by(r, f, params, &p));
	return give_prepared(f, &p, out);
}

/* Above T nothing can be signed at once: evidence is about what exists. */
static struct err *
check_level(const struct prepare_request *r, const struct format *f)
{
	if (r->level > LEVEL_T)
		return err_new(ERR_USAGE, NULL, "sign at T, then extend");
	if (r->level == LEVEL_T && f->stamp == NULL)
		return err_coded(err_new(ERR_UNSUPPORTED, NULL,
				     "no time stamps in %s", f->name),
		    "level-unsupported");
	return NULL;
}

struct err *
job_prepare(const struct prepare_request *r, struct prepared *out)
{
	const struct format *f;
	struct err *e = job_format(r->document, r->format, &f);
	if (e != NULL)
		return err_kind(e) == ERR_UNSUPPORTED
			   ? err_coded(e, "format-choose")
			   : e;
	if (f->prepare == NULL)
		return err_coded(err_new(ERR_UNSUPPORTED, NULL,
				     "signing as %s is not done", f->name),
		    "format-not-signed");
	TRY(check_level(r, f));
	CLEANUP(cert_freep) struct cert *cert = NULL;
	TRY(cert_parse(r->cert, &cert));
	struct cert_list chain = { 0 };
	for (size_t i = 0; i < r->nchain && e == NULL; i++)
		e = cert_list_add_der(&chain, r->chain[i]);
	struct sign_params params = { .cert = cert,
		.level = r->level == LEVEL_NONE ? LEVEL_B : r->level,
		.stamp_room = r->stamp_room,
		.time = r->time,
		.reason = r->reason,
		.location = r->location,
		.field = r->field,
		.role = r->role,
		.commitment = r->commitment,
		.policy = r->policy.oid == NULL ? NULL : &r->policy,
		.password = r->password };
	if (e == NULL)
		e = prepare_with(r, f, &params, &chain, out);
	cert_list_done(&chain);
	return e;
}

static struct err *
unwrap_state(struct bytes state, const struct format **f, struct bytes *inner)
{
	struct unpack u = unpack_of(state);
	struct bytes name;
	TRY(unpack_bytes(&u, STATE_TAG_FORMAT, &name));
	TRY(unpack_bytes(&u, STATE_TAG_STATE, inner));
	TRY(unpack_end(&u));
	*f = job_format_named(name);
	if (*f == NULL || (*f)->embed == NULL)
		return err_new(ERR_MALFORMED, NULL, "a state of no format");
	return NULL;
}

struct err *
job_stamp(struct bytes state, struct bytes value, enum digest_alg alg,
    uint8_t digest[DIGEST_MAX])
{
	const struct format *f;
	struct bytes inner;
	TRY(unwrap_state(state, &f, &inner));
	TRY(check_digest(alg));
	if (f->stamp == NULL)
		return err_new(
		    ERR_MALFORMED, NULL, "a state without time stamp");
	return f->stamp(inner, value, alg, digest);
}

struct err *
job_embed(struct bytes state, struct bytes value, struct bytes token,
    struct insertion *out)
{
	const struct format *f;
	struct bytes inner;
	TRY(unwrap_state(state, &f, &inner));
	return f->embed(inner, value, token, out);
}

/* Evidence that came unread is read here, in the sandbox. */
static struct err *
extend_with(const struct format *f, const struct extend_request *r,
    struct prepared *out)
{
	CLEANUP(cert_list_done) struct cert_list all = { 0 };
	const struct evidence *v = &r->evidence;
	struct extend_request whole = *r;
	if (v->nders == 0)
		return f->extend(r, out);
	for (size_t i = 0; v->certs != NULL && i < v->certs->n; i++)
		TRY(cert_list_add(&all, v->certs->v[i]));
	for (size_t i = 0; i < v->nders; i++)
		TRY(cert_list_add_der(&all, v->ders[i]));
	whole.evidence.certs = &all;
	whole.evidence.nders = 0;
	return f->extend(&whole, out);
}

struct err *
job_extend(
    const char *format, const struct extend_request *r, struct prepared *out)
{
	const struct format *f;
	TRY(job_format(r->document, format, &f));
	if (f->extend == NULL)
		return err_coded(err_new(ERR_UNSUPPORTED, NULL,
				     "extending %s is not done", f->name),
		    "level-unsupported");
	if (r->level < LEVEL_T)
		return err_new(ERR_USAGE, NULL, "extend to T, LT or LTA");
	TRY(check_digest(r->stamp_alg));
	struct prepared p = { 0 };
	TRY(extend_with(f, r, &p));
	return give_prepared(f, &p, out);
}
