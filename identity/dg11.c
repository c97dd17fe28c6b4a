/* DG11 and DG12: flat lists of elements behind a list of their tags. */
#include "identity/dg13.h"

#include "identity/element.h"

#include <stdio.h>
#include <stdlib.h>

#define TAG_DG11 0x6b
#define TAG_DG12 0x6c
#define TAG_LIST 0x5c

/* Where an element of the group goes to: a text, or a day. */
struct slot {
	uint32_t tag;
	char **text;
	char *day;
};

void
dg11_done(struct dg11 *d)
{
	free(d->name);
	free(d->personal_number);
	free(d->birth_place);
	free(d->address);
	*d = (struct dg11){ 0 };
}

void
dg12_done(struct dg12 *d)
{
	free(d->authority);
	*d = (struct dg12){ 0 };
}

/* Fillers stand for spaces: "NGUYEN<<VAN<AN", "HA<NOI". */
static struct err *
read_text(struct bytes in, char **out)
{
	CLEANUP(buf_done) struct buf b = BUF(DETAILS_MAX);
	if (!utf8_printable(in))
		return err_new(ERR_MALFORMED, NULL, "an unreadable text");
	for (size_t i = 0; i < in.len; i++) {
		bool filler = in.ptr[i] == '<' || in.ptr[i] == ' ';
		if (filler && (b.len == 0 || b.ptr[b.len - 1] == ' '))
			continue;
		TRY(buf_byte(&b, filler ? ' ' : in.ptr[i]));
	}
	if (b.len > 0 && b.ptr[b.len - 1] == ' ')
		b.len--;
	return bytes_dup_str(buf_bytes(&b), out);
}

/* Eight digits, as characters or two in a byte (ICAO 9303-10 4.7.11). */
static struct err *
read_day(struct bytes in, char out[DATE_SIZE])
{
	uint8_t digits[8];
	if (in.len != 4)
		return date_of_ymd(in, out);
	for (size_t i = 0; i < in.len; i++) {
		digits[2 * i] = (uint8_t)('0' + (in.ptr[i] >> 4));
		digits[2 * i + 1] = (uint8_t)('0' + (in.ptr[i] & 0x0f));
	}
	return date_of_ymd(bytes_of(digits, sizeof(digits)), out);
}

static struct err *
fill(struct element e, const struct slot *slots, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (slots[i].tag != e.tag)
			continue;
		if (slots[i].text != NULL ? *slots[i].text != NULL
					  : slots[i].day[0] != '\0')
			return err_new(
			    ERR_MALFORMED, NULL, "an element stands twice");
		return slots[i].text != NULL ? read_text(e.value, slots[i].text)
					     : read_day(e.value, slots[i].day);
	}
	return NULL;
}

static struct err *
read_group(struct bytes in, uint32_t tag, const struct slot *slots, size_t n)
{
	struct element file, e;
	if (in.len > DETAILS_MAX)
		return err_new(ERR_LIMIT, NULL, "%zu bytes", in.len);
	TRY(element_only(in, tag, &file));
	TRY(element_take(&file.value, TAG_LIST, &e));
	while (file.value.len > 0) {
		TRY(element_next(&file.value, &e));
		TRY(fill(e, slots, n));
	}
	return NULL;
}

struct err *
dg11_parse(struct bytes in, struct dg11 *out)
{
	CLEANUP(dg11_done) struct dg11 d = { 0 };
	const struct slot slots[] = {
		{ .tag = 0x5f0e, .text = &d.name },
		{ .tag = 0x5f10, .text = &d.personal_number },
		{ .tag = 0x5f2b, .day = d.birth },
		{ .tag = 0x5f11, .text = &d.birth_place },
		{ .tag = 0x5f42, .text = &d.address },
	};
	TRY(read_group(in, TAG_DG11, slots, COUNT_OF(slots)));
	*out = d;
	d = (struct dg11){ 0 };
	return NULL;
}

struct err *
dg12_parse(struct bytes in, struct dg12 *out)
{
	CLEANUP(dg12_done) struct dg12 d = { 0 };
	const struct slot slots[] = {
		{ .tag = 0x5f19, .text = &d.authority },
		{ .tag = 0x5f26, .day = d.issued },
	};
	TRY(read_group(in, TAG_DG12, slots, COUNT_OF(slots)));
	*out = d;
	d = (struct dg12){ 0 };
	return NULL;
}
