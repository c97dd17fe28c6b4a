/* The limit: Cryptoki and nothing else, in as many processes as keyholders. */
#include <time.h>
#include <unistd.h>

#include "bench/load.h"

#define RAW_MAX 64         /* processes */
#define START_SECONDS 1.5 /* until all of them have logged in */

static const uint8_t zeros[32];

static bool
sign_with(const struct p11_session *s, CK_OBJECT_HANDLE key)
{
	CK_BYTE raw[64];
	CK_ULONG len = sizeof(raw);
	CK_MECHANISM m = { CKM_ECDSA, NULL, 0 };
	return s->f->C_SignInit(s->handle, &m, key) == CKR_OK &&
	       s->f->C_Sign(s->handle, (CK_BYTE *)(uintptr_t)zeros, 32, raw,
		   &len) == CKR_OK;
}

static void
sign_wrapped(const struct p11_session *s, const struct p11_kek *kek,
    struct bytes blob)
{
	CK_OBJECT_HANDLE key;
	bench_must(p11_wrapped_open(s, kek, KEY_EC, blob, &key));
	if (!sign_with(s, key) ||
	    s->f->C_DestroyObject(s->handle, key) != CKR_OK)
		bench_must(err_new(ERR_REMOTE, NULL, "the token"));
}

static void
sign_permanent(const struct p11_session *s, CK_OBJECT_HANDLE key)
{
	if (!sign_with(s, key))
		bench_must(err_new(ERR_REMOTE, NULL, "the token"));
}

static CK_OBJECT_HANDLE
session_kek(const struct p11_session *s)
{
	CK_BBOOL yes = CK_TRUE;
	CK_BBOOL no = CK_FALSE;
	CK_ULONG len = 32;
	CK_ATTRIBUTE template[] = { { CKA_TOKEN, &no, sizeof(no) },
		{ CKA_VALUE_LEN, &len, sizeof(len) },
		{ CKA_WRAP, &yes, sizeof(yes) },
		{ CKA_UNWRAP, &yes, sizeof(yes) } };
	CK_MECHANISM m = { CKM_AES_KEY_GEN, NULL, 0 };
	CK_OBJECT_HANDLE key;
	if (s->f->C_GenerateKey(s->handle, &m, template, COUNT_OF(template),
		&key) != CKR_OK)
		bench_must(err_new(ERR_REMOTE, NULL, "C_GenerateKey"));
	return key;
}

static double
own_cpu(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Keys of its own, as session objects: nothing stays in the token. */
int
raw_process(const char *conf, bool wrapped, double begin, double seconds)
{
	struct settings settings;
	struct p11_module *m;
	struct p11_session s;
	struct p11_kek kek;
	CK_OBJECT_HANDLE key;
	CLEANUP(buf_done) struct buf blob = BUF(WRAPPED_MAX);
	CLEANUP(buf_done) struct buf spki = BUF(256);
	bench_must(settings_load(conf, &settings));
	load_token(&settings, &m, &s);
	kek.mechanism = s.vendor->wrap;
	kek.handle = session_kek(&s);
	bench_must(p11_wrapped_make(&s, &kek, KIND_P256, &blob, &spki));
	bench_must(p11_wrapped_open(
	    &s, &kek, KEY_EC, buf_bytes(&blob), &key));
	while (bench_now() < begin)
		usleep(100);
	double from = bench_now();
	double cpu = own_cpu();
	unsigned long n = 0;
	for (; bench_now() < begin + seconds; n++) {
		if (wrapped)
			sign_wrapped(&s, &kek, buf_bytes(&blob));
		else
			sign_permanent(&s, key);
	}
	printf("%.3f %.3f\n", (double)n / (bench_now() - from),
	    (own_cpu() - cpu) / (double)n * 1e6);
	p11_session_done(&s);
	p11_module_free(m);
	settings_done(&settings);
	return 0;
}

/* Each is a program of its own: a module does not survive a fork. */
struct load_rate
raw_rate(const struct load *l, bool wrapped, int processes, double seconds)
{
	char command[1024];
	FILE *out[RAW_MAX];
	double begin = bench_now() + START_SECONDS;
	struct load_rate total = { 0 };
	snprintf(command, sizeof(command), "'%s' raw '%s' %d %.6f %.3f",
	    l->program, l->conf, wrapped, begin, seconds);
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
