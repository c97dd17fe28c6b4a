/*
 * Certificates that this process has parsed lately.  OpenSSL 3.0 takes a tenth
 * of a millisecond for one, and the same few come with every document: the
 * anchors, the time-stamp authority, the signer once for each signature.
 *
 * What is kept is found by its whole DER and is never changed, so a stranger's
 * certificate in here changes nothing for the next document; it can but push
 * another one out.
 */
#include <pthread.h>
#include <string.h>

#include "certs/cert.h"

#define KNOWN_SLOTS 256     /* a power of two */
#define KNOWN_MAX (4 * 1024) /* bytes of DER; larger ones are parsed anew */

static struct cert *known[KNOWN_SLOTS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* By its end, which is a signature.  Who makes two that meet gains nothing. */
static struct cert **
slot_of(struct bytes der)
{
	uint32_t h = 2166136261u; /* FNV-1a */
	size_t from = der.len > 32 ? der.len - 32 : 0;
	for (size_t i = from; i < der.len; i++)
		h = (h ^ der.ptr[i]) * 16777619u;
	return &known[(h ^ h >> 16) % KNOWN_SLOTS];
}

static struct cert *
look_up(struct bytes der)
{
	struct cert *found = NULL;
	pthread_mutex_lock(&lock);
	struct cert *c = *slot_of(der);
	if (c != NULL && bytes_eq(cert_der(c), der))
		found = cert_ref(c);
	pthread_mutex_unlock(&lock);
	return found;
}

static void
keep(struct bytes der, struct cert *c)
{
	pthread_mutex_lock(&lock);
	struct cert **slot = slot_of(der);
	struct cert *old = *slot;
	*slot = cert_ref(c);
	pthread_mutex_unlock(&lock);
	cert_free(old);
}

struct err *
cert_parse_known(struct bytes der, struct cert **out)
{
	if (der.len == 0 || der.len > KNOWN_MAX)
		return cert_parse(der, out);
	*out = look_up(der);
	if (*out != NULL)
		return NULL;
	TRY(cert_parse(der, out));
	keep(der, *out);
	return NULL;
}
