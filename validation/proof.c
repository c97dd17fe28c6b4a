#include "validation/proof.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DETAIL_MAX 512 /* bytes of one line */
#define STEPS_LEFT 64  /* for the signature itself */

static struct err *
grow(struct proof *p)
{
	if ((p->n & (p->n + 1)) != 0) /* full only at 0, 1, 3, 7, ... */
		return NULL;
	struct proof_step *v = realloc(p->v, (2 * p->n + 1) * sizeof(*v));
	if (v == NULL)
		return err_new(ERR_NOMEM, NULL, "steps of a proof");
	p->v = v;
	return NULL;
}

struct err *
proof_add(struct proof *p, struct proof_step s, const char *fmt, ...)
{
	char line[DETAIL_MAX];
	s.detail = NULL;
	/* Time stamps are judged first, and must leave room for what decides.
	 */
	if (p->n >= PROOF_STEPS_MAX - (s.stamp == NO_INDEX ? 0 : STEPS_LEFT))
		return NULL;
	TRY(grow(p));
	if (fmt != NULL) {
		va_list ap;
		va_start(ap, fmt);
		vsnprintf(line, sizeof(line), fmt, ap);
		va_end(ap);
		s.detail = strdup(line);
		if (s.detail == NULL)
			return err_new(ERR_NOMEM, NULL, "a step of a proof");
	}
	s.cert = s.cert == NULL ? NULL : cert_ref(s.cert);
	p->v[p->n++] = s;
	return NULL;
}

void
proof_done(struct proof *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->v[i].detail);
		cert_free(p->v[i].cert);
	}
	free(p->v);
	*p = (struct proof){ 0 };
}
