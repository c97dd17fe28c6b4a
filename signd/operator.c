#include "signd/operator.h"

#include <stddef.h>
#include <string.h>

#include "certs/issue.h"
#include "certs/ossl.h"
#include "certs/aead.h"
#include "pkcs11/agree.h"
#include "signd/keyholder.h"
#include "signd/ledger.h"
#include "signd/part.h"
#include "signd/process.h"

#define DAY 86400 /* seconds */
#define FIELDS_MAX 5

static const struct sig_alg ca_alg = { .form = SIG_ECDSA,
	.digest = DIGEST_SHA256 };

struct purpose {
	const char *name; /* of the profile, too */
	const char *cn;
	int64_t days;
	bool agrees; /* opens what is sealed to it; else it signs */
	size_t kind; /* where in the settings its kind stands; 0: P-256 */
};

static const struct purpose purposes[] = {
	/* Decree 23/2025: 5 years */
	{ .name = "time-stamp",
	    .cn = "signd TSA",
	    .days = 1825,
	    .kind = offsetof(struct settings, tsa_key_kind) },
	{ .name = "ocsp",
	    .cn = "signd OCSP",
	    .days = 397,
	    .kind = offsetof(struct settings, ocsp_key_kind) },
	{ .name = "audit", .cn = "signd Audit", .days = 1825 },
	{ .name = "seal",
	    .cn = "signd Seal (receipts only)",
	    .days = 1825,
	    .kind = offsetof(struct settings, seal_key_kind) },
	{ .name = "pin-seal", .cn = "signd PIN", .days = 1825, .agrees = true },
};

static struct err *
kind_of(const struct settings *s, const struct purpose *p, enum key_kind *out)
{
	*out = KIND_P256;
	if (p->kind == 0)
		return NULL;
	const char *name =
	    *(char *const *)(const void *)((const char *)s + p->kind);
	if (key_kind_by_name(name, out))
		return NULL;
	return err_coded(
	    err_new(ERR_USAGE, NULL, "no kind of key: \"%s\"", name),
	    "settings");
}

static const struct purpose *
find_purpose(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(purposes); i++)
		if (strcmp(purposes[i].name, name) == 0)
			return &purposes[i];
	return NULL;
}

/* ---- in the ledger: what the issuing CA is ---- */

/* 1 CKA_ID of the CA's key, 2 its certificate. */
static struct err *
look_part(const struct part *p, struct buf *out)
{
	CLEANUP(ledger_freep) struct ledger *l = NULL;
	TRY(ledger_to_write(p->s, &l));
	CLEANUP(ledger_setup_done) struct ledger_setup setup = { 0 };
	TRY(ledger_setup_get(l, &setup));
	TRY(pack_bytes(out, 1, buf_bytes(&setup.ca_key_id)));
	return pack_bytes(out, 2, buf_bytes(&setup.chain[0]));
}

/* ---- in the token ---- */

struct names {
	char *value[FIELDS_MAX];
	struct subject_field field[FIELDS_MAX];
	size_t n;
};

static void
names_done(struct names *n)
{
	for (size_t i = 0; i < COUNT_OF(n->value); i++)
		free_charp(&n->value[i]);
}

/* Country, place and organisation of the issuer, and a name of its own. */
static struct err *
fill_names(const struct cert *issuer, const char *cn, struct names *out)
{
	static const char *const kept[] = { "C", "ST", "L", "O" };
	const X509_NAME *name = X509_get_subject_name(cert_x509(issuer));
	for (size_t i = 0; i < COUNT_OF(kept); i++) {
		int at = X509_NAME_get_index_by_NID(
		    name, field_kind_find(kept[i])->nid, -1);
		if (at < 0)
			continue;
		const ASN1_STRING *v =
		    X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
		char **to = &out->value[out->n];
		TRY(bytes_dup_str(bytes_of(ASN1_STRING_get0_data(v),
				      (size_t)ASN1_STRING_length(v)),
		    to));
		out->field[out->n++] = (struct subject_field){ kept[i], *to };
	}
	out->field[out->n++] = (struct subject_field){ "CN", cn };
	return NULL;
}

static const char *
text_or_none(const char *s)
{
	return s[0] == '\0' ? NULL : s;
}

static struct err *
certify(const struct keyholder *k, const struct purpose *p, struct bytes spki,
    const struct cert *issuer, struct cert **out)
{
	CLEANUP(EVP_PKEY_freep) EVP_PKEY *key = NULL;
	CLEANUP(names_done) struct names names = { 0 };
	TRY(key_from_spki(spki, &key));
	TRY(fill_names(issuer, p->cn, &names));
	const struct cert_profile *profile = cert_profile_find(p->name);
	int64_t now = clock_now(&clock_system);
	int64_t end = now + p->days * DAY;
	if (end > cert_not_after(issuer))
		end = cert_not_after(issuer);
	const struct settings *s = k->settings;
	/* Nobody asks a responder whether its own key is revoked. */
	bool stated = !profile->ocsp_nocheck;
	const struct cert_fields f = { .profile = profile,
		.subject = names.field,
		.nsubject = names.n,
		.key = key,
		.issuer = issuer,
		.not_before = now,
		.not_after = end,
		.alg = ca_alg,
		.crl_url = stated ? text_or_none(s->crl_url) : NULL,
		.ocsp_url = stated ? text_or_none(s->ocsp_url) : NULL,
		.issuer_url = text_or_none(s->issuer_url) };
	struct p11_signer by = { .session = &k->session,
		.key = k->ca_key,
		.shape = { cert_key_alg(issuer), cert_key_bits(issuer) } };
	struct signer signer = p11_signer(&by);
	return cert_issue(&f, &signer, out);
}

static struct err *
make_pair(struct keyholder *k, const struct purpose *p, struct bytes id,
    struct buf *spki)
{
	CK_OBJECT_HANDLE made;
	enum key_kind kind;
	TRY(kind_of(k->settings, p, &kind));
	return p->agrees ? p11_agree_make(&k->session, id, &made, spki)
			 : p11_pair_make(&k->session, kind, id, &made, spki);
}

static struct err *
make_key(struct keyholder *k, const struct part *part, struct buf *out)
{
	const struct purpose *p = part->ctx;
	struct unpack u = unpack_of(part->in);
	struct bytes ca_id = BYTES_NONE, der = BYTES_NONE;
	TRY(unpack_bytes(&u, 1, &ca_id));
	TRY(unpack_bytes(&u, 2, &der));
	CLEANUP(cert_freep) struct cert *issuer = NULL;
	CLEANUP(cert_freep) struct cert *cert = NULL;
	TRY(cert_parse(der, &issuer));
	TRY(p11_key_find(&k->session, CKO_PRIVATE_KEY, ca_id, &k->ca_key));
	uint8_t id[P11_ID];
	CLEANUP(buf_done) struct buf spki = BUF(1024);
	TRY(random_fill(id, sizeof(id)));
	TRY(make_pair(k, p, bytes_of(id, sizeof(id)), &spki));
	TRY(certify(k, p, buf_bytes(&spki), issuer, &cert));
	TRY(pack_str(out, 1, p->name));
	TRY(pack_bytes(out, 2, bytes_of(id, sizeof(id))));
	TRY(pack_bytes(out, 3, cert_der(cert)));
	return pack_bytes(out, 4, buf_bytes(&spki));
}

static struct err *
token_part(const struct part *p, struct buf *out)
{
	struct keyholder k = {
		.settings = p->s, .clock = &clock_system, .pin_fd = -1
	};
	struct err *e = keyholder_token(&k, true);
	if (e == NULL)
		e = make_key(&k, p, out);
	keyholder_done(&k);
	return e;
}

/* ---- in the ledger again ---- */

static struct err *
put_key(struct ledger *l, struct bytes packed)
{
	struct unpack u = unpack_of(packed);
	CLEANUP(free_charp) char *purpose = NULL;
	struct bytes id = BYTES_NONE, der = BYTES_NONE, spki = BYTES_NONE;
	TRY(unpack_str(&u, 1, &purpose));
	TRY(unpack_bytes(&u, 2, &id));
	TRY(unpack_bytes(&u, 3, &der));
	TRY(unpack_bytes(&u, 4, &spki));
	CLEANUP(cert_freep) struct cert *c = NULL;
	TRY(cert_parse(der, &c));
	char serial[2 * 20 + 1];
	uint8_t key[DIGEST_MAX];
	hex_text(cert_serial(c), serial);
	TRY(digest_of(DIGEST_SHA256, spki, key));
	const struct ledger_issued issued = { .serial = serial,
		.profile = purpose,
		.certificate = der,
		.key_sha256 = bytes_of(key, LEDGER_HASH),
		.subject_id = "",
		.replaces = "",
		.not_after = cert_not_after(c) };
	TRY(ledger_issued_put(l, &issued));
	return ledger_operator_put(l, purpose, id, serial);
}

static struct err *
ledger_part(const struct part *p, struct buf *out)
{
	(void)out;
	CLEANUP(ledger_freep) struct ledger *l = NULL;
	TRY(ledger_to_write(p->s, &l));
	TRY(ledger_begin(l));
	struct err *e = put_key(l, p->in);
	if (e == NULL)
		return ledger_commit(l);
	ledger_rollback(l);
	return e;
}

static struct err *
tell(struct bytes packed, FILE *told)
{
	struct unpack u = unpack_of(packed);
	CLEANUP(free_charp) char *purpose = NULL;
	CLEANUP(cert_freep) struct cert *c = NULL;
	CLEANUP(buf_done) struct buf hex = BUF(256);
	const char *text = NULL;
	struct bytes id = BYTES_NONE, der = BYTES_NONE;
	TRY(unpack_str(&u, 1, &purpose));
	TRY(unpack_bytes(&u, 2, &id));
	TRY(unpack_bytes(&u, 3, &der));
	TRY(cert_parse(der, &c));
	TRY(hex_encode(id, &hex));
	TRY(buf_cstr(&hex, &text));
	if (told != NULL)
		fprintf(told, "%s key (%s-%d): CKA_ID %s\ncertificate: %s\n",
		    purpose, cert_key_alg(c) == KEY_RSA ? "RSA" : "P",
		    cert_key_bits(c), text, cert_subject(c));
	return NULL;
}

struct err *
signd_operator_key(const struct settings *s, const char *purpose, FILE *told)
{
	const struct purpose *p = find_purpose(purpose);
	if (p == NULL)
		return err_new(ERR_USAGE, NULL,
		    "a key is for \"time-stamp\", \"ocsp\", \"audit\", "
		    "\"seal\" or \"pin-seal\", not \"%s\"",
		    purpose);
	enum key_kind kind;
	TRY(kind_of(s, p, &kind));
	CLEANUP(buf_done) struct buf authority = BUF(PART_RESULT_MAX);
	CLEANUP(buf_done) struct buf made = BUF(PART_RESULT_MAX);
	const struct part look = { .s = s, .work = look_part };
	TRY(part_run(&look, s->user_ledger, &authority));
	const struct part token = { .s = s,
		.ctx = p,
		.in = buf_bytes(&authority),
		.work = token_part };
	TRY(part_run(&token, s->user_keyholder, &made));
	const struct part ledger = {
		.s = s, .in = buf_bytes(&made), .work = ledger_part
	};
	TRY(part_run(&ledger, s->user_ledger, NULL));
	return tell(buf_bytes(&made), told);
}
