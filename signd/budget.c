#include "signd/budget.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "certs/aead.h"

#define PURSES 4096 /* a stranger may share one, but not choose with whom */
#define FULL_S 2    /* seconds that fill an empty purse */
#define UNIT 1000   /* thousandths of a signature, for they come by ms */
#define DEBT_MAX 4  /* purses that one may be in debt */

struct purse {
	int64_t left;  /* thousandths */
	int64_t since; /* ms */
};

struct budget {
	pthread_mutex_t lock; /* held for a few instructions */
	int64_t all_rate, rate;
	struct purse all;
	struct purse purses[PURSES];
	uint64_t secret; /* which purse is whose */
};

struct payer
payer_of(const struct sockaddr *a)
{
	struct payer p = { .len = 0 };
	if (a != NULL && a->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const void *)a;
		p.len = sizeof(in->sin_addr);
		memcpy(p.bytes, &in->sin_addr, p.len);
	} else if (a != NULL && a->sa_family == AF_INET6) {
		const struct sockaddr_in6 *in = (const void *)a;
		p.len = sizeof(p.bytes);
		memcpy(p.bytes, &in->sin6_addr, p.len);
	}
	return p;
}

struct err *
budget_new(int64_t all, int64_t address, struct budget **out)
{
	struct budget *b = calloc(1, sizeof(*b));
	if (b == NULL)
		return err_new(ERR_NOMEM, NULL, "budget");
	struct err *e = random_fill((uint8_t *)&b->secret, sizeof(b->secret));
	if (e != NULL) {
		free(b);
		return e;
	}
	pthread_mutex_init(&b->lock, NULL);
	b->all_rate = all;
	b->rate = address;
	*out = b;
	return NULL;
}

void
budget_free(struct budget *b)
{
	if (b == NULL)
		return;
	pthread_mutex_destroy(&b->lock);
	free(b);
}

static struct purse *
purse_of(struct budget *b, const struct payer *who)
{
	uint64_t h = b->secret;
	for (size_t i = 0; i < who->len; i++) {
		h = (h ^ who->bytes[i]) * 0x9e3779b97f4a7c15u;
		h ^= h >> 29;
	}
	return &b->purses[h % PURSES];
}

static void
fill(struct purse *p, int64_t rate, int64_t now_ms)
{
	int64_t most = rate * FULL_S * UNIT;
	int64_t passed = now_ms - p->since;
	/* So long that it is full: also the first time. */
	if (p->since == 0 || passed > FULL_S * 1000 * (DEBT_MAX + 1))
		p->left = most;
	else if (passed > 0)
		p->left += passed * rate * UNIT / 1000;
	if (p->left > most)
		p->left = most;
	p->since = now_ms;
}

bool
budget_take(struct budget *b, const struct payer *who, int64_t now_ms)
{
	pthread_mutex_lock(&b->lock);
	struct purse *own = purse_of(b, who);
	fill(own, b->rate, now_ms);
	fill(&b->all, b->all_rate, now_ms);
	bool enough = (b->rate == 0 || own->left >= UNIT) &&
		      (b->all_rate == 0 || b->all.left >= UNIT);
	if (enough) {
		own->left -= UNIT;
		b->all.left -= UNIT;
	}
	pthread_mutex_unlock(&b->lock);
	return enough;
}

void
budget_charge(struct budget *b, const struct payer *who, int64_t count)
{
	pthread_mutex_lock(&b->lock);
	struct purse *own = purse_of(b, who);
	int64_t least = -b->rate * FULL_S * UNIT * DEBT_MAX;
	own->left -= count * UNIT;
	if (own->left < least)
		own->left = least;
	pthread_mutex_unlock(&b->lock);
}
