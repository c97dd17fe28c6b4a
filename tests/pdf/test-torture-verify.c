/* Every allocation of comparing and verifying fails once. */
#include "tests/torture.h"

#include "pdf/diff.h"
#include "pdf/verify.h"

#include "tests/pdf/signed.h"

static struct person ca, citizen;
static struct made changed; /* signed, then its content replaced */

static void
make_changed(void)
{
	char trailer[64];
	changed = made_begin("1.7");
	made_object(
	    &changed, 1, "<</Type/Catalog/Pages 2 0 R/AcroForm 5 0 R>>");
	made_object(&changed, 2, "<</Type/Pages/Kids[3 0 R]/Count 1>>");
	made_object(&changed, 3,
	    "<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R>>");
	made_stream(&changed, 4, "", BYTES_LIT("(one)Tj"));
	made_object(&changed, 5, "<</Fields[6 0 R 7 0 R]>>");
	made_object(&changed, 6, "<</FT/Sig/T(a)/V 9 0 R>>");
	made_object(&changed, 7, "<</FT/Tx/T(b)/V(1)>>");
	sign_revision(
	    &changed, &(struct sig_spec){ .signer = &citizen, .num = 9 });
	made_stream(&changed, 4, "", BYTES_LIT("(two)Tj"));
	made_object(&changed, 7, "<</FT/Tx/T(b)/V(2)>>");
	snprintf(
	    trailer, sizeof(trailer), "/Root 1 0 R/Prev %zu", changed.section);
	made_table(&changed, trailer);
}

static struct err *
compare(void *ctx)
{
	struct made *m = ctx;
	CLEANUP(pdf_closep) struct pdf_document *d = NULL;
	struct pdf_diff diff = { .level = CHANGE_NONE };
	TRY(pdf_open(buf_bytes(&m->out), BYTES_NONE, &d));
	TRY(pdf_diff(d, 1, 2, &diff));
	bool told = diff.level == CHANGE_SUSPICIOUS && diff.nnames == 1;
	pdf_diff_done(&diff);
	return told ? NULL : err_new(ERR_INTERNAL, NULL, "not told");
}

/* Without memory a library may not know; but nothing bad becomes good. */
static struct err *
verify(void *ctx)
{
	struct made *m = ctx;
	struct facts f = { .nsignatures = 0 };
	struct collect_input in = { .document = buf_bytes(&m->out) };
	TRY(pdf_collect(&in, &f));
	bool good = f.nsignatures == 1;
	for (size_t i = 0; good && i < f.signatures[0].findings.n; i++)
		good = !f.signatures[0].findings.v[i].fatal;
	facts_done(&f);
	return good ? err_new(ERR_INTERNAL, NULL, "called good") : NULL;
}

static void
comparing_survives(void)
{
	TORTURE(compare, &changed, TORTURE_STRICT);
}

static void
verifying_survives(void)
{
	TORTURE(verify, &changed, TORTURE_LIBRARY);
}

int
main(void)
{
	TORTURE_OR_SKIP_ALL();
	ca = make_authority();
	citizen = make_citizen(&ca, "P-256", ALG_P256);
	make_changed();
	RUN(comparing_survives);
	RUN(verifying_survives);
	made_done(&changed);
	person_done(&citizen);
	person_done(&ca);
	return DONE();
}
