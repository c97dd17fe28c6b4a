/* What a verdict is called: the code whose sentence people read. */
#include "validation/internal.h"

#include <string.h>

static bool
is_changed(const struct signature_fact *f)
{
	for (size_t i = 0; i < f->nreferences; i++)
		if (f->references[i].digest == CHECK_FAILED)
			return true;
	return f->signature == CHECK_FAILED;
}

/* Where what is signed has changed, nobody knows any more how much it was. */
bool
covers_part(const struct signature_fact *f)
{
	return !f->covers_all && f->revisions == 0 && f->nreferences > 0 &&
	       !is_changed(f);
}

bool
has_finding(const struct findings *f, const char *code)
{
	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->v[i].code, code) == 0)
			return true;
	return false;
}

/*
 * What passing is called.  One who reads this sentence and no more must not
 * take for signed what was not: what was known by its hash alone, what was
 * filled in afterwards, what lies outside of what is covered.
 */
const char *
passed_code(const struct policy *p, const struct signature_fact *f)
{
	bool trust = p->check_path, status = p->status != STATUS_IGNORE;
	if (f->unseen)
		return !trust    ? "intact-for-hash"
		       : !status ? "valid-for-hash-but-revocation"
				 : "valid-for-hash";
	if (!trust || !status || is_document_stamp(f))
		return p->passed;
	if (f->changes == CHANGE_ANNOTATION)
		return "valid-but-annotated";
	if (has_finding(&f->findings, "pdf-form-filled"))
		return "valid-but-filled";
	return covers_part(f) ? "valid-in-part" : p->passed;
}

/* A time stamp is there, but it is not known whether it may be believed: other
 * than where there is none, the signer need not sign again. */
const char *
with_open_stamp(
    const struct signature_verdict *v, const char *code, size_t *stamp)
{
	static const char *const rows[][3] = {
		{ "certificate-expired", "certificate-expired-stamp-status",
		    "certificate-expired-stamp-issuer" },
		{ "certificate-revoked", "certificate-revoked-stamp-status",
		    "certificate-revoked-stamp-issuer" },
	};
	int open = 0;
	for (size_t i = 0; i < v->nstamps && !v->stamped; i++) {
		const struct stamp_verdict *s = &v->stamps[i];
		if (!covers_signature(s->fact))
			continue;
		int was = open;
		if (s->sub == SUB_TRY_LATER)
			open = 1;
		else if (s->sub == SUB_NO_CERTIFICATE_CHAIN_FOUND && open == 0)
			open = 2;
		if (open != was)
			*stamp = i;
	}
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (strcmp(rows[i][0], code) == 0)
			return rows[i][open];
	return code;
}

static const char *
of_stamp(const char *code)
{
	static const char *const rows[][2] = {
		{ "issuer-not-trusted", "stamp-issuer-not-trusted" },
		{ "certificate-expired", "stamp-certificate-expired" },
		{ "certificate-revoked", "stamp-certificate-revoked" },
		{ "revocation-unknown", "stamp-revocation-unknown" },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (strcmp(rows[i][0], code) == 0)
			return rows[i][1];
	return code;
}

/* A time stamp on the document has no signer who could sign again. */
void
call_stamp(struct signature_verdict *v)
{
	const char *own = of_stamp(v->code);
	for (size_t i = 0; i < v->proof.n; i++)
		if (v->proof.v[i].code != NULL &&
		    strcmp(v->proof.v[i].code, v->code) == 0)
			v->proof.v[i].code = own;
	v->code = own;
}

/* Of signatures that all passed, the first of which there is more to tell. */
bool
says_more(const struct judging *j, const struct signature_verdict *v,
    const struct verdict *out)
{
	const char *plain = j->r->policy->passed;
	return out->indication == TOTAL_PASSED &&
	       v->indication == TOTAL_PASSED && strcmp(out->code, plain) == 0 &&
	       strcmp(v->code, plain) != 0;
}
