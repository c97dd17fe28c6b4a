#include "format/facts_pack.h"

#include "base/messages.h"
#include "base/pack.h"

#include <stdlib.h>
#include <string.h>

#define PACK_CERTS_MAX 16384 /* different ones in a document */

/* In the order of the structs.  A number is TAG_N, whatever it means. */
enum {
	TAG_N = 1,
	TAG_TEXT,
	TAG_NO_TEXT,
	TAG_DER,
	TAG_HASH,
};

/* ---- certificates: each once, the rest by number ---- */

/* Equal certificates of one process are one object (cert_parse_known), or
 * few: sorted by address they are found again fast. */
struct table {
	struct cert **v;
	size_t n;
};

static void
table_done(struct table *t)
{
	free(t->v);
}

static int
by_address(const void *a, const void *b)
{
	const struct cert *const *x = a, *const *y = b;
	return (*x > *y) - (*x < *y);
}

static size_t
count_certs(const struct facts *f)
{
	size_t n = 0;
	for (size_t i = 0; i < f->nsignatures; i++)
		n +=
		    1 + f->signatures[i].certs.n + f->signatures[i].ntimestamps;
	return n;
}

static void
table_put(struct table *t, struct cert *c)
{
	if (c != NULL)
		t->v[t->n++] = c;
}

static struct err *
table_of(const struct facts *f, struct table *t)
{
	t->v = calloc(count_certs(f) + 1, sizeof(struct cert *));
	if (t->v == NULL)
		return err_new(ERR_NOMEM, NULL, "certificates of facts");
	for (size_t i = 0; i < f->nsignatures; i++) {
		const struct signature_fact *s = &f->signatures[i];
		table_put(t, s->cert);
		for (size_t k = 0; k < s->certs.n; k++)
			table_put(t, s->certs.v[k]);
		for (size_t k = 0; k < s->ntimestamps; k++)
			table_put(t, s->timestamps[k].tsa);
	}
	qsort(t->v, t->n, sizeof(struct cert *), by_address);
	size_t n = 0;
	for (size_t i = 0; i < t->n; i++)
		if (i == 0 || t->v[i] != t->v[i - 1])
			t->v[n++] = t->v[i];
	t->n = n;
	return n <= PACK_CERTS_MAX
		   ? NULL
		   : err_new(ERR_LIMIT, NULL, "%zu certificates", n);
}

/* 0: none. */
static uint64_t
number_of(const struct table *t, struct cert *c)
{
	if (c == NULL)
		return 0;
	struct cert **at =
	    bsearch(&c, t->v, t->n, sizeof(struct cert *), by_address);
	return (uint64_t)(at - t->v) + 1;
}

/* ---- writing ---- */

struct writer {
	struct buf *out;
	struct table certs;
};

static struct err *
put(struct writer *w, uint64_t v)
{
	return pack_u64(w->out, TAG_N, v);
}

static struct err *
put_text(struct writer *w, const char *s)
{
	return s == NULL ? pack_bytes(w->out, TAG_NO_TEXT, BYTES_NONE)
			 : pack_str(w->out, TAG_TEXT, s);
}

static struct err *
put_cert(struct writer *w, struct cert *c)
{
	return put(w, number_of(&w->certs, c));
}

static struct err *
put_alg(struct writer *w, const struct sig_alg *a)
{
	TRY(put(w, a->form));
	TRY(put(w, a->digest));
	TRY(put(w, a->mgf1));
	return put(w, (uint64_t)a->salt_len);
}

static struct err *
put_findings(struct writer *w, const struct findings *f)
{
	TRY(put(w, f->n));
	for (size_t i = 0; i < f->n; i++) {
		TRY(put_text(w, f->v[i].code));
		TRY(put_text(w, f->v[i].detail));
		TRY(put(w, f->v[i].fatal));
		TRY(put(w, (uint64_t)f->v[i].page));
		TRY(put(w, (uint64_t)f->v[i].revision));
		TRY(put(w, f->v[i].object));
	}
	return NULL;
}

static struct err *
put_references(struct writer *w, const struct signature_fact *s)
{
	TRY(put(w, s->nreferences));
	for (size_t i = 0; i < s->nreferences; i++) {
		const struct reference *r = &s->references[i];
		TRY(put_text(w, r->uri));
		TRY(put(w, r->alg));
		TRY(put(w, r->digest));
		TRY(put_text(w, r->covers));
		TRY(put(w, r->outside));
		TRY(put(w, r->whole));
	}
	return NULL;
}

static struct err *
put_stamps(struct writer *w, const struct signature_fact *s)
{
	TRY(put(w, s->ntimestamps));
	for (size_t i = 0; i < s->ntimestamps; i++) {
		const struct timestamp_fact *t = &s->timestamps[i];
		TRY(put(w, t->digest));
		TRY(put(w, t->signature));
		TRY(put(w, (uint64_t)t->time));
		TRY(put_cert(w, t->tsa));
		TRY(put(w, t->document));
		TRY(put(w, t->kind));
		TRY(put(w, t->at));
		TRY(put(w, t->alg));
		TRY(put_alg(w, &t->sig_alg));
	}
	return NULL;
}

static struct err *
put_coverage(struct writer *w, const struct signature_fact *s)
{
	TRY(put(w, s->covers_all));
	TRY(put(w, (uint64_t)s->revision));
	TRY(put(w, (uint64_t)s->revisions));
	TRY(put(w, s->covered_len));
	TRY(put(w, s->gap_at));
	TRY(put(w, s->gap_end));
	TRY(put(w, s->unseen));
	TRY(put(w, s->stamp));
	TRY(put(w, s->changes));
	return put(w, s->allowed);
}

static struct err *
put_policy(struct writer *w, const struct policy_fact *p)
{
	TRY(put(w, p->named));
	TRY(put_text(w, p->id));
	TRY(put(w, p->alg));
	return pack_bytes(w->out, TAG_HASH, bytes_of(p->digest, p->digest_len));
}

static struct err *
put_signature(struct writer *w, const struct signature_fact *s)
{
	TRY(put_text(w, s->id));
	TRY(put_text(w, s->format));
	TRY(put(w, s->level));
	TRY(put_cert(w, s->cert));
	TRY(put(w, s->certs.n));
	for (size_t i = 0; i < s->certs.n; i++)
		TRY(put_cert(w, s->certs.v[i]));
	TRY(put_alg(w, &s->alg));
	TRY(put(w, s->signature));
	TRY(put(w, s->cert_binding));
	TRY(put_references(w, s));
	TRY(put(w, (uint64_t)s->claimed_time));
	TRY(put_text(w, s->claimed_name));
	TRY(put_text(w, s->reason));
	TRY(put_text(w, s->location));
	TRY(put_coverage(w, s));
	TRY(put_stamps(w, s));
	TRY(put_policy(w, &s->policy));
	return put_findings(w, &s->findings);
}

static struct err *
put_status(struct writer *w, const struct facts *f)
{
	TRY(put(w, f->nstatus_data));
	for (size_t i = 0; i < f->nstatus_data; i++) {
		TRY(pack_bytes(w->out, TAG_DER, buf_bytes(&f->status_data[i])));
		TRY(put(w, f->status_is_ocsp[i]));
		TRY(put(w, f->status_at[i].owner));
		TRY(put(w, f->status_at[i].at));
	}
	return NULL;
}

static struct err *
put_facts(struct writer *w, const struct facts *f)
{
	TRY(put(w, w->certs.n));
	for (size_t i = 0; i < w->certs.n; i++)
		TRY(pack_bytes(w->out, TAG_DER, cert_der(w->certs.v[i])));
	TRY(put(w, f->nsignatures));
	for (size_t i = 0; i < f->nsignatures; i++)
		TRY(put_signature(w, &f->signatures[i]));
	TRY(put_status(w, f));
	TRY(put(w, f->hashed));
	TRY(pack_bytes(w->out, TAG_HASH,
	    bytes_of(f->document_sha256, sizeof(f->document_sha256))));
	return put_findings(w, &f->findings);
}

struct err *
facts_pack(const struct facts *f, struct buf *out)
{
	struct writer w = { .out = out };
	struct err *e = table_of(f, &w.certs);
	if (e == NULL)
		e = put_facts(&w, f);
	table_done(&w.certs);
	return e;
}

/* ---- reading ---- */

struct reader {
	struct unpack u;
	struct cert **certs;
	size_t ncerts;
};

static void
reader_done(struct reader *r)
{
	for (size_t i = 0; i < r->ncerts; i++)
		cert_free(r->certs[i]);
	free(r->certs);
}

/* A number up to `most`. */
static struct err *
get(struct reader *r, uint64_t most, uint64_t *out)
{
	TRY(unpack_u64(&r->u, TAG_N, out));
	return *out <= most
		   ? NULL
		   : err_new(ERR_MALFORMED, NULL, "a number too large");
}

/* Into a member of any integer or enumerated type, up to `most`. */
#define GET(r, member, most)                                                   \
	do {                                                                   \
		uint64_t n_;                                                   \
		TRY(get((r), (most), &n_));                                    \
		(member) = (__typeof__(member))n_;                             \
	} while (0)

static struct err *
get_text(struct reader *r, char **out)
{
	struct bytes b;
	if (unpack_is(&r->u, TAG_NO_TEXT))
		return unpack_bytes(&r->u, TAG_NO_TEXT, &b);
	TRY(unpack_bytes(&r->u, TAG_TEXT, &b));
	return fact_string(out, b);
}

static struct err *
get_cert(struct reader *r, struct cert **out)
{
	size_t n;
	GET(r, n, r->ncerts);
	*out = n == 0 ? NULL : r->certs[n - 1];
	return NULL;
}

static struct err *
get_alg(struct reader *r, struct sig_alg *out)
{
	GET(r, out->form, SIG_ED448);
	GET(r, out->digest, DIGEST_COUNT - 1);
	GET(r, out->mgf1, DIGEST_COUNT - 1);
	uint64_t salt;
	TRY(unpack_u64(&r->u, TAG_N, &salt));
	out->salt_len = (int)(int64_t)salt;
	return NULL;
}

static struct err *
get_finding(struct reader *r, struct findings *out)
{
	CLEANUP(free_charp) char *code = NULL;
	CLEANUP(free_charp) char *detail = NULL;
	bool fatal;
	TRY(get_text(r, &code));
	TRY(get_text(r, &detail));
	GET(r, fatal, 1);
	const struct message *m = message_find(code);
	if (m == NULL)
		return err_new(ERR_MALFORMED, NULL, "a finding of no code");
	TRY(findings_add(
	    out, fatal, m->code, "%s", detail == NULL ? "" : detail));
	struct finding *f = &out->v[out->n - 1];
	GET(r, f->page, INT32_MAX);
	GET(r, f->revision, INT32_MAX);
	GET(r, f->object, UINT32_MAX);
	return NULL;
}

static struct err *
get_findings(struct reader *r, struct findings *out)
{
	size_t n;
	GET(r, n, SIZE_MAX);
	for (size_t i = 0; i < n; i++)
		TRY(get_finding(r, out));
	return NULL;
}

static struct err *
get_reference(struct reader *r, struct signature_fact *s)
{
	CLEANUP(free_charp) char *uri = NULL;
	CLEANUP(free_charp) char *covers = NULL;
	enum digest_alg alg;
	enum check digest;
	bool outside, whole;
	TRY(get_text(r, &uri));
	GET(r, alg, DIGEST_COUNT - 1);
	GET(r, digest, CHECK_FAILED);
	TRY(get_text(r, &covers));
	GET(r, outside, 1);
	GET(r, whole, 1);
	TRY(signature_add_reference(s, uri, alg, digest, covers, whole));
	s->references[s->nreferences - 1].outside = outside;
	return NULL;
}

static struct err *
get_stamp(struct reader *r, struct signature_fact *s)
{
	struct timestamp_fact t = { 0 };
	GET(r, t.digest, CHECK_FAILED);
	GET(r, t.signature, CHECK_FAILED);
	TRY(unpack_i64(&r->u, TAG_N, &t.time));
	TRY(get_cert(r, &t.tsa));
	GET(r, t.document, 1);
	GET(r, t.kind, STAMP_DOCUMENT);
	GET(r, t.at, UINT32_MAX);
	GET(r, t.alg, DIGEST_COUNT - 1);
	TRY(get_alg(r, &t.sig_alg));
	return signature_add_timestamp(s, t);
}

static struct err *
get_certs(struct reader *r, struct cert_list *out)
{
	size_t n;
	GET(r, n, CERT_LIST_MAX);
	for (size_t i = 0; i < n; i++) {
		struct cert *c;
		TRY(get_cert(r, &c));
		if (c == NULL)
			return err_new(ERR_MALFORMED, NULL, "no certificate");
		TRY(cert_list_add(out, c));
	}
	return NULL;
}

static struct err *
get_coverage(struct reader *r, struct signature_fact *s)
{
	GET(r, s->covers_all, 1);
	GET(r, s->revision, INT32_MAX);
	GET(r, s->revisions, INT32_MAX);
	GET(r, s->covered_len, INT64_MAX);
	GET(r, s->gap_at, INT64_MAX);
	GET(r, s->gap_end, INT64_MAX);
	GET(r, s->unseen, 1);
	GET(r, s->stamp, 1);
	GET(r, s->changes, CHANGE_SUSPICIOUS);
	GET(r, s->allowed, CHANGE_SUSPICIOUS);
	return NULL;
}

static struct err *
get_policy(struct reader *r, struct policy_fact *p)
{
	struct bytes digest;
	GET(r, p->named, POLICY_UNREADABLE);
	TRY(get_text(r, &p->id));
	GET(r, p->alg, DIGEST_COUNT - 1);
	TRY(unpack_bytes(&r->u, TAG_HASH, &digest));
	if (digest.len > sizeof(p->digest))
		return err_new(ERR_MALFORMED, NULL, "a digest of no algorithm");
	if (digest.len > 0)
		memcpy(p->digest, digest.ptr, digest.len);
	p->digest_len = digest.len;
	return NULL;
}

static struct err *
get_signature(struct reader *r, struct signature_fact *s)
{
	size_t n;
	TRY(get_text(r, &s->id));
	TRY(get_text(r, &s->format));
	GET(r, s->level, FACT_LEVEL_LTA);
	TRY(get_cert(r, &s->cert));
	cert_ref(s->cert);
	TRY(get_certs(r, &s->certs));
	TRY(get_alg(r, &s->alg));
	GET(r, s->signature, CHECK_FAILED);
	GET(r, s->cert_binding, CHECK_FAILED);
	GET(r, n, SIZE_MAX);
	for (size_t i = 0; i < n; i++)
		TRY(get_reference(r, s));
	TRY(unpack_i64(&r->u, TAG_N, &s->claimed_time));
	TRY(get_text(r, &s->claimed_name));
	TRY(get_text(r, &s->reason));
	TRY(get_text(r, &s->location));
	TRY(get_coverage(r, s));
	GET(r, n, SIZE_MAX);
	for (size_t i = 0; i < n; i++)
		TRY(get_stamp(r, s));
	TRY(get_policy(r, &s->policy));
	return get_findings(r, &s->findings);
}

static struct err *
get_status(struct reader *r, struct facts *f)
{
	size_t n;
	GET(r, n, SIZE_MAX);
	for (size_t i = 0; i < n; i++) {
		struct bytes der;
		bool is_ocsp;
		struct status_place at;
		TRY(unpack_bytes(&r->u, TAG_DER, &der));
		GET(r, is_ocsp, 1);
		GET(r, at.owner, SIZE_MAX);
		GET(r, at.at, UINT32_MAX);
		TRY(facts_add_status_at(f, der, is_ocsp, at));
	}
	return NULL;
}

static struct err *
get_table(struct reader *r)
{
	size_t n;
	GET(r, n, PACK_CERTS_MAX);
	r->certs = calloc(n + 1, sizeof(struct cert *));
	if (r->certs == NULL)
		return err_new(ERR_NOMEM, NULL, "certificates of facts");
	for (; r->ncerts < n; r->ncerts++) {
		struct bytes der;
		TRY(unpack_bytes(&r->u, TAG_DER, &der));
		TRY(cert_parse_known(der, &r->certs[r->ncerts]));
	}
	return NULL;
}

static struct err *
get_facts(struct reader *r, struct facts *f)
{
	size_t n;
	struct bytes hash;
	TRY(get_table(r));
	GET(r, n, FACTS_SIGNATURES_MAX);
	for (size_t i = 0; i < n; i++) {
		struct signature_fact *s;
		TRY(facts_add_signature(f, &s));
		TRY(get_signature(r, s));
	}
	TRY(get_status(r, f));
	GET(r, f->hashed, 1);
	TRY(unpack_bytes(&r->u, TAG_HASH, &hash));
	if (hash.len != sizeof(f->document_sha256))
		return err_new(ERR_MALFORMED, NULL, "no SHA-256");
	memcpy(f->document_sha256, hash.ptr, hash.len);
	TRY(get_findings(r, &f->findings));
	return unpack_end(&r->u);
}

struct err *
facts_unpack(struct bytes packed, struct facts *out)
{
	CLEANUP(reader_done) struct reader r = { .u = unpack_of(packed) };
	struct facts f = { 0 };
	struct err *e = get_facts(&r, &f);
	if (e != NULL) {
		facts_done(&f);
		return e;
	}
	*out = f;
	return NULL;
}
