#include "certs/cmp.h"

#include "certs/ossl.h"
#include "certs/path_check.h"

#include <openssl/cmp.h>
#include <openssl/err.h>
#include <string.h>
#include <time.h>

#define DAY 86400   /* seconds */
#define TICK_MS 100 /* has it ended? */

DEFINE_FREEP(X509_STORE_free, X509_STORE)

/* ---- somebody else's ---- */

/* One transaction: one request, and what becomes of it. */
struct talk {
	const struct cmp_ca *ca;
	const struct cert_fields *asked; /* NULL: it is a revocation */
	X509_NAME *subject;              /* that was asked for */
	OSSL_CMP_CTX *ctx;
	int64_t end;       /* ms, of the monotonic clock */
	struct err *error; /* of a callback: OpenSSL has no room for it */
	struct cert *made; /* checked and kept */
	struct buf state;  /* after the newest answer; not believed yet */
	int sent;          /* messages */
	bool resumed;
};

static void
talk_done(struct talk *t)
{
	OSSL_CMP_CTX_free(t->ctx);
	X509_NAME_free(t->subject);
	err_free(t->error);
	cert_free(t->made);
	buf_done(&t->state);
}

static int64_t
now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* OpenSSL asks no CA for its reasons; what came of them is in the context. */
static struct err *
said_no(struct talk *t, const char *what)
{
	if (t->error != NULL) {
		ERR_clear_error();
		return TAKE(t->error);
	}
	int status = OSSL_CMP_CTX_get_status(t->ctx);
	char text[256];
	if (OSSL_CMP_CTX_snprint_PKIStatus(t->ctx, text, sizeof(text)) ==
		NULL ||
	    !utf8_printable(bytes_str(text)))
		text[0] = '\0';
	const char *code =
	    status == OSSL_CMP_PKISTATUS_rejection ? "external-ca-refused"
	    : status == OSSL_CMP_PKISTATUS_waiting ? "external-ca-waiting"
						   : "external-ca";
	if (strcmp(code, "external-ca") == 0)
		return err_coded(err_ossl(ERR_REMOTE, what), code);
	ERR_clear_error();
	return err_coded(err_new(ERR_REMOTE, NULL, "%s: %s", what, text), code);
}

/* ---- messages on their way ---- */

static struct err *
no_message(void)
{
	return err_coded(
	    err_ossl(ERR_REMOTE, "no CMP in the answer"), "external-ca");
}

static struct err *
read_message(struct bytes der, OSSL_CMP_MSG **out)
{
	const uint8_t *p = der.ptr;
	OSSL_CMP_MSG *m = d2i_OSSL_CMP_MSG(NULL, &p, (long)der.len);
	if (m == NULL || p != der.ptr + der.len) {
		OSSL_CMP_MSG_free(m);
		return no_message();
	}
	*out = m;
	return NULL;
}

static struct err *
write_message(const OSSL_CMP_MSG *m, struct buf *out)
{
	CLEANUP(ossl_freep) uint8_t *der = NULL;
	int len = i2d_OSSL_CMP_MSG(m, &der);
	if (len <= 0)
		return err_ossl(ERR_INTERNAL, "i2d_OSSL_CMP_MSG");
	return buf_append(out, bytes_of(der, (size_t)len));
}

/* By ourselves: OpenSSL's own way of HTTP. */
static struct err *
carry_ourselves(struct talk *t, struct bytes request, struct buf *answer)
{
	OSSL_CMP_MSG *asked = NULL;
	TRY(read_message(request, &asked));
	OSSL_CMP_MSG *said = OSSL_CMP_MSG_http_perform(t->ctx, asked);
	OSSL_CMP_MSG_free(asked);
	if (said == NULL)
		return no_message();
	struct err *e = write_message(said, answer);
	OSSL_CMP_MSG_free(said);
	return e;
}

static struct err *
send_message(struct talk *t, struct bytes request, struct buf *answer)
{
	const struct cmp_way *way = &t->ca->way;
	int64_t left = t->end - now_ms();
	if (left <= 0)
		return err_coded(err_new(ERR_REMOTE, NULL,
				     "no answer within the time for it"),
		    "external-ca");
	return way->carry == NULL
		   ? carry_ourselves(t, request, answer)
		   : way->carry(way->ctx, request, (int)left, answer);
}

/* Where a transaction is gone on with, its first question was asked and
 * answered before, and the second is the first that the CA hears. */
static struct err *
carry(struct talk *t, const OSSL_CMP_MSG *request, OSSL_CMP_MSG **out)
{
	const struct cmp_ca *ca = t->ca;
	CLEANUP(buf_done) struct buf asked = BUF(CMP_ANSWER_MAX);
	CLEANUP(buf_done) struct buf renewed = BUF(CMP_ANSWER_MAX);
	CLEANUP(buf_done) struct buf answer = BUF(CMP_ANSWER_MAX);
	int n = t->sent++;
	if (t->resumed && n == 0)
		return cmp_waiting_answer(
		    request, ca->reference, ca->secret, out);
	TRY(write_message(request, &asked));
	if (t->resumed && n == 1)
		TRY(cmp_waiting_renew(buf_bytes(&asked), buf_bytes(ca->waiting),
		    ca->secret, &renewed));
	TRY(send_message(
	    t, buf_bytes(renewed.len > 0 ? &renewed : &asked), &answer));
	if (ca->waiting != NULL && t->asked != NULL)
		TRY(cmp_waiting_note(buf_bytes(&answer), &t->state));
	return read_message(buf_bytes(&answer), out);
}

static OSSL_CMP_MSG *
on_transfer(OSSL_CMP_CTX *c, const OSSL_CMP_MSG *request)
{
	struct talk *t = OSSL_CMP_CTX_get_transfer_cb_arg(c);
	OSSL_CMP_MSG *answer = NULL;
	struct err *e = carry(t, request, &answer);
	if (e != NULL && t->error == NULL)
		t->error = e;
	else
		err_free(e);
	return answer;
}

static struct err *
set_way(struct talk *t)
{
	OSSL_CMP_CTX *c = t->ctx;
	const struct cmp_ca *ca = t->ca;
	if (OSSL_CMP_CTX_set_transfer_cb(c, on_transfer) != 1 ||
	    OSSL_CMP_CTX_set_transfer_cb_arg(c, t) != 1)
		return err_ossl(ERR_NOMEM, "OSSL_CMP_CTX");
	if (ca->way.carry != NULL)
		return NULL;
	if (OSSL_CMP_CTX_set1_server(c, ca->host) != 1 ||
	    OSSL_CMP_CTX_set_serverPort(c, ca->port) != 1 ||
	    OSSL_CMP_CTX_set1_serverPath(c, ca->path) != 1 ||
	    /* A connection for each, as there are many to wait for. */
	    OSSL_CMP_CTX_set_option(c, OSSL_CMP_OPT_KEEP_ALIVE, 0) != 1 ||
	    OSSL_CMP_CTX_set1_no_proxy(c, ca->host) != 1)
		return err_ossl(ERR_NOMEM, "OSSL_CMP_CTX");
	return NULL;
}

static struct err *
set_peer(struct talk *t)
{
	OSSL_CMP_CTX *c = t->ctx;
	const struct cmp_ca *ca = t->ca;
	int seconds = ca->seconds > 0 ? ca->seconds : CMP_SECONDS;
	t->end = now_ms() + (int64_t)seconds * 1000;
	/* The time is ours to keep: OpenSSL would give up five seconds earlier,
	 * for the sake of a last message. */
	if (OSSL_CMP_CTX_set_option(c, OSSL_CMP_OPT_TOTAL_TIMEOUT, 0) != 1 ||
	    OSSL_CMP_CTX_set_option(c, OSSL_CMP_OPT_MSG_TIMEOUT, seconds) !=
		1 ||
	    OSSL_CMP_CTX_set1_referenceValue(c,
		(const unsigned char *)ca->reference,
		(int)strlen(ca->reference)) != 1 ||
	    OSSL_CMP_CTX_set1_secretValue(
		c, ca->secret.ptr, (int)ca->secret.len) != 1 ||
	    OSSL_CMP_CTX_set1_recipient(
		c, X509_get_subject_name(cert_x509(ca->ca))) != 1)
		return err_ossl(ERR_NOMEM, "OSSL_CMP_CTX");
	return set_way(t);
}

/* Without it only the shared secret vouches for an answer. */
static struct err *
set_trust(struct talk *t)
{
	const struct cmp_ca *ca = t->ca;
	if (ca->trust == NULL)
		return NULL;
	CLEANUP(X509_STORE_freep) X509_STORE *store = X509_STORE_new();
	if (store == NULL ||
	    X509_STORE_add_cert(store, cert_x509(ca->trust)) != 1 ||
	    OSSL_CMP_CTX_set0_trustedStore(t->ctx, store) != 1)
		return err_ossl(ERR_NOMEM, "X509_STORE");
	(void)TAKE(store);
	return NULL;
}

static struct err *
add_name(X509_NAME *name, const struct subject_field *f)
{
	const struct field_kind *k = field_kind_find(f->type);
	struct bytes v = bytes_str(f->value);
	if (k == NULL)
		return err_new(ERR_USAGE, NULL, "no field %s", f->type);
	TRY(field_check(k, v));
	if (X509_NAME_add_entry_by_NID(
		name, k->nid, k->asn1_type, v.ptr, (int)v.len, -1, 0) != 1)
		return err_ossl(ERR_INTERNAL, "X509_NAME_add_entry_by_NID");
	return NULL;
}

/* The subject as our own CA would write it: in the profile's order. */
static struct err *
make_subject(const struct cert_fields *f, X509_NAME **out)
{
	CLEANUP(X509_NAME_freep) X509_NAME *name = X509_NAME_new();
	if (name == NULL)
		return err_ossl(ERR_NOMEM, "X509_NAME_new");
	for (const struct profile_field *pf = f->profile->fields;
	     pf->type != NULL; pf++)
		for (size_t i = 0; i < f->nsubject; i++)
			if (strcmp(f->subject[i].type, pf->type) == 0)
				TRY(add_name(name, &f->subject[i]));
	*out = TAKE(name);
	return NULL;
}

static struct err *
set_template(struct talk *t)
{
	OSSL_CMP_CTX *c = t->ctx;
	const struct cert_fields *f = t->asked;
	int64_t days = (f->not_after - f->not_before) / DAY;
	if (OSSL_CMP_CTX_set1_subjectName(c, t->subject) != 1 ||
	    EVP_PKEY_up_ref(f->key) != 1)
		return err_ossl(ERR_NOMEM, "OSSL_CMP_CTX");
	if (OSSL_CMP_CTX_set0_newPkey(c, 0, f->key) != 1) {
		EVP_PKEY_free(f->key);
		return err_ossl(ERR_NOMEM, "OSSL_CMP_CTX_set0_newPkey");
	}
	if (OSSL_CMP_CTX_set_option(
		c, OSSL_CMP_OPT_POPO_METHOD, OSSL_CRMF_POPO_RAVERIFIED) != 1 ||
	    OSSL_CMP_CTX_set_option(c, OSSL_CMP_OPT_VALIDITY_DAYS, (int)days) !=
		1)
		return err_ossl(ERR_INTERNAL, "OSSL_CMP_CTX_set_option");
	return NULL;
}

static struct err *
wrong(const char *why)
{
	return err_coded(err_new(ERR_DENIED, "RFC 4210 5.3.4", "%s", why),
	    "external-ca-wrong");
}

/* It is an answer of somebody else's: what was asked for, and no CA. */
static struct err *
check_answer(const struct cmp_ca *ca, const struct cert_fields *f,
    const X509_NAME *subject, const struct cert *c)
{
	bool ok = false;
	if (EVP_PKEY_eq(cert_key(c), f->key) != 1)
		return wrong("the certificate is for another key");
	if (X509_NAME_cmp(X509_get_subject_name(cert_x509(c)), subject) != 0)
		return wrong("the certificate is for somebody else");
	if (cert_is_ca(c) != f->profile->ca)
		return wrong("the certificate is a CA's");
	if (cert_not_after(c) > f->not_after + DAY)
		return wrong("the certificate lives longer than was asked");
	TRY(cert_signed_by(c, cert_key(ca->ca), &ok));
	if (!ok || !bytes_eq(cert_issuer_der(c), cert_subject_der(ca->ca)))
		return wrong("the certificate is another CA's");
	return NULL;
}

static struct err *
take_answer(X509 *x, struct cert **out)
{
	CLEANUP(ossl_freep) uint8_t *der = NULL;
	int len = i2d_X509(x, &der);
	if (len <= 0)
		return err_ossl(ERR_MALFORMED, "i2d_X509");
	return cert_parse(bytes_of(der, (size_t)len), out);
}

/* ---- before we accept it ---- */

static struct err *
judge(struct talk *t, X509 *x)
{
	CLEANUP(cert_freep) struct cert *c = NULL;
	TRY(take_answer(x, &c));
	TRY(check_answer(t->ca, t->asked, t->subject, c));
	if (t->ca->keep != NULL)
		TRY(t->ca->keep(t->ca->keep_ctx, c));
	t->made = TAKE(c);
	return NULL;
}

/* What this gives back goes to the CA as the reason to take it back. */
static int
on_certificate(OSSL_CMP_CTX *c, X509 *x, int bad, const char **why)
{
	struct talk *t = OSSL_CMP_CTX_get_certConf_cb_arg(c);
	struct err *e = bad != 0 ? wrong("the certificate is for another key")
				 : judge(t, x);
	if (e == NULL)
		return 0;
	if (t->error == NULL)
		t->error = e;
	else
		err_free(e);
	*why = "not what was asked for";
	return bad != 0 ? bad : 1 << OSSL_CMP_PKIFAILUREINFO_incorrectData;
}

static struct err *
begin(struct talk *t)
{
	ossl_begin();
	t->ctx = OSSL_CMP_CTX_new(NULL, NULL);
	if (t->ctx == NULL)
		return err_ossl(ERR_NOMEM, "OSSL_CMP_CTX_new");
	TRY(set_peer(t));
	return set_trust(t);
}

/* Until the CA has decided, in steps of our own: OpenSSL would sleep for as
 * long as that CA likes, or not at all. */
static bool
wait_for_decision(const struct talk *t, int after_s)
{
	const struct timespec tick = { .tv_nsec = TICK_MS * 1000000L };
	int64_t next = now_ms() + (after_s > 1 ? (int64_t)after_s : 1) * 1000;
	const struct cmp_way *way = &t->ca->way;
	/* There will be no time to ask. */
	if (next >= t->end)
		return false;
	while (now_ms() < next) {
		if (way->ended != NULL && way->ended(way->ctx))
			return false;
		nanosleep(&tick, NULL);
	}
	return true;
}

/* What the CA said last is believed once OpenSSL has checked it. */
static struct err *
note_waiting(const struct talk *t)
{
	struct buf *waiting = t->ca->waiting;
	if (waiting == NULL || t->state.len == 0)
		return NULL;
	buf_clear(waiting);
	return buf_append(waiting, buf_bytes(&t->state));
}

static bool
talk_to_the_end(struct talk *t)
{
	int after_s = 0, said = -1;
	while ((said = OSSL_CMP_try_certreq(
		    t->ctx, OSSL_CMP_CR, NULL, &after_s)) < 0) {
		t->error = note_waiting(t);
		if (t->error != NULL || !wait_for_decision(t, after_s))
			return false;
	}
	return said == 1;
}

/* It is not asked about once it has decided; where nothing could be learnt, it
 * is as it was. */
static struct err *
forget(struct talk *t, struct err *e)
{
	const char *code = err_code(e);
	if (t->ca->waiting != NULL &&
	    (strcmp(code, "external-ca-refused") == 0 ||
		strcmp(code, "external-ca-wrong") == 0))
		buf_clear(t->ca->waiting);
	return e;
}

static struct err *
resume(struct talk *t)
{
	struct buf *waiting = t->ca->waiting;
	t->state = BUF(CMP_WAITING_MAX);
	t->resumed = waiting != NULL && waiting->len > 0;
	return t->resumed ? cmp_waiting_resume(buf_bytes(waiting), t->ctx)
			  : NULL;
}

static struct err *
issue_there(void *ctx, const struct cert_fields *f, struct cert **out)
{
	CLEANUP(talk_done) struct talk t = { .ca = ctx, .asked = f };
	TRY(begin(&t));
	TRY(resume(&t));
	TRY(make_subject(f, &t.subject));
	TRY(set_template(&t));
	if (OSSL_CMP_CTX_set_certConf_cb(t.ctx, on_certificate) != 1 ||
	    OSSL_CMP_CTX_set_certConf_cb_arg(t.ctx, &t) != 1)
		return err_ossl(ERR_NOMEM, "OSSL_CMP_CTX");
	/* It stays the context's. */
	if (!talk_to_the_end(&t) || t.made == NULL)
		return forget(&t, said_no(&t, "a certificate by CMP"));
	if (t.ca->waiting != NULL)
		buf_clear(t.ca->waiting);
	*out = TAKE(t.made);
	return NULL;
}

struct cert_issuer
cmp_issuer(const struct cmp_ca *ca)
{
	return (struct cert_issuer){ .ctx = (void *)(uintptr_t)ca,
		.issue = issue_there };
}

/* ---- its end ---- */

struct err *
cmp_revoke(const struct cmp_ca *ca, const struct cert *c, int reason)
{
	CLEANUP(talk_done) struct talk t = { .ca = ca };
	TRY(begin(&t));
	if (OSSL_CMP_CTX_set1_oldCert(t.ctx, cert_x509(c)) != 1 ||
	    OSSL_CMP_CTX_set_option(
		t.ctx, OSSL_CMP_OPT_REVOCATION_REASON, reason) != 1)
		return err_ossl(ERR_INTERNAL, "OSSL_CMP_CTX");
	if (OSSL_CMP_exec_RR_ses(t.ctx) == 1)
		return NULL;
	int why = OSSL_CMP_CTX_get_failInfoCode(t.ctx);
	if (t.error == NULL && why > 0 &&
	    (why & 1 << OSSL_CMP_PKIFAILUREINFO_certRevoked) != 0) {
		ERR_clear_error();
		return NULL;
	}
	return said_no(&t, "a revocation by CMP");
}
