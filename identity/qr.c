#include "identity/qr.h"

#include <stdlib.h>

#define FIELDS_MIN 7
#define FIELDS_MAX 8

static struct bytes
trim(struct bytes b)
{
	while (b.len > 0 && b.ptr[0] <= ' ')
		b = bytes_from(b, 1);
	while (b.len > 0 && b.ptr[b.len - 1] <= ' ')
		b.len--;
	return b;
}

static struct err *
split(struct bytes text, struct bytes fields[FIELDS_MAX], size_t *n)
{
	for (*n = 0; *n < FIELDS_MAX;) {
		size_t at = bytes_find(text, BYTES_LIT("|"));
		fields[(*n)++] = trim(bytes_slice(text, 0, at));
		if (at == SIZE_MAX)
			return *n >= FIELDS_MIN ? NULL
						: err_new(ERR_MALFORMED, NULL,
						      "%zu fields", *n);
		text = bytes_from(text, at + 1);
	}
	return err_new(ERR_MALFORMED, NULL, "more than %d fields", FIELDS_MAX);
}

static struct err *
read_numbers(const struct bytes *f, struct card_qr *q)
{
	if (f[0].len != 12 || !all_digits(f[0]))
		return err_new(ERR_MALFORMED, NULL, "not twelve digits");
	if (f[1].len > 0 && (f[1].len != 9 || !all_digits(f[1])))
		return err_new(ERR_MALFORMED, NULL, "not nine digits");
	TRY(bytes_dup_str(f[0], &q->number));
	return bytes_dup_str(f[1], &q->old_number);
}

/* A card without end has no date here, or words in its place. */
static struct err *
read_expiry(struct bytes f, struct card_qr *q)
{
	return all_digits(f) ? date_of_dmy(f, q->expires) : NULL;
}

static struct err *
read_fields(const struct bytes *f, size_t n, struct card_qr *q)
{
	TRY(read_numbers(f, q));
	if (f[2].len == 0)
		return err_new(ERR_MALFORMED, NULL, "no name");
	TRY(bytes_dup_str(f[2], &q->name));
	TRY(date_of_dmy(f[3], q->birth));
	TRY(bytes_dup_str(f[4], &q->sex));
	TRY(bytes_dup_str(f[5], &q->address));
	TRY(date_of_dmy(f[6], q->issued));
	return n > 7 ? read_expiry(f[7], q) : NULL;
}

struct err *
card_qr_parse(struct bytes text, struct card_qr *out)
{
	if (text.len > QR_MAX)
		return err_new(ERR_LIMIT, NULL, "%zu bytes", text.len);
	text = trim(text);
	if (!utf8_printable(text))
		return err_new(ERR_MALFORMED, NULL, "not readable text");
	struct bytes fields[FIELDS_MAX];
	size_t n;
	TRY(split(text, fields, &n));
	CLEANUP(card_qr_done) struct card_qr q = { 0 };
	TRY(read_fields(fields, n, &q));
	*out = q;
	q = (struct card_qr){ 0 };
	return NULL;
}

void
card_qr_done(struct card_qr *q)
{
	free(q->number);
	free(q->old_number);
	free(q->name);
	free(q->sex);
	free(q->address);
	*q = (struct card_qr){ 0 };
}
