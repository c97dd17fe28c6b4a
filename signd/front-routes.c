/* The one table of calls; doc/api.md is its page. */
#include <string.h>

#include "signd/front.h"

static const struct route routes[] = {
	/* everybody */
	{ .method = "GET", .path = "/", .now = true, .handle = page_index },
	{ .method = "GET",
	    .path = "/activate",
	    .now = true,
	    .handle = page_activate },
	{ .method = "GET",
	    .path = "/app.js",
	    .now = true,
	    .handle = page_script },
	{ .method = "GET",
	    .path = "/activate.js",
	    .now = true,
	    .handle = page_activate_script },
	{ .method = "GET",
	    .path = "/seal.js",
	    .now = true,
	    .handle = page_seal_script },
	{ .method = "GET",
	    .path = "/check.js",
	    .now = true,
	    .handle = page_check_script },
	{ .method = "GET",
	    .path = "/style.css",
	    .now = true,
	    .handle = page_style },
	{ .method = "GET",
	    .path = "/v1/info",
	    .both = true,
	    .handle = get_info },
	{ .method = "GET",
	    .path = "/v1/health",
	    .both = true,
	    .handle = get_health },
	{ .method = "GET",
	    .path = "/v1/ca.pem",
	    .both = true,
	    .handle = get_ca },
	{ .method = "GET",
	    .path = "/v1/pin-key",
	    .both = true,
	    .handle = get_pin_key },
	{ .method = "GET", .path = "/v1/crl", .both = true, .handle = get_crl },
	{ .method = "POST",
	    .path = "/v1/verifications",
	    .body = BODY_DOCUMENT_OR_FORM,
	    .both = true,
	    .handle = post_verification },
	{ .method = "GET",
	    .path = "/v1/verifications/{}",
	    .both = true,
	    .secret = true,
	    .handle = get_verification },
	{ .method = "GET",
	    .path = "/v/{}",
	    .both = true,
	    .secret = true,
	    .handle = page_verdict },
	{ .method = "GET",
	    .path = "/receipts/{}",
	    .both = true,
	    .secret = true,
	    .handle = get_receipt },
	/* everybody, without TLS too: what is signed needs none */
	{ .method = "GET",
	    .path = "/pki/ca.crl",
	    .plain = true,
	    .handle = get_public_crl },
	{ .method = "GET",
	    .path = "/pki/root.crl",
	    .plain = true,
	    .handle = get_public_root_crl },
	{ .method = "GET",
	    .path = "/pki/ca.cer",
	    .plain = true,
	    .handle = get_public_ca },
	{ .method = "GET",
	    .path = "/pki/ocsp/{*}",
	    .plain = true,
	    .quick = quick_get_ocsp,
	    .handle = get_ocsp },
	{ .method = "POST",
	    .path = "/pki/ocsp",
	    .body = BODY_BINARY,
	    .media = "application/ocsp-request",
	    .plain = true,
	    .quick = quick_post_ocsp,
	    .handle = post_ocsp },
	{ .method = "POST",
	    .path = "/tsa",
	    .body = BODY_BINARY,
	    .media = "application/timestamp-query",
	    .plain = true,
	    .quick = quick_post_tsa,
	    .handle = post_tsa },
	/* citizens */
	{ .method = "POST",
	    .path = "/v1/activations/check",
	    .body = BODY_JSON,
	    .handle = post_activation_check },
	{ .method = "POST",
	    .path = "/v1/activations",
	    .body = BODY_JSON,
	    .handle = post_activation },
	{ .method = "POST",
	    .path = "/v1/credentials/info",
	    .body = BODY_JSON,
	    .both = true,
	    .handle = post_credential_info },
	{ .method = "POST",
	    .path = "/v1/credentials/authorize",
	    .body = BODY_JSON,
	    .handle = post_authorize },
	{ .method = "POST",
	    .path = "/v1/signatures/signHash",
	    .body = BODY_JSON,
	    .handle = post_sign_hash },
	{ .method = "POST",
	    .path = "/v1/signatures/signDoc",
	    .body = BODY_DOCUMENT_OR_FORM,
	    .pictures = true,
	    .handle = post_sign_doc },
	{ .method = "POST",
	    .path = "/v1/extensions",
	    .body = BODY_DOCUMENT,
	    .both = true,
	    .handle = post_extension },
	{ .method = "POST",
	    .path = "/v1/signatures/prepare",
	    .body = BODY_DOCUMENT_OR_FORM,
	    .pictures = true,
	    .handle = post_sign_prepare },
	{ .method = "POST",
	    .path = "/v1/signatures/complete",
	    .body = BODY_JSON,
	    .handle = post_sign_complete },
	/* officers */
	{ .method = "POST",
	    .path = "/v1/enrolments",
	    .body = BODY_JSON,
	    .officer = true,
	    .handle = post_enrolment },
	{ .method = "GET",
	    .path = "/v1/enrolments/{}",
	    .officer = true,
	    .handle = get_enrolment },
	{ .method = "POST",
	    .path = "/v1/certificates",
	    .body = BODY_JSON,
	    .officer = true,
	    .handle = post_certificate },
	{ .method = "POST",
	    .path = "/v1/certificates/revoke",
	    .body = BODY_JSON,
	    .officer = true,
	    .handle = post_revoke },
	{ .method = "GET",
	    .path = "/v1/audit",
	    .officer = true,
	    .handle = get_audit },
};

static bool
path_fits(const struct route *r, const char *path, const char **param)
{
	size_t len = strlen(r->path);
	*param = NULL;
	if (len > 3 && strcmp(r->path + len - 3, "{*}") == 0) {
		len -= 3;
		*param = path + len;
		return strncmp(path, r->path, len) == 0 && path[len] != '\0';
	}
	if (len < 2 || strcmp(r->path + len - 2, "{}") != 0)
		return strcmp(path, r->path) == 0;
	len -= 2;
	if (strncmp(path, r->path, len) != 0 || path[len] == '\0' ||
	    strchr(path + len, '/') != NULL)
		return false;
	*param = path + len;
	return true;
}

static bool
method_fits(const struct route *r, const char *method)
{
	/* libmicrohttpd leaves the body of a HEAD out by itself. */
	return strcmp(r->method, method) == 0 ||
	       (strcmp(r->method, "GET") == 0 && strcmp(method, "HEAD") == 0);
}

static bool
listener_fits(const struct route *r, enum listener_kind kind)
{
	switch (kind) {
	case LISTEN_PLAIN:
		return r->plain;
	case LISTEN_OFFICERS:
		return r->both || r->officer;
	case LISTEN_CITIZENS:
		break;
	}
	return r->both || !r->officer;
}

const struct route *
route_find(const char *method, const char *path, enum listener_kind kind,
    const char **param, const char **allow)
{
	*allow = NULL;
	for (size_t i = 0; i < COUNT_OF(routes); i++) {
		const struct route *r = &routes[i];
		if (!listener_fits(r, kind))
			continue;
		if (!path_fits(r, path, param))
			continue;
		if (method_fits(r, method))
			return r;
		*allow = r->method;
	}
	return NULL;
}

const char *
route_log_path(const char *path)
{
	for (size_t i = 0; i < COUNT_OF(routes); i++) {
		const struct route *r = &routes[i];
		size_t len = strlen(r->path) - strlen("{}");
		if (r->secret && strncmp(path, r->path, len) == 0)
			return r->path;
	}
	return path;
}
