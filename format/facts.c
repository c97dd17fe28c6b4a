#include "format/facts.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Hostile documents repeat themselves; nobody reads more than this. */
#define FINDINGS_MAX 1000
#define REFERENCES_MAX 10000
#define TIMESTAMPS_MAX 100
#define STATUS_MAX 4096
#define STATUS_DATA_MAX (64 * 1024 * 1024) /* bytes of one CRL */
#define DETAIL_MAX 512                     /* bytes of one finding's line */

/* Makes room for one more element behind the `n` of `*v`, and zeroes it. */
static struct err *
grow(void **v, size_t n, size_t max, size_t size)
{
	if (n >= max)
		return err_new(ERR_LIMIT, NULL, "over %zu facts", max);
	/* Grows whenever the count is a power of two. */
	if ((n & (n - 1)) == 0) {
		size_t cap = n == 0 ? 1 : n * 2;
		void *more = realloc(*v, cap * size);
		if (more == NULL)
			return err_new(ERR_NOMEM, NULL, "facts");
		*v = more;
	}
	memset((char *)*v + n * size, 0, size);
	return NULL;
}

struct err *
fact_string(char **slot, struct bytes text)
{
	char *copy = NULL;
	TRY(bytes_dup_str(text, &copy));
	free(*slot);
	*slot = copy;
	return NULL;
}

struct err *
facts_add_signature(struct facts *f, struct signature_fact **out)
{
	void *v = f->signatures;
	TRY(grow(
	    &v, f->nsignatures, FACTS_SIGNATURES_MAX, sizeof(*f->signatures)));
	f->signatures = v;
	struct signature_fact *s = &f->signatures[f->nsignatures++];
	s->claimed_time = TIME_NONE;
	s->allowed = CHANGE_FORM;
	*out = s;
	return NULL;
}

struct err *
facts_add_status(struct facts *f, struct bytes der, bool is_ocsp)
{
	return facts_add_status_at(f, der, is_ocsp, STATUS_NOWHERE);
}

struct err *
facts_add_status_at(
    struct facts *f, struct bytes der, bool is_ocsp, struct status_place at)
{
	CLEANUP(buf_done) struct buf copy = BUF(STATUS_DATA_MAX);
	TRY(buf_append(&copy, der));
	void *v = f->status_data;
	TRY(grow(&v, f->nstatus_data, STATUS_MAX, sizeof(*f->status_data)));
	f->status_data = v;
	v = f->status_is_ocsp;
	TRY(grow(&v, f->nstatus_data, STATUS_MAX, sizeof(*f->status_is_ocsp)));
	f->status_is_ocsp = v;
	v = f->status_at;
	TRY(grow(&v, f->nstatus_data, STATUS_MAX, sizeof(*f->status_at)));
	f->status_at = v;
	f->status_at[f->nstatus_data] = at;
	f->status_data[f->nstatus_data] = buf_move(&copy);
	f->status_is_ocsp[f->nstatus_data++] = is_ocsp;
	return NULL;
}

struct err *
signature_add_reference(struct signature_fact *s, const char *uri,
    enum digest_alg alg, enum check digest, const char *covers, bool whole)
{
	CLEANUP(free_charp) char *uri_copy = NULL;
	CLEANUP(free_charp) char *covers_copy = NULL;
	if (uri != NULL)
		TRY(fact_string(&uri_copy, bytes_str(uri)));
	if (covers != NULL)
		TRY(fact_string(&covers_copy, bytes_str(covers)));
	void *v = s->references;
	TRY(grow(&v, s->nreferences, REFERENCES_MAX, sizeof(*s->references)));
	s->references = v;
	s->references[s->nreferences++] = (struct reference){
		.uri = TAKE(uri_copy),
		.alg = alg,
		.digest = digest,
		.covers = TAKE(covers_copy),
		.whole = whole,
	};
	return NULL;
}

struct err *
signature_add_timestamp(struct signature_fact *s, struct timestamp_fact t)
{
	void *v = s->timestamps;
	TRY(grow(&v, s->ntimestamps, TIMESTAMPS_MAX, sizeof(*s->timestamps)));
	s->timestamps = v;
	t.tsa = cert_ref(t.tsa);
	s->timestamps[s->ntimestamps++] = t;
	return NULL;
}

struct err *
findings_add(
    struct findings *f, bool fatal, const char *code, const char *fmt, ...)
{
	char line[DETAIL_MAX];
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	CLEANUP(free_charp) char *detail = NULL;
	if (n > 0)
		TRY(fact_string(&detail, bytes_str(line)));
	void *v = f->v;
	TRY(grow(&v, f->n, FINDINGS_MAX, sizeof(*f->v)));
	f->v = v;
	f->v[f->n++] = (struct finding){
		.code = code, .detail = TAKE(detail), .fatal = fatal
	};
	return NULL;
}

void
findings_done(struct findings *f)
{
	for (size_t i = 0; i < f->n; i++)
		free(f->v[i].detail);
	free(f->v);
	*f = (struct findings){ 0 };
}

struct err *
policy_fact_set(struct policy_fact *p, struct bytes id, enum digest_alg alg,
    struct bytes digest)
{
	const struct bytes urn = BYTES_LIT("urn:oid:");
	if (bytes_starts(id, urn))
		id = bytes_from(id, urn.len);
	TRY(fact_string(&p->id, id));
	p->named = POLICY_NAMED;
	p->alg = alg;
	p->digest_len = 0;
	if (alg == DIGEST_NONE || digest.len != digest_len(alg))
		return NULL;
	memcpy(p->digest, digest.ptr, digest.len);
	p->digest_len = digest.len;
	return NULL;
}

void
signature_fact_done(struct signature_fact *s)
{
	free(s->id);
	free(s->format);
	cert_free(s->cert);
	cert_list_done(&s->certs);
	for (size_t i = 0; i < s->nreferences; i++) {
		free(s->references[i].uri);
		free(s->references[i].covers);
	}
	free(s->references);
	free(s->claimed_name);
	free(s->reason);
	free(s->location);
	free(s->policy.id);
	for (size_t i = 0; i < s->ntimestamps; i++)
		cert_free(s->timestamps[i].tsa);
	free(s->timestamps);
	findings_done(&s->findings);
	*s = (struct signature_fact){ 0 };
}

void
facts_done(struct facts *f)
{
	for (size_t i = 0; i < f->nsignatures; i++)
		signature_fact_done(&f->signatures[i]);
	free(f->signatures);
	for (size_t i = 0; i < f->nstatus_data; i++)
		buf_done(&f->status_data[i]);
	free(f->status_data);
	free(f->status_is_ocsp);
	free(f->status_at);
	findings_done(&f->findings);
	*f = (struct facts){ 0 };
}
