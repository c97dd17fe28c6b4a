/* Any bytes as a container whose signature is raised: what comes out must be a
 * container with as many signatures. */
#include <stdlib.h>

#include "asic/format.h"
#include "xml/format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t
count(struct bytes document, bool must)
{
	struct collect_input in = { .document = document };
	struct facts f = { 0 };
	struct err *e = format_asic.collect(&in, &f);
	size_t n = e == NULL ? f.nsignatures : SIZE_MAX;
	if (must && e != NULL && err_kind(e) != ERR_LIMIT)
		abort();
	err_free(e);
	facts_done(&f);
	return n;
}

static void
compare(struct bytes before, const struct insertion *i)
{
	CLEANUP(buf_done) struct buf b = BUF(64 << 20);
	struct bytes pieces[INSERTION_PIECES];
	size_t n = insertion_pieces(i, before, pieces);
	for (size_t k = 0; k < n; k++)
		err_free(buf_append(&b, pieces[k]));
	size_t was = count(before, true), is = count(buf_bytes(&b), true);
	if (was != SIZE_MAX && is != SIZE_MAX && was != is)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool started;
	const struct bytes crl = BYTES_LIT("crl"), token = BYTES_LIT("token");
	if (!started)
		err_free(xml_start());
	started = true;
	for (enum level l = LEVEL_T; l <= LEVEL_LTA; l++) {
		const struct extend_request r = {
			.document = bytes_of(data, size),
			.level = l,
			.evidence = { .crls = &crl, .ncrls = 1 },
			.stamp_alg = DIGEST_SHA256,
		};
		struct prepared p = { 0 };
		struct insertion i = { 0 };
		struct err *e = format_asic.extend(&r, &p);
		if (e == NULL)
			e = format_asic.embed(buf_bytes(&p.state), BYTES_NONE,
			    l == LEVEL_LT ? BYTES_NONE : token, &i);
		if (e == NULL)
			compare(r.document, &i);
		err_free(e);
		insertion_done(&i);
		prepared_done(&p);
	}
	return 0;
}
