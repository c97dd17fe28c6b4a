/* What a step of the proof rests on, in a line: the finding, the reference, the
 * algorithm, the policy that was named. */
#include "validation/internal.h"

#include <stdio.h>
#include <string.h>

/* A policy may hold against a document what is no more than told elsewhere. */
static const struct finding *
finding_of(const struct findings *f, const char *code)
{
	const struct finding *found = NULL;
	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->v[i].code, code) == 0 &&
		    (found == NULL || (f->v[i].fatal && !found->fatal)))
			found = &f->v[i];
	return found;
}

static void
tell_finding(const struct judging *j, const struct signature_verdict *v,
    char out[EVIDENCE_MAX])
{
	const struct finding *f = finding_of(&v->fact->findings, v->code);
	const char *of = "the signature";
	char place[96] = "";
	if (f == NULL) {
		f = finding_of(&j->r->facts->findings, v->code);
		of = "the document";
	}
	if (f == NULL)
		return;
	if (f->page != 0)
		snprintf(place, sizeof(place), ", page %d", f->page);
	if (f->revision != 0)
		snprintf(place + strlen(place), sizeof(place) - strlen(place),
		    ", revision %d", f->revision);
	if (f->object != 0)
		snprintf(place + strlen(place), sizeof(place) - strlen(place),
		    ", object %u", (unsigned)f->object);
	snprintf(out, EVIDENCE_MAX, "found in %s%s%s%s", of, place,
	    f->detail == NULL || f->detail[0] == '\0' ? "" : ": ",
	    f->detail == NULL ? "" : f->detail);
}

/* The first reference that did not come out. */
static void
tell_reference(const struct signature_verdict *v, char out[EVIDENCE_MAX])
{
	const struct signature_fact *f = v->fact;
	enum check wanted =
	    v->indication == TOTAL_FAILED ? CHECK_FAILED : CHECK_NOT_DONE;
	for (size_t i = 0; i < f->nreferences; i++) {
		const struct reference *r = &f->references[i];
		if (r->digest != wanted)
			continue;
		snprintf(out, EVIDENCE_MAX,
		    "reference %zu of %zu, \"%.200s\", %s: "
		    "%s",
		    i + 1, f->nreferences, r->uri == NULL ? "" : r->uri,
		    r->alg == DIGEST_NONE ? "no known digest"
					  : digest_name(r->alg),
		    wanted == CHECK_FAILED ? "the data have another digest"
					   : "the data are not here");
		return;
	}
	snprintf(out, EVIDENCE_MAX, "no reference");
}

static void
tell_value(const struct signature_verdict *v, char out[EVIDENCE_MAX])
{
	char alg[64];
	sig_alg_name(v->fact->alg, alg, sizeof(alg));
	snprintf(out, EVIDENCE_MAX, "%s, under the key of %.200s", alg,
	    v->fact->cert == NULL ? "no certificate"
				  : cert_subject(v->fact->cert));
}

static void
tell_policy(const struct signature_verdict *v, char out[EVIDENCE_MAX])
{
	const struct policy_fact *p = &v->fact->policy;
	snprintf(out, EVIDENCE_MAX, "%s%.200s",
	    p->id == NULL ? "none is named" : "named: ",
	    p->id == NULL ? "" : p->id);
}

void
evidence_of(const struct judging *j, const struct signature_verdict *v,
    enum rule rule, char out[EVIDENCE_MAX])
{
	static const char *const changes[] = { "none", "validation data",
		"form filling", "annotations", "what nothing explains" };
	const struct signature_fact *f = v->fact;
	snprintf(out, EVIDENCE_MAX, "this does not hold");
	switch (rule) {
	case RULE_FORMAT:
		tell_finding(j, v, out);
		return;
	case RULE_CERTIFICATE:
		snprintf(out, EVIDENCE_MAX,
		    "%zu certificates came along, none of them the signer's",
		    f->certs.n);
		return;
	case RULE_DIGEST:
		tell_reference(v, out);
		return;
	case RULE_VALUE:
		tell_value(v, out);
		return;
	case RULE_CHANGES:
		snprintf(out, EVIDENCE_MAX, "changes: %s; allowed: %s",
		    changes[f->changes], changes[f->allowed]);
		return;
	case RULE_BINDING:
		snprintf(out, EVIDENCE_MAX,
		    "the signing-certificate attribute names another than "
		    "%.200s",
		    f->cert == NULL ? "" : cert_subject(f->cert));
		return;
	case RULE_SIGNATURE_POLICY:
		tell_policy(v, out);
		return;
	case RULE_CONSTRAINTS:
		snprintf(out, EVIDENCE_MAX,
		    "%s; %zu time stamps, of which %s is trusted and on the "
		    "signature",
		    f->cert_binding == CHECK_NOT_DONE
			? "no signing-certificate attribute"
			: "a signing-certificate attribute",
		    v->nstamps, v->stamped ? "one" : "none");
		return;
	default:
		return;
	}
}
