/* What everybody may ask: pages, what we are, how we are, our CA and CRL. */
#include <string.h>

#include "base/pack.h"
#include "signd/front.h"
#include "signd/proto.h"
#include "web/pages.h"

static struct err *
page(struct reply *out, const char *type, const struct web_file *f)
{
	out->status = 200;
	out->type = type;
	out->constant = f->data;
	out->constant_len = f->len;
	return NULL;
}

struct err *
page_index(struct request *r, struct reply *out)
{
	(void)r;
	return page(out, "text/html; charset=utf-8", &web_index_html);
}

struct err *
page_activate(struct request *r, struct reply *out)
{
	(void)r;
	return page(out, "text/html; charset=utf-8", &web_activate_html);
}

struct err *
page_script(struct request *r, struct reply *out)
{
	(void)r;
	return page(out, "text/javascript; charset=utf-8", &web_app_js);
}

struct err *
page_activate_script(struct request *r, struct reply *out)
{
	(void)r;
	return page(out, "text/javascript; charset=utf-8", &web_activate_js);
}

struct err *
page_seal_script(struct request *r, struct reply *out)
{
	(void)r;
	return page(out, "text/javascript; charset=utf-8", &web_seal_js);
}

struct err *
page_check_script(struct request *r, struct reply *out)
{
	(void)r;
	return page(out, "text/javascript; charset=utf-8", &web_check_js);
}

struct err *
page_style(struct request *r, struct reply *out)
{
	(void)r;
	return page(out, "text/css; charset=utf-8", &web_style_css);
}

/* ---- info ---- */

/* Whether a CA says of itself that it is for demonstration only. */
static bool
is_demo(const char *subject)
{
	return strcasestr(subject, "demo") != NULL ||
	       strcasestr(subject, "test") != NULL;
}

static struct err *
issuer_info(const struct front *f, json_t *into)
{
	CLEANUP(ipc_message_done) struct ipc_message m = { 0 };
	TRY(ask_ledger(f, LEDGER_CA, BYTES_NONE, &m));
	struct unpack u = unpack_of(buf_bytes(&m.body));
	if (!unpack_is(&u, 1))
		return NULL;
	struct bytes der;
	TRY(unpack_bytes(&u, 1, &der));
	CLEANUP(cert_freep) struct cert *c = NULL;
	TRY(cert_parse(der, &c));
	TRY(json_put_str(into, "subject", cert_subject(c)));
	return json_put(into, "demo", json_boolean(is_demo(cert_subject(c))));
}

struct err *
get_info(struct request *r, struct reply *out)
{
	CLEANUP(json_freep) json_t *doc = NULL;
	json_t *ca = NULL;
	TRY(json_new(&doc));
	TRY(json_put_str(doc, "name", "signd"));
	TRY(json_put_str(doc, "version", PACKAGE_VERSION));
	TRY(json_put_str(doc, "description", "Ký số và kiểm tra chữ ký số"));
	TRY(json_put(doc, "lang", json_pack("[s,s]", "vi", "en")));
	TRY(json_put_int(doc, "documentMax", r->front->s->document_max));
	TRY(json_new(&ca));
	TRY(json_put(doc, "ca", ca));
	TRY(issuer_info(r->front, ca));
	return reply_json(out, 200, doc);
}

struct err *
get_health(struct request *r, struct reply *out)
{
	static const char *const processes[] = { "worker", "fetcher",
		"keyholder", "ledger" };
	CLEANUP(json_freep) json_t *doc = NULL;
	json_t *each = NULL;
	bool good = true;
	TRY(json_new(&doc));
	TRY(json_new(&each));
	TRY(json_put(doc, "processes", each));
	for (size_t i = 0; i < COUNT_OF(processes); i++) {
		const char *word = ask_alive(r->front, processes[i]);
		good = good && strcmp(word, "ok") == 0;
		TRY(json_put_str(each, processes[i], word));
	}
	TRY(trust_tell(r->front->trust, doc));
	TRY(json_put_str(doc, "status", good ? "ok" : "degraded"));
	out->retry_after = good ? 0 : 1;
	return reply_json(out, good ? 200 : 503, doc);
}

/* ---- issuer ---- */

static struct err *
pem_append(struct bytes der, struct buf *out)
{
	CLEANUP(buf_done) struct buf text = BUF(CERT_MAX * 2);
	TRY(base64_encode(der, &text));
	TRY(buf_str(out, "-----BEGIN CERTIFICATE-----\n"));
	for (size_t at = 0; at < text.len; at += 64) {
		TRY(buf_append(out, bytes_slice(buf_bytes(&text), at, 64)));
		TRY(buf_str(out, "\n"));
	}
	return buf_str(out, "-----END CERTIFICATE-----\n");
}

struct err *
get_ca(struct request *r, struct reply *out)
{
	CLEANUP(ipc_message_done) struct ipc_message m = { 0 };
	TRY(ask_ledger(r->front, LEDGER_CA, BYTES_NONE, &m));
	struct unpack u = unpack_of(buf_bytes(&m.body));
	out->body = BUF(REPORT_BODY_MAX);
	while (unpack_is(&u, 1)) {
		struct bytes der;
		TRY(unpack_bytes(&u, 1, &der));
		TRY(pem_append(der, &out->body));
	}
	if (out->body.len == 0)
		return err_new(ERR_MISSING, NULL, "there is no issuer yet");
	out->status = 200;
	out->type = "application/pem-certificate-chain";
	return NULL;
}

struct err *
get_crl(struct request *r, struct reply *out)
{
	CLEANUP(ipc_message_done) struct ipc_message m = { 0 };
	/* The keyholder makes a fresh one where the last is getting old. */
	TRY(ask_keyholder(r->front, KEY_CRL, BYTES_NONE, &m));
	struct unpack u = unpack_of(buf_bytes(&m.body));
	struct bytes der;
	TRY(unpack_bytes(&u, 1, &der));
	out->body = BUF(REPORT_BODY_MAX);
	TRY(buf_append(&out->body, der));
	out->status = 200;
	out->type = "application/pkix-crl";
	return NULL;
}
