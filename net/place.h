/*
 * Where one may go: which hosts, and which addresses behind their names.  Asked
 * anew for every redirect and every connection.
 */
#ifndef SIGND_NET_PLACE_H
#define SIGND_NET_PLACE_H

#include <sys/socket.h>

#include "base/base.h"

struct place_rules {
	bool private_ok; /* all private addresses */
	/* The private addresses that some hosts may have: "HOST ADDRESS:PORT",
	 * or "ADDRESS:PORT" where the URL has the address itself, as in
	 * "crl.city.vn 10.1.2.3:80", "[fd00::1]:443".  That of a name that
	 * somebody else chose is no exception. */
	const char *const *addresses;
	size_t naddresses;
	const char *const *hosts; /* these and those below them; 0: all */
	size_t nhosts;
};

/* `host`: of the URL, as libcurl has it, an IPv6 address in brackets. */
bool place_host_allowed(const struct place_rules *r, const char *host);
/* `a` is what it was resolved to.  Private is what RFC 6890 and its successors
 * have out of the public internet, IPv4 inside IPv6 too. */
bool place_address_allowed(const struct place_rules *r, const char *host,
    const struct sockaddr *a);

#endif
