#include "identity/masterlist.h"

#include "identity/element.h"

#include <stdio.h>
#include <string.h>

#define OID_MASTER_LIST "2.23.136.1.1.2"
#define OID_MASTER_LIST_SIGNING "2.23.136.1.1.3"

/* What is known of the one who signed the list. */
struct list_signer {
	enum check signature;
	struct cert *cert; /* owned */
};

static struct err *
judge_signature(const struct cms *c, const struct cert_list *trusted,
    struct list_signer *out)
{
	uint8_t hash[DIGEST_MAX];
	enum digest_alg alg = cms_signer_digest(c, 0);
	if (alg == DIGEST_NONE || alg == DIGEST_MD5)
		return NULL;
	TRY(digest_of(alg, cms_content(c), hash));
	struct signature_fact fact = { .claimed_time = TIME_NONE };
	struct err *e = cms_collect_signer(c, 0,
	    bytes_of(hash, digest_len(alg)), trusted, "CscaMasterList", &fact);
	bool fatal = fact.cert_binding == CHECK_FAILED ||
		     fact.alg.digest == DIGEST_MD5 || fact.nreferences != 1 ||
		     fact.references[0].digest != CHECK_PASSED;
	for (size_t i = 0; i < fact.findings.n; i++)
		fatal = fatal || fact.findings.v[i].fatal;
	if (e == NULL) {
		out->signature = fatal ? CHECK_FAILED : fact.signature;
		out->cert = fact.cert == NULL ? NULL : cert_ref(fact.cert);
	}
	signature_fact_done(&fact);
	return e;
}

static struct err *
judge_path(const struct cms *c, const struct list_signer *signer,
    const struct cert_list *trusted, int64_t time, struct masterlist_result *r)
{
	const struct sod_request request = {
		.csca = trusted, .pool = cms_certs(c), .time = time
	};
	CLEANUP(path_done) struct path path = { 0 };
	TRY(document_signer_path(
	    signer->cert, OID_MASTER_LIST_SIGNING, &request, &path));
	r->accepted = path.result == PATH_OK;
	if (!r->accepted)
		snprintf(r->detail, sizeof(r->detail), "its signer: %.200s",
		    path.detail);
	return NULL;
}

static struct err *
judge(const struct cms *c, const struct cert_list *trusted, int64_t time,
    struct masterlist_result *r)
{
	struct list_signer signer = { .signature = CHECK_NOT_DONE };
	if (trusted == NULL || trusted->n == 0) {
		snprintf(r->detail, sizeof(r->detail),
		    "no CSCA is given that vouches for it");
		return NULL;
	}
	TRY(judge_signature(c, trusted, &signer));
	struct err *e = NULL;
	if (signer.signature != CHECK_PASSED || signer.cert == NULL)
		snprintf(r->detail, sizeof(r->detail),
		    "its signature does not hold");
	else
		e = judge_path(c, &signer, trusted, time, r);
	cert_free(signer.cert);
	return e;
}

/* A certificate that we cannot read signs nothing: it is passed over. */
static struct err *
add(struct bytes der, struct cert_list *out, struct masterlist_result *r)
{
	CLEANUP(cert_freep) struct cert *c = NULL;
	struct err *e = cert_parse(der, &c);
	if (e != NULL && err_kind(e) == ERR_NOMEM)
		return e;
	err_free(e);
	if (c == NULL || !cert_is_ca(c)) {
		r->passed_over++;
		return NULL;
	}
	size_t before = out->n;
	TRY(cert_list_add(out, c));
	r->added += out->n - before;
	return NULL;
}

/* CscaMasterList ::= SEQUENCE { version, certList SET OF Certificate } */
static struct err *
walk(struct bytes content, struct cert_list *out, struct masterlist_result *r)
{
	struct element list, e;
	int version;
	TRY(element_only(content, TAG_SEQUENCE, &list));
	struct bytes rest = list.value;
	TRY(element_take(&rest, TAG_INTEGER, &e));
	TRY(element_small(e, &version));
	if (version != 0)
		return err_new(ERR_MALFORMED, "ICAO 9303-12 9.2",
		    "a master list of version %d", version);
	TRY(element_take(&rest, TAG_SET, &e));
	TRY(element_end(rest));
	while (e.value.len > 0) {
		struct element c;
		TRY(element_take(&e.value, TAG_SEQUENCE, &c));
		TRY(add(c.whole, out, r));
	}
	return NULL;
}

static struct err *
import(struct bytes content, struct cert_list *out, struct masterlist_result *r)
{
	struct cert_list found = { 0 };
	struct err *e = walk(content, &found, r);
	for (size_t i = 0; e == NULL && i < found.n; i++)
		e = cert_list_add(out, found.v[i]);
	cert_list_done(&found);
	return e;
}

struct err *
masterlist_read(struct bytes in, const struct cert_list *trusted, int64_t time,
    struct cert_list *out, struct masterlist_result *result)
{
	struct masterlist_result r = { 0 };
	if (in.len > MASTERLIST_MAX)
		return err_new(ERR_LIMIT, NULL, "%zu bytes", in.len);
	CLEANUP(cms_freep) struct cms *c = NULL;
	TRY(cms_parse(in, &c));
	if (strcmp(cms_content_type(c), OID_MASTER_LIST) != 0 ||
	    cms_content(c).ptr == NULL || cms_signers(c) != 1)
		return err_new(
		    ERR_MALFORMED, "ICAO 9303-12 9.2", "not a master list");
	TRY(judge(c, trusted, time, &r));
	if (r.accepted)
		TRY(import(cms_content(c), out, &r));
	*result = r;
	return NULL;
}
