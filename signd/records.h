/* Records that officers approve, as packed fields: 1 and up in the order of
 * the struct (base/record.h). */
#ifndef SIGND_SIGND_RECORDS_H
#define SIGND_SIGND_RECORDS_H

#include "base/pack.h"
#include "base/record.h"

#define ENROLMENT_FIELDS 12
#define REVOCATION_FIELDS 6

/* The fields, in order, for whoever goes through all of them. */
void enrolment_record_fields(
    struct enrolment_record *r, char **out[ENROLMENT_FIELDS]);
void revocation_record_fields(
    struct revocation_record *r, char **out[REVOCATION_FIELDS]);

struct err *enrolment_record_pack(
    const struct enrolment_record *r, struct buf *out) MUST_USE;
struct err *revocation_record_pack(
    const struct revocation_record *r, struct buf *out) MUST_USE;
/* What was read before a failure is freed with _done() by the caller, in any
 * case.  ERR_LIMIT: a field longer than RECORD_FIELD_MAX. */
struct err *enrolment_record_unpack(
    struct unpack *u, struct enrolment_record *out) MUST_USE;
struct err *revocation_record_unpack(
    struct unpack *u, struct revocation_record *out) MUST_USE;

#endif
