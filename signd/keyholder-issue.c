/* What the CA key signs: certificates out of enrolments, and CRLs out of the
 * register.  Nothing else reaches that key. */
#include "signd/keyholder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "signd/ledger-ops.h"
#include "signd/part.h"
#include "signd/proto.h"

#define DAY 86400   /* seconds */
#define CRL_TRIES 5 /* when the register changes while a list is made */
#define SUBJECT_FIELDS (7 + PROFILE_SETS_MAX)

static const struct sig_alg ca_alg = { .form = SIG_ECDSA,
	.digest = DIGEST_SHA256 };

/* Profiles that an officer's approval can ask for; those of CAs are not among
 * them. */
static const char *const enrolment_profiles[] = { "citizen", "citizen-eu" };
/* The same for a key that is elsewhere, where issue-profile names them. */
static const char *const issue_profiles[] = { "officer", "tls-server" };

static bool
is_among(const char *name, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i], name) == 0)
			return true;
	return false;
}

static struct err *
check_issue_profiles(const struct settings *s)
{
	for (size_t i = 0; i < s->issue_profile.n; i++)
		if (!is_among(s->issue_profile.v[i], issue_profiles,
			COUNT_OF(issue_profiles)))
			return err_coded(
			    err_new(ERR_USAGE, NULL,
				"issue-profile: %s is neither officer nor "
				"tls-server",
				s->issue_profile.v[i]),
			    "settings");
	return NULL;
}

struct err *
keyholder_profiles(struct keyholder *k)
{
	const char *path = k->settings->profile_file;
	CLEANUP(buf_done) struct buf text = BUF(PROFILE_FILE_MAX);
	TRY(check_issue_profiles(k->settings));
	if (path[0] == '\0')
		return NULL;
	CLEANUP(close_fdp) int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_coded(err_errno(errno, "%s", path), "settings");
	TRY(part_read_all(fd, &text));
	struct err *e = profile_file_read(buf_bytes(&text), &k->profiles);
	return e == NULL ? NULL : err_while(e, "%s", path);
}

static bool
may_issue(const struct keyholder *k, const char *name)
{
	const struct settings_list *l = &k->settings->issue_profile;
	return is_among(name, issue_profiles, COUNT_OF(issue_profiles)) &&
	       is_among(name, (const char *const *)l->v, l->n);
}

/* *own: where it is one of profile-file.  `elsewhere`: for a key that is. */
static struct err *
find_profile(const struct keyholder *k, const char *name, bool elsewhere,
    const struct cert_profile **out, const struct own_profile **own)
{
	if (is_among(name, enrolment_profiles, COUNT_OF(enrolment_profiles)) ||
	    (elsewhere && may_issue(k, name)))
		*out = cert_profile_find(name);
	*own = own_profile_find(&k->profiles, name);
	if (*own != NULL)
		*out = &(*own)->profile;
	if (elsewhere && *out == NULL &&
	    is_among(name, issue_profiles, COUNT_OF(issue_profiles)))
		return err_coded(err_new(ERR_DENIED, NULL,
				     "issue-profile does not name %s", name),
		    "profile-not-issued");
	if (*out == NULL || (*out)->ca)
		return err_coded(
		    err_new(ERR_MALFORMED, NULL, "no profile for an enrolment"),
		    "record-field");
	return NULL;
}

struct subject {
	struct subject_field v[SUBJECT_FIELDS];
	size_t n;
	char *surname, *given, *number; /* of the European profile */
	char *organisation;             /* our CA's */
};

static void
subject_done(struct subject *s)
{
	free(s->surname);
	free(s->given);
	free(s->number);
	free(s->organisation);
}

static void
add_field(struct subject *s, const char *type, const char *value)
{
	if (value[0] != '\0')
		s->v[s->n++] = (struct subject_field){ type, value };
}

#define CCCD "CCCD:"

/* "Nguyễn Văn An": the family's name stands first.  Who has one name only has
 * it as both. */
static struct err *
fill_european(const struct enrolment_record *r, struct subject *s)
{
	struct bytes name = bytes_str(r->name);
	size_t space = bytes_find(name, BYTES_LIT(" "));
	bool one = space == SIZE_MAX;
	CLEANUP(buf_done) struct buf number = BUF(128);
	TRY(bytes_dup_str(bytes_slice(name, 0, space), &s->surname));
	TRY(bytes_dup_str(one ? name : bytes_from(name, space + 1), &s->given));
	/* A passport's country is not in the record. */
	if (!bytes_starts(bytes_str(r->subject_id), BYTES_LIT(CCCD)))
		return err_coded(
		    err_new(ERR_MALFORMED, "EN 319 412-1 5.1.3",
			"this profile is for holders of a CCCD number"),
		    "record-field");
	TRY(buf_printf(&number, "PNOVN-%s", r->subject_id + strlen(CCCD)));
	TRY(bytes_dup_str(buf_bytes(&number), &s->number));
	add_field(s, "GN", s->given);
	add_field(s, "SN", s->surname);
	add_field(s, "serialNumber", s->number);
	return NULL;
}

/* Whose officers and servers: the organisation's whose CA it is. */
static struct err *
fill_organisation(const struct cert *ca, struct subject *s)
{
	const X509_NAME *name = X509_get_subject_name(cert_x509(ca));
	int at = X509_NAME_get_index_by_NID(name, NID_organizationName, -1);
	const ASN1_STRING *v =
	    at < 0 ? NULL
		   : X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
	if (v == NULL)
		return err_new(ERR_USAGE, NULL, "our CA has no organisation");
	TRY(bytes_dup_str(
	    bytes_of(ASN1_STRING_get0_data(v), (size_t)ASN1_STRING_length(v)),
	    &s->organisation));
	add_field(s, "O", s->organisation);
	return NULL;
}

/* The person who answers for it stands in the record alone. */
static struct err *
fill_server(const struct enrolment_record *r)
{
	return field_check(field_kind_find("UID"), bytes_str(r->subject_id));
}

static struct err *
fill_subject(const struct enrolment_record *r, const struct cert *ca,
    const struct cert_profile *profile, bool elsewhere, struct subject *s)
{
	if (elsewhere &&
	    is_among(profile->name, issue_profiles, COUNT_OF(issue_profiles)))
		TRY(fill_organisation(ca, s));
	add_field(s, "C", "VN");
	add_field(s, "ST", r->province);
	add_field(s, "L", r->locality);
	add_field(s, "CN", r->name);
	if (profile->european)
		return fill_european(r, s);
	if (profile->dns_names)
		return fill_server(r);
	add_field(s, "UID", r->subject_id);
	return NULL;
}

static const char *
text_or_none(const char *s)
{
	return s[0] == '\0' ? NULL : s;
}

static struct p11_signer
keyholder_ca(const struct keyholder *k)
{
	const struct cert *ca = k->chain.v[0];
	return (struct p11_signer){ .session = &k->session,
		.key = k->ca_key,
		.shape = { cert_key_alg(ca), cert_key_bits(ca) } };
}

/* Whose certificate, and by whom. */
struct wish {
	const struct enrolment_record *r;
	EVP_PKEY *key;
	bool dry;
	bool elsewhere;        /* the key is in somebody's token or server */
	const char *enrolment; /* NULL: by our own CA, whatever there is */
	struct buf *waiting;   /* an external CA's transaction */
};

static bool
is_external(const struct keyholder *k, const struct wish *w)
{
	return w->enrolment != NULL && keyholder_has_external(k);
}

static struct err *
issue(struct keyholder *k, const struct wish *w, const struct cert_fields *f,
    struct cert **out)
{
	if (w->dry) {
		CLEANUP(buf_done) struct buf tbs = BUF(CERT_MAX);
		return cert_build_tbs(f, &tbs);
	}
	if (is_external(k, w))
		return keyholder_external_issue(
		    k, w->enrolment, f, w->waiting, out);
	struct token_signer key = { k, keyholder_ca(k) };
	struct signer signer = token_signer(&key);
	return cert_issue(f, &signer, out);
}

static int64_t
end_of(const struct keyholder *k, const struct cert_profile *profile,
    const struct cert *issuer, int64_t now)
{
	int64_t end = now + k->settings->certificate_days * DAY;
	if (end > now + (int64_t)profile->max_days * DAY)
		end = now + (int64_t)profile->max_days * DAY;
	return end > cert_not_after(issuer) ? cert_not_after(issuer) : end;
}

static struct err *
make(struct keyholder *k, const struct wish *w, struct cert **out)
{
	const struct cert_profile *profile = NULL;
	const struct own_profile *own = NULL;
	TRY(find_profile(k, w->r->profile, w->elsewhere, &profile, &own));
	CLEANUP(subject_done) struct subject subject = { 0 };
	TRY(fill_subject(w->r, k->chain.v[0], profile, w->elsewhere, &subject));
	for (size_t i = 0; own != NULL && i < own->nset; i++)
		add_field(&subject, own->set[i].type, own->set[i].value);
	const struct cert *issuer =
	    is_external(k, w) ? k->external.chain.v[0] : k->chain.v[0];
	const struct settings *s = k->settings;
	const char *policy = text_or_none(s->certificate_policy_oid);
	const char *const policies[] = { policy, NULL };
	const char *const hosts[] = { w->r->name, NULL };
	int64_t now = clock_now(k->clock);
	const struct cert_fields f = { .profile = profile,
		.subject = subject.v,
		.nsubject = subject.n,
		.key = w->key,
		.issuer = issuer,
		.not_before = now,
		.not_after = end_of(k, profile, issuer, now),
		.alg = ca_alg,
		.policies = policy == NULL ? NULL : policies,
		.crl_url = text_or_none(s->crl_url),
		.ocsp_url = text_or_none(s->ocsp_url),
		.issuer_url = text_or_none(s->issuer_url),
		.names = profile->dns_names ? hosts : NULL };
	return issue(k, w, &f, out);
}

struct err *
keyholder_certificate_try(
    struct keyholder *k, const struct enrolment_record *r, EVP_PKEY *key)
{
	const struct wish w = { .r = r, .key = key, .dry = true };
	return make(k, &w, NULL);
}

struct err *
keyholder_certificate_elsewhere(struct keyholder *k,
    const struct enrolment_record *r, EVP_PKEY *key, struct cert **out)
{
	const struct wish w = { .r = r, .key = key, .elsewhere = true };
	return make(k, &w, out);
}

struct err *
keyholder_certificate_of(struct keyholder *k, const struct enrolment_record *r,
    const char *enrolment, EVP_PKEY *key, struct buf *waiting,
    struct cert **out)
{
	const struct wish w = {
		.r = r, .key = key, .enrolment = enrolment, .waiting = waiting
	};
	return make(k, &w, out);
}

/* ---- CRLs ---- */

struct crl_state {
	int64_t number, this_update, next_update, revoked, covered;
	int64_t changes, covered_changes; /* of the register */
};

static struct err *
read_state(struct keyholder *k, struct crl_state *s)
{
	struct buf none = BUF(0);
	CLEANUP(ipc_message_done) struct ipc_message answer = { 0 };
	TRY(keyholder_tell(k, LW_CRL_STATE, &none, &answer));
	struct unpack u = unpack_of(buf_bytes(&answer.body));
	TRY(unpack_i64(&u, 1, &s->number));
	TRY(unpack_i64(&u, 2, &s->this_update));
	TRY(unpack_i64(&u, 3, &s->next_update));
	TRY(unpack_i64(&u, 4, &s->revoked));
	TRY(unpack_i64(&u, 5, &s->covered));
	TRY(unpack_i64(&u, 6, &s->changes));
	TRY(unpack_i64(&u, 7, &s->covered_changes));
	return unpack_end(&u);
}

/* Entries in the making; serials stand one behind the other in `serials`. */
struct entries {
	struct crl_entry *v;
	size_t n;
	size_t max;
	struct buf serials;
};

static void
entries_done(struct entries *e)
{
	free(e->v);
	buf_done(&e->serials);
}

static struct err *
overtaken(void)
{
	return err_coded(
	    err_new(ERR_LIMIT, NULL, "the register has changed since"),
	    "crl-overtaken");
}

static struct err *
read_entry(struct unpack *u, struct entries *e)
{
	CLEANUP(free_charp) char *serial = NULL;
	int64_t time = 0;
	uint64_t reason = 0;
	TRY(unpack_str(u, 1, &serial));
	TRY(unpack_i64(u, 2, &time));
	TRY(unpack_u64(u, 3, &reason));
	if (e->n == e->max)
		return overtaken();
	size_t at = e->serials.len;
	TRY(hex_decode(bytes_str(serial), &e->serials));
	/* Room was reserved: what was pointed at stays where it is. */
	e->v[e->n++] = (struct crl_entry){
		.serial = bytes_from(buf_bytes(&e->serials), at),
		.time = time,
		.reason = (enum revoke_reason)reason,
	};
	return NULL;
}

static struct err *
read_page(struct keyholder *k, struct entries *e)
{
	CLEANUP(buf_done) struct buf body = BUF(64);
	TRY(pack_i64(&body, 1, (int64_t)e->n));
	CLEANUP(ipc_message_done) struct ipc_message answer = { 0 };
	TRY(keyholder_tell(k, LW_REVOKED, &body, &answer));
	struct unpack u = unpack_of(buf_bytes(&answer.body));
	size_t before = e->n;
	while (unpack_is(&u, 1))
		TRY(read_entry(&u, e));
	TRY(unpack_end(&u));
	return e->n == before ? overtaken() : NULL;
}

static struct err *
read_entries(struct keyholder *k, int64_t count, struct entries *e)
{
	if (count < 0 || count > CRL_ENTRIES_MAX)
		return err_new(ERR_LIMIT, NULL, "%lld revoked certificates",
		    (long long)count);
	*e = (struct entries){ .max = (size_t)count,
		.serials = BUF((size_t)count * CERT_SERIAL_LEN) };
	if (count == 0)
		return NULL;
	e->v = calloc(e->max, sizeof(*e->v));
	if (e->v == NULL)
		return err_new(ERR_NOMEM, NULL, "%zu entries", e->max);
	TRY(buf_reserve(&e->serials, e->serials.max));
	while (e->n < e->max)
		TRY(read_page(k, e));
	return NULL;
}

static struct err *
store_crl(struct keyholder *k, const struct crl_fields *f, int64_t changes,
    struct bytes der)
{
	CLEANUP(buf_done) struct buf body = BUF(LW_BODY_MAX);
	TRY(pack_i64(&body, 1, (int64_t)f->number));
	TRY(pack_i64(&body, 2, f->this_update));
	TRY(pack_i64(&body, 3, f->next_update));
	TRY(pack_i64(&body, 4, (int64_t)f->nentries));
	TRY(pack_bytes(&body, 5, der));
	TRY(pack_i64(&body, 6, changes));
	CLEANUP(ipc_message_done) struct ipc_message answer = { 0 };
	return keyholder_tell(k, LW_CRL_PUT, &body, &answer);
}

static struct err *
make_crl(struct keyholder *k, int64_t *number, struct buf *out)
{
	struct crl_state s = { 0 };
	TRY(read_state(k, &s));
	CLEANUP(entries_done) struct entries e = { 0 };
	TRY(read_entries(k, s.revoked, &e));
	int64_t now = clock_now(k->clock);
	const struct crl_fields f = { .issuer = k->chain.v[0],
		.this_update = now,
		.next_update = now + k->settings->crl_days * DAY,
		.number = (uint64_t)s.number + 1,
		.alg = ca_alg,
		.entries = e.v,
		.nentries = e.n };
	struct token_signer key = { k, keyholder_ca(k) };
	struct signer signer = token_signer(&key);
	CLEANUP(buf_done) struct buf der = BUF(KEY_ANSWER_MAX);
	TRY(crl_issue(&f, &signer, &der));
	TRY(store_crl(k, &f, s.changes, buf_bytes(&der)));
	*number = (int64_t)f.number;
	return out == NULL ? NULL : buf_append(out, buf_bytes(&der));
}

struct err *
keyholder_new_crl(struct keyholder *k, int64_t *number, struct buf *der)
{
	struct err *e = NULL;
	for (int i = 0; i < CRL_TRIES; i++) {
		e = make_crl(k, number, der);
		if (e == NULL || strcmp(err_code(e), "crl-overtaken") != 0)
			return e;
		err_free(e);
	}
	return overtaken();
}

/* Whether the current list has everybody that is revoked, and time left. */
static bool
is_current(const struct keyholder *k, const struct crl_state *s)
{
	int64_t half = s->this_update + (s->next_update - s->this_update) / 2;
	return s->number > 0 && s->covered_changes == s->changes &&
	       clock_now(k->clock) < half;
}

struct err *
keyholder_current_crl(struct keyholder *k, int64_t *number)
{
	struct crl_state s = { 0 };
	TRY(read_state(k, &s));
	*number = s.number;
	return is_current(k, &s) ? NULL : keyholder_new_crl(k, number, NULL);
}

struct err *
keyholder_crl(struct keyholder *k, struct buf *out)
{
	struct crl_state s = { 0 };
	TRY(read_state(k, &s));
	CLEANUP(buf_done) struct buf der = BUF(KEY_ANSWER_MAX);
	int64_t number = 0;
	if (!is_current(k, &s)) {
		TRY(keyholder_new_crl(k, &number, &der));
		return pack_bytes(out, 1, buf_bytes(&der));
	}
	CLEANUP(ipc_message_done) struct ipc_message answer = { 0 };
	struct buf none = BUF(0);
	TRY(keyholder_ask(k, LEDGER_CRL, &none, &answer));
	struct unpack u = unpack_of(buf_bytes(&answer.body));
	struct bytes current = BYTES_NONE;
	TRY(unpack_bytes(&u, 1, &current));
	return pack_bytes(out, 1, current);
}
