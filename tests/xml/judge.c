/*
 * A word for one XML document: what the facts say under no policy but
 * cryptography.  Asked by the conformance runner (FILE, TRUST, NOTE, ROOT in
 * the environment) or by hand (judge FILE).  For development.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "certs/ossl.h"
#include "certs/path.h"
#include "xml/format.h"

#include <openssl/pem.h>

#define FILES_MAX 64

struct input {
	struct buf files[FILES_MAX];
	size_t nfiles;
	struct external external[FILES_MAX];
	size_t nexternal;
	struct cert_list certs;
	struct cert_list anchors;
	struct status_data crls[FILES_MAX];
	size_t ncrls;
	struct bytes keys[FILES_MAX];
	size_t nkeys;
};

static struct err *
read_file(struct input *in, const char *path, struct bytes *out)
{
	FILE *f = fopen(path, "rb");
	if (f == NULL || in->nfiles == FILES_MAX)
		return err_new(ERR_MISSING, NULL, "%s", path);
	struct buf *b = &in->files[in->nfiles++];
	*b = BUF((size_t)300 << 20);
	uint8_t piece[65536];
	size_t n;
	struct err *e = NULL;
	while (e == NULL && (n = fread(piece, 1, sizeof(piece), f)) > 0)
		e = buf_append(b, bytes_of(piece, n));
	fclose(f);
	*out = buf_bytes(b);
	return e;
}

/* A trust file: certificates, or a bare public key. */
static void
add_trust(struct input *in, const char *path, bool anchor)
{
	struct bytes file;
	err_free(read_file(in, path, &file));
	struct err *e = cert_list_read(&in->certs, file);
	if (e == NULL && anchor)
		e = cert_list_read(&in->anchors, file);
	if (e == NULL)
		return;
	err_free(e);
	const uint8_t *p = file.ptr;
	X509_CRL *crl = d2i_X509_CRL(NULL, &p, (long)file.len);
	if (crl != NULL && in->ncrls < FILES_MAX)
		in->crls[in->ncrls++] = (struct status_data){ .der = file };
	X509_CRL_free(crl);
	BIO *bio = BIO_new_mem_buf(file.ptr, (int)file.len);
	EVP_PKEY *k = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
	BIO_free(bio);
	uint8_t *der = NULL;
	int len = k == NULL ? 0 : i2d_PUBKEY(k, &der);
	if (len > 0 && in->nkeys < FILES_MAX) {
		struct buf *b = &in->files[in->nfiles++];
		*b = BUF(65536);
		err_free(buf_append(b, bytes_of(der, (size_t)len)));
		in->keys[in->nkeys++] = buf_bytes(b);
	}
	OPENSSL_free(der);
	EVP_PKEY_free(k);
}

static void
add_external(struct input *in, const char *root, const char *uri, size_t urilen,
    const char *path)
{
	char full[4096];
	snprintf(full, sizeof(full), "%s/%s", root, path);
	struct external *e = &in->external[in->nexternal++];
	e->uri = strndup(uri, urilen);
	err_free(read_file(in, full, &e->data));
}

/* "MARK URI SEP PATH" anywhere in the note. */
static void
add_maps(struct input *in, const char *root, const char *note, const char *mark,
    const char *sep)
{
	for (const char *p = strstr(note, mark); p != NULL;
	     p = strstr(p, mark)) {
		p += strlen(mark);
		const char *s = strstr(p, sep);
		if (s == NULL)
			return;
		const char *path = s + strlen(sep);
		char copy[1024];
		snprintf(
		    copy, sizeof(copy), "%.*s", (int)strcspn(path, " ;"), path);
		add_external(in, root, p, (size_t)(s - p), copy);
	}
}

/* external=URI=PATH, and detached=PATH,PATH by their base names. */
static void
read_note(struct input *in, const char *root, char *note)
{
	char *rest = NULL, *more = NULL;
	add_maps(in, root, note, "--url-map:", " ");
	add_maps(in, root, note, "url_map ", " as in ");
	for (char *h = strtok_r(note, ";", &rest); h != NULL;
	     h = strtok_r(NULL, ";", &rest)) {
		h += strspn(h, " ");
		char *eq;
		if (strncmp(h, "external=", 9) == 0 &&
		    (eq = strchr(h + 9, '=')) != NULL)
			add_external(
			    in, root, h + 9, (size_t)(eq - h - 9), eq + 1);
		if (strncmp(h, "detached=", 9) != 0)
			continue;
		for (char *p = strtok_r(h + 9, ",", &more); p != NULL;
		     p = strtok_r(NULL, ",", &more)) {
			const char *base = strrchr(p, '/');
			base = base == NULL ? p : base + 1;
			add_external(in, root, base, strlen(base), p);
		}
	}
}

static bool
has(const struct findings *f, const char *code)
{
	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->v[i].code, code) == 0)
			return true;
	return false;
}

static const char *
why(const struct signature_fact *s, bool *unsupported)
{
	*unsupported = false;
	for (size_t i = 0; i < s->findings.n; i++)
		if (s->findings.v[i].fatal) {
			const char *c = s->findings.v[i].code;
			*unsupported = strcmp(c, "xml-hmac") == 0 ||
				       strcmp(c, "xml-unsupported") == 0;
			return c;
		}
	if (s->signature != CHECK_PASSED)
		return s->signature == CHECK_FAILED ? "value" : "no value";
	if (s->cert_binding == CHECK_FAILED)
		return "binding";
	for (size_t i = 0; i < s->nreferences; i++)
		if (s->references[i].digest != CHECK_PASSED)
			return "reference";
	return s->nreferences == 0 ? "no references" : NULL;
}

/* Whether the note hands over `path` under the option `mark`. */
static bool
note_gives(const char *note, const char *mark, const char *path)
{
	for (const char *p = note; (p = strstr(p, mark)) != NULL;) {
		p += strcspn(p, " ");
		p += strspn(p, " ");
		if (strncmp(p, path, strlen(path)) == 0)
			return true;
	}
	return false;
}

/* A CRL that was handed over must not be out of date. */
static bool
crls_are_fresh(const struct input *in, int64_t at)
{
	bool fresh = true;
	for (size_t i = 0; i < in->ncrls; i++) {
		const uint8_t *p = in->crls[i].der.ptr;
		time_t t = (time_t)at;
		X509_CRL *crl =
		    d2i_X509_CRL(NULL, &p, (long)in->crls[i].der.len);
		const ASN1_TIME *next =
		    crl == NULL ? NULL : X509_CRL_get0_nextUpdate(crl);
		if (next != NULL && X509_cmp_time(next, &t) < 0)
			fresh = false;
		X509_CRL_free(crl);
	}
	return fresh;
}

/* The rows made from xmlsec1's own tests carry its options: certificates must
 * be trusted unless --insecure, and some that are given are not anchors. */
static bool
is_anchor(const char *note, const char *path)
{
	return note == NULL ||
	       (!note_gives(note, "--untrusted-", path) &&
		   !(strstr(note, "--verify-keys") != NULL &&
		       note_gives(note, "--pubkey-cert-", path)));
}

static bool
path_holds(const struct input *in, const char *note,
    const struct signature_fact *s, int64_t at)
{
	struct path p;
	bool xmlsec = note != NULL && strstr(note, "xmlsec1 --verify") != NULL;
	if (s->cert == NULL)
		return xmlsec || has(&s->findings, "xml-key-given");
	if (in->anchors.n == 0 && in->nkeys > 0)
		return has(&s->findings, "xml-key-given");
	for (size_t i = 0; i < in->anchors.n; i++)
		if (cert_eq(in->anchors.v[i], s->cert))
			return true;
	if (!crls_are_fresh(in, at))
		return false;
	if (xmlsec && strstr(note, "--X509-skip-time-checks") != NULL)
		at = cert_not_before(s->cert) + 1;
	struct cert_list pool = { 0 };
	for (size_t i = 0; i < s->certs.n; i++)
		err_free(cert_list_add(&pool, s->certs.v[i]));
	for (size_t i = 0; i < in->certs.n; i++)
		err_free(cert_list_add(&pool, in->certs.v[i]));
	struct path_request r = { .leaf = s->cert,
		.pool = &pool,
		.anchors = &in->anchors,
		.time = at,
		.status = in->ncrls > 0 ? STATUS_IF_KNOWN : STATUS_IGNORE,
		.status_data = in->crls,
		.nstatus_data = in->ncrls };
	struct err *e = path_build(&r, &p);
	bool ok = e == NULL && p.result == PATH_OK;
	if (e == NULL) {
		fprintf(stderr, "path: %s\n", p.detail);
		path_done(&p);
	}
	err_free(e);
	cert_list_done(&pool);
	return ok;
}

static void
print_facts(const struct facts *f)
{
	for (size_t i = 0; i < f->nsignatures; i++) {
		const struct signature_fact *s = &f->signatures[i];
		fprintf(stderr,
		    "signature %s %s value %d binding %d all %d level %d\n",
		    s->id == NULL ? "-" : s->id, s->format, s->signature,
		    s->cert_binding, s->covers_all, s->level);
		for (size_t j = 0; j < s->nreferences; j++)
			fprintf(stderr, "  ref %s digest %d covers %s%s\n",
			    s->references[j].uri == NULL ? "-"
							 : s->references[j].uri,
			    s->references[j].digest, s->references[j].covers,
			    s->references[j].whole ? " (whole)" : "");
		for (size_t j = 0; j < s->ntimestamps; j++)
			fprintf(stderr, "  stamp digest %d signature %d\n",
			    s->timestamps[j].digest,
			    s->timestamps[j].signature);
		for (size_t j = 0; j < s->findings.n; j++)
			fprintf(stderr, "  %s%s: %s\n",
			    s->findings.v[j].fatal ? "FATAL " : "",
			    s->findings.v[j].code,
			    s->findings.v[j].detail == NULL
				? ""
				: s->findings.v[j].detail);
	}
}

static int
say(const struct facts *f, const struct input *in, const char *note, bool trust,
    int64_t at)
{
	const char *bad = NULL;
	bool unsupported = false, all_unsupported = true;
	for (size_t i = 0; i < f->nsignatures; i++) {
		bool u;
		const char *w = why(&f->signatures[i], &u);
		if (w == NULL && trust &&
		    !path_holds(in, note, &f->signatures[i], at))
			w = "path";
		if (w == NULL)
			continue;
		bad = w;
		unsupported |= u;
		all_unsupported &= u;
	}
	if (f->nsignatures == 0)
		printf("invalid no signature\n");
	else if (bad == NULL)
		printf("valid\n");
	else if (unsupported && all_unsupported)
		printf("unsupported %s\n", bad);
	else
		printf("invalid %s\n", bad);
	return 0;
}

int
main(int argc, char **argv)
{
	static struct input in;
	const char *file = argc > 1 ? argv[1] : getenv("FILE");
	const char *trust = getenv("TRUST"), *root = getenv("ROOT");
	const char *note = getenv("NOTE"), *when = getenv("AT_TIME");
	bool trusted = trust != NULL && strcmp(trust, "-") != 0;
	struct bytes document;
	struct facts f = { 0 };
	int64_t at = clock_now(&clock_system);
	err_free(xml_start());
	if (file == NULL)
		return 64;
	struct err *e = read_file(&in, file, &document);
	if (note != NULL && strstr(note, "xmlsec1 --verify") != NULL)
		trusted = strstr(note, "--insecure") == NULL;
	if (trust != NULL && strcmp(trust, "-") != 0) {
		char *copy = strdup(trust), *rest = NULL, full[4096];
		for (char *p = strtok_r(copy, ",", &rest); p != NULL;
		     p = strtok_r(NULL, ",", &rest)) {
			snprintf(full, sizeof(full), "%s/%s",
			    root == NULL ? "." : root, p);
			add_trust(&in, full, is_anchor(note, p));
		}
		free(copy);
	}
	if (note != NULL && root != NULL) {
		char *copy = strdup(note);
		read_note(&in, root, copy);
		free(copy);
	}
	if (when != NULL && strcmp(when, "-") != 0)
		err_free(time_parse_iso(bytes_str(when), &at));
	struct collect_input ci = { .document = document,
		.external = in.external,
		.nexternal = in.nexternal,
		.extra = &in.certs,
		.keys = in.keys,
		.nkeys = in.nkeys };
	if (e == NULL && getenv("SHARED_KEY") != NULL)
		e = read_file(&in, getenv("SHARED_KEY"), &ci.shared_key);
	if (e == NULL)
		e = format_xml.collect(&ci, &f);
	if (e != NULL) {
		printf("parse-error %s: %s\n", err_code(e), err_text(e));
		err_free(e);
		return 0;
	}
	if (argc > 1 || getenv("VERBOSE") != NULL)
		print_facts(&f);
	int rc = say(&f, &in, note, trusted, at);
	facts_done(&f);
	cert_list_done(&in.certs);
	cert_list_done(&in.anchors);
	for (size_t i = 0; i < in.nexternal; i++)
		free((char *)(uintptr_t)in.external[i].uri);
	for (size_t i = 0; i < in.nfiles; i++)
		buf_done(&in.files[i]);
	xml_stop();
	return rc;
}
