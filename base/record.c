#include "base/record.h"

#include <stdlib.h>
#include <string.h>

#include "base/encoding.h"
#include "base/nfc.h"
#include "base/time.h"

enum form {
	FORM_TEXT,
	FORM_OPTIONAL,
	FORM_HEX,
	FORM_HEX32,
	FORM_HEX64,
	FORM_TIME
};

struct field {
	const char *name;
	const char *value;
	enum form form;
};

static bool
is_hex(struct bytes v)
{
	for (size_t i = 0; i < v.len; i++)
		if (!((v.ptr[i] >= '0' && v.ptr[i] <= '9') ||
			(v.ptr[i] >= 'a' && v.ptr[i] <= 'f')))
			return false;
	return true;
}

static bool
has_form(struct bytes v, enum form form)
{
	if (v.len > RECORD_FIELD_MAX || !utf8_printable(v))
		return false;
	int64_t ignored;
	struct err *e;
	switch (form) {
	case FORM_TEXT:
		return v.len > 0;
	case FORM_OPTIONAL:
		return true;
	case FORM_HEX:
		return is_hex(v);
	case FORM_HEX32:
		return v.len == 32 && is_hex(v);
	case FORM_HEX64:
		return v.len == 64 && is_hex(v);
	case FORM_TIME:
		e = time_parse_iso(v, &ignored);
		err_free(e);
		return e == NULL;
	}
	return false;
}

static struct err *
check_field(const struct field *f)
{
	bool nfc = false;
	if (f->value == NULL || !has_form(bytes_str(f->value), f->form))
		return err_coded(err_new(ERR_MALFORMED, NULL,
				     "field %s of the record", f->name),
		    "record-field");
	TRY(utf8_is_nfc(bytes_str(f->value), &nfc));
	return nfc ? NULL
		   : err_coded(err_new(ERR_MALFORMED, "UAX #15",
				   "field %s of the record", f->name),
			 "record-nfc");
}

static struct err *
render_fields(
    const char *head, const struct field *fields, size_t count, struct buf *out)
{
	TRY(buf_str(out, head));
	for (size_t i = 0; i < count; i++) {
		const struct field *f = &fields[i];
		TRY(check_field(f));
		TRY(buf_printf(out, "%s: %s\n", f->name, f->value));
	}
	return NULL;
}

static struct err *
render(
    const char *head, const struct field *fields, size_t count, struct buf *out)
{
	size_t was = out->len;
	struct err *e = render_fields(head, fields, count, out);
	if (e != NULL)
		out->len = was;
	return e;
}

#define WHO_FIELDS 12

static void
fill_who(const struct enrolment_record *r, struct field out[WHO_FIELDS])
{
	const struct field fields[WHO_FIELDS] = {
		{ "name", r->name, FORM_TEXT },
		{ "subject-id", r->subject_id, FORM_TEXT },
		{ "province", r->province, FORM_OPTIONAL },
		{ "locality", r->locality, FORM_OPTIONAL },
		{ "profile", r->profile, FORM_TEXT },
		{ "evidence", r->evidence, FORM_TEXT },
		{ "evidence-sha256", r->evidence_sha256, FORM_HEX64 },
		{ "consent", r->consent, FORM_TIME },
		{ "desk", r->desk, FORM_TEXT },
		{ "officer", r->officer, FORM_HEX64 },
		{ "time", r->time, FORM_TIME },
		{ "nonce", r->nonce, FORM_HEX32 },
	};
	memcpy(out, fields, sizeof(fields));
}

struct err *
enrolment_record_render(const struct enrolment_record *r, struct buf *out)
{
	struct field fields[WHO_FIELDS + 1];
	fill_who(r, fields);
	if (r->key_kind == NULL || r->key_kind[0] == '\0')
		return render("signd enrolment 1\n", fields, WHO_FIELDS, out);
	fields[WHO_FIELDS] =
	    (struct field){ "key-kind", r->key_kind, FORM_TEXT };
	return render("signd enrolment 2\n", fields, COUNT_OF(fields), out);
}

struct err *
issue_record_render(const struct issue_record *r, struct buf *out)
{
	struct field fields[WHO_FIELDS + 2];
	fill_who(&r->who, fields);
	fields[WHO_FIELDS] =
	    (struct field){ "replaces", r->replaces, FORM_HEX };
	fields[WHO_FIELDS + 1] =
	    (struct field){ "csr-sha256", r->csr_sha256, FORM_HEX64 };
	return render("signd certificate 1\n", fields, COUNT_OF(fields), out);
}

struct err *
revocation_record_render(const struct revocation_record *r, struct buf *out)
{
	const struct field fields[] = {
		{ "credential", r->credential, FORM_TEXT },
		{ "serial", r->serial, FORM_HEX },
		{ "reason", r->reason, FORM_TEXT },
		{ "officer", r->officer, FORM_HEX64 },
		{ "time", r->time, FORM_TIME },
		{ "nonce", r->nonce, FORM_HEX32 },
	};
	return render("signd revocation 1\n", fields, COUNT_OF(fields), out);
}

void
enrolment_record_done(struct enrolment_record *r)
{
	char *const fields[] = { r->name, r->subject_id, r->province,
		r->locality, r->profile, r->evidence, r->evidence_sha256,
		r->consent, r->desk, r->officer, r->time, r->nonce,
		r->key_kind };
	for (size_t i = 0; i < COUNT_OF(fields); i++)
		free(fields[i]);
	*r = (struct enrolment_record){ 0 };
}

void
issue_record_done(struct issue_record *r)
{
	enrolment_record_done(&r->who);
	free(r->replaces);
	free(r->csr_sha256);
	*r = (struct issue_record){ 0 };
}

void
revocation_record_done(struct revocation_record *r)
{
	char *const fields[] = { r->credential, r->serial, r->reason,
		r->officer, r->time, r->nonce };
	for (size_t i = 0; i < COUNT_OF(fields); i++)
		free(fields[i]);
	*r = (struct revocation_record){ 0 };
}

struct err *
checkpoint_record_render(const struct checkpoint_record *r, struct buf *out)
{
	const struct field fields[] = {
		{ "covers", r->covers, FORM_TEXT },
		{ "hash", r->hash, FORM_HEX64 },
		{ "time", r->time, FORM_TIME },
		{ "certificate", r->certificate, FORM_HEX64 },
	};
	return render(
	    "signd audit checkpoint 1\n", fields, COUNT_OF(fields), out);
}

void
checkpoint_record_done(struct checkpoint_record *r)
{
	free(r->covers);
	free(r->hash);
	free(r->time);
	free(r->certificate);
	*r = (struct checkpoint_record){ 0 };
}
