/*
 * What is kept of a verification: hash and verdict, and the whole report where
 * that was asked for.  A report is sealed under its id, of which the store has
 * only a hash: whoever reads the store reads no names.
 */
#ifndef SIGND_SIGND_FRONT_VERDICT_H
#define SIGND_SIGND_FRONT_VERDICT_H

#include "certs/aead.h"
#include "report/report.h"
#include "signd/front.h"
#include "worker/job.h"

#define VERDICT_ID_BYTES 16

enum verdict_keep { KEEP_NOTHING, KEEP_VERDICT, KEEP_REPORT };

/* Where a verdict will be seen again. */
struct verdict_place {
	enum verdict_keep keep;
	char id[2 * VERDICT_ID_BYTES + 1]; /* hex, unguessable */
	char row[65];          /* its name in the store: hex of a hash */
	uint8_t key[AEAD_KEY]; /* of the report */
	char *page;            /* URL; owned */
	struct report_place place; /* for reports; borrows from above */
};
void verdict_place_done(struct verdict_place *p);

/* verdict_place_new takes a new id; until when depends on `keep`. */
struct err *verdict_place_new(const struct front *f, enum verdict_keep keep,
    struct verdict_place *out) MUST_USE;

/* Which reports must be made for it, as bits of enum report_kind. */
unsigned verdict_reports(const struct verdict_place *p);

/* verdict_keep writes what is to be kept of answer `a` about the document of
 * that SHA-256, as judged by `policy` at `time`.  Nothing with KEEP_NOTHING. */
struct err *verdict_keep(const struct request *r, const struct verdict_place *p,
    const uint8_t about[32], const char *policy, int64_t time,
    const struct verify_answer *a) MUST_USE;

/* verdict_receipt seals the PDF of `a` and makes it the reply.  `about`: the
 * document's SHA-256; `says`: the indication. */
struct err *verdict_receipt(const struct request *r, struct bytes pdf,
    struct bytes about, const char *says, struct reply *out) MUST_USE;

#endif
