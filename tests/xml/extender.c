/*
 * Raises an XML signature by one level, in two steps, for levels.sh:
 *	extender prepare T|LT|LTA IN STATE [NAME=VALUE ...]
 * prints the digest to be stamped in hex, or "-"; then
 *	extender embed STATE TOKEN|- IN OUT
 * Names: id; cert, crl, ocsp (files in DER or PEM certificates; many).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xml/format.h"

#define FILES_MAX 32

struct request {
	struct extend_request extend;
	struct cert_list certs;
	struct buf files[FILES_MAX];
	size_t nfiles;
	struct bytes crls[FILES_MAX], ocsps[FILES_MAX];
};

static struct buf
slurp(const char *path)
{
	struct buf b = BUF((size_t)300 << 20);
	FILE *f = fopen(path, "rb");
	uint8_t piece[65536];
	size_t n;
	while (f != NULL && (n = fread(piece, 1, sizeof(piece), f)) > 0)
		err_free(buf_append(&b, bytes_of(piece, n)));
	if (f != NULL)
		fclose(f);
	return b;
}

static void
spill(const char *path, const struct bytes *pieces, size_t n)
{
	FILE *f = fopen(path, "wb");
	for (size_t i = 0; f != NULL && i < n; i++)
		fwrite(pieces[i].ptr, 1, pieces[i].len, f);
	if (f != NULL)
		fclose(f);
}

static void
set_option(struct request *r, char *word)
{
	char *value = strchr(word, '=');
	if (value == NULL || r->nfiles == FILES_MAX)
		exit(64);
	*value++ = '\0';
	if (strcmp(word, "id") == 0) {
		r->extend.id = value;
		return;
	}
	struct buf *file = &r->files[r->nfiles++];
	*file = slurp(value);
	struct evidence *e = &r->extend.evidence;
	if (strcmp(word, "cert") == 0)
		err_free(cert_list_read(&r->certs, buf_bytes(file)));
	else if (strcmp(word, "crl") == 0)
		r->crls[e->ncrls++] = buf_bytes(file);
	else
		r->ocsps[e->nocsps++] = buf_bytes(file);
}

static struct err *
prepare(struct request *r, struct bytes document, const char *state)
{
	CLEANUP(prepared_done) struct prepared p = { 0 };
	r->extend.document = document;
	r->extend.stamp_alg = DIGEST_SHA256;
	r->extend.evidence.certs = &r->certs;
	r->extend.evidence.crls = r->crls;
	r->extend.evidence.ocsps = r->ocsps;
	TRY(format_xml.extend(&r->extend, &p));
	struct bytes b = buf_bytes(&p.state);
	spill(state, &b, 1);
	for (size_t i = 0; i < digest_len(p.digest_alg); i++)
		printf("%02x", p.digest[i]);
	printf(p.digest_alg == DIGEST_NONE ? "-\n" : "\n");
	return NULL;
}

static struct err *
embed(char **argv)
{
	CLEANUP(buf_done) struct buf state = slurp(argv[2]);
	CLEANUP(buf_done) struct buf token = slurp(argv[3]);
	CLEANUP(buf_done) struct buf document = slurp(argv[4]);
	CLEANUP(insertion_done) struct insertion i = { 0 };
	struct bytes pieces[INSERTION_PIECES];
	TRY(format_xml.embed(
	    buf_bytes(&state), BYTES_NONE, buf_bytes(&token), &i));
	spill(argv[5], pieces,
	    insertion_pieces(&i, buf_bytes(&document), pieces));
	return NULL;
}

int
main(int argc, char **argv)
{
	static struct request r;
	struct err *e;
	err_free(xml_start());
	if (argc >= 6 && strcmp(argv[1], "embed") == 0)
		e = embed(argv);
	else if (argc >= 5 && strcmp(argv[1], "prepare") == 0) {
		CLEANUP(buf_done) struct buf document = slurp(argv[3]);
		r.extend.level = strcmp(argv[2], "T") == 0    ? LEVEL_T
				 : strcmp(argv[2], "LT") == 0 ? LEVEL_LT
							      : LEVEL_LTA;
		for (int i = 5; i < argc; i++)
			set_option(&r, argv[i]);
		e = prepare(&r, buf_bytes(&document), argv[4]);
	} else
		return 64;
	for (size_t i = 0; i < r.nfiles; i++)
		buf_done(&r.files[i]);
	cert_list_done(&r.certs);
	if (e == NULL)
		return 0;
	printf("%s: %s\n", err_code(e), err_text(e));
	err_free(e);
	return 1;
}
