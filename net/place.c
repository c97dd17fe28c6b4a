#include "net/place.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* ---- which addresses are nobody's business ---- */

struct net4 {
	uint32_t net;
	int bits;
};

/* RFC 6890 and its successors. */
static const struct net4 private4[] = {
	{ 0x00000000, 8 },
	{ 0x0a000000, 8 },
	{ 0x64400000, 10 },
	{ 0x7f000000, 8 },
	{ 0xa9fe0000, 16 },
	{ 0xac100000, 12 },
	{ 0xc0000000, 24 },
	{ 0xc0000200, 24 },
	{ 0xc0586300, 24 },
	{ 0xc0a80000, 16 },
	{ 0xc6120000, 15 },
	{ 0xc6336400, 24 },
	{ 0xcb007100, 24 },
	{ 0xe0000000, 3 },
};

static bool
is_private4(uint32_t a)
{
	for (size_t i = 0; i < COUNT_OF(private4); i++) {
		uint32_t mask = ~(uint32_t)0 << (32 - private4[i].bits);
		if ((a & mask) == private4[i].net)
			return true;
	}
	return false;
}

static bool
is_private6(const struct in6_addr *a)
{
	const uint8_t *b = a->s6_addr;
	uint32_t tail = (uint32_t)b[12] << 24 | (uint32_t)b[13] << 16 |
			(uint32_t)b[14] << 8 | b[15];
	/* IPv4 in disguise: mapped, and NAT64 with its well-known prefix; other
	 * prefixes (RFC 8215) are an operator's own and not for us. */
	static const uint8_t nat64[12] = { 0x00, 0x64, 0xff, 0x9b };
	if (IN6_IS_ADDR_V4MAPPED(a) || memcmp(b, nat64, sizeof(nat64)) == 0)
		return is_private4(tail);
	if (b[0] == 0x20 && b[1] == 0x02) /* 6to4 */
		return true;
	/* Only 2000::/3 is the public internet; 2001:db8::/32 and Teredo not.
	 */
	return (b[0] & 0xe0) != 0x20 ||
	       (b[0] == 0x20 && b[1] == 0x01 && b[2] == 0x0d && b[3] == 0xb8) ||
	       (b[0] == 0x20 && b[1] == 0x01 && b[2] == 0 && b[3] == 0);
}

static bool
is_private(const struct sockaddr *a)
{
	if (a->sa_family == AF_INET)
		return is_private4(
		    ntohl(((const struct sockaddr_in *)(const void *)a)
			      ->sin_addr.s_addr));
	if (a->sa_family == AF_INET6)
		return is_private6(
		    &((const struct sockaddr_in6 *)(const void *)a)->sin6_addr);
	return true;
}

/* ---- of which hosts ---- */

/* libcurl reads what is not ASCII in its own way (IDNA); what the lists have
 * and what certificates name is ASCII (RFC 5280 7.2). */
static bool
is_plain(const char *host)
{
	for (const char *p = host; *p != '\0'; p++)
		if (*p <= ' ' || *p == 0x7f)
			return false;
	return host[0] != '\0';
}

static bool
is_below(const char *host, const char *allowed)
{
	size_t n = strlen(host), m = strlen(allowed);
	if (n < m || strcasecmp(host + n - m, allowed) != 0)
		return false;
	/* "ca.vn" is itself and a.ca.vn, but not other-ca.vn. */
	return n == m || host[n - m - 1] == '.';
}

bool
place_host_allowed(const struct place_rules *r, const char *host)
{
	for (size_t i = 0; i < r->nhosts; i++)
		if (is_plain(host) && is_below(host, r->hosts[i]))
			return true;
	return r->nhosts == 0;
}

/* "10.1.2.3:80", "[fd00::1]:443", as the setting writes it. */
static bool
write_address(const struct sockaddr *a, char out[INET6_ADDRSTRLEN + 16])
{
	char host[INET6_ADDRSTRLEN];
	const struct sockaddr_in *v4 = (const void *)a;
	const struct sockaddr_in6 *v6 = (const void *)a;
	bool six = a->sa_family == AF_INET6;
	const void *raw = six ? (const void *)&v6->sin6_addr
			      : (const void *)&v4->sin_addr;
	if (!six && a->sa_family != AF_INET)
		return false;
	if (inet_ntop(a->sa_family, raw, host, sizeof(host)) == NULL)
		return false;
	snprintf(out, INET6_ADDRSTRLEN + 16, six ? "[%s]:%u" : "%s:%u", host,
	    ntohs(six ? v6->sin6_port : v4->sin_port));
	return true;
}

/* "crl.city.vn 10.1.2.3:80"; without a name the address must stand in the URL
 * itself. */
static bool
is_exception(const char *rule, const char *host, const char *address)
{
	size_t named = strcspn(rule, " \t");
	const char *written = rule + named + strspn(rule + named, " \t");
	if (*written == '\0') {
		written = rule;
		const char *port = strrchr(rule, ':');
		named = port == NULL ? 0 : (size_t)(port - rule);
	}
	return strlen(host) == named && strncasecmp(host, rule, named) == 0 &&
	       strcmp(address, written) == 0;
}

bool
place_address_allowed(const struct place_rules *r, const char *host,
    const struct sockaddr *a)
{
	char address[INET6_ADDRSTRLEN + 16];
	if (r->private_ok || !is_private(a))
		return true;
	if (!write_address(a, address))
		return false;
	for (size_t i = 0; i < r->naddresses; i++)
		if (is_exception(r->addresses[i], host, address))
			return true;
	return false;
}
