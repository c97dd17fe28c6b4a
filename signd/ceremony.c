#include "signd/ceremony.h"

#include <sys/utsname.h>

#include "base/encoding.h"
#include "base/time.h"
#include "certs/signed.h"

static struct err *
put_hex(struct buf *b, const char *what, struct bytes v)
{
	TRY(buf_printf(b, "  %s: ", what));
	TRY(hex_encode(v, b));
	return buf_str(b, "\n");
}

static struct err *
put_time(struct buf *b, const char *what, int64_t t)
{
	TRY(buf_printf(b, "%s: ", what));
	TRY(time_format_iso(t, TIME_VIETNAM_OFFSET_MIN, b));
	return buf_str(b, "\n");
}

static struct err *
put_certificate(struct buf *b, const char *what, const struct cert *c)
{
	uint8_t hash[32];
	cert_fingerprint(c, hash);
	TRY(buf_printf(b, "\n%s\n  subject: %s\n", what, cert_subject(c)));
	TRY(buf_printf(b, "  issuer: %s\n", cert_issuer(c)));
	TRY(put_hex(b, "serial number", cert_serial(c)));
	TRY(put_hex(b, "SHA-256", bytes_of(hash, sizeof(hash))));
	TRY(put_time(b, "  not before", cert_not_before(c)));
	return put_time(b, "  not after", cert_not_after(c));
}

/* A label is a token's word, of any bytes. */
static struct err *
put_key(struct buf *b, const struct ceremony_key *k)
{
	bool readable = utf8_printable(bytes_str(k->token));
	TRY(buf_printf(b, "\n%s\n  token: %s\n", k->what,
	    readable ? k->token : "(its label is not readable)"));
	return put_hex(b, "CKA_ID", k->id);
}

static struct err *
put_head(struct buf *b, const struct ceremony *c)
{
	struct utsname host = { 0 };
	if (uname(&host) != 0)
		host.nodename[0] = '\0';
	TRY(buf_str(b, "signd ceremony 1\n\n"));
	TRY(put_time(b, "time", c->time));
	TRY(buf_printf(b, "organization: %s\n", c->organization));
	TRY(buf_printf(b, "machine: %s\n", host.nodename));
	TRY(buf_printf(b, "program: signd %s\n", PACKAGE_VERSION));
	TRY(buf_printf(b, "module: %s\n", c->module));
	for (size_t i = 0; i < c->nwitnesses; i++) {
		if (!utf8_printable(bytes_str(c->witnesses[i])))
			return err_new(ERR_USAGE, NULL, "a witness's name");
		TRY(buf_printf(b, "witness: %s\n", c->witnesses[i]));
	}
	return NULL;
}

static struct err *
put_text(struct buf *b, const struct ceremony *c)
{
	TRY(put_head(b, c));
	TRY(buf_str(b, "\nKeys made inside the token, not extractable:\n"));
	for (size_t i = 0; i < c->nkeys; i++)
		TRY(put_key(b, &c->keys[i]));
	TRY(put_certificate(b, "root certificate", c->root));
	TRY(put_certificate(b, "issuing certificate", c->issuer));
	return buf_str(b, "\nThe root's key signed the issuing certificate and "
			  "this text, and nothing else.\n");
}

struct err *
ceremony_protocol(const struct ceremony *c, const struct signer *root,
    struct buf *text, struct buf *sig)
{
	static const struct sig_alg alg = { .form = SIG_ECDSA,
		.digest = DIGEST_SHA256 };
	bool ok = false;
	TRY(put_text(text, c));
	TRY(signed_ask(root, alg, buf_bytes(text), sig));
	TRY(cert_verify(c->root, alg, buf_bytes(text), buf_bytes(sig), &ok));
	return ok ? NULL
		  : err_new(ERR_DENIED, NULL,
			"the protocol's signature is not the root's");
}
