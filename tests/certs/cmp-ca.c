/*
 * cmp-ca PORT CA.pem CA.key REFERENCE SECRET: a CA that is asked by CMP, by the
 * server half of OpenSSL's library (`openssl cmp -port` hands out one
 * certificate, made before; this one certifies the key that it is asked to).
 * The file "mode" in the working directory says how it behaves, read for each
 * request: "issue", "refuse", "wrong-key" (another key's certificate), "wait N"
 * (decides at the Nth poll), "hang" (never answers), "unconfirmed" (hangs up
 * when the certificate is accepted).  What it does stands in "said".
 */
#include "certs/der.h"
#include "certs/ossl.h"

#include <openssl/cmp.h>
#include <openssl/crmf.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define MESSAGE_MAX 65536
#define TRANSACTIONS_MAX 256

struct ca {
	X509 *cert;
	EVP_PKEY *key;
	char mode[32];
	OSSL_CMP_MSG *waiting; /* for its decision */
	int polls;
	bool decided;
	const char *reference, *secret;
	/* The library's server knows one transaction at a time. */
	OSSL_CMP_SRV_CTX *talks[TRANSACTIONS_MAX];
	ASN1_OCTET_STRING *ids[TRANSACTIONS_MAX];
	size_t ntalks;
};

static void
say(const char *what, const char *of)
{
	FILE *f = fopen("said", "ae");
	if (f == NULL)
		exit(1);
	fprintf(f, "%s %s\n", what, of);
	fclose(f);
}

static void
read_mode(struct ca *ca)
{
	FILE *f = fopen("mode", "re");
	strcpy(ca->mode, "issue");
	if (f == NULL)
		return;
	if (fscanf(f, "%31[^\n]", ca->mode) != 1)
		strcpy(ca->mode, "issue");
	fclose(f);
}

static bool
is_mode(const struct ca *ca, const char *name)
{
	return strncmp(ca->mode, name, strlen(name)) == 0;
}

/* CertTemplate's publicKey is [6] IMPLICIT SubjectPublicKeyInfo. */
static EVP_PKEY *
wanted_key(const OSSL_CRMF_CERTTEMPLATE *t)
{
	uint8_t *der = NULL;
	EVP_PKEY *key = NULL;
	int len = i2d_OSSL_CRMF_CERTTEMPLATE(t, &der);
	struct bytes in = bytes_of(der, len > 0 ? (size_t)len : 0), all, inner;
	struct err *e = der_take(&in, DER_SEQUENCE, NULL, &all);
	while (e == NULL && all.len > 0 && all.ptr[0] != 0xa6) {
		uint8_t tag = all.ptr[0];
		e = der_take(&all, tag, NULL, NULL);
	}
	if (e == NULL)
		e = der_take(&all, 0xa6, &inner, NULL);
	if (e == NULL) {
		((uint8_t *)(uintptr_t)inner.ptr)[0] = 0x30;
		const uint8_t *p = inner.ptr;
		key = d2i_PUBKEY(NULL, &p, (long)inner.len);
	}
	err_free(e);
	OPENSSL_free(der);
	return key;
}

static void
add(X509 *x, const struct ca *ca, int nid, const char *value)
{
	X509V3_CTX c;
	X509V3_set_ctx(&c, ca->cert, x, NULL, NULL, 0);
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &c, nid, value);
	if (e == NULL || X509_add_ext(x, e, -1) != 1)
		exit(1);
	X509_EXTENSION_free(e);
}

static X509 *
make(const struct ca *ca, const X509_NAME *subject, EVP_PKEY *key)
{
	uint8_t raw[16];
	X509 *x = X509_new();
	BIGNUM *n = NULL;
	if (RAND_bytes(raw, sizeof(raw)) != 1)
		exit(1);
	raw[0] = (raw[0] & 0x7f) | 0x40;
	n = BN_bin2bn(raw, sizeof(raw), NULL);
	BN_to_ASN1_INTEGER(n, X509_get_serialNumber(x));
	char *hex = BN_bn2hex(n);
	say("issued", hex);
	OPENSSL_free(hex);
	BN_free(n);
	X509_set_version(x, X509_VERSION_3);
	X509_set_issuer_name(x, X509_get_subject_name(ca->cert));
	X509_set_subject_name(x, subject);
	X509_gmtime_adj(X509_getm_notBefore(x), -60);
	X509_gmtime_adj(X509_getm_notAfter(x), 300L * 86400);
	X509_set_pubkey(x, key);
	add(x, ca, NID_basic_constraints, "critical,CA:FALSE");
	add(x, ca, NID_key_usage, "critical,digitalSignature,nonRepudiation");
	add(x, ca, NID_subject_key_identifier, "hash");
	add(x, ca, NID_authority_key_identifier, "keyid");
	if (X509_sign(x, ca->key, EVP_sha256()) == 0)
		exit(1);
	return x;
}

/* ---- what the library asks ---- */

static OSSL_CMP_PKISI *
on_request(OSSL_CMP_SRV_CTX *s, const OSSL_CMP_MSG *m, int id,
    const OSSL_CRMF_MSG *crm, const X509_REQ *p10, X509 **out,
    STACK_OF(X509) * *chain, STACK_OF(X509) * *pubs)
{
	struct ca *ca = OSSL_CMP_SRV_CTX_get0_custom_ctx(s);
	(void)id;
	(void)p10;
	*out = NULL;
	*chain = NULL;
	*pubs = NULL;
	if (!ca->decided)
		say("asked", "");
	if (is_mode(ca, "refuse"))
		return OSSL_CMP_STATUSINFO_new(OSSL_CMP_PKISTATUS_rejection,
		    1 << OSSL_CMP_PKIFAILUREINFO_badCertTemplate,
		    "not this citizen");
	if (is_mode(ca, "wait") && !ca->decided) {
		OSSL_CMP_MSG_free(ca->waiting); /* nobody asks any more */
		ca->waiting = OSSL_CMP_MSG_dup(m);
		ca->polls = atoi(ca->mode + 4);
		return OSSL_CMP_STATUSINFO_new(
		    OSSL_CMP_PKISTATUS_waiting, 0, NULL);
	}
	const OSSL_CRMF_CERTTEMPLATE *t = OSSL_CRMF_MSG_get0_tmpl(crm);
	EVP_PKEY *key =
	    is_mode(ca, "wrong-key") ? EVP_EC_gen("P-256") : wanted_key(t);
	if (key == NULL)
		return OSSL_CMP_STATUSINFO_new(OSSL_CMP_PKISTATUS_rejection,
		    1 << OSSL_CMP_PKIFAILUREINFO_badCertTemplate, "no key");
	ca->decided = false;
	*out = make(ca, OSSL_CRMF_CERTTEMPLATE_get0_subject(t), key);
	EVP_PKEY_free(key);
	return OSSL_CMP_STATUSINFO_new(OSSL_CMP_PKISTATUS_accepted, 0, NULL);
}

static int
on_poll(OSSL_CMP_SRV_CTX *s, const OSSL_CMP_MSG *m, int id, OSSL_CMP_MSG **out,
    int64_t *after)
{
	struct ca *ca = OSSL_CMP_SRV_CTX_get0_custom_ctx(s);
	(void)m;
	(void)id;
	*out = NULL;
	*after = 1;
	if (ca->waiting == NULL)
		return 0;
	say("polled", "");
	if (--ca->polls > 0)
		return 1;
	ca->decided = true; /* the request comes again */
	*out = ca->waiting;
	ca->waiting = NULL;
	return 1;
}

static int
on_confirm(OSSL_CMP_SRV_CTX *s, const OSSL_CMP_MSG *m, int id,
    const ASN1_OCTET_STRING *hash, const OSSL_CMP_PKISI *si)
{
	char text[256] = "";
	(void)s;
	(void)m;
	(void)id;
	(void)hash;
	if (si != NULL)
		OSSL_CMP_snprint_PKIStatusInfo(si, text, sizeof(text));
	say(strstr(text, "rejection") != NULL ? "rejected" : "confirmed", "");
	return 1;
}

static OSSL_CMP_PKISI *
on_revoke(OSSL_CMP_SRV_CTX *s, const OSSL_CMP_MSG *m, const X509_NAME *issuer,
    const ASN1_INTEGER *serial)
{
	struct ca *ca = OSSL_CMP_SRV_CTX_get0_custom_ctx(s);
	(void)m;
	if (X509_NAME_cmp(issuer, X509_get_subject_name(ca->cert)) != 0 ||
	    is_mode(ca, "refuse"))
		return OSSL_CMP_STATUSINFO_new(OSSL_CMP_PKISTATUS_rejection,
		    1 << OSSL_CMP_PKIFAILUREINFO_badCertId, "not mine");
	BIGNUM *n = ASN1_INTEGER_to_BN(serial, NULL);
	char *hex = BN_bn2hex(n);
	say("revoked", hex);
	OPENSSL_free(hex);
	BN_free(n);
	return OSSL_CMP_STATUSINFO_new(OSSL_CMP_PKISTATUS_accepted, 0, NULL);
}

static void
on_error(OSSL_CMP_SRV_CTX *s, const OSSL_CMP_MSG *m, const OSSL_CMP_PKISI *si,
    const ASN1_INTEGER *code, const OSSL_CMP_PKIFREETEXT *text)
{
	(void)s;
	(void)m;
	(void)si;
	(void)code;
	(void)text;
	say("error", "");
}

/* ---- HTTP, as much as it needs ---- */

static size_t
read_request(int fd, char *in, char **body)
{
	size_t n = 0, len = 0;
	*body = NULL;
	while (n < MESSAGE_MAX - 1) {
		ssize_t got = read(fd, in + n, MESSAGE_MAX - 1 - n);
		if (got <= 0)
			return 0;
		n += (size_t)got;
		in[n] = '\0';
		char *end = *body == NULL ? strstr(in, "\r\n\r\n") : NULL;
		if (end != NULL) {
			char *l = strcasestr(in, "content-length:");
			len = l == NULL ? 0 : strtoul(l + 15, NULL, 10);
			*body = end + 4;
			if (strcasestr(in, "100-continue") != NULL)
				dprintf(fd, "HTTP/1.1 100 Continue\r\n\r\n");
		}
		if (*body != NULL && n - (size_t)(*body - in) >= len)
			return len;
	}
	return 0;
}

static OSSL_CMP_SRV_CTX *
new_talk(struct ca *ca)
{
	OSSL_CMP_SRV_CTX *s = OSSL_CMP_SRV_CTX_new(NULL, NULL);
	if (s == NULL || OSSL_CMP_SRV_CTX_init(s, ca, on_request, on_revoke,
			     NULL, on_error, on_confirm, on_poll) != 1)
		exit(1);
	OSSL_CMP_CTX *c = OSSL_CMP_SRV_CTX_get0_cmp_ctx(s);
	OSSL_CMP_CTX_set1_referenceValue(
	    c, (const uint8_t *)ca->reference, (int)strlen(ca->reference));
	OSSL_CMP_CTX_set1_secretValue(
	    c, (const uint8_t *)ca->secret, (int)strlen(ca->secret));
	OSSL_CMP_SRV_CTX_set_accept_raverified(s, 1);
	return s;
}

static OSSL_CMP_SRV_CTX *
talk_of(struct ca *ca, const OSSL_CMP_MSG *m)
{
	const ASN1_OCTET_STRING *id =
	    OSSL_CMP_HDR_get0_transactionID(OSSL_CMP_MSG_get0_header(m));
	for (size_t i = 0; id != NULL && i < ca->ntalks; i++)
		if (ASN1_OCTET_STRING_cmp(ca->ids[i], id) == 0)
			return ca->talks[i];
	if (id == NULL || ca->ntalks == TRANSACTIONS_MAX)
		exit(1);
	ca->ids[ca->ntalks] = ASN1_OCTET_STRING_dup(id);
	return ca->talks[ca->ntalks++] = new_talk(ca);
}

static void
answer(int fd, struct ca *ca, const uint8_t *body, size_t len)
{
	uint8_t *der = NULL;
	OSSL_CMP_MSG *request = d2i_OSSL_CMP_MSG(NULL, &body, (long)len);
	if (request == NULL)
		return;
	bool confirms = OSSL_CMP_MSG_get_bodytype(request) == 24; /* certConf */
	OSSL_CMP_MSG *m =
	    OSSL_CMP_SRV_process_request(talk_of(ca, request), request);
	int n = m == NULL ? 0 : i2d_OSSL_CMP_MSG(m, &der);
	if (n > 0 && !(confirms && is_mode(ca, "unconfirmed"))) {
		dprintf(fd,
		    "HTTP/1.1 200 OK\r\nContent-Type: application/pkixcmp\r\n"
		    "Content-Length: %d\r\nConnection: close\r\n\r\n",
		    n);
		if (write(fd, der, (size_t)n) != n)
			say("gone", "");
	}
	OPENSSL_free(der);
	OSSL_CMP_MSG_free(m);
	OSSL_CMP_MSG_free(request);
}

static void
serve(int on, struct ca *ca)
{
	static char in[MESSAGE_MAX];
	char *body;
	for (;;) {
		int fd = accept(on, NULL, NULL);
		size_t len = fd < 0 ? 0 : read_request(fd, in, &body);
		read_mode(ca);
		if (is_mode(ca, "hang") && len > 0) {
			say("hangs", "");
			continue; /* the descriptor stays open */
		}
		if (len > 0)
			answer(fd, ca, (const uint8_t *)body, len);
		if (fd >= 0)
			close(fd);
	}
}

static int
listen_on(int port)
{
	const int on = 1;
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	if (fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
	    bind(fd, (const struct sockaddr *)(const void *)&a, sizeof(a)) !=
		0 ||
	    listen(fd, 16) != 0)
		exit(1);
	return fd;
}

int
main(int argc, char **argv)
{
	struct ca ca = { 0 };
	FILE *f;
	if (argc != 6)
		return 64;
	signal(SIGPIPE, SIG_IGN);
	f = fopen(argv[2], "re");
	ca.cert = f == NULL ? NULL : PEM_read_X509(f, NULL, NULL, NULL);
	if (f != NULL)
		fclose(f);
	f = fopen(argv[3], "re");
	ca.key = f == NULL ? NULL : PEM_read_PrivateKey(f, NULL, NULL, NULL);
	if (f != NULL)
		fclose(f);
	if (ca.cert == NULL || ca.key == NULL)
		return 1;
	ca.reference = argv[4];
	ca.secret = argv[5];
	int on = listen_on(atoi(argv[1]));
	say("listening", argv[1]);
	serve(on, &ca);
	return 0;
}
