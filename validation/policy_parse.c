/* The JSON text of a policy; unknown members are refused, so that a rule with a
 * spelling mistake is not a rule left out. */
#include "validation/policy.h"

#include "base/encoding.h"
#include "base/json.h"
#include "base/messages.h"

#include <jansson.h>

#include <stdlib.h>
#include <string.h>

static const char *const rule_names[RULE_COUNT] = {
	[RULE_FORMAT] = "format",
	[RULE_CERTIFICATE] = "certificate",
	[RULE_VALUE] = "value",
	[RULE_DIGEST] = "digest",
	[RULE_CHANGES] = "changes",
	[RULE_BINDING] = "binding",
	[RULE_SIGNATURE_POLICY] = "signature-policy",
	[RULE_PATH] = "path",
	[RULE_DOMAIN] = "domain",
	[RULE_SCOPE] = "scope",
	[RULE_REVOCATION] = "revocation",
	[RULE_FRESHNESS] = "freshness",
	[RULE_DIGEST_ALG] = "digest-algorithm",
	[RULE_KEY_SIZE] = "key-size",
	[RULE_SIG_ALG] = "signature-algorithm",
	[RULE_STAMP] = "time-stamp",
	[RULE_PAST] = "past",
	[RULE_CONSTRAINTS] = "constraints",
};

const char *
rule_name(enum rule r)
{
	return rule_names[r];
}

/* A word of the text and what it stands for. */
struct choice {
	const char *word;
	int value;
};

static struct err *
bad(const char *what)
{
	return err_coded(err_new(ERR_MALFORMED, NULL, "policy: %s", what),
	    "policy-malformed");
}

static struct err *
only(const json_t *o, const char *const *names, size_t n, const char *where)
{
	const char *key;
	json_t *value;
	if (!json_is_object(o))
		return bad(where);
	json_object_foreach((json_t *)(uintptr_t)o, key, value)
	{
		bool known = false;
		for (size_t i = 0; i < n; i++)
			known = known || strcmp(names[i], key) == 0;
		if (!known)
			return bad(key);
	}
	return NULL;
}

#define ONLY(o, where, ...)                                                    \
	only(o, (const char *const[]){ __VA_ARGS__ },                          \
	    COUNT_OF(((const char *const[]){ __VA_ARGS__ })), where)

static struct err *
copy(const json_t *v, char **out)
{
	const char *s = json_string_value(v);
	if (s == NULL)
		return bad("a string is missing");
	*out = strdup(s);
	return *out == NULL ? err_new(ERR_NOMEM, NULL, "policy") : NULL;
}

static struct err *
choose(const json_t *v, const struct choice *c, size_t n, int *out)
{
	const char *s = json_string_value(v);
	for (size_t i = 0; s != NULL && i < n; i++)
		if (strcmp(c[i].word, s) == 0) {
			*out = c[i].value;
			return NULL;
		}
	return bad(s == NULL ? "a word is missing" : s);
}

/* A code out of the catalogue, which has static storage. */
static struct err *
code_of(const json_t *v, const char **out)
{
	const struct message *m = message_find(json_string_value(v));
	if (m == NULL)
		return bad("a code that nobody knows");
	*out = m->code;
	return NULL;
}

static struct err *
until_of(const json_t *row, int64_t *out)
{
	const json_t *v = json_object_get(row, "until");
	*out = NEVER_ENDS;
	if (v == NULL)
		return NULL;
	struct err *e = time_parse_iso(bytes_str(json_string_value(v)), out);
	return e == NULL ? NULL : err_coded(e, "policy-malformed");
}

static struct err *
new_rows(const json_t *array, size_t size, void *slot, size_t *n)
{
	void *v;
	if (!json_is_array(array) || json_array_size(array) > POLICY_ROWS_MAX)
		return bad("a table is missing, or too long");
	v = calloc(json_array_size(array) + 1, size);
	if (v == NULL)
		return err_new(ERR_NOMEM, NULL, "policy");
	memcpy(slot, &v, sizeof(v));
	*n = json_array_size(array);
	return NULL;
}

static struct err *
digest_named(const json_t *v, enum digest_alg *out)
{
	struct choice names[DIGEST_COUNT];
	size_t n = 0;
	int alg;
	for (int a = DIGEST_NONE + 1; a < DIGEST_COUNT; a++)
		names[n++] =
		    (struct choice){ .word = digest_name((enum digest_alg)a),
			    .value = a };
	TRY(choose(v, names, n, &alg));
	*out = (enum digest_alg)alg;
	return NULL;
}

static struct err *
read_digests(const json_t *array, struct policy *p)
{
	TRY(new_rows(array, sizeof(*p->digests), &p->digests, &p->ndigests));
	for (size_t i = 0; i < p->ndigests; i++) {
		const json_t *row = json_array_get(array, i);
		TRY(ONLY(row, "digests", "name", "until"));
		TRY(digest_named(
		    json_object_get(row, "name"), &p->digests[i].alg));
		TRY(until_of(row, &p->digests[i].until));
	}
	return NULL;
}

static struct err *
read_keys(const json_t *array, struct policy *p)
{
	static const struct choice types[] = { { "RSA", KEY_RSA },
		{ "EC", KEY_EC }, { "DSA", KEY_DSA },
		{ "Ed25519", KEY_ED25519 }, { "Ed448", KEY_ED448 } };
	TRY(new_rows(array, sizeof(*p->keys), &p->keys, &p->nkeys));
	for (size_t i = 0; i < p->nkeys; i++) {
		const json_t *row = json_array_get(array, i);
		const json_t *bits = json_object_get(row, "bits");
		int type;
		TRY(ONLY(row, "keys", "type", "bits", "until"));
		TRY(choose(json_object_get(row, "type"), types, COUNT_OF(types),
		    &type));
		if (!json_is_integer(bits) || json_integer_value(bits) < 1 ||
		    json_integer_value(bits) > 65536)
			return bad("bits");
		p->keys[i].type = (enum key_alg)type;
		p->keys[i].bits = (int)json_integer_value(bits);
		TRY(until_of(row, &p->keys[i].until));
	}
	return NULL;
}

static struct err *
read_forms(const json_t *array, struct policy *p)
{
	static const struct choice forms[] = { { "RSA-PKCS1", SIG_RSA_PKCS1 },
		{ "RSA-PSS", SIG_RSA_PSS }, { "ECDSA", SIG_ECDSA },
		{ "EdDSA", SIG_EDDSA }, { "Ed448", SIG_ED448 },
		{ "DSA", SIG_DSA } };
	TRY(new_rows(array, sizeof(*p->forms), &p->forms, &p->nforms));
	for (size_t i = 0; i < p->nforms; i++) {
		const json_t *row = json_array_get(array, i);
		const json_t *note = json_object_get(row, "note");
		int form;
		TRY(ONLY(row, "forms", "name", "until", "note"));
		TRY(choose(json_object_get(row, "name"), forms, COUNT_OF(forms),
		    &form));
		p->forms[i].form = (enum sig_form)form;
		TRY(until_of(row, &p->forms[i].until));
		if (note != NULL)
			TRY(code_of(note, &p->forms[i].note));
	}
	return NULL;
}

static struct err *
read_algorithms(const json_t *o, struct policy *p)
{
	p->check_algorithms = o != NULL;
	if (o == NULL)
		return NULL;
	TRY(ONLY(o, "algorithms", "digests", "keys", "forms"));
	TRY(read_digests(json_object_get(o, "digests"), p));
	TRY(read_keys(json_object_get(o, "keys"), p));
	return read_forms(json_object_get(o, "forms"), p);
}

static struct err *
age_of(const json_t *o, const char *name, int64_t *out)
{
	const json_t *age = json_object_get(o, name);
	if (age == NULL)
		return NULL;
	if (!json_is_integer(age) || json_integer_value(age) < 0)
		return bad(name);
	*out = json_integer_value(age);
	return NULL;
}

static struct err *
read_revocation(const json_t *o, struct policy *p)
{
	static const struct choice words[] = { { "ignore", STATUS_IGNORE },
		{ "required", STATUS_IF_KNOWN } };
	static const struct choice responders[] = { { "asked", false },
		{ "if-stated", true } };
	const json_t *responder = json_object_get(o, "responders");
	const json_t *after = json_object_get(o, "after_signing");
	int status, unasked = false;
	TRY(ONLY(o, "revocation", "status", "max_age", "max_age_ocsp",
	    "after_signing", "responders"));
	/* "Required" is asked as "if known": that it is not known shall not
	 * hide what else there is to say, and is told in the end. */
	TRY(choose(
	    json_object_get(o, "status"), words, COUNT_OF(words), &status));
	p->status = (enum status_wanted)status;
	TRY(age_of(o, "max_age", &p->crl_max_age_s));
	p->ocsp_max_age_s = p->crl_max_age_s;
	TRY(age_of(o, "max_age_ocsp", &p->ocsp_max_age_s));
	if (responder != NULL)
		TRY(choose(
		    responder, responders, COUNT_OF(responders), &unasked));
	p->responders_unasked = unasked != 0;
	if (after != NULL && !json_is_boolean(after))
		return bad("after_signing");
	p->status_after = json_is_true(after);
	return NULL;
}

static struct err *
read_strings(const json_t *array, char ***out, size_t *n)
{
	if (array == NULL)
		return NULL;
	TRY(new_rows(array, sizeof(**out), out, n));
	for (size_t i = 0; i < *n; i++)
		TRY(copy(json_array_get(array, i), &(*out)[i]));
	return NULL;
}

/* OpenSSL leaves out what it cannot read, and with it the rule. */
static struct err *
read_certificate_policies(const json_t *array, struct policy *p)
{
	if (array != NULL && json_array_size(array) == 0)
		return bad("certificate_policies");
	TRY(read_strings(
	    array, &p->certificate_policies, &p->ncertificate_policies));
	for (size_t i = 0; i < p->ncertificate_policies; i++) {
		const char *oid = p->certificate_policies[i];
		if (strspn(oid, "0123456789.") != strlen(oid) ||
		    strchr(oid, '.') == NULL)
			return bad("certificate_policies");
	}
	return NULL;
}

/* A digest in hexadecimal, of the length that its algorithm has. */
static struct err *
read_hash(const json_t *row, struct known_policy *out)
{
	const json_t *hex = json_object_get(row, "value");
	CLEANUP(buf_done) struct buf b = BUF(DIGEST_MAX);
	if (hex == NULL && json_object_get(row, "digest") == NULL)
		return NULL;
	TRY(digest_named(json_object_get(row, "digest"), &out->alg));
	struct err *e = hex_decode(bytes_str(json_string_value(hex)), &b);
	if (e != NULL)
		return err_coded(e, "policy-malformed");
	if (b.len != digest_len(out->alg))
		return bad("a digest of another length");
	memcpy(out->digest, b.ptr, b.len);
	return NULL;
}

static struct err *
read_signature_policy(const json_t *o, struct policy *p)
{
	static const struct choice words[] = { { "told",
						   SIGNATURE_POLICY_TOLD },
		{ "if-present", SIGNATURE_POLICY_KNOWN },
		{ "required", SIGNATURE_POLICY_REQUIRED } };
	const json_t *known = json_object_get(o, "known");
	int word;
	if (o == NULL)
		return NULL;
	TRY(ONLY(o, "signature_policy", "wanted", "known"));
	TRY(choose(
	    json_object_get(o, "wanted"), words, COUNT_OF(words), &word));
	p->signature_policy = (enum signature_policy_wanted)word;
	if (known == NULL)
		return NULL;
	TRY(new_rows(known, sizeof(*p->known), &p->known, &p->nknown));
	for (size_t i = 0; i < p->nknown; i++) {
		const json_t *row = json_array_get(known, i);
		TRY(ONLY(row, "known", "id", "digest", "value"));
		TRY(copy(json_object_get(row, "id"), &p->known[i].id));
		TRY(read_hash(row, &p->known[i]));
	}
	return NULL;
}

static struct err *
read_rules(const json_t *o, struct policy *p)
{
	TRY(only(o, rule_names, RULE_COUNT, "rules"));
	for (size_t i = 0; i < RULE_COUNT; i++)
		TRY(copy(json_object_get(o, rule_names[i]), &p->cite[i]));
	return NULL;
}

static struct err *
read_words(const json_t *o, struct policy *p)
{
	static const struct choice bindings[] = { { "told", BINDING_TOLD },
		{ "if-present", BINDING_IF_PRESENT },
		{ "required", BINDING_REQUIRED } };
	static const struct choice stamps[] = { { "optional", false },
		{ "required", true } };
	const json_t *both = json_object_get(o, "sentence");
	static const struct choice containers[] = { { "told", false },
		{ "one-file", true } };
	const json_t *stamp = json_object_get(o, "time_stamp");
	const json_t *simple = json_object_get(o, "simple_container");
	int word;
	TRY(copy(json_object_get(o, "name"), &p->name));
	TRY(ONLY(both, "sentence", "vi", "en"));
	TRY(copy(json_object_get(both, "vi"), &p->sentence[LANG_VI]));
	TRY(copy(json_object_get(both, "en"), &p->sentence[LANG_EN]));
	TRY(code_of(json_object_get(o, "passed"), &p->passed));
	TRY(choose(json_object_get(o, "binding"), bindings, COUNT_OF(bindings),
	    &word));
	p->binding = (enum binding_wanted)word;
	if (stamp != NULL) {
		TRY(choose(stamp, stamps, COUNT_OF(stamps), &word));
		p->need_stamp = word != 0;
	}
	if (simple != NULL) {
		TRY(choose(simple, containers, COUNT_OF(containers), &word));
		p->simple_is_one = word != 0;
	}
	return NULL;
}

static struct err *
read_policy(const json_t *o, struct policy *p)
{
	const json_t *path = json_object_get(o, "path");
	TRY(ONLY(o, "not an object", "version", "name", "sentence", "passed",
	    "path", "domains", "certificate_policies", "revocation", "binding",
	    "signature_policy", "time_stamp", "simple_container", "algorithms",
	    "rules"));
	if (json_integer_value(json_object_get(o, "version")) != 1)
		return bad("version");
	if (!json_is_boolean(path))
		return bad("path");
	p->check_path = json_is_true(path);
	TRY(read_words(o, p));
	TRY(read_strings(
	    json_object_get(o, "domains"), &p->domains, &p->ndomains));
	TRY(read_certificate_policies(
	    json_object_get(o, "certificate_policies"), p));
	TRY(read_revocation(json_object_get(o, "revocation"), p));
	TRY(read_signature_policy(json_object_get(o, "signature_policy"), p));
	TRY(read_algorithms(json_object_get(o, "algorithms"), p));
	return read_rules(json_object_get(o, "rules"), p);
}

static struct err *
load_json(struct bytes json, json_t **out)
{
	struct err *e = json_parse(json, out);
	if (e == NULL || err_kind(e) == ERR_NOMEM)
		return e;
	struct err *told = bad(err_text(e));
	err_free(e);
	return told;
}

struct err *
policy_parse(struct bytes json, struct policy **out)
{
	if (json.len > POLICY_MAX)
		return err_coded(
		    err_new(ERR_LIMIT, NULL, "policy of %zu bytes", json.len),
		    "policy-malformed");
	CLEANUP(json_decrefp) json_t *o = NULL;
	CLEANUP(json_decrefp) json_t *again = NULL;
	TRY(load_json(json, &o));
	/* Out of memory it may also drop a byte of a string and go on; two
	 * readings do not lose the same one. */
	TRY(load_json(json, &again));
	if (!json_equal(o, again))
		return err_new(ERR_NOMEM, NULL, "policy");
	CLEANUP(policy_freep) struct policy *p = calloc(1, sizeof(*p));
	if (p == NULL)
		return err_new(ERR_NOMEM, NULL, "policy");
	p->refs = 1;
	TRY(read_policy(o, p));
	*out = TAKE(p);
	return NULL;
}
