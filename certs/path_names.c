/*
 * Names that OpenSSL compares without looking whether they are names at all,
 * and wildcards against excluded subtrees (RFC 5280 4.2.1.6, 4.2.1.10).
 */
#include "certs/path_check.h"

#include "certs/ossl.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <strings.h>

#define DNS_NAME_MAX 253 /* characters */
#define DNS_LABEL_MAX 63

DEFINE_FREEP(GENERAL_NAMES_free, GENERAL_NAMES)
DEFINE_FREEP(NAME_CONSTRAINTS_free, NAME_CONSTRAINTS)

static struct bytes
text_of(const GENERAL_NAME *n)
{
	const ASN1_STRING *s = GENERAL_NAME_get0_value(n, NULL);
	return bytes_of(
	    ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s));
}

static bool
label_ok(struct bytes l, bool strict)
{
	if (l.len == 0 || l.len > DNS_LABEL_MAX || l.ptr[0] == '-' ||
	    l.ptr[l.len - 1] == '-')
		return false;
	for (size_t i = 0; i < l.len; i++)
		if (!isalnum(l.ptr[i]) && l.ptr[i] != '-' &&
		    (l.ptr[i] != '_' || strict))
			return false;
	return true;
}

/* RFC 1034 3.5 as in RFC 1123 2.1; a first label "*" is usual. */
static bool
dns_ok(struct bytes name, bool strict)
{
	if (name.len == 0 || name.len > DNS_NAME_MAX)
		return false;
	if (bytes_starts(name, BYTES_LIT("*.")))
		name = bytes_from(name, 2);
	char text[DNS_NAME_MAX + 1] = "";
	memcpy(text, name.ptr, name.len);
	uint8_t ip[4];
	if (inet_pton(AF_INET, text, ip) == 1)
		return false; /* an address is no name */
	while (name.len > 0) {
		size_t dot = bytes_find(name, BYTES_LIT("."));
		size_t len = dot == SIZE_MAX ? name.len : dot;
		if (!label_ok(bytes_slice(name, 0, len), strict))
			return false;
		if (dot != SIZE_MAX && dot + 1 == name.len)
			return false;
		name = bytes_from(name, dot == SIZE_MAX ? len : dot + 1);
	}
	return true;
}

/* RFC 5280 4.2.1.6: Local-part@Domain, no more. */
static bool
email_ok(struct bytes name, bool strict)
{
	size_t at = bytes_find(name, BYTES_LIT("@"));
	if (at == SIZE_MAX || at == 0)
		return false;
	struct bytes domain = bytes_from(name, at + 1);
	return bytes_find(domain, BYTES_LIT("@")) == SIZE_MAX &&
	       dns_ok(domain, strict) && !bytes_starts(domain, BYTES_LIT("*"));
}

/* NULL when there are none, and after path_fail() when they cannot be read. */
static GENERAL_NAMES *
alt_names(struct path *p, size_t at)
{
	int present = 0;
	GENERAL_NAMES *names = X509_get_ext_d2i(
	    cert_x509(p->chain.v[at]), NID_subject_alt_name, &present, NULL);
	if (names == NULL && present != -1)
		path_fail(p, PATH_BAD, at, "unreadable subjectAltName");
	return names;
}

static void
check_alt_names(struct path *p, size_t at, bool strict)
{
	CLEANUP(GENERAL_NAMES_freep) GENERAL_NAMES *names = alt_names(p, at);
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *n = sk_GENERAL_NAME_value(names, i);
		if ((n->type == GEN_DNS && !dns_ok(text_of(n), strict)) ||
		    (n->type == GEN_EMAIL && !email_ok(text_of(n), strict)))
			path_fail(p, PATH_BAD, at, "a malformed name in it");
	}
}

/* Whether "*.base" covers some name under the excluded subtree. */
static bool
wildcard_meets(struct bytes wildcard, struct bytes excluded)
{
	struct bytes base = bytes_from(wildcard, 1); /* ".base" */
	if (excluded.len <= base.len)
		return false; /* OpenSSL has compared that way */
	struct bytes tail = bytes_from(excluded, excluded.len - base.len);
	return strncasecmp((const char *)tail.ptr, (const char *)base.ptr,
		   base.len) == 0;
}

static void
check_wildcards(struct path *p, size_t at, const NAME_CONSTRAINTS *nc)
{
	CLEANUP(GENERAL_NAMES_freep) GENERAL_NAMES *names = alt_names(p, at);
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *n = sk_GENERAL_NAME_value(names, i);
		if (n->type != GEN_DNS ||
		    !bytes_starts(text_of(n), BYTES_LIT("*.")))
			continue;
		for (int j = 0;
		     j < sk_GENERAL_SUBTREE_num(nc->excludedSubtrees); j++) {
			const GENERAL_NAME *base =
			    sk_GENERAL_SUBTREE_value(nc->excludedSubtrees, j)
				->base;
			if (base->type == GEN_DNS &&
			    wildcard_meets(text_of(n), text_of(base)))
				path_fail(p, PATH_CONSTRAINTS, at,
				    "a wildcard over an excluded name");
		}
	}
}

static bool
subtrees_ok(const STACK_OF(GENERAL_SUBTREE) * list)
{
	for (int i = 0; i < sk_GENERAL_SUBTREE_num(list); i++) {
		const GENERAL_NAME *base =
		    sk_GENERAL_SUBTREE_value(list, i)->base;
		/* A period in front is for URIs; here it is a misreading. */
		if (base->type == GEN_DNS &&
		    bytes_starts(text_of(base), BYTES_LIT(".")))
			return false;
	}
	return true;
}

static void
check_constraints(const struct path_request *r, struct path *p, size_t at)
{
	int critical = 0;
	CLEANUP(NAME_CONSTRAINTS_freep)
	NAME_CONSTRAINTS *nc = X509_get_ext_d2i(
	    cert_x509(p->chain.v[at]), NID_name_constraints, &critical, NULL);
	if (nc == NULL && critical != -1)
		path_fail(p, PATH_BAD, at, "unreadable nameConstraints");
	if (nc == NULL)
		return;
	if (r->strict && (critical != 1 || !cert_is_ca(p->chain.v[at]) ||
			     !subtrees_ok(nc->permittedSubtrees) ||
			     !subtrees_ok(nc->excludedSubtrees)))
		path_fail(p, PATH_BAD, at, "nameConstraints");
	for (size_t i = 0; i < at; i++) {
		check_alt_names(p, i, r->strict);
		check_wildcards(p, i, nc);
	}
}

void
path_names(const struct path_request *r, struct path *p)
{
	for (size_t i = 0; i < path_judged(r, p); i++) {
		check_constraints(r, p, i);
		if (r->strict)
			check_alt_names(p, i, true);
	}
}
