/* The service's seal on receipts, and a front that asks for more. */
#ifdef OTHER_KINDS /* test-seal-rsa */
#define WORLD_MORE                                                             \
	"seals-per-minute = 60\nseal-key-kind = RSA-3072\n"                    \
	"tsa-key-kind = P-384\n"
#define SEAL_ALG KEY_RSA
#else
#define WORLD_MORE "seals-per-minute = 60\n"
#define SEAL_ALG KEY_EC
#endif

#include "tests/signd/world.h"

#include "cms/cms.h"
#include "signd/front-seal.h"
#include "signd/operator.h"
#include "tests/pdf/build.h"
#include "worker/job.h"

static struct world w;
static struct front front;
static pid_t worker;

/* ---- a worker beside the world, and a front without HTTP ---- */

static struct err *
run_worker(int fd)
{
	struct log log;
	TRY(log_init(&log, "error", "worker"));
	return worker_run(&w.settings, &log, fd);
}

static struct err *
front_make(void)
{
	int fd = -1;
	TRY(ipc_listen(world_path(&w, SOCKET_WORKER), 0666, 64, &fd));
	fflush(NULL);
	worker = fork();
	if (worker == 0)
		end_process(run_worker(fd));
	close(fd);
	front.s = &w.settings;
	return backend_init(&front.backend, &w.settings);
}

/* ---- asking ---- */

struct seal {
	const char *kind;
	struct bytes digest, about;
	const char *says;
	struct bytes certificate;
	bool more; /* a field too many */
};

static struct cert *
seal_certificate(void)
{
	CLEANUP(buf_done) struct buf none = BUF(0);
	CLEANUP(ipc_message_done) struct ipc_message answer = { 0 };
	struct cert *c = NULL;
	struct bytes der = BYTES_NONE;
	CHECK_OK(ask(&w, SOCKET_LEDGER_READ, LEDGER_SEAL_KEY, &none, &answer));
	struct unpack u = unpack_of(buf_bytes(&answer.body));
	CHECK_OK(unpack_bytes(&u, 1, &der));
	CHECK_OK(cert_parse(der, &c));
	return c;
}

static struct err *
ask_seal(const struct seal *s, struct buf *value)
{
	CLEANUP(buf_done) struct buf body = BUF(KEY_BODY_MAX);
	CLEANUP(ipc_message_done) struct ipc_message answer = { 0 };
	struct bytes got = BYTES_NONE;
	TRY(pack_str(&body, 1, s->kind));
	TRY(pack_bytes(&body, 2, s->digest));
	TRY(pack_bytes(&body, 3, s->about));
	TRY(pack_str(&body, 4, s->says));
	TRY(pack_bytes(&body, 5, s->certificate));
	if (s->more)
		TRY(pack_bytes(&body, 6, BYTES_LIT("\x31\x00")));
	TRY(ask(&w, SOCKET_KEYHOLDER, KEY_SEAL, &body, &answer));
	struct unpack u = unpack_of(buf_bytes(&answer.body));
	TRY(unpack_bytes(&u, 1, &got));
	TRY(buf_append(value, got));
	return unpack_end(&u);
}

/* One that is right in everything, over the digests number 1 and 2. */
struct right {
	struct cert *cert;
	uint8_t digest[DIGEST_MAX], about[DIGEST_MAX], hash[32];
	struct seal s;
};

static struct seal *
right(struct right *r)
{
	*r = (struct right){ .cert = seal_certificate() };
	if (r->cert != NULL)
		cert_fingerprint(r->cert, r->hash);
	r->s = (struct seal){ .kind = "receipt",
		.digest = digest_no(1, r->digest),
		.about = digest_no(2, r->about),
		.says = "TOTAL-PASSED",
		.certificate = bytes_of(r->hash, 32) };
	return &r->s;
}

static void
right_done(struct right *r)
{
	cert_free(r->cert);
}

static struct sig_alg
alg_of(const struct cert *c)
{
	CHECK(cert_key_alg(c) == SEAL_ALG);
	return operator_alg(c);
}

/* Whether `value` is over CAdES attributes around the digest. */
static bool
seals(const struct right *r, struct bytes value)
{
	const struct cms_request q = { .cert = r->cert,
		.alg = alg_of(r->cert),
		.content_digest = r->s.digest,
		.signing_time = TIME_NONE };
	CLEANUP(buf_done) struct buf attributes = BUF(CMS_MAX);
	bool ok = false;
	CHECK_OK(cms_signed_attributes(&q, &attributes));
	CHECK_OK(
	    cert_verify(r->cert, q.alg, buf_bytes(&attributes), value, &ok));
	return ok;
}

static int64_t
audit_count(void)
{
	CLEANUP(buf_done) struct buf none = BUF(0);
	CLEANUP(ipc_message_done) struct ipc_message answer = { 0 };
	int64_t n = -1;
	CHECK_OK(ask(&w, SOCKET_LEDGER_READ, LEDGER_PING, &none, &answer));
	struct unpack u = unpack_of(buf_bytes(&answer.body));
	CHECK_OK(unpack_i64(&u, 1, &n));
	return n;
}

static bool
has_all(struct bytes line, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (bytes_find(line, bytes_str(words[i])) == SIZE_MAX)
			return false;
	return true;
}

#define PAGE 100 /* records in one answer */

static size_t
read_page(int64_t from, struct ipc_message *answer)
{
	CLEANUP(buf_done) struct buf body = BUF(64);
	CHECK_OK(pack_i64(&body, 1, from));
	CHECK_OK(pack_i64(&body, 2, PAGE));
	CHECK_OK(ask(&w, SOCKET_LEDGER_READ, LEDGER_AUDIT, &body, answer));
	return answer->body.len;
}

/* How many of the records from number `from` on have all these words; those of
 * time that passes (checkpoints) may stand between them. */
static int
recorded(int64_t from, const char *const *words, size_t n)
{
	int found = 0;
	int64_t end = audit_count();
	for (; from <= end; from += PAGE) {
		CLEANUP(ipc_message_done) struct ipc_message answer = { 0 };
		CHECK(read_page(from, &answer) > 0);
		struct unpack u = unpack_of(buf_bytes(&answer.body));
		while (unpack_is(&u, 1)) {
			struct bytes line = BYTES_NONE;
			CHECK_OK(unpack_bytes(&u, 1, &line));
			found += has_all(line, words, n);
		}
	}
	return found;
}

static int
sealed_since(int64_t before)
{
	static const char *const words[] = { "\"event\":\"sealed\"" };
	return recorded(before + 1, words, 1);
}

/* ---- what it does ---- */

static void
a_receipt_is_sealed_and_recorded_with_what_it_says(void)
{
	struct right r;
	CLEANUP(buf_done) struct buf value = BUF(512);
	char digest[65], about[65], serial[64];
	right(&r);
	int64_t before = audit_count();
	CHECK_OK(ask_seal(&r.s, &value));
	CHECK(seals(&r, buf_bytes(&value)));
	hex_text(r.s.digest, digest);
	hex_text(r.s.about, about);
	hex_text(cert_serial(r.cert), serial);
	const char *const words[] = { "\"event\":\"sealed\"",
		"\"kind\":\"receipt\"", "\"says\":\"TOTAL-PASSED\"", digest,
		about, serial };
	CHECK(recorded(before + 1, words, COUNT_OF(words)) == 1);
	right_done(&r);
}

static struct bytes
text_pdf(struct made *m)
{
	*m = made_begin("1.7");
	made_object(m, 1, "<</Type/Catalog/Pages 2 0 R>>");
	made_object(m, 2, "<</Type/Pages/Kids[3 0 R]/Count 1>>");
	made_object(m, 3,
	    "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<<>>>>");
	made_table(m, "/Root 1 0 R");
	return buf_bytes(&m->out);
}

static struct err *
put_together(const struct spool *receipt, struct bytes document,
    const struct insertion *in, struct buf *out)
{
	struct bytes pieces[INSERTION_PIECES];
	TRY(insertion_check(in, receipt->len));
	size_t n = insertion_pieces(in, document, pieces);
	for (size_t i = 0; i < n; i++)
		TRY(buf_append(out, pieces[i]));
	return NULL;
}

/* Through worker, keyholder and time stamp, as the front does it. */
static struct err *
seal_pdf(struct bytes document, struct buf *out)
{
	struct spool receipt = { .fd = -1 };
	CLEANUP(insertion_done) struct insertion in = { 0 };
	uint8_t about[DIGEST_MAX];
	const struct sealing s = { .about = digest_no(3, about),
		.says = "INDETERMINATE",
		.reason = "Biên nhận" };
	TRY(spool_init(&receipt, w.dir, 1 << 20, 1 << 20, document.len));
	struct err *e = spool_write(&receipt, document);
	if (e == NULL)
		e = spool_finish(&receipt);
	if (e == NULL)
		e = seal_receipt(&front, &s, &receipt, &in);
	if (e == NULL)
		e = put_together(&receipt, document, &in, out);
	spool_done(&receipt);
	return e;
}

static void
a_pdf_is_sealed_with_a_time_stamp(void)
{
	struct made m;
	struct facts facts = { 0 };
	struct collect_input in = { 0 };
	CLEANUP(buf_done) struct buf sealed = BUF(4 << 20);
	const struct format *pdf = NULL;
	CLEANUP(cert_freep) struct cert *seal = seal_certificate();
	CHECK_OK(seal_pdf(text_pdf(&m), &sealed));
	in.document = buf_bytes(&sealed);
	CHECK_OK(job_format(in.document, NULL, &pdf));
	CHECK_OK(pdf == NULL ? NULL : pdf->collect(&in, &facts));
	CHECK(facts.nsignatures == 1);
	if (facts.nsignatures == 1) {
		const struct signature_fact *f = &facts.signatures[0];
		CHECK(f->signature == CHECK_PASSED);
		CHECK(f->cert_binding == CHECK_PASSED && f->covers_all);
		CHECK(f->nreferences > 0 &&
		      f->references[0].digest == CHECK_PASSED);
		CHECK(cert_eq(f->cert, seal));
		CHECK(f->ntimestamps == 1 &&
		      f->timestamps[0].digest == CHECK_PASSED);
	}
	facts_done(&facts);
	made_done(&m);
}

/* ---- a front that asks for more ---- */

static void
nothing_else_is_sealed(void)
{
	struct right r;
	CLEANUP(buf_done) struct buf value = BUF(512);
	struct seal s = *right(&r);
	int64_t before = audit_count();
	s.kind = "certificate";
	CHECK_ERR(ask_seal(&s, &value), ERR_USAGE);
	s = r.s;
	s.says = "\",\"event\":\"revoked";
	CHECK_ERR(ask_seal(&s, &value), ERR_USAGE);
	s.says = "";
	CHECK_ERR(ask_seal(&s, &value), ERR_USAGE);
	s.says = "A-WORD-THAT-IS-LONGER-THAN-A-VERDICT";
	CHECK_ERR(ask_seal(&s, &value), ERR_USAGE);
	s = r.s;
	s.digest = BYTES_LIT("31 bytes, and attributes are more");
	CHECK_ERR(ask_seal(&s, &value), ERR_USAGE);
	s = r.s;
	s.about = BYTES_NONE;
	CHECK_ERR(ask_seal(&s, &value), ERR_USAGE);
	s = r.s;
	s.more = true;
	CHECK_ERR(ask_seal(&s, &value), ERR_MALFORMED);
	CHECK(value.len == 0);
	CHECK(sealed_since(before) == 0);
	right_done(&r);
}

/* The front chose the certificate that the attributes name: it must be ours. */
static void
a_seal_under_another_certificate_is_refused(void)
{
	struct right r;
	CLEANUP(buf_done) struct buf value = BUF(512);
	struct seal s = *right(&r);
	uint8_t other[32];
	cert_fingerprint(w.alice.cert, other);
	s.certificate = bytes_of(other, 32);
	CHECK_CODE(ask_seal(&s, &value), "seal-changed");
	right_done(&r);
}

static void
a_new_seal_is_used_by_every_keyholder_at_once(void)
{
	struct right old, fresh;
	CLEANUP(buf_done) struct buf value = BUF(512);
	right(&old);
	CHECK_OK(signd_operator_key(&w.settings, "seal", NULL));
	right(&fresh);
	CHECK(!cert_eq(old.cert, fresh.cert));
	/* Each has its turn, and knew the old one until now. */
	for (int i = 0; i < 4 * KEYHOLDERS; i++) {
		buf_clear(&value);
		CHECK_OK(ask_seal(&fresh.s, &value));
		CHECK(seals(&fresh, buf_bytes(&value)));
	}
	right_done(&old);
	right_done(&fresh);
}

static int64_t
minute_now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec / 60;
}

/* Of all keyholders together, for the ledger counts. */
static void
so_many_are_sealed_in_a_minute_and_no_more(void)
{
	struct right r;
	CLEANUP(buf_done) struct buf value = BUF(512);
	struct err *e = NULL;
	int64_t before = audit_count(), minute = minute_now();
	int given = 0;
	right(&r);
	/* A minute may end in between, or more than one. */
	for (int i = 0; i < 1000 && e == NULL; i++) {
		buf_clear(&value);
		e = ask_seal(&r.s, &value);
		given += e == NULL;
	}
	CHECK(given <= 60 * (minute_now() - minute + 1));
	CHECK(e != NULL && value.len == 0);
	CHECK_CODE(e, "seals-many");
	CHECK(sealed_since(before) == given);
	right_done(&r);
}

static void
everything_ends_as_it_should(void)
{
	int status = 0;
	backend_done(&front.backend);
	kill(worker, SIGTERM); /* it has nothing to finish */
	CHECK(waitpid(worker, &status, 0) == worker);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	CHECK(world_done(&w));
}

int
main(void)
{
	const char *missing = softhsm_missing();
	if (missing != NULL) {
		printf("1..0 # SKIP %s\n", missing);
		return 0;
	}
	struct err *e = world_make(&w);
	if (e == NULL)
		e = front_make();
	if (e != NULL) {
		printf("Bail out! %s (%s)\n", err_text(e), err_code(e));
		return 1;
	}
	RUN(a_receipt_is_sealed_and_recorded_with_what_it_says);
	RUN(a_pdf_is_sealed_with_a_time_stamp);
	RUN(nothing_else_is_sealed);
	RUN(a_seal_under_another_certificate_is_refused);
	RUN(a_new_seal_is_used_by_every_keyholder_at_once);
	RUN(so_many_are_sealed_in_a_minute_and_no_more);
	RUN(everything_ends_as_it_should);
	return DONE();
}
