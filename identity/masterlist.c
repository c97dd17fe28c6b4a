#include "identity/masterlist.h"

#include "identity/element.h"
#include "identity/signature.h"

#include <stdio.h>
#include <string.h>

#define OID_MASTER_LIST "2.23.136.1.1.2"
#define OID_MASTER_LIST_SIGNING "2.23.136.1.1.3"

static struct err *
judge_path(const struct cms *c, struct cert *signer,
    const struct cert_list *trusted, int64_t time, struct masterlist_result *r)
{
	const struct sod_request request = {
		.csca = trusted, .pool = cms_certs(c), .time = time
	};
	CLEANUP(path_done) struct path path = { 0 };
	TRY(document_signer_path(
	    signer, OID_MASTER_LIST_SIGNING, &request, &path));
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
	if (trusted == NULL || trusted->n == 0) {
		snprintf(r->detail, sizeof(r->detail),
		    "no CSCA is given that vouches for it");
		return NULL;
	}
	struct chip_signature found;
	TRY(chip_signature_check(c, trusted, &found));
	struct err *e = NULL;
	if (found.value != CHECK_PASSED || found.signer == NULL)
		snprintf(r->detail, sizeof(r->detail),
		    "its signature does not hold");
	else
		e = judge_path(c, found.signer, trusted, time, r);
	chip_signature_done(&found);
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
