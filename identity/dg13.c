#include "identity/dg13.h"

#include "identity/element.h"

#include <stddef.h>
#include <stdlib.h>

#define TAG_DG13 0x6d
#define ID_PARENTS 13

/* Items 6 and 7 are ethnicity and religion, and have no row on purpose. */
static const struct {
	int id;
	size_t at;
} items[] = {
	{ 1, offsetof(struct dg13, number) },
	{ 2, offsetof(struct dg13, name) },
	{ 3, offsetof(struct dg13, birth) },
	{ 4, offsetof(struct dg13, sex) },
	{ 5, offsetof(struct dg13, nationality) },
	{ 8, offsetof(struct dg13, origin) },
	{ 9, offsetof(struct dg13, residence) },
	{ 10, offsetof(struct dg13, features) },
	{ 11, offsetof(struct dg13, issued) },
	{ 12, offsetof(struct dg13, expires) },
	{ 14, offsetof(struct dg13, spouse) },
	{ 16, offsetof(struct dg13, old_number) },
};

void
dg13_done(struct dg13 *d)
{
	for (size_t i = 0; i < COUNT_OF(items); i++)
		free(*(char **)((char *)d + items[i].at));
	free(d->father);
	free(d->mother);
	*d = (struct dg13){ 0 };
}

static struct err *
read_text(struct element e, char **slot)
{
	if (e.tag != TAG_UTF8 && e.tag != TAG_PRINTABLE)
		return err_new(
		    ERR_MALFORMED, NULL, "tag 0x%x in DG13", (unsigned)e.tag);
	if (*slot != NULL)
		return err_new(ERR_MALFORMED, NULL, "an item stands twice");
	if (!utf8_printable(e.value))
		return err_new(ERR_MALFORMED, NULL, "an unreadable text");
	return bytes_dup_str(e.value, slot);
}

/* 30 { father, mother }; either may be left out at the end. */
static struct err *
read_parents(struct element e, struct dg13 *d)
{
	char **const slots[] = { &d->father, &d->mother };
	if (e.tag != TAG_SEQUENCE)
		return err_new(ERR_MALFORMED, NULL, "parents in DG13");
	for (size_t i = 0; i < COUNT_OF(slots) && e.value.len > 0; i++) {
		struct element text;
		TRY(element_next(&e.value, &text));
		TRY(read_text(text, slots[i]));
	}
	return element_end(e.value);
}

static struct err *
read_item(struct bytes item, struct dg13 *d)
{
	struct element id, value;
	int n;
	TRY(element_take(&item, TAG_INTEGER, &id));
	TRY(element_small(id, &n));
	if (item.len == 0)
		return NULL;
	TRY(element_next(&item, &value));
	if (n == ID_PARENTS)
		return read_parents(value, d);
	for (size_t i = 0; i < COUNT_OF(items); i++)
		if (items[i].id == n)
			return read_text(
			    value, (char **)((char *)d + items[i].at));
	return NULL;
}

static struct err *
read_items(struct bytes in, struct dg13 *d)
{
	struct element file, list, set, item;
	TRY(element_only(in, TAG_DG13, &file));
	TRY(element_only(file.value, TAG_SEQUENCE, &list));
	/* A version or object identifier may stand before the items. */
	do
		TRY(element_next(&list.value, &set));
	while (set.tag == TAG_INTEGER || set.tag == TAG_OID);
	if (set.tag != TAG_SET)
		return err_new(ERR_MALFORMED, NULL, "no items in DG13");
	while (set.value.len > 0) {
		TRY(element_take(&set.value, TAG_SEQUENCE, &item));
		TRY(read_item(item.value, d));
	}
	return NULL;
}

struct err *
dg13_parse(struct bytes in, struct dg13 *out)
{
	if (in.len > DETAILS_MAX)
		return err_new(ERR_LIMIT, NULL, "%zu bytes", in.len);
	CLEANUP(dg13_done) struct dg13 d = { 0 };
	TRY(read_items(in, &d));
	*out = d;
	d = (struct dg13){ 0 };
	return NULL;
}
