#include "certs/missing.h"

#include <stdlib.h>

static bool
is_same(const struct missing *m, const struct cert *cert,
    const struct cert *issuer)
{
	if ((m->issuer == NULL) != (issuer == NULL) || !cert_eq(m->cert, cert))
		return false;
	return issuer == NULL || cert_eq(m->issuer, issuer);
}

struct err *
missing_add(struct missing_list *l, struct cert *cert, struct cert *issuer)
{
	if (l->v == NULL)
		l->v = calloc(MISSING_MAX, sizeof(*l->v));
	if (l->v == NULL)
		return err_new(ERR_NOMEM, NULL, "what is missing");
	for (size_t i = 0; i < l->n; i++)
		if (is_same(&l->v[i], cert, issuer))
			return NULL;
	if (l->n == MISSING_MAX)
		return NULL;
	l->v[l->n++] = (struct missing){ cert_ref(cert),
		issuer == NULL ? NULL : cert_ref(issuer) };
	return NULL;
}

struct err *
missing_join(struct missing_list *l, const struct missing_list *more)
{
	for (size_t i = 0; i < more->n; i++)
		TRY(missing_add(l, more->v[i].cert, more->v[i].issuer));
	return NULL;
}

void
missing_done(struct missing_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		cert_free(l->v[i].cert);
		cert_free(l->v[i].issuer);
	}
	free(l->v);
	*l = (struct missing_list){ 0 };
}
