#include "certs/judge.h"

#include "certs/ocsp.h"
#include "certs/ossl.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILES_MAX 1000 /* CRLs and OCSP answers for one path */

const char *
judge_word_name(enum judge_word w)
{
	static const char *const names[] = {
		[JUDGE_VALID] = "valid",
		[JUDGE_INVALID] = "invalid",
		[JUDGE_INDETERMINATE] = "indeterminate",
		[JUDGE_PARSE_ERROR] = "parse-error",
	};
	return (size_t)w < COUNT_OF(names) ? names[w] : "?";
}

void
judgement_done(struct judgement *j)
{
	path_done(&j->path);
}

static PRINTF(3, 4) void say(
    struct judgement *out, enum judge_word word, const char *fmt, ...)
{
	out->word = word;
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(out->detail, sizeof(out->detail), fmt, ap);
	va_end(ap);
}

/* Turns a parse failure into an answer; other errors go up. */
static struct err *
say_unreadable(struct judgement *out, struct err *e)
{
	if (e == NULL || err_kind(e) == ERR_NOMEM ||
	    err_kind(e) == ERR_INTERNAL)
		return e;
	say(out,
	    err_kind(e) == ERR_MALFORMED ? JUDGE_PARSE_ERROR
					 : JUDGE_INDETERMINATE,
	    "%s", err_text(e));
	err_free(e);
	return NULL;
}

struct pem {
	char *name, *header;
	unsigned char *data;
};

static void
pem_done(struct pem *p)
{
	OPENSSL_free(p->name);
	OPENSSL_free(p->header);
	OPENSSL_free(p->data);
}

struct err *
pem_or_der(struct bytes file, const char *name, struct buf *out)
{
	if (bytes_find(file, BYTES_LIT("-----BEGIN ")) == SIZE_MAX)
		return buf_append(out, file);
	if (file.len > CRL_MAX * 2u)
		return err_new(ERR_LIMIT, NULL, "%zu bytes", file.len);
	CLEANUP(BIO_free_allp)
	BIO *bio = BIO_new_mem_buf(file.ptr, (int)file.len);
	if (bio == NULL)
		return err_ossl(ERR_NOMEM, "BIO_new_mem_buf");
	for (;;) {
		CLEANUP(pem_done) struct pem p = { 0 };
		long len = 0;
		if (PEM_read_bio(bio, &p.name, &p.header, &p.data, &len) != 1)
			return err_ossl(ERR_MALFORMED, "PEM");
		if (name == NULL || strcmp(p.name, name) == 0)
			return buf_append(out, bytes_of(p.data, (size_t)len));
	}
}

static struct err *
read_files(struct judge_files files, struct cert_list *out, size_t *passed)
{
	for (size_t i = 0; i < files.n; i++)
		TRY(cert_list_read_pool(out, files.v[i], passed));
	return NULL;
}

/* CRLs and OCSP answers in DER; the bytes are owned by `bufs`. */
struct status_files {
	struct buf *bufs;
	struct status_data *data;
	size_t n;
};

static void
status_files_done(struct status_files *s)
{
	for (size_t i = 0; s->bufs != NULL && i < s->n; i++)
		buf_done(&s->bufs[i]);
	free(s->bufs);
	free(s->data);
}

static struct err *
add_status(struct status_files *s, struct judge_files files, bool is_ocsp)
{
	for (size_t i = 0; i < files.n; i++) {
		struct buf *b = &s->bufs[s->n];
		*b = BUF(CRL_MAX);
		s->n++;
		TRY(pem_or_der(files.v[i], NULL, b));
		s->data[s->n - 1] = (struct status_data){ .der = buf_bytes(b),
			.is_ocsp = is_ocsp };
	}
	return NULL;
}

static struct err *
read_status(const struct judge_input *in, struct status_files *s)
{
	size_t n = in->crls.n + in->ocsps.n;
	if (in->crls.n > FILES_MAX || in->ocsps.n > FILES_MAX)
		return err_new(ERR_LIMIT, NULL, "over %d files", FILES_MAX);
	s->bufs = calloc(n + 1, sizeof(*s->bufs));
	s->data = calloc(n + 1, sizeof(*s->data));
	if (s->bufs == NULL || s->data == NULL)
		return err_new(ERR_NOMEM, NULL, "status files");
	TRY(add_status(s, in->crls, false));
	return add_status(s, in->ocsps, true);
}

static enum judge_word
word_of(const struct path *p)
{
	switch (p->result) {
	case PATH_OK:
		return JUDGE_VALID;
	case PATH_NO_STATUS:
	case PATH_SUSPENDED:
	case PATH_NO_CHAIN:
		return JUDGE_INDETERMINATE;
	default:
		return JUDGE_INVALID;
	}
}

struct err *
judge_cert(const struct judge_input *in, struct judgement *out)
{
	*out = (struct judgement){ 0 };
	CLEANUP(cert_list_done) struct cert_list own = { 0 };
	CLEANUP(cert_list_done) struct cert_list pool = { 0 };
	CLEANUP(cert_list_done) struct cert_list anchors = { 0 };
	CLEANUP(status_files_done) struct status_files status = { 0 };
	size_t passed = 0;
	TRY(read_files(in->anchors, &anchors, &passed));
	TRY(read_files(in->pool, &pool, &passed));
	TRY(read_status(in, &status));
	TRY(say_unreadable(out, cert_list_read(&own, in->subject)));
	if (own.n == 0)
		return NULL;
	for (size_t i = 1; i < own.n; i++)
		TRY(cert_list_add(&pool, own.v[i]));
	struct path_request r = in->path;
	r.leaf = own.v[0];
	r.pool = &pool;
	r.anchors = &anchors;
	r.status_data = status.data;
	r.nstatus_data = status.n;
	TRY(path_build(&r, &out->path));
	/* The path may lead through one of them. */
	if (out->path.result == PATH_NO_CHAIN && passed > 0)
		return err_new(ERR_UNSUPPORTED, NULL,
		    "%zu certificates have keys of a kind not known", passed);
	say(out, word_of(&out->path), "%s: certificate %zu: %s",
	    path_result_name(out->path.result), out->path.failed_at,
	    out->path.detail);
	return NULL;
}

/* Certificates that may be the issuer: they have a path of their own. */
struct issuers {
	struct cert_list anchors, pool, good;
	struct cert_list about; /* at most one is looked at */
};

static void
issuers_done(struct issuers *i)
{
	cert_list_done(&i->anchors);
	cert_list_done(&i->pool);
	cert_list_done(&i->good);
	cert_list_done(&i->about);
}

static struct err *
add_good(const struct judge_input *in, struct issuers *is, struct cert *c)
{
	struct path_request r = { .leaf = c,
		.pool = &is->pool,
		.anchors = &is->anchors,
		.time = in->path.time };
	CLEANUP(path_done) struct path p = { 0 };
	TRY(path_build(&r, &p));
	if (p.result == PATH_OK)
		TRY(cert_list_add(&is->good, c));
	return NULL;
}

static struct err *
find_issuers(const struct judge_input *in, struct issuers *is)
{
	size_t passed = 0;
	TRY(read_files(in->anchors, &is->anchors, &passed));
	TRY(read_files(in->pool, &is->pool, &passed));
	if (in->about.len > 0)
		TRY(cert_list_read(&is->about, in->about));
	for (size_t i = 0; i < is->anchors.n; i++)
		TRY(cert_list_add(&is->good, is->anchors.v[i]));
	for (size_t i = 0; i < is->pool.n; i++)
		TRY(add_good(in, is, is->pool.v[i]));
	return NULL;
}

static void
say_status(struct judgement *out)
{
	const struct status_answer *s = &out->status;
	if (s->status == STATUS_GOOD)
		say(out, JUDGE_VALID, "not revoked");
	else if (s->status == STATUS_UNKNOWN)
		say(out, JUDGE_INDETERMINATE, "%s", s->detail);
	else
		say(out, JUDGE_INVALID, "revoked, reason %d", s->reason);
}

/* Keeps the first answer that is not "unknown". */
static bool
settled(struct judgement *out, const struct status_answer *got)
{
	out->status = *got;
	say_status(out);
	return got->status != STATUS_UNKNOWN;
}

struct err *
judge_crl(const struct judge_input *in, struct judgement *out)
{
	*out = (struct judgement){ 0 };
	CLEANUP(issuers_done) struct issuers is = { 0 };
	CLEANUP(buf_done) struct buf der = BUF(CRL_MAX);
	CLEANUP(crl_freep) struct crl *crl = NULL;
	TRY(find_issuers(in, &is));
	TRY(pem_or_der(in->subject, NULL, &der));
	TRY(say_unreadable(out, crl_parse(buf_bytes(&der), &crl)));
	if (crl == NULL)
		return NULL;
	say(out, in->about.len > 0 ? JUDGE_INDETERMINATE : JUDGE_INVALID,
	    "not signed by an issuer at hand");
	for (size_t i = 0; i < is.good.n; i++) {
		bool ok = false;
		struct status_answer got;
		TRY(crl_signed_by(crl, is.good.v[i], &ok));
		if (!ok)
			continue;
		if (is.about.n == 0) {
			say(out, JUDGE_VALID, "signed by %s",
			    cert_common_name(is.good.v[i]));
			return NULL;
		}
		TRY(crl_status(crl, is.about.v[0], is.good.v[i], in->path.time,
		    in->max_age_s, &got));
		if (settled(out, &got))
			return NULL;
	}
	return NULL;
}

/* The responder's own certificate, by the CRLs and answers that were given. */
static struct err *
responder_is_good(const struct judge_input *in, const struct issuers *is,
    struct cert *responder, bool *good)
{
	*good = in->responders_unchecked;
	if (*good)
		return NULL;
	CLEANUP(status_files_done) struct status_files status = { 0 };
	TRY(read_status(in, &status));
	const struct path_request r = { .leaf = responder,
		.pool = &is->pool,
		.anchors = &is->anchors,
		.time = in->path.time,
		.status = STATUS_IF_KNOWN,
		.status_data = status.data,
		.nstatus_data = status.n };
	CLEANUP(path_done) struct path p = { 0 };
	TRY(path_build(&r, &p));
	*good = p.result == PATH_OK && (p.unknown & 1) == 0;
	return NULL;
}

static struct err *
ask_ocsp(const struct judge_input *in, const struct issuers *is,
    const struct ocsp_answer *a, const struct cert *issuer,
    struct status_answer *out)
{
	const struct ocsp_question q = { .cert = is->about.v[0],
		.issuer = issuer,
		.extra = &is->pool,
		.time = in->path.time,
		.max_age_s = in->max_age_s,
		.nonce = in->nonce };
	struct cert *responder = NULL;
	bool good = true;
	TRY(ocsp_ask(a, &q, out, &responder));
	if (responder != NULL)
		TRY(responder_is_good(in, is, responder, &good));
	if (!good)
		status_unknown(out, RESPONDER_UNKNOWN);
	if (!status_speaks_of(out, q.cert))
		status_unknown(out, "the responder may forget the expired");
	return NULL;
}

struct err *
judge_ocsp(const struct judge_input *in, struct judgement *out)
{
	*out = (struct judgement){ 0 };
	CLEANUP(issuers_done) struct issuers is = { 0 };
	CLEANUP(buf_done) struct buf der = BUF(OCSP_MAX);
	CLEANUP(ocsp_freep) struct ocsp_answer *a = NULL;
	TRY(find_issuers(in, &is));
	TRY(say_unreadable(out, pem_or_der(in->subject, NULL, &der)));
	if (der.len == 0)
		return NULL;
	TRY(say_unreadable(out, ocsp_parse(buf_bytes(&der), &a)));
	if (a == NULL)
		return NULL;
	say(out, in->about.len > 0 ? JUDGE_INDETERMINATE : JUDGE_INVALID,
	    "not signed by an issuer at hand or its responder");
	for (size_t i = 0; i < is.good.n; i++) {
		bool ok = false, covers = false;
		struct status_answer got;
		TRY(ocsp_signed_for(
		    a, is.good.v[i], &is.pool, in->path.time, &ok));
		TRY(ocsp_covers(a, is.good.v[i], &covers));
		if (!ok || !covers)
			continue;
		if (is.about.n == 0) {
			say(out, JUDGE_VALID, "signed for %s",
			    cert_common_name(is.good.v[i]));
			return NULL;
		}
		TRY(ask_ocsp(in, &is, a, is.good.v[i], &got));
		if (settled(out, &got))
			return NULL;
	}
	return NULL;
}
