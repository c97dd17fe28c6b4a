#include "signd/init.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/pem.h>

#include "base/nfc.h"
#include "certs/issue.h"
#include "certs/ossl.h"
#include "certs/aead.h"
#include "pkcs11/guard.h"
#include "signd/ceremony.h"
#include "signd/keyholder.h"
#include "signd/ledger.h"
#include "signd/operator.h"
#include "signd/part.h"
#include "signd/process.h"
#include "signd/root-crl.h"

#define DAY 86400        /* seconds */
#define ROOT_DAYS 7300   /* Decree 23/2025: a root 25 years at most */
#define ISSUER_DAYS 3650 /* an agency's own CA 10 years at most */

static const struct sig_alg ca_alg = { .form = SIG_ECDSA,
	.digest = DIGEST_SHA256 };

/* ---- keys and CA, as user-keyholder ---- */

struct authority {
	uint8_t id[P11_ID]; /* CKA_ID of its key */
	CK_OBJECT_HANDLE key;
	struct cert *cert;
	const struct p11_session *session; /* of its token */
	const char *token;                 /* its label */
};

struct ca_names {
	const char *profile;
	const char *cn;
	int64_t days;
};

static struct ca_names
names_of(const struct init_options *o, bool root)
{
	if (root && o->production)
		return (
		    struct ca_names){ "root-ca", "signd Root CA", ROOT_DAYS };
	if (root)
		return (struct ca_names){ "demo-root",
			"signd Demo Root CA - " LABEL_NO_LEGAL_VALUE,
			ROOT_DAYS };
	if (o->production)
		return (struct ca_names){ "issuing-ca", "signd Issuing CA",
			ISSUER_DAYS };
	return (struct ca_names){ "demo-issuing-ca",
		"signd Demo CA - " LABEL_NO_LEGAL_VALUE, ISSUER_DAYS };
}

static size_t
subject_of(
    const struct init_options *o, const char *cn, struct subject_field out[4])
{
	size_t n = 0;
	out[n++] = (struct subject_field){ "C", "VN" };
	if (o->province != NULL)
		out[n++] = (struct subject_field){ "ST", o->province };
	out[n++] = (struct subject_field){ "O", o->organization != NULL
						    ? o->organization
						    : "signd demonstration" };
	out[n++] = (struct subject_field){ "CN", cn };
	return n;
}

static const char *
text_or_none(const char *s)
{
	return s == NULL || s[0] == '\0' ? NULL : s;
}

static struct p11_signer
authority_key(const struct authority *a)
{
	return (struct p11_signer){
		.session = a->session, .key = a->key, .shape = SHAPE_P256
	};
}

static struct err *
certify(const struct init_options *o, struct authority *a,
    const struct authority *root, EVP_PKEY *key)
{
	struct ca_names names = names_of(o, root == NULL);
	struct subject_field subject[4];
	int64_t now = clock_now(&clock_system);
	const struct cert_fields f = {
		.profile = cert_profile_find(names.profile),
		.subject = subject,
		.nsubject = subject_of(o, names.cn, subject),
		.key = key,
		.issuer = root == NULL ? NULL : root->cert,
		.not_before = now,
		.not_after = now + names.days * DAY,
		.alg = ca_alg,
		.crl_url = root == NULL ? NULL : text_or_none(o->root_crl_url),
	};
	struct p11_signer by = authority_key(root == NULL ? a : root);
	struct signer signer = p11_signer(&by);
	return cert_issue(&f, &signer, &a->cert);
}

static struct err *
make_authority(const struct init_options *o, struct authority *a,
    const struct authority *root)
{
	CLEANUP(buf_done) struct buf spki = BUF(1024);
	TRY(random_fill(a->id, sizeof(a->id)));
	TRY(p11_pair_make(a->session, KIND_P256, bytes_of(a->id, sizeof(a->id)),
	    &a->key, &spki));
	CLEANUP(EVP_PKEY_freep) EVP_PKEY *key = NULL;
	TRY(key_from_spki(buf_bytes(&spki), &key));
	return certify(o, a, root, key);
}

static struct err *
make_chain(const struct init_options *o, struct authority *root,
    struct authority *issuer, struct buf *out)
{
	TRY(make_authority(o, root, NULL));
	TRY(make_authority(o, issuer, root));
	TRY(pack_bytes(out, 3, bytes_of(issuer->id, sizeof(issuer->id))));
	TRY(pack_bytes(out, 4, cert_der(issuer->cert)));
	return pack_bytes(out, 4, cert_der(root->cert));
}

static struct err *
make_keys(const struct keyholder *k, struct buf *out)
{
	uint8_t kek[P11_ID], pepper[P11_ID], cover[P11_ID];
	CK_OBJECT_HANDLE made;
	TRY(random_fill(kek, sizeof(kek)));
	TRY(random_fill(pepper, sizeof(pepper)));
	TRY(random_fill(cover, sizeof(cover)));
	TRY(p11_kek_make(&k->session, bytes_of(kek, sizeof(kek)), &made));
	TRY(p11_kek_check(&k->session, made));
	TRY(p11_pepper_make(
	    &k->session, bytes_of(pepper, sizeof(pepper)), &made));
	TRY(p11_pepper_check(&k->session, made));
	TRY(p11_pepper_make(
	    &k->session, bytes_of(cover, sizeof(cover)), &made));
	TRY(p11_pepper_check(&k->session, made));
	TRY(pack_bytes(out, 1, bytes_of(kek, sizeof(kek))));
	TRY(pack_bytes(out, 2, bytes_of(pepper, sizeof(pepper))));
	return pack_bytes(out, 5, bytes_of(cover, sizeof(cover)));
}

/* Both files of the protocol, behind the chain: 5 text, 6 signature. */
static struct err *
write_protocol(const struct keyholder *k, const struct init_options *o,
    const struct authority *root, const struct authority *issuer,
    struct buf *out)
{
	struct unpack u = unpack_of(buf_bytes(out));
	struct ceremony_key keys[] = {
		{ "key that wraps (AES-256)", k->token.label, BYTES_NONE },
		{ "key of seals (HMAC)", k->token.label, BYTES_NONE },
		{ "issuing key (P-256)", issuer->token,
		    bytes_of(issuer->id, sizeof(issuer->id)) },
		{ "root key (P-256)", root->token,
		    bytes_of(root->id, sizeof(root->id)) },
	};
	TRY(unpack_bytes(&u, 1, &keys[0].id));
	TRY(unpack_bytes(&u, 2, &keys[1].id));
	const struct ceremony c = { .time = clock_now(&clock_system),
		.organization =
		    o->organization != NULL ? o->organization : "(none)",
		.witnesses = o->witnesses,
		.nwitnesses = o->nwitnesses,
		.module = k->settings->token_module,
		.keys = keys,
		.nkeys = COUNT_OF(keys),
		.root = root->cert,
		.issuer = issuer->cert };
	struct p11_signer by = authority_key(root);
	struct signer signer = p11_signer(&by);
	CLEANUP(buf_done) struct buf text = BUF(PROTOCOL_MAX);
	CLEANUP(buf_done) struct buf sig = BUF(1024);
	TRY(ceremony_protocol(&c, &signer, &text, &sig));
	TRY(pack_bytes(out, 5, buf_bytes(&text)));
	return pack_bytes(out, 6, buf_bytes(&sig));
}

/* 7 the root's first list, which names nobody: where certificates say that
 * there is one, who looks must find it; 8 its number [n]. */
static struct err *
write_first_list(
    const struct init_options *o, const struct authority *root, struct buf *out)
{
	int64_t now = clock_now(&clock_system);
	const struct crl_fields f = { .issuer = root->cert,
		.this_update = now,
		.next_update = now + (int64_t)ROOT_CRL_DAYS * DAY,
		.number = (uint64_t)now,
		.alg = ca_alg };
	struct p11_signer by = authority_key(root);
	struct signer signer = p11_signer(&by);
	CLEANUP(buf_done) struct buf der = BUF(CERT_MAX);
	if (text_or_none(o->root_crl_url) != NULL)
		TRY(crl_issue(&f, &signer, &der));
	TRY(pack_bytes(out, 7, buf_bytes(&der)));
	return pack_i64(out, 8, now);
}

/* The root's own token, of the module that is loaded already. */
struct err *
init_open_root(const struct keyholder *k, const char *uri, const char *pin_file,
    struct p11_token *token, struct p11_session *session)
{
	CLEANUP(secret_done) struct secret pin = { 0 };
	if (pin_file == NULL)
		return err_new(
		    ERR_USAGE, NULL, "a root token wants a root PIN file");
	TRY(p11_token_find(k->module, uri, token));
	TRY(p11_session_open(token, true, session));
	TRY(guard_read_secret(pin_file, &pin));
	return p11_login(session, secret_bytes(&pin));
}

static struct err *
hold(struct keyholder *k, const struct init_options *o, struct buf *out)
{
	struct p11_token token = k->token;
	struct p11_session session = { 0 };
	struct authority root = { .session = &k->session,
		.token = k->token.label };
	struct authority issuer = root;
	struct err *e = NULL;
	if (o->root_token_uri != NULL) {
		e = init_open_root(
		    k, o->root_token_uri, o->root_pin_file, &token, &session);
		root.session = &session;
		root.token = token.label;
	}
	if (e == NULL)
		e = make_keys(k, out);
	if (e == NULL)
		e = make_chain(o, &root, &issuer, out);
	if (e == NULL)
		e = write_protocol(k, o, &root, &issuer, out);
	if (e == NULL)
		e = write_first_list(o, &root, out);
	cert_free(root.cert);
	cert_free(issuer.cert);
	p11_session_done(&session);
	return e;
}

static struct err *
token_part(const struct part *p, struct buf *out)
{
	struct keyholder k = {
		.settings = p->s, .clock = &clock_system, .pin_fd = -1
	};
	struct err *e = keyholder_token(&k, true);
	if (e == NULL)
		e = hold(&k, p->ctx, out);
	keyholder_done(&k);
	return e;
}

/* ---- the ledger, as user-ledger ---- */

/* Before any key is made: is there a ledger that has its keys already? */
static struct err *
look_part(const struct part *p, struct buf *out)
{
	(void)out;
	CLEANUP(ledger_freep) struct ledger *l = NULL;
	TRY(ledger_to_write(p->s, &l));
	CLEANUP(ledger_setup_done) struct ledger_setup setup = { 0 };
	struct err *e = ledger_setup_get(l, &setup);
	if (e != NULL && strcmp(err_code(e), "not-set-up") == 0) {
		err_free(e);
		return NULL;
	}
	if (e != NULL)
		return e;
	return err_coded(
	    err_new(ERR_USAGE, NULL, "the ledger is set up already"),
	    "set-up-already");
}

static struct err *
take(struct unpack *u, uint16_t tag, size_t max, struct buf *out)
{
	struct bytes b = BYTES_NONE;
	TRY(unpack_bytes(u, tag, &b));
	*out = BUF(max);
	return buf_append(out, b);
}

/* What goes beside the setup. */
struct beside {
	struct bytes text, sig; /* of the protocol */
	struct bytes list;      /* the root's first; empty: none */
	int64_t number;         /* its */
};

static struct err *
read_setup(struct bytes packed, struct ledger_setup *s, struct beside *h)
{
	struct unpack u = unpack_of(packed);
	TRY(take(&u, 1, LEDGER_ID_MAX, &s->kek_id));
	TRY(take(&u, 2, LEDGER_ID_MAX, &s->pepper_id));
	TRY(take(&u, 5, LEDGER_ID_MAX, &s->cover_id));
	TRY(take(&u, 3, LEDGER_ID_MAX, &s->ca_key_id));
	while (unpack_is(&u, 4) && s->nchain < LEDGER_CHAIN_MAX)
		TRY(take(&u, 4, CERT_MAX, &s->chain[s->nchain++]));
	TRY(unpack_bytes(&u, 5, &h->text));
	TRY(unpack_bytes(&u, 6, &h->sig));
	TRY(unpack_bytes(&u, 7, &h->list));
	TRY(unpack_i64(&u, 8, &h->number));
	return unpack_end(&u);
}

static struct err *
committed(struct ledger *l, struct err *e)
{
	if (e == NULL)
		return ledger_commit(l);
	ledger_rollback(l);
	return e;
}

static struct err *
put_setup(
    struct ledger *l, const struct ledger_setup *setup, const struct beside *h)
{
	TRY(ledger_setup_put(l, setup));
	return h->list.len == 0 ? NULL
				: ledger_root_crl_put(l, h->number, 0, h->list);
}

static struct err *
ledger_part(const struct part *p, struct buf *out)
{
	(void)out;
	CLEANUP(ledger_setup_done) struct ledger_setup setup = { 0 };
	struct beside h = { .number = 0 };
	TRY(read_setup(p->in, &setup, &h));
	CLEANUP(ledger_freep) struct ledger *l = NULL;
	TRY(ledger_to_write(p->s, &l));
	TRY(ledger_begin(l));
	return committed(l, put_setup(l, &setup, &h));
}

/* ---- files for people ---- */

static struct err *
append_pem(struct bytes der, struct buf *out)
{
	CLEANUP(cert_freep) struct cert *c = NULL;
	TRY(cert_parse(der, &c));
	CLEANUP(BIO_free_allp) BIO *bio = BIO_new(BIO_s_mem());
	if (bio == NULL || PEM_write_bio_X509(bio, cert_x509(c)) != 1)
		return err_ossl(ERR_INTERNAL, "PEM_write_bio_X509");
	char *text = NULL;
	long len = BIO_get_mem_data(bio, &text);
	return buf_append(out, bytes_of(text, (size_t)len));
}

static struct err *
write_file(const char *path, struct bytes text)
{
	if (path == NULL)
		return NULL;
	CLEANUP(close_fdp)
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0 || fchmod(fd, 0644) != 0)
		return err_errno(errno, "writing %s", path);
	return part_write_all(fd, text);
}

static struct err *
write_files(const struct init_options *o, const struct ledger_setup *setup)
{
	CLEANUP(buf_done) struct buf chain = BUF(PART_RESULT_MAX);
	CLEANUP(buf_done) struct buf anchor = BUF(PART_RESULT_MAX);
	for (size_t i = 0; i < setup->nchain; i++)
		TRY(append_pem(buf_bytes(&setup->chain[i]), &chain));
	TRY(append_pem(buf_bytes(&setup->chain[setup->nchain - 1]), &anchor));
	TRY(write_file(o->chain_file, buf_bytes(&chain)));
	return write_file(o->anchor_file, buf_bytes(&anchor));
}

static struct err *
write_protocol_files(
    const struct init_options *o, struct bytes text, struct bytes sig)
{
	CLEANUP(buf_done) struct buf name = BUF(4096);
	const char *sig_file = NULL;
	if (o->protocol_file == NULL)
		return NULL;
	TRY(buf_printf(&name, "%s.sig", o->protocol_file));
	TRY(buf_cstr(&name, &sig_file));
	TRY(write_file(o->protocol_file, text));
	return write_file(sig_file, sig);
}

static struct err *
tell_setup(const struct ledger_setup *s, FILE *told)
{
	const struct {
		const char *what;
		const struct buf *id;
	} keys[] = { { "key that wraps (AES-256)", &s->kek_id },
		{ "key of seals (HMAC)", &s->pepper_id },
		{ "key that covers (HMAC)", &s->cover_id },
		{ "issuing key (P-256)", &s->ca_key_id } };
	for (size_t i = 0; i < COUNT_OF(keys) && told != NULL; i++) {
		CLEANUP(buf_done) struct buf hex = BUF(256);
		const char *text = NULL;
		TRY(hex_encode(buf_bytes(keys[i].id), &hex));
		TRY(buf_cstr(&hex, &text));
		fprintf(told, "%s: CKA_ID %s\n", keys[i].what, text);
	}
	for (size_t i = 0; i < s->nchain && told != NULL; i++) {
		CLEANUP(cert_freep) struct cert *c = NULL;
		TRY(cert_parse(buf_bytes(&s->chain[i]), &c));
		fprintf(told, "certificate: %s\n", cert_subject(c));
	}
	return NULL;
}

/* ---- the whole ---- */

static struct err *
make_dir(const char *path, mode_t mode, const char *user)
{
	if (mkdir(path, mode) != 0 && errno != EEXIST)
		return err_errno(errno, "%s", path);
	if (geteuid() != 0 || user == NULL)
		return NULL;
	uid_t uid = 0;
	gid_t gid = 0;
	TRY(process_user(user, &uid, &gid));
	if (chown(path, uid, gid) != 0 || chmod(path, mode) != 0)
		return err_errno(errno, "%s", path);
	return NULL;
}

static struct err *
make_dirs(const struct settings *s)
{
	CLEANUP(free_charp) char *ledger = NULL;
	TRY(process_path(s->state_dir, "ledger", &ledger));
	TRY(make_dir(s->state_dir, 0755, NULL));
	return make_dir(ledger, 0700, s->user_ledger);
}

static struct err *
dup_name(const char *typed, char **out)
{
	return typed == NULL ? NULL : utf8_dup_nfc(bytes_str(typed), out);
}

static struct err *
init(const struct settings *s, const struct init_options *o, FILE *told)
{
	TRY(make_dirs(s));
	const struct part look = { .s = s, .work = look_part };
	TRY(part_run(&look, s->user_ledger, NULL));
	CLEANUP(buf_done) struct buf made = BUF(PART_RESULT_MAX);
	struct part token = { .s = s, .ctx = o, .work = token_part };
	TRY(part_run(&token, s->user_keyholder, &made));
	CLEANUP(ledger_setup_done) struct ledger_setup setup = { 0 };
	struct beside h = { .number = 0 };
	TRY(read_setup(buf_bytes(&made), &setup, &h));
	struct part ledger = {
		.s = s, .in = buf_bytes(&made), .work = ledger_part
	};
	TRY(part_run(&ledger, s->user_ledger, NULL));
	TRY(write_files(o, &setup));
	TRY(write_protocol_files(o, h.text, h.sig));
	TRY(tell_setup(&setup, told));
	TRY(signd_operator_key(s, "time-stamp", told));
	TRY(signd_operator_key(s, "ocsp", told));
	TRY(signd_operator_key(s, "audit", told));
	TRY(signd_operator_key(s, "seal", told));
	return signd_operator_key(s, "pin-seal", told);
}

struct err *
signd_init(const struct settings *s, const struct init_options *o, FILE *told)
{
	CLEANUP(free_charp) char *organization = NULL;
	CLEANUP(free_charp) char *province = NULL;
	struct init_options named = *o;
	TRY(dup_name(o->organization, &organization));
	TRY(dup_name(o->province, &province));
	named.organization = organization;
	named.province = province;
	named.root_crl_url = s->root_crl_url;
	return init(s, &named, told);
}

/* ---- officers ---- */

#define PEM_FILE_MAX 262144 /* bytes */

static struct err *
read_certificate(const char *path, struct cert **out)
{
	CLEANUP(close_fdp) int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_errno(errno, "%s", path);
	CLEANUP(buf_done) struct buf text = BUF(PEM_FILE_MAX);
	TRY(part_read_all(fd, &text));
	CLEANUP(cert_list_done) struct cert_list list = { 0 };
	TRY(cert_list_read(&list, buf_bytes(&text)));
	*out = cert_ref(list.v[0]);
	return NULL;
}

static struct err *
officer_change(
    struct ledger *l, bool add, const char *fingerprint, const struct cert *c)
{
	if (!add)
		return ledger_officer_end(l, fingerprint);
	struct err *e = ledger_officer_add(
	    l, fingerprint, cert_der(c), cert_common_name(c));
	if (e != NULL && err_kind(e) == ERR_USAGE)
		return err_coded(err_while(e, "this officer is known already"),
		    "officer-known");
	return e;
}

static void
fingerprint_of(const struct cert *c, char out[65])
{
	uint8_t raw[32];
	cert_fingerprint(c, raw);
	hex_text(bytes_of(raw, sizeof(raw)), out);
}

static struct err *
officer_part(const struct part *p, bool add)
{
	CLEANUP(cert_freep) struct cert *c = NULL;
	TRY(cert_parse(p->in, &c));
	char fingerprint[65];
	fingerprint_of(c, fingerprint);
	CLEANUP(ledger_freep) struct ledger *l = NULL;
	TRY(ledger_to_write(p->s, &l));
	CLEANUP(ledger_setup_done) struct ledger_setup setup = { 0 };
	TRY(ledger_setup_get(l, &setup));
	TRY(ledger_begin(l));
	return committed(l, officer_change(l, add, fingerprint, c));
}

static struct err *
officer_add_part(const struct part *p, struct buf *out)
{
	(void)out;
	return officer_part(p, true);
}

static struct err *
officer_end_part(const struct part *p, struct buf *out)
{
	(void)out;
	return officer_part(p, false);
}

static struct err *
officer_command(
    const struct settings *s, const char *pem_file, bool add, FILE *told)
{
	CLEANUP(cert_freep) struct cert *c = NULL;
	TRY(read_certificate(pem_file, &c));
	if (cert_is_ca(c))
		return err_new(
		    ERR_USAGE, NULL, "%s is a CA's certificate", pem_file);
	const struct part p = { .s = s,
		.in = cert_der(c),
		.work = add ? officer_add_part : officer_end_part };
	TRY(part_run(&p, s->user_ledger, NULL));
	char fingerprint[65];
	fingerprint_of(c, fingerprint);
	if (told != NULL)
		fprintf(told, "officer %s: %s\nSHA-256: %s\n",
		    add ? "registered" : "ended", cert_subject(c), fingerprint);
	return NULL;
}

struct err *
signd_officer_add(const struct settings *s, const char *pem_file, FILE *told)
{
	return officer_command(s, pem_file, true, told);
}

struct err *
signd_officer_end(const struct settings *s, const char *pem_file, FILE *told)
{
	return officer_command(s, pem_file, false, told);
}

/* ---- the audit chain ---- */

static struct err *
audit_part(const struct part *p, struct buf *out)
{
	CLEANUP(ledger_freep) struct ledger *l = NULL;
	TRY(ledger_to_write(p->s, &l));
	int64_t bad = 0, count = 0;
	TRY(ledger_audit_check(l, &bad));
	TRY(ledger_audit_count(l, &count));
	if (bad != 0)
		return err_coded(
		    err_new(ERR_DENIED, NULL, "audit record %lld does not fit",
			(long long)bad),
		    "audit-broken");
	return pack_i64(out, 1, count);
}

struct err *
signd_audit_check(const struct settings *s, FILE *told)
{
	const struct part p = { .s = s, .work = audit_part };
	CLEANUP(buf_done) struct buf out = BUF(64);
	TRY(part_run(&p, s->user_ledger, &out));
	struct unpack u = unpack_of(buf_bytes(&out));
	int64_t count = 0;
	TRY(unpack_i64(&u, 1, &count));
	if (told != NULL)
		fprintf(told, "%lld audit records, each fits the one before\n",
		    (long long)count);
	return NULL;
}
