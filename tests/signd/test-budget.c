/* Signatures that strangers may have: signd/budget.c. */
#include "signd/budget.h"

#include <netinet/in.h>
#include <string.h>

#include "tests/tap.h"

static struct payer
address(uint32_t a)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_addr = { htonl(a) } };
	return payer_of((const struct sockaddr *)&in);
}

static struct payer
address6(uint8_t net, uint8_t host)
{
	struct sockaddr_in6 in = { .sin6_family = AF_INET6 };
	in.sin6_addr.s6_addr[7] = net;
	in.sin6_addr.s6_addr[15] = host;
	return payer_of((const struct sockaddr *)&in);
}

static int
take(struct budget *b, struct payer who, int64_t now, int tries)
{
	int n = 0;
	for (int i = 0; i < tries; i++)
		n += budget_take(b, &who, now);
	return n;
}

static void
an_address_has_what_comes_in_two_seconds(void)
{
	struct budget *b = NULL;
	CHECK_OK(budget_new(0, 10, &b));
	CHECK(take(b, address(1), 1000, 100) == 20);
	CHECK(take(b, address(2), 1000, 100) == 20);
	CHECK(take(b, address(1), 1050, 100) == 0);
	CHECK(take(b, address(1), 1100, 100) == 1);
	CHECK(take(b, address(1), 1000000, 100) == 20);
	/* A clock that goes back gives nothing. */
	CHECK(take(b, address(1), 999000, 100) == 0);
	budget_free(b);
}

static void
all_together_have_a_bound_too(void)
{
	struct budget *b = NULL;
	CHECK_OK(budget_new(10, 0, &b));
	int n = 0;
	for (uint32_t i = 0; i < 100; i++)
		n += take(b, address(i), 1000, 1);
	CHECK(n == 20);
	budget_free(b);
}

static void
a_network_of_ipv6_is_one(void)
{
	struct budget *b = NULL;
	CHECK_OK(budget_new(0, 10, &b));
	CHECK(take(b, address6(1, 1), 1000, 100) == 20);
	CHECK(take(b, address6(1, 2), 1000, 100) == 0);
	CHECK(take(b, address6(2, 1), 1000, 100) == 20);
	budget_free(b);
}

static void
who_asks_for_nonsense_pays_more_but_not_for_ever(void)
{
	struct budget *b = NULL;
	struct payer a = address(1);
	CHECK_OK(budget_new(0, 10, &b));
	CHECK(take(b, a, 1000, 1) == 1);
	budget_charge(b, &a, 18);
	CHECK(take(b, a, 1000, 100) == 1);
	budget_charge(b, &a, 1000000);
	CHECK(take(b, a, 5000, 100) == 0);
	CHECK(take(b, a, 1000 + 11000, 100) > 0);
	budget_free(b);
}

static void
without_a_bound_nobody_waits(void)
{
	struct budget *b = NULL;
	struct payer a = address(1);
	CHECK_OK(budget_new(0, 0, &b));
	budget_charge(b, &a, 1000);
	CHECK(take(b, a, 1000, 10000) == 10000);
	CHECK(payer_of(NULL).len == 0);
	budget_free(b);
}

int
main(void)
{
	RUN(an_address_has_what_comes_in_two_seconds);
	RUN(all_together_have_a_bound_too);
	RUN(a_network_of_ipv6_is_one);
	RUN(who_asks_for_nonsense_pays_more_but_not_for_ever);
	RUN(without_a_bound_nobody_waits);
	return DONE();
}
