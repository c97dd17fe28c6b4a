#include "signd/records.h"

#include <string.h>

void
enrolment_record_fields(
    struct enrolment_record *r, char **out[ENROLMENT_FIELDS])
{
	char **const fields[ENROLMENT_FIELDS] = { &r->name, &r->subject_id,
		&r->province, &r->locality, &r->profile, &r->evidence,
		&r->evidence_sha256, &r->consent, &r->desk, &r->officer,
		&r->time, &r->nonce };
	memcpy(out, fields, sizeof(fields));
}

void
revocation_record_fields(
    struct revocation_record *r, char **out[REVOCATION_FIELDS])
{
	char **const fields[REVOCATION_FIELDS] = { &r->credential, &r->serial,
		&r->reason, &r->officer, &r->time, &r->nonce };
	memcpy(out, fields, sizeof(fields));
}

static struct err *
pack_fields(char **const *fields, size_t count, struct buf *out)
{
	for (size_t i = 0; i < count; i++)
		TRY(pack_str(out, (uint16_t)(i + 1), *fields[i]));
	return NULL;
}

static struct err *
unpack_fields(struct unpack *u, char **const *fields, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct unpack peek = *u;
		struct bytes value = BYTES_NONE;
		TRY(unpack_bytes(&peek, (uint16_t)(i + 1), &value));
		if (value.len > RECORD_FIELD_MAX)
			return err_new(ERR_LIMIT, NULL,
			    "a field of %zu bytes in a record", value.len);
		TRY(unpack_str(u, (uint16_t)(i + 1), fields[i]));
	}
	return NULL;
}

struct err *
enrolment_record_pack(const struct enrolment_record *r, struct buf *out)
{
	struct enrolment_record copy = *r;
	char **fields[ENROLMENT_FIELDS];
	enrolment_record_fields(&copy, fields);
	return pack_fields(fields, ENROLMENT_FIELDS, out);
}

struct err *
revocation_record_pack(const struct revocation_record *r, struct buf *out)
{
	struct revocation_record copy = *r;
	char **fields[REVOCATION_FIELDS];
	revocation_record_fields(&copy, fields);
	return pack_fields(fields, REVOCATION_FIELDS, out);
}

struct err *
enrolment_record_unpack(struct unpack *u, struct enrolment_record *out)
{
	char **fields[ENROLMENT_FIELDS];
	enrolment_record_fields(out, fields);
	return unpack_fields(u, fields, ENROLMENT_FIELDS);
}

struct err *
revocation_record_unpack(struct unpack *u, struct revocation_record *out)
{
	char **fields[REVOCATION_FIELDS];
	revocation_record_fields(out, fields);
	return unpack_fields(u, fields, REVOCATION_FIELDS);
}
