/* Certificates: parse, print, lint, and a path from each to itself. */
#include "certs/lint.h"
#include "certs/path.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cert_list l = { 0 };
	size_t passed = 0;
	struct err *e = cert_list_read_pool(&l, bytes_of(data, size), &passed);
	err_free(e);
	for (size_t i = 0; i < l.n && i < 4; i++) {
		size_t n;
		const struct cert_profile *all = cert_profile_all(&n);
		for (size_t p = 0; p < n; p++)
			err_free(cert_lint(l.v[i], &all[p], NULL));
		struct path_request r = { .leaf = l.v[i],
			.pool = &l,
			.anchors = &l,
			.time = cert_not_before(l.v[i]),
			.purpose = i == 1 ? "1.3.6.1.5.5.7.3.36" : NULL,
			.purpose_named = PURPOSE_NAMED_BY_ALL,
			.anchor_signed = true,
			.strict = true };
		struct path path = { 0 };
		err_free(path_build(&r, &path));
		path_done(&path);
	}
	cert_list_done(&l);
	return 0;
}
