/*
 * Files that are no document of ours, and what to call them: who reads "this is
 * a picture" knows what to do, who reads "unknown" or "damaged PDF" does not.
 */
#include "certs/cert.h"
#include "worker/internal.h"

#include <string.h>

#define FAR ((size_t)1 << 20) /* bytes; a ZIP's directory is in the last */
#define NEAR ((size_t)1024)   /* bytes of a text that are looked at */
#define ZIP BYTES_LIT("PK\003\004")

static bool
has(struct bytes in, const char *what)
{
	return bytes_find(in, bytes_str(what)) != SIZE_MAX;
}

/* Files of Office, of 2007 and later (a package of parts) or before.  Their own
 * signatures leave out parts that change what is shown, so none is judged: a
 * reader learns that, and not that the file is of no kind at all. */
static bool
is_office(struct bytes in)
{
	size_t from = in.len > FAR ? in.len - FAR : 0;
	return bytes_starts(
		   in, BYTES_LIT("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")) ||
	       (bytes_starts(in, ZIP) &&
		   has(bytes_from(in, from), "[Content_Types].xml"));
}

static bool
is_archive(struct bytes in)
{
	return bytes_starts(in, ZIP) ||
	       bytes_starts(in, BYTES_LIT("PK\005\006")) ||
	       bytes_starts(in, BYTES_LIT("Rar!\032\007")) ||
	       bytes_starts(in, BYTES_LIT("7z\xbc\xaf\x27\x1c")) ||
	       bytes_starts(in, BYTES_LIT("\x1f\x8b\x08"));
}

static bool
is_picture(struct bytes in)
{
	return bytes_starts(in, BYTES_LIT("\xff\xd8\xff")) || /* JPEG */
	       bytes_starts(in, BYTES_LIT("\x89PNG\r\n\x1a\n")) ||
	       bytes_starts(in, BYTES_LIT("II*\0")) || /* TIFF */
	       bytes_starts(in, BYTES_LIT("MM\0*")) ||
	       bytes_starts(in, BYTES_LIT("GIF8")) ||
	       /* HEIC, of telephones */
	       (in.len > 12 && memcmp(in.ptr + 4, "ftyphei", 7) == 0);
}

static bool
begins_like(struct bytes in, const char *what)
{
	for (size_t i = 0; what[i] != '\0'; i++) {
		if (i >= in.len)
			return false;
		uint8_t c = in.ptr[i];
		if ((c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c) != what[i])
			return false;
	}
	return true;
}

static struct bytes
without_space(struct bytes in)
{
	if (bytes_starts(in, BYTES_LIT("\xef\xbb\xbf")))
		in = bytes_from(in, 3);
	while (in.len > 0 && strchr(" \t\r\n", in.ptr[0]) != NULL &&
	       in.ptr[0] != '\0')
		in = bytes_from(in, 1);
	return in;
}

/* What a server sends instead of a file.  A page may be XML, and signed. */
static bool
is_web_page(struct bytes in)
{
	struct bytes text = without_space(bytes_slice(
	    in, 0, in.len < NEAR ? in.len : NEAR));
	return (begins_like(text, "<!doctype html") ||
		   begins_like(text, "<html")) &&
	       !has(in, "http://www.w3.org/2000/09/xmldsig#");
}

/* Headers of mail (RFC 5322), as programs for mail save a message. */
static bool
is_mail(struct bytes in)
{
	static const char *const first[] = { "received:", "return-path:",
		"delivered-to:", "from:", "to:", "subject:", "date:",
		"mime-version:", "message-id:", "x-" };
	struct bytes text = bytes_slice(in, 0, in.len < NEAR ? in.len : NEAR);
	bool begins = false;
	for (size_t i = 0; i < COUNT_OF(first); i++)
		begins = begins || begins_like(text, first[i]);
	return begins && has(text, "\n") &&
	       (has(text, "\nSubject:") || has(text, "\nMIME-Version:") ||
		   has(text, "\nContent-Type:"));
}

static bool
is_certificate(struct bytes in)
{
	struct cert *c = NULL;
	if (bytes_starts(in, BYTES_LIT("-----BEGIN CERTIFICATE-----")))
		return true;
	struct err *e = cert_parse(in, &c);
	bool is = e == NULL;
	err_free(e);
	cert_free(c);
	return is;
}

struct kind_row {
	bool (*is)(struct bytes);
	const char *code;
};

static const char *
first_of(const struct kind_row *rows, size_t n, struct bytes document)
{
	for (size_t i = 0; i < n; i++)
		if (rows[i].is(document))
			return rows[i].code;
	return NULL;
}

const char *
other_by_magic(struct bytes document)
{
	static const struct kind_row rows[] = { { is_office, "format-office" },
		{ is_archive, "format-archive" },
		{ is_picture, "format-picture" },
		{ is_web_page, "format-web-page" } };
	return first_of(rows, COUNT_OF(rows), document);
}

const char *
other_by_look(struct bytes document)
{
	static const struct kind_row rows[] = { { is_mail, "format-mail" },
		{ is_certificate, "format-certificate" } };
	return first_of(rows, COUNT_OF(rows), document);
}
