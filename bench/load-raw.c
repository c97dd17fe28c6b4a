/* The limit: Cryptoki and nothing else, in as many processes as keyholders,
 * with the KEK, or the permanent key, that the service has. */
#include <time.h>
#include <unistd.h>

#include "bench/load.h"
#include "signd/ledger.h"

#define RAW_MAX 64        /* processes */
#define START_SECONDS 1.5 /* until all of them have logged in */

/* SHA-256 of nothing in particular, as DigestInfo (RFC 8017 9.2). */
static const uint8_t info[51] = { 0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60,
	0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04,
	0x20 };
#define DIGEST_AT 19

struct raw {
	struct settings settings;
	struct p11_module *module;
	bool helped; /* pkcs11/lean.h */
	struct p11_session s;
	struct p11_vendor vendor; /* with or without our help */
	struct p11_kek kek;
	CK_OBJECT_HANDLE key; /* permanent */
	enum key_alg alg;
	struct fill fill;
};

static bool
sign_with(const struct raw *r, CK_OBJECT_HANDLE key)
{
	CK_BYTE value[1024];
	CK_ULONG len = sizeof(value);
	bool rsa = r->alg == KEY_RSA;
	CK_MECHANISM m = { rsa ? CKM_RSA_PKCS : CKM_ECDSA, NULL, 0 };
	CK_BYTE *in = (CK_BYTE *)(uintptr_t)(rsa ? info : info + DIGEST_AT);
	const struct p11_session *s = &r->s;
	return s->f->C_SignInit(s->handle, &m, key) == CKR_OK &&
	       s->f->C_Sign(s->handle, in, rsa ? sizeof(info) : 32, value,
		   &len) == CKR_OK;
}

static void
sign_wrapped(const struct raw *r)
{
	CK_OBJECT_HANDLE key;
	bench_must(p11_wrapped_open(
	    &r->s, &r->kek, r->alg, buf_bytes(&r->fill.wrapped), &key));
	if (!sign_with(r, key) ||
	    r->s.f->C_DestroyObject(r->s.handle, key) != CKR_OK)
		bench_must(err_new(ERR_REMOTE, NULL, "the token"));
}

static void
sign_permanent(const struct raw *r)
{
	if (!sign_with(r, r->key))
		bench_must(err_new(ERR_REMOTE, NULL, "the token"));
}

/* ---- which keys ---- */

static struct err *
take_kek(void *ctx, const struct ledger_generation *g)
{
	struct raw *r = ctx;
	return p11_key_find(
	    &r->s, CKO_SECRET_KEY, buf_bytes(&g->kek_id), &r->kek.handle);
}

static struct err *
find_permanent(struct ledger *l, struct raw *r)
{
	CLEANUP(ledger_operator_done) struct ledger_operator o = { 0 };
	CLEANUP(cert_freep) struct cert *c = NULL;
	TRY(ledger_operator_get(l, "time-stamp", &o));
	TRY(cert_parse(buf_bytes(&o.certificate), &c));
	r->alg = cert_key_alg(c);
	return p11_key_find(
	    &r->s, CKO_PRIVATE_KEY, buf_bytes(&o.key_id), &r->key);
}

static struct err *
raw_open(const char *conf, const char *path, struct raw *r)
{
	CLEANUP(free_charp) char *file = NULL;
	CLEANUP(ledger_freep) struct ledger *l = NULL;
	TRY(settings_load(conf, &r->settings));
	load_token(&r->settings, &r->module, &r->s);
	r->vendor = *r->s.vendor;
	r->vendor.openssl = r->vendor.openssl && r->helped;
	r->s.vendor = &r->vendor;
	TRY(ledger_path(&r->settings, &file));
	TRY(ledger_open(file, LEDGER_READ, &ledger_ground_system, &l));
	if (path[0] == '\0')
		return find_permanent(l, r);
	TRY(fill_read(path, &r->fill));
	r->alg = key_kind_shape(r->fill.kind).alg;
	r->kek.mechanism = r->s.vendor->wrap;
	return ledger_generations(l, take_kek, r);
}

static double
own_cpu(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int
raw_process(const char *conf, const char *path, double begin, double seconds,
    bool helped)
{
	static struct raw r;
	r.helped = helped;
	bench_must(raw_open(conf, path, &r));
	while (bench_now() < begin)
		usleep(100);
	double from = bench_now();
	double cpu = own_cpu();
	unsigned long n = 0;
	for (; bench_now() < begin + seconds; n++) {
		if (path[0] != '\0')
			sign_wrapped(&r);
		else
			sign_permanent(&r);
	}
	printf("%.3f %.3f\n", (double)n / (bench_now() - from),
	    (own_cpu() - cpu) / (double)n * 1e6);
	fill_done(&r.fill);
	p11_session_done(&r.s);
	p11_module_free(r.module);
	settings_done(&r.settings);
	return 0;
}

/* Each is a program of its own: a module does not survive a fork. */
struct load_rate
raw_rate(const struct load *l, enum raw_what what, double seconds)
{
	char command[1024];
	FILE *out[RAW_MAX];
	double begin = bench_now() + START_SECONDS;
	struct load_rate total = { 0 };
	int processes = (int)l->settings.keyholders;
	snprintf(command, sizeof(command), "'%s' %s '%s' '%s' %.6f %.3f",
	    l->program, what == RAW_HELPED ? "raw-helped" : "raw", l->conf,
	    what == RAW_PERMANENT ? "" : l->fill_path, begin, seconds);
	for (int i = 0; i < processes && i < RAW_MAX; i++)
		if ((out[i] = popen(command, "r")) == NULL)
			bench_must(err_new(ERR_NOMEM, NULL, "popen"));
	for (int i = 0; i < processes && i < RAW_MAX; i++) {
		double rate, cpu;
		if (fscanf(out[i], "%lf %lf", &rate, &cpu) != 2 ||
		    pclose(out[i]) != 0)
			bench_must(err_new(ERR_REMOTE, NULL, "raw"));
		total.rate += rate;
		total.cpu_us += cpu / processes;
	}
	return total;
}
