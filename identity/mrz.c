#include "identity/mrz.h"

#include "identity/element.h"

#include <stdio.h>
#include <string.h>

#define TAG_DG1 0x61
#define TAG_MRZ 0x5f1f
#define ID_DIGITS 12    /* of a Vietnamese identity number */
#define NUMBER_DIGITS 9 /* of it, in the document number */
#define EXPIRY_LATEST 2099

/* ICAO 9303-3 4.9: digits count as such, A is 10, '<' nothing. */
static int
value_of(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'A' && c <= 'Z' ? c - 'A' + 10 : 0;
}

struct digits {
	int sum;
	size_t n;
};

static void
digits_add(struct digits *d, struct bytes field)
{
	static const int weights[] = { 7, 3, 1 };
	for (size_t i = 0; i < field.len; i++)
		d->sum += value_of(field.ptr[i]) * weights[d->n++ % 3];
}

char
mrz_check_digit(struct bytes field)
{
	struct digits d = { 0 };
	digits_add(&d, field);
	return (char)('0' + d.sum % 10);
}

static void
expect(struct mrz *m, struct bytes field, uint8_t digit, enum mrz_check which)
{
	if (mrz_check_digit(field) != (char)digit)
		m->wrong |= (unsigned)which;
}

/* Copies without the fillers at the end. */
static void
copy(char *out, size_t size, struct bytes field)
{
	while (field.len > 0 && field.ptr[field.len - 1] == '<')
		field.len--;
	if (field.len >= size)
		field.len = size - 1;
	if (field.len > 0)
		memcpy(out, field.ptr, field.len);
	out[field.len] = '\0';
}

/* Copies the whole of it, fillers too. */
static void
copy_all(char *out, struct bytes field)
{
	memcpy(out, field.ptr, field.len);
	out[field.len] = '\0';
}

static void
fillers_to_spaces(char *s)
{
	for (; *s != '\0'; s++)
		if (*s == '<')
			*s = ' ';
}

/* ICAO 9303-3 4.6: the surname, "<<", given names with '<' between them. */
static void
read_names(struct mrz *m, struct bytes field)
{
	size_t at = bytes_find(field, BYTES_LIT("<<"));
	if (at == SIZE_MAX)
		at = field.len;
	copy(m->surname, sizeof(m->surname), bytes_slice(field, 0, at));
	copy(m->given, sizeof(m->given), bytes_from(field, at + 2));
	fillers_to_spaces(m->surname);
	fillers_to_spaces(m->given);
}

/* ICAO 9303-5 4.2.2: a number over nine characters goes on in the optional
 * data, its check digit behind it. */
static void
read_card_number(struct mrz *m, struct bytes line)
{
	struct bytes number = bytes_slice(line, 5, 9);
	struct bytes optional = bytes_slice(line, 15, 15);
	char whole[25];
	if (line.ptr[14] != '<') {
		copy(m->number, sizeof(m->number), number);
		expect(m, number, line.ptr[14], MRZ_WRONG_NUMBER);
		copy(m->optional[0], sizeof(m->optional[0]), optional);
		return;
	}
	size_t end = bytes_find(optional, BYTES_LIT("<"));
	if (end == SIZE_MAX)
		end = optional.len;
	if (end < 2) {
		copy(m->number, sizeof(m->number), number);
		m->wrong |= MRZ_WRONG_NUMBER;
		return;
	}
	memcpy(whole, number.ptr, number.len);
	memcpy(whole + number.len, optional.ptr, end - 1);
	struct bytes all = bytes_of(whole, number.len + end - 1);
	copy(m->number, sizeof(m->number), all);
	expect(m, all, optional.ptr[end - 1], MRZ_WRONG_NUMBER);
	copy(m->optional[0], sizeof(m->optional[0]),
	    bytes_from(optional, end + 1));
}

/* The card of Vietnam: twelve digits and "<<" and a check digit over them. */
static void
read_id_number(struct mrz *m, struct bytes optional)
{
	struct bytes id = bytes_slice(optional, 0, ID_DIGITS);
	if (strcmp(m->issuer, "VNM") != 0 || !all_digits(id))
		return;
	struct bytes tail = bytes_from(id, ID_DIGITS - NUMBER_DIGITS);
	copy_all(m->id_number, id);
	if (!bytes_eq_str(tail, m->number) ||
	    (optional.ptr[14] != '<' &&
		mrz_check_digit(id) != (char)optional.ptr[14]))
		m->wrong |= MRZ_WRONG_ID;
}

static void
read_td1(struct bytes text, struct mrz *m)
{
	struct bytes a = bytes_slice(text, 0, 30);
	struct bytes b = bytes_slice(text, 30, 30);
	m->form = MRZ_TD1;
	copy(m->code, sizeof(m->code), bytes_slice(a, 0, 2));
	copy(m->issuer, sizeof(m->issuer), bytes_slice(a, 2, 3));
	read_card_number(m, a);
	read_id_number(m, bytes_slice(a, 15, 15));
	copy_all(m->birth, bytes_slice(b, 0, 6));
	expect(m, bytes_slice(b, 0, 6), b.ptr[6], MRZ_WRONG_BIRTH);
	m->sex = (char)b.ptr[7];
	copy_all(m->expiry, bytes_slice(b, 8, 6));
	expect(m, bytes_slice(b, 8, 6), b.ptr[14], MRZ_WRONG_EXPIRY);
	copy(m->nationality, sizeof(m->nationality), bytes_slice(b, 15, 3));
	copy(m->optional[1], sizeof(m->optional[1]), bytes_slice(b, 18, 11));
	struct digits all = { 0 };
	digits_add(&all, bytes_slice(a, 5, 25));
	digits_add(&all, bytes_slice(b, 0, 7));
	digits_add(&all, bytes_slice(b, 8, 7));
	digits_add(&all, bytes_slice(b, 18, 11));
	if ('0' + all.sum % 10 != b.ptr[29])
		m->wrong |= MRZ_WRONG_COMPOSITE;
	read_names(m, bytes_slice(text, 60, 30));
}

static void
read_td3(struct bytes text, struct mrz *m)
{
	struct bytes a = bytes_slice(text, 0, 44);
	struct bytes b = bytes_slice(text, 44, 44);
	m->form = MRZ_TD3;
	copy(m->code, sizeof(m->code), bytes_slice(a, 0, 2));
	copy(m->issuer, sizeof(m->issuer), bytes_slice(a, 2, 3));
	read_names(m, bytes_slice(a, 5, 39));
	copy(m->number, sizeof(m->number), bytes_slice(b, 0, 9));
	expect(m, bytes_slice(b, 0, 9), b.ptr[9], MRZ_WRONG_NUMBER);
	copy(m->nationality, sizeof(m->nationality), bytes_slice(b, 10, 3));
	copy_all(m->birth, bytes_slice(b, 13, 6));
	expect(m, bytes_slice(b, 13, 6), b.ptr[19], MRZ_WRONG_BIRTH);
	m->sex = (char)b.ptr[20];
	copy_all(m->expiry, bytes_slice(b, 21, 6));
	expect(m, bytes_slice(b, 21, 6), b.ptr[27], MRZ_WRONG_EXPIRY);
	struct bytes personal = bytes_slice(b, 28, 14);
	copy(m->optional[0], sizeof(m->optional[0]), personal);
	/* ICAO 9303-4 4.2.2: nothing there may have '<' for its digit. */
	if (b.ptr[42] != '<' || m->optional[0][0] != '\0')
		expect(m, personal, b.ptr[42], MRZ_WRONG_OPTIONAL);
	struct digits all = { 0 };
	digits_add(&all, bytes_slice(b, 0, 10));
	digits_add(&all, bytes_slice(b, 13, 7));
	digits_add(&all, bytes_slice(b, 21, 22));
	if ('0' + all.sum % 10 != b.ptr[43])
		m->wrong |= MRZ_WRONG_COMPOSITE;
}

static bool
is_mrz_character(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || c == '<';
}

struct err *
mrz_parse(struct bytes text, struct mrz *out)
{
	uint8_t zone[MRZ_TD1_LEN];
	size_t n = 0;
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.ptr[i];
		if (c == '\n' || c == '\r')
			continue;
		if (!is_mrz_character(c))
			return err_new(ERR_MALFORMED, "ICAO 9303-3 4.3",
			    "a character that cannot stand there");
		if (n == sizeof(zone))
			return err_new(ERR_MALFORMED, NULL, "a longer zone");
		zone[n++] = c;
	}
	struct mrz m = { 0 };
	if (n == MRZ_TD1_LEN)
		read_td1(bytes_of(zone, n), &m);
	else if (n == MRZ_TD3_LEN)
		read_td3(bytes_of(zone, n), &m);
	else
		return err_new(ERR_MALFORMED, "ICAO 9303-3 4",
		    "a zone of %zu characters", n);
	if (m.sex != 'M' && m.sex != 'F' && m.sex != '<')
		return err_new(ERR_MALFORMED, "ICAO 9303-3 4", "the sex");
	*out = m;
	return NULL;
}

struct err *
dg1_parse(struct bytes dg1, struct mrz *out)
{
	struct element file, zone;
	TRY(element_only(dg1, TAG_DG1, &file));
	TRY(element_only(file.value, TAG_MRZ, &zone));
	return mrz_parse(zone.value, out);
}

static struct err *
with_century(const char *yymmdd, int latest, char out[DATE_SIZE])
{
	char all[16];
	if (!all_digits(bytes_str(yymmdd)) || strlen(yymmdd) != 6)
		return err_new(ERR_MALFORMED, NULL, "not a whole date");
	int year = (yymmdd[0] - '0') * 10 + (yymmdd[1] - '0');
	int century = latest / 100;
	if (century * 100 + year > latest)
		century--;
	snprintf(all, sizeof(all), "%02d%.6s", century % 100, yymmdd);
	return date_of_ymd(bytes_str(all), out);
}

struct err *
mrz_birth(const struct mrz *m, int64_t now, char out[DATE_SIZE])
{
	return with_century(m->birth, time_split(now).year, out);
}

struct err *
mrz_expiry(const struct mrz *m, char out[DATE_SIZE])
{
	return with_century(m->expiry, EXPIRY_LATEST, out);
}
