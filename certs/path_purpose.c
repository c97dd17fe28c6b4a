/* Extended key usage along a path (RFC 5280 4.2.1.12). */
#include "certs/path_check.h"

#include "certs/ossl.h"

#include <ctype.h>
#include <openssl/x509v3.h>
#include <string.h>

DEFINE_FREEP(EXTENDED_KEY_USAGE_free, EXTENDED_KEY_USAGE)

/* What a purpose asks of extended key usage. */
struct purpose {
	const char *name;
	const char *oid;
	bool any;      /* anyExtendedKeyUsage is enough */
	bool required; /* in the leaf */
	bool chained;  /* holds for CAs too */
};

static const struct purpose purposes[] = {
	{ "server", "1.3.6.1.5.5.7.3.1", true, false, true },
	{ "client", "1.3.6.1.5.5.7.3.2", true, false, true },
	{ "email", "1.3.6.1.5.5.7.3.4", true, false, true },
	{ "timestamp", "1.3.6.1.5.5.7.3.8", false, true, true },
	{ "ocsp", "1.3.6.1.5.5.7.3.9", false, true, false },
};

/* Each of these wants a key that does nothing else. */
static const int alone[] = { NID_code_sign, NID_time_stamp, NID_OCSP_sign };

/* A named purpose, or one by its OID. */
static struct purpose
purpose_of(const char *name)
{
	for (size_t k = 0; k < COUNT_OF(purposes); k++)
		if (strcmp(purposes[k].name, name) == 0)
			return purposes[k];
	return (struct purpose){ name, name, true, false, true };
}

bool
path_purpose_known(const char *name)
{
	for (size_t k = 0; k < COUNT_OF(purposes); k++)
		if (strcmp(purposes[k].name, name) == 0)
			return true;
	if (!isdigit((unsigned char)*name))
		return false;
	CLEANUP(ASN1_OBJECT_freep) ASN1_OBJECT *o = OBJ_txt2obj(name, 1);
	return o != NULL;
}

static bool
names(const EXTENDED_KEY_USAGE *eku, const ASN1_OBJECT *wanted)
{
	for (int i = 0; i < sk_ASN1_OBJECT_num(eku); i++)
		if (OBJ_cmp(sk_ASN1_OBJECT_value(eku, i), wanted) == 0)
			return true;
	return false;
}

static bool
names_nid(const EXTENDED_KEY_USAGE *eku, int nid)
{
	return names(eku, OBJ_nid2obj(nid));
}

static bool
names_only(const EXTENDED_KEY_USAGE *eku, const ASN1_OBJECT *wanted)
{
	for (size_t i = 0; i < COUNT_OF(alone); i++)
		if (OBJ_cmp(OBJ_nid2obj(alone[i]), wanted) != 0 &&
		    names_nid(eku, alone[i]))
			return false;
	return names(eku, wanted);
}

/* Whether certificate `at` must name it.  An anchor above others need not:
 * roots say nothing of purposes. */
static bool
must_name(const struct path_request *r, const struct path *p, size_t at)
{
	bool anchor = at > 0 && at + 1 == p->chain.n;
	return (r->purpose_named == PURPOSE_NAMED_BY_ALL && !anchor) ||
	       (r->purpose_named != PURPOSE_OPEN && at == 0);
}

static bool
fits(const struct purpose *p, const ASN1_OBJECT *wanted,
    const EXTENDED_KEY_USAGE *eku, size_t at)
{
	if (eku == NULL)
		return at > 0 || !p->required;
	return names(eku, wanted) ||
	       ((at > 0 || p->any) && names_nid(eku, NID_anyExtendedKeyUsage));
}

/* How many certificates of the path are asked, from the leaf. */
static size_t
asked(const struct path_request *r, const struct purpose *purpose,
    const struct path *p)
{
	size_t n = purpose->chained ? path_judged(r, p) : 1;
	/* Settings of the operator outweigh what an anchor says. */
	bool set =
	    n == p->chain.n && n > 1 &&
	    path_anchor_trust(r, p->chain.v[n - 1]) == X509_TRUST_TRUSTED;
	return n - set;
}

/* A CA that names purposes gives no others (RFC 5280 4.2.1.12 says so of the
 * key; everybody reads it of the certificates below as well). */
void
path_purpose(const struct path_request *r, struct path *p)
{
	if (r->purpose == NULL)
		return;
	const struct purpose purpose = purpose_of(r->purpose);
	CLEANUP(ASN1_OBJECT_freep)
	ASN1_OBJECT *wanted = OBJ_txt2obj(purpose.oid, 1);
	size_t n = asked(r, &purpose, p);
	if (wanted == NULL)
		path_fail(p, PATH_BAD, 0, "%s", r->purpose);
	for (size_t i = 0; wanted != NULL && i < n; i++) {
		CLEANUP(EXTENDED_KEY_USAGE_freep)
		EXTENDED_KEY_USAGE *eku = X509_get_ext_d2i(
		    cert_x509(p->chain.v[i]), NID_ext_key_usage, NULL, NULL);
		bool ok = must_name(r, p, i)
			      ? eku != NULL && names_only(eku, wanted)
			      : fits(&purpose, wanted, eku, i);
		if (!ok)
			path_fail(p, PATH_CONSTRAINTS, i,
			    "not for the purpose \"%s\"", r->purpose);
	}
}
