/* Any bytes as the JSON of a trust list, as a signed one and as one of ETSI:
 * a list that is read can be written and read again; nobody is pinned, so
 * nothing is ever taken for signed. */
#include "trust/etsi.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(struct err *e)
{
	if (e != NULL && err_kind(e) != ERR_NOMEM)
		abort();
	err_free(e);
}

static void
read_again(const struct trust_list *l)
{
	CLEANUP(buf_done) struct buf text = BUF(4 * TRUST_LIST_MAX);
	CLEANUP(trust_list_freep) struct trust_list *again = NULL;
	struct trust_domains d = { 0 };
	must(trust_list_render(l, &text));
	must(trust_list_parse(buf_bytes(&text), &again));
	must(trust_list_replaces(l, again, l->next_update - 1));
	err_free(trust_domains_of(l, &d));
	trust_domains_done(&d);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = bytes_of(data, size);
	const struct cert_list nobody = { 0 };
	struct etsi_result r;
	CLEANUP(trust_list_freep) struct trust_list *l = NULL;
	CLEANUP(trust_list_freep) struct trust_list *no = NULL;
	err_free(trust_list_parse(in, &l));
	if (l != NULL)
		read_again(l);
	struct err *e = trust_list_open(in, &nobody, &no);
	if (e == NULL)
		abort();
	err_free(e);
	must(trust_list_new(&no));
	const struct etsi_import import = {
		.xml = in, .pinned = &nobody, .domain = "eu"
	};
	e = trust_etsi_import(&import, no, &r);
	if (e == NULL)
		abort();
	err_free(e);
	return 0;
}
