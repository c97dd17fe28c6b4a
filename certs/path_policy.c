/* Certificate policies: what is asked of OpenSSL, and what it leaves out. */
#include "certs/path_check.h"

#include "certs/ossl.h"

#include <openssl/x509v3.h>

static void
free_objects(STACK_OF(ASN1_OBJECT) * *s)
{
	sk_ASN1_OBJECT_pop_free(*s, ASN1_OBJECT_free);
}

static void
free_stack(STACK_OF(X509) * *s)
{
	sk_X509_free(*s); /* the certificates are the path's */
}

/* RFC 5280 6.1.1 (c): nothing said is any-policy. */
static struct err *
wanted_policies(const struct path_request *r, STACK_OF(ASN1_OBJECT) * *out)
{
	static const char *const any_policy[] = { "2.5.29.32.0" };
	const char *const *policies =
	    r->npolicies > 0 ? r->policies : any_policy;
	CLEANUP(free_objects)
	STACK_OF(ASN1_OBJECT) *list = sk_ASN1_OBJECT_new_null();
	if (list == NULL)
		return err_ossl(ERR_NOMEM, "sk_ASN1_OBJECT_new_null");
	for (size_t i = 0; i < (r->npolicies > 0 ? r->npolicies : 1); i++) {
		CLEANUP(ASN1_OBJECT_freep)
		ASN1_OBJECT *o = OBJ_txt2obj(policies[i], 1);
		if (o == NULL)
			return err_ossl(ERR_USAGE, "a policy OID");
		if (sk_ASN1_OBJECT_push(list, o) <= 0)
			return err_ossl(ERR_NOMEM, "sk_ASN1_OBJECT_push");
		(void)TAKE(o);
	}
	*out = TAKE(list);
	return NULL;
}

static unsigned
flags_of(const struct path_request *r)
{
	return (r->explicit_policy ? X509_V_FLAG_EXPLICIT_POLICY : 0) |
	       (r->inhibit_mapping ? X509_V_FLAG_INHIBIT_MAP : 0) |
	       (r->inhibit_any ? X509_V_FLAG_INHIBIT_ANY : 0);
}

struct err *
path_set_policies(const struct path_request *r, X509_VERIFY_PARAM *param)
{
	CLEANUP(free_objects) STACK_OF(ASN1_OBJECT) *list = NULL;
	TRY(wanted_policies(r, &list));
	if (X509_VERIFY_PARAM_set_flags(
		param, X509_V_FLAG_POLICY_CHECK | flags_of(r)) != 1 ||
	    X509_VERIFY_PARAM_set1_policies(param, list) != 1)
		return err_ossl(ERR_NOMEM, "X509_VERIFY_PARAM_set1_policies");
	return NULL;
}

static bool
states_policies(const struct cert *c)
{
	static const int nids[] = { NID_certificate_policies,
		NID_policy_mappings, NID_policy_constraints,
		NID_inhibit_any_policy };
	for (size_t i = 0; i < COUNT_OF(nids); i++)
		if (X509_get_ext_by_NID(cert_x509(c), nids[i], -1) >= 0)
			return true;
	return false;
}

/* certificatePolicies with anyPolicy (RFC 5280 4.2.1.4). */
static const uint8_t any_policies[] = { 0x30, 0x08, 0x30, 0x06, 0x06, 0x04,
	0x55, 0x1d, 0x20, 0x00 };

/* An anchor that names no policy allows any; its other rules stand. */
static struct err *
policy_anchor(const struct cert *anchor, X509 **out)
{
	CLEANUP(X509_freep) X509 *x = X509_dup(cert_x509(anchor));
	if (x == NULL)
		return err_ossl(ERR_NOMEM, "X509_dup");
	if (X509_get_ext_by_NID(x, NID_certificate_policies, -1) < 0) {
		CLEANUP(ASN1_STRING_freep)
		ASN1_OCTET_STRING *any = ASN1_OCTET_STRING_new();
		if (any == NULL || ASN1_OCTET_STRING_set(any, any_policies,
				       sizeof(any_policies)) != 1)
			return err_ossl(ERR_NOMEM, "ASN1_OCTET_STRING_set");
		CLEANUP(X509_EXTENSION_freep)
		X509_EXTENSION *e = X509_EXTENSION_create_by_NID(
		    NULL, NID_certificate_policies, 0, any);
		if (e == NULL || X509_add_ext(x, e, -1) != 1)
			return err_ossl(ERR_NOMEM, "X509_add_ext");
	}
	*out = TAKE(x);
	return NULL;
}

/* The path below its anchor, `anchor`, and something that is not looked at. */
static struct err *
policy_chain(const struct path *p, X509 *anchor, STACK_OF(X509) * chain)
{
	bool full = chain != NULL;
	for (size_t i = 0; full && i + 1 < p->chain.n; i++)
		full = sk_X509_push(chain, cert_x509(p->chain.v[i])) > 0;
	for (int i = 0; full && i < 2; i++)
		full = sk_X509_push(chain, anchor) > 0;
	return full ? NULL : err_ossl(ERR_NOMEM, "sk_X509_push");
}

/* RFC 5937.  OpenSSL never looks at the topmost certificate. */
struct err *
path_anchor_policies(const struct path_request *r, struct path *p)
{
	if (!states_policies(p->chain.v[p->chain.n - 1]))
		return NULL;
	CLEANUP(X509_freep) X509 *anchor = NULL;
	CLEANUP(free_objects) STACK_OF(ASN1_OBJECT) *wanted = NULL;
	CLEANUP(free_stack) STACK_OF(X509) *chain = sk_X509_new_null();
	TRY(policy_anchor(p->chain.v[p->chain.n - 1], &anchor));
	TRY(policy_chain(p, anchor, chain));
	TRY(wanted_policies(r, &wanted));
	X509_POLICY_TREE *tree = NULL;
	int unused;
	int answer =
	    X509_policy_check(&tree, &unused, chain, wanted, flags_of(r));
	X509_policy_tree_free(tree);
	if (answer == X509_PCY_TREE_INTERNAL)
		return err_ossl(ERR_NOMEM, "X509_policy_check");
	if (answer != X509_PCY_TREE_VALID)
		path_fail(p, PATH_CONSTRAINTS, 0, "no policy holds all along");
	return ossl_forget();
}
