/* signctl token probe: what is there, what is missing, and what to do. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "base/encoding.h"
#include "base/json.h"
#include "certs/ossl.h"
#include "certs/issue.h"
#include "signctl/token-tell.h"
#include "signctl/token.h"
#include "worker/sandbox.h"

#define PROBE_MAX (4 * 1024 * 1024) /* bytes of what is found */
#define SLOTS_MAX 64
#define MECHANISMS_MAX 512
#define SOON_S (30 * 86400) /* then a certificate is about to end */

/* The answer is built with jansson, whose failures are all of memory. */
static struct err *
put(json_t *to, const char *name, json_t *value)
{
	if (json_object_set_new(to, name, value) != 0)
		return err_new(ERR_NOMEM, NULL, "JSON");
	return NULL;
}

static struct err *
put_flag(json_t *to, const char *name, bool value)
{
	return put(to, name, json_boolean(value));
}

/* Bytes of a stranger, made readable. */
static struct err *
put_text(json_t *to, const char *name, struct bytes b)
{
	CLEANUP(buf_done) struct buf text = BUF(4 * P11_URI_MAX);
	TRY(utf8_escape(b, &text));
	return put(to, name,
	    json_stringn(text.len > 0 ? (const char *)text.ptr : "", text.len));
}

#define PUT_FIELD(to, name, field)                                             \
	put_text((to), (name), p11_text((field), sizeof(field)))

static struct err *
find_fault(json_t *of, const char *code)
{
	json_t *list = json_object_get(of, "findings");
	if (list == NULL) {
		list = json_array();
		TRY(put(of, "findings", list));
	}
	if (json_array_append_new(list, json_string(code)) != 0)
		return err_new(ERR_NOMEM, NULL, "JSON");
	return NULL;
}

/* ---- keys and certificates ---- */

static struct err *
put_time(json_t *to, const char *name, int64_t seconds)
{
	char text[32];
	const time_t t = (time_t)seconds;
	struct tm tm;
	if (gmtime_r(&t, &tm) == NULL ||
	    strftime(text, sizeof(text), "%Y-%m-%d", &tm) == 0)
		return NULL;
	return put(to, name, json_string(text));
}

static struct err *
put_cert(json_t *key, const struct cert *c)
{
	json_t *j = json_object();
	TRY(put(key, "certificate", j));
	TRY(put_text(j, "subject", bytes_str(cert_subject(c))));
	TRY(put_text(j, "issuer", bytes_str(cert_issuer(c))));
	TRY(put_time(j, "notBefore", cert_not_before(c)));
	return put_time(j, "notAfter", cert_not_after(c));
}

static struct err *
put_kind(json_t *key, struct bytes spki, const struct cert *c)
{
	CLEANUP(EVP_PKEY_freep) EVP_PKEY *read = NULL;
	char text[32] = "";
	if (spki.len > 0)
		TRY(key_from_spki(spki, &read));
	const EVP_PKEY *k = c != NULL ? cert_key(c) : read;
	if (k != NULL)
		snprintf(text, sizeof(text), "%s-%d",
		    key_alg_of(k) == KEY_EC    ? "P"
		    : key_alg_of(k) == KEY_RSA ? "RSA"
					       : "?",
		    EVP_PKEY_get_bits(k));
	return put(key, "kind", json_string(text));
}

/* What a person must know of one key. */
static struct err *
judge(json_t *token, const struct p11_identity *i, bool logged_in)
{
	int64_t now = clock_now(&clock_system);
	if (i->has_key && i->cert == NULL)
		return find_fault(token, "probe-key-without-certificate");
	if (i->cert == NULL || cert_is_ca(i->cert))
		return NULL;
	if (!i->has_key && logged_in)
		return find_fault(token, "probe-certificate-without-key");
	/* Or this machine's clock is behind. */
	if (cert_not_before(i->cert) > now)
		return find_fault(token, "probe-certificate-not-yet");
	if (cert_not_after(i->cert) < now)
		return find_fault(token, "probe-certificate-ended");
	if (cert_not_after(i->cert) < now + SOON_S)
		return find_fault(token, "probe-certificate-ends");
	return NULL;
}

static struct err *
put_key(json_t *keys, json_t *token, const CK_TOKEN_INFO *info,
    const struct p11_identity *i, bool logged_in)
{
	CLEANUP(buf_done) struct buf uri = BUF(4 * P11_URI_MAX);
	json_t *j = json_object();
	if (json_array_append_new(keys, j) != 0)
		return err_new(ERR_NOMEM, NULL, "JSON");
	TRY(p11_uri_make(p11_text(info->label, sizeof(info->label)),
	    p11_text(info->serialNumber, sizeof(info->serialNumber)),
	    buf_bytes(&i->id), &uri));
	TRY(put_text(j, "uri", buf_bytes(&uri)));
	TRY(put_text(j, "label", buf_bytes(&i->label)));
	TRY(put_flag(j, "hasKey", i->has_key));
	TRY(put_flag(j, "always", i->always));
	TRY(put_kind(j, buf_bytes(&i->spki), i->cert));
	if (i->cert != NULL)
		TRY(put_cert(j, i->cert));
	return judge(token, i, logged_in);
}

/* No address names one of them. */
static bool
some_are_alike(const struct p11_identities *l)
{
	for (size_t i = 0; i < l->n; i++)
		for (size_t j = 0; j < i; j++)
			if (l->v[i].has_key && l->v[j].has_key &&
			    bytes_eq(
				buf_bytes(&l->v[i].id), buf_bytes(&l->v[j].id)))
				return true;
	return false;
}

static struct err *
put_keys(json_t *token, const struct p11_session *s, const CK_TOKEN_INFO *info,
    bool logged_in)
{
	struct p11_identities l = { 0 };
	json_t *keys = json_array();
	TRY(put(token, "keys", keys));
	TRY(p11_identities_read(s, &l));
	struct err *e = NULL;
	for (size_t i = 0; i < l.n && e == NULL; i++)
		e = put_key(keys, token, info, &l.v[i], logged_in);
	if (e == NULL && some_are_alike(&l))
		e = find_fault(token, "probe-keys-alike");
	if (e == NULL && l.unreadable > 0)
		e = find_fault(token, "probe-certificate-unreadable");
	if (e == NULL && l.n == 0 && logged_in)
		e = find_fault(token, "probe-empty");
	p11_identities_done(&l);
	if (e == NULL && !logged_in && (info->flags & CKF_LOGIN_REQUIRED) != 0)
		e = find_fault(token, "probe-login");
	return e;
}

/* ---- mechanisms ---- */

static bool
has(const CK_MECHANISM_TYPE *all, CK_ULONG n, CK_MECHANISM_TYPE m)
{
	for (CK_ULONG i = 0; i < n; i++)
		if (all[i] == m)
			return true;
	return false;
}

static struct err *
put_mechanisms(json_t *token, CK_FUNCTION_LIST *f, CK_SLOT_ID slot,
    const struct p11_vendor *v)
{
	CK_MECHANISM_TYPE all[MECHANISMS_MAX];
	CK_ULONG n = MECHANISMS_MAX;
	json_t *j = json_object();
	TRY(put(token, "mechanisms", j));
	TRY_CK(f->C_GetMechanismList(slot, all, &n), "C_GetMechanismList");
	bool ecdsa = has(all, n, CKM_ECDSA);
	bool raw = has(all, n, CKM_RSA_X_509);
	bool pkcs1 =
	    has(all, n, CKM_RSA_PKCS) || (raw && v->pkcs1 == PADDED_HERE);
	bool pss = v->pss == PADDED_HERE ? raw : has(all, n, CKM_RSA_PKCS_PSS);
	TRY(put_flag(j, "ecdsa", ecdsa));
	TRY(put_flag(j, "rsaPkcs1", pkcs1));
	TRY(put_flag(j, "rsaPss", pss));
	TRY(put_flag(j, "makesEc", has(all, n, CKM_EC_KEY_PAIR_GEN)));
	TRY(put_flag(j, "makesRsa", has(all, n, CKM_RSA_PKCS_KEY_PAIR_GEN)));
	TRY(put_flag(j, "wraps", v->wrap != 0 && has(all, n, v->wrap)));
	return ecdsa || pkcs1 ? NULL : find_fault(token, "probe-no-signing");
}

/* ---- a token ---- */

/* PKCS#11 tells no number, only how near the end is. */
static const char *
pin_state(CK_FLAGS flags)
{
	static const struct {
		CK_FLAGS flag;
		const char *code;
	} rows[] = {
		{ CKF_USER_PIN_LOCKED, "token-pin-locked" },
		{ CKF_USER_PIN_FINAL_TRY, "probe-pin-final" },
		{ CKF_USER_PIN_COUNT_LOW, "probe-pin-low" },
		{ CKF_USER_PIN_TO_BE_CHANGED, "probe-pin-change" },
	};
	if ((flags & CKF_USER_PIN_INITIALIZED) == 0)
		return "probe-pin-unset";
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if ((flags & rows[i].flag) != 0)
			return rows[i].code;
	return (flags & CKF_PROTECTED_AUTHENTICATION_PATH) != 0
		   ? "probe-pin-pad"
		   : "probe-pin-well";
}

struct probe {
	const char *module;
	const char *arguments;
	const char *uri;             /* only this token; NULL: all */
	const struct token_pin *pin; /* log in; only with `uri` */
	bool quiet; /* what modules write by themselves is not shown */
};

static struct err *
look_inside(json_t *token, const struct p11_token *t, const CK_TOKEN_INFO *info,
    const struct token_pin *pin)
{
	struct p11_session s = { 0 };
	TRY(p11_session_open(t, false, &s));
	struct err *e = NULL;
	if (pin != NULL)
		e = p11_login(&s, secret_bytes(&pin->pin));
	if (e == NULL)
		e = put_keys(token, &s, info, pin != NULL);
	p11_session_done(&s);
	return e;
}

static struct err *
put_token(json_t *slot, const struct p11_module *m, CK_SLOT_ID id,
    const CK_TOKEN_INFO *info, const struct probe *p)
{
	CK_FUNCTION_LIST *f = p11_functions(m);
	json_t *j = json_object();
	TRY(put(slot, "token", j));
	TRY(PUT_FIELD(j, "label", info->label));
	TRY(PUT_FIELD(j, "manufacturer", info->manufacturerID));
	TRY(PUT_FIELD(j, "model", info->model));
	TRY(PUT_FIELD(j, "serial", info->serialNumber));
	const struct p11_token t = { .module = m,
		.slot = id,
		.vendor = p11_vendor_find(p11_module_info(m), info) };
	TRY(put(j, "make", json_string(t.vendor->name)));
	if ((info->flags & CKF_TOKEN_INITIALIZED) == 0)
		return find_fault(j, "probe-token-blank");
	TRY(put(j, "pin", json_string(pin_state(info->flags))));
	TRY(put_flag(j, "readOnly", (info->flags & CKF_WRITE_PROTECTED) != 0));
	TRY(put_mechanisms(j, f, id, t.vendor));
	return look_inside(j, &t, info, p->pin);
}

static struct err *
put_slot(json_t *slots, const struct p11_module *m, CK_SLOT_ID id,
    const struct probe *p)
{
	CK_FUNCTION_LIST *f = p11_functions(m);
	CK_SLOT_INFO slot = { 0 };
	CK_TOKEN_INFO token = { 0 };
	json_t *j = json_object();
	if (json_array_append_new(slots, j) != 0)
		return err_new(ERR_NOMEM, NULL, "JSON");
	TRY_CK(f->C_GetSlotInfo(id, &slot), "C_GetSlotInfo");
	TRY(PUT_FIELD(j, "description", slot.slotDescription));
	if ((slot.flags & CKF_TOKEN_PRESENT) == 0)
		return find_fault(j, "probe-slot-empty");
	/* One token that fails must not hide the others. */
	struct err *e = NULL;
	if (f->C_GetTokenInfo(id, &token) != CKR_OK)
		return find_fault(j, "probe-token-silent");
	e = put_token(j, m, id, &token, p);
	if (e == NULL || err_kind(e) == ERR_NOMEM)
		return e;
	struct err *told = find_fault(j, err_code(e));
	err_free(e);
	return told;
}

static struct err *
put_module(json_t *j, const struct p11_module *m, const struct probe *p)
{
	CK_SLOT_ID ids[SLOTS_MAX];
	CK_ULONG n = SLOTS_MAX;
	const CK_INFO *info = p11_module_info(m);
	json_t *slots = json_array();
	TRY(PUT_FIELD(j, "manufacturer", info->manufacturerID));
	TRY(PUT_FIELD(j, "description", info->libraryDescription));
	TRY(put(j, "slots", slots));
	if (p->uri != NULL) {
		struct p11_token t = { 0 };
		TRY(p11_token_find(m, p->uri, &t));
		return put_slot(slots, m, t.slot, p);
	}
	TRY_CK(p11_functions(m)->C_GetSlotList(CK_FALSE, ids, &n),
	    "C_GetSlotList");
	for (CK_ULONG i = 0; i < n; i++)
		TRY(put_slot(slots, m, ids[i], p));
	return n > 0 ? NULL : find_fault(j, "probe-no-slots");
}

/* A TPM's module writes a dozen lines where there is no TPM. */
static void
silence(void)
{
	int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (fd >= 0)
		dup2(fd, STDERR_FILENO);
	close(fd);
}

/* Of somebody who has not got that maker's device, more often than not. */
static struct err *
as_idle(struct err *e)
{
	if (e != NULL && strcmp(err_code(e), "token-unavailable") == 0)
		return err_coded(e, "probe-module-idle");
	return e;
}

static struct err *
probe_child(void *ctx, struct buf *out)
{
	const struct probe *p = ctx;
	CLEANUP(json_decrefp) json_t *j = json_object();
	struct p11_module *m = NULL;
	TRY(put_text(j, "path", bytes_str(p->module)));
	if (p->quiet)
		silence();
	struct err *e =
	    as_idle(p11_module_open_with(p->module, p->arguments, &m));
	if (e == NULL)
		e = put_module(j, m, p);
	p11_module_free(m);
	TRY(e);
	char *text = json_dumps(j, JSON_INDENT(2));
	e = buf_str(out, text != NULL ? text : "");
	free(text);
	return e;
}

/* ---- the command ---- */

/* A module that does not start, or crashes, is a finding as well. */
static struct err *
probe_one(const struct probe *p, json_t *all)
{
	CLEANUP(buf_done) struct buf text = BUF(PROBE_MAX);
	struct err *e = child_run(probe_child, (void *)(uintptr_t)p, &text);
	json_t *j = e == NULL ? NULL : json_object();
	if (e == NULL)
		err_free(json_parse(buf_bytes(&text), &j));
	if (j == NULL || json_array_append_new(all, j) != 0) {
		err_free(e);
		return err_new(ERR_INTERNAL, NULL, "JSON");
	}
	if (e == NULL)
		return NULL;
	bool crash = strcmp(err_code(e), "worker-died") == 0;
	struct err *told = put_text(j, "path", bytes_str(p->module));
	if (told == NULL)
		told = find_fault(j, crash ? "token-module-died" : err_code(e));
	/* What was asked for by name must be there. */
	if (told == NULL && p->uri != NULL)
		return e;
	err_free(e);
	return told;
}

static struct err *
probe_all(const struct args *a, json_t *all)
{
	CLEANUP(buf_done) struct buf paths = BUF(64 * 1024);
	struct probe p = { .arguments = args_get(a, "module-args"),
		.module = args_get(a, "module") };
	if (p.module != NULL)
		return probe_one(&p, all);
	p.quiet = true;
	TRY(token_modules(&paths));
	if (paths.len == 0)
		return err_coded(
		    err_new(ERR_MISSING, NULL, "p11-kit knows no module"),
		    "token-module-missing");
	for (size_t at = 0; at < paths.len; at += strlen(p.module) + 1) {
		p.module = (const char *)paths.ptr + at;
		TRY(probe_one(&p, all));
	}
	return NULL;
}

static struct err *
probe_named(const struct args *a, json_t *all)
{
	CLEANUP(token_place_done) struct token_place place = { 0 };
	CLEANUP(token_pin_done) struct token_pin pin = { 0 };
	TRY(token_place_read(a, &place));
	struct probe p = { .module = place.module,
		.arguments = place.arguments,
		.uri = place.uri.text };
	if (args_has(a, "login")) {
		TRY(token_pin_read(a, &place, &pin));
		p.pin = &pin;
	}
	return probe_one(&p, all);
}

static struct err *
run_probe(const struct args *a, int *code)
{
	(void)code;
	CLEANUP(json_decrefp) json_t *all = json_array();
	size_t i;
	json_t *j;
	if (args_has(a, "login") && !args_has(a, "token"))
		return err_new(ERR_USAGE, NULL, "--login wants --token");
	TRY(args_has(a, "token") ? probe_named(a, all) : probe_all(a, all));
	if (args_has(a, "json")) {
		char *text = json_dumps(all, JSON_INDENT(2));
		printf("%s\n", text != NULL ? text : "");
		free(text);
		return NULL;
	}
	json_array_foreach(all, i, j) token_tell(j, a->lang);
	return NULL;
}

static const struct option_row probe_options[] = {
	TOKEN_OPTIONS,
	{ "login", NULL, "log in, and look at private objects too", false },
	COMMON_TOKEN_OPTIONS,
};

const struct command command_token_probe = {
	.name = "token probe",
	.words = "",
	.summary = "tell what a token holds, what is missing, and what to do",
	.more = "Without --token and --module all modules that are set up for "
		"p11-kit are asked.\nNothing is changed, and without --login "
		"no PIN is tried.",
	.options = probe_options,
	.run = run_probe,
};
