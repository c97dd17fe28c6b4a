#include "trust/etsi.h"

#include <string.h>

#include "trust/holds.h"
#include "xml/collect.h"
#include "xml/doc.h"
#include "xml/ns.h"

#define NS_TSL "http://uri.etsi.org/02231/v2#"
#define SVCTYPE "http://uri.etsi.org/TrstSvc/Svctype/"
#define URI_MAX 512 /* bytes of an identifier or a name */

static struct err *
bad(const char *what)
{
	return err_coded(err_new(ERR_MALFORMED, "ETSI TS 119 612", "%s", what),
	    "trust-list-malformed");
}

/* ---- who signed ---- */

/* One signature over the whole, by a pinned certificate: *signer. */
static struct err *
check_signature(const struct facts *f, const struct cert_list *pinned,
    struct cert **signer)
{
	if (f->nsignatures != 1)
		return trust_unsigned("it wants exactly one signature");
	const struct signature_fact *s = &f->signatures[0];
	if (!trust_fact_holds(s) || !s->covers_all)
		return trust_unsigned(
		    "its signature does not hold over all of it");
	if (!trust_is_pinned(s->cert, pinned))
		return trust_unsigned("its signer is not one of those given");
	*signer = cert_ref(s->cert);
	return NULL;
}

static struct err *
find_signer(const struct etsi_import *in, struct cert **signer)
{
	struct facts facts = { 0 };
	const struct collect_input input = {
		.document = in->xml,
		.extra = in->pinned,
	};
	struct err *e = xml_collect(&input, &facts);
	if (e == NULL)
		e = check_signature(&facts, in->pinned, signer);
	facts_done(&facts);
	return e;
}

/* ---- reading ---- */

static xmlNode *
child(const xmlNode *n, const char *name)
{
	return n == NULL ? NULL : xml_child(n, NS_TSL, name);
}

/* The text of an element, without white space around it; 0-terminated. */
static struct err *
text_of(const xmlNode *n, char out[URI_MAX])
{
	CLEANUP(buf_done) struct buf b = BUF(URI_MAX * 4);
	if (n == NULL)
		return bad("an element is missing");
	TRY(xml_text(n, &b));
	struct bytes t = buf_bytes(&b);
	while (t.len > 0 && strchr(" \t\r\n", t.ptr[0]) != NULL)
		t = bytes_from(t, 1);
	while (t.len > 0 && strchr(" \t\r\n", t.ptr[t.len - 1]) != NULL)
		t.len--;
	if (t.len >= URI_MAX)
		return bad("a text that is too long");
	memcpy(out, t.ptr, t.len);
	out[t.len] = '\0';
	return NULL;
}

static struct err *
time_of(const xmlNode *n, int64_t *out)
{
	char text[URI_MAX];
	TRY(text_of(n, text));
	struct err *e = time_parse_iso(bytes_str(text), out);
	return e == NULL ? NULL : err_coded(e, "trust-list-malformed");
}

/* Which of our services an entry is about; false: none. */
static bool
service_of(const char *type, enum trust_service *out)
{
	static const char *const types[TRUST_SERVICES] = {
		[TRUST_SIGNATURE] = SVCTYPE "CA/QC",
		[TRUST_TIMESTAMP] = SVCTYPE "TSA/QTST",
		[TRUST_OCSP] = SVCTYPE "Certstatus/OCSP/QC",
	};
	for (int s = 0; s < TRUST_SERVICES; s++)
		if (strcmp(type, types[s]) == 0) {
			*out = (enum trust_service)s;
			return true;
		}
	return false;
}

/* TS 119 612 5.5.4 and, before July 2016, its annex J; all others end trust. */
static bool
is_granted(const char *status)
{
	static const char *const good[] = { "granted", "undersupervision",
		"supervisionincessation", "accredited" };
	const char *word = strstr(status, "/Svcstatus/");
	if (strncmp(status, "http://uri.etsi.org/TrstSvc/", 28) != 0 ||
	    word == NULL)
		return false;
	word += strlen("/Svcstatus/");
	for (size_t i = 0; i < COUNT_OF(good); i++)
		if (strcmp(word, good[i]) == 0)
			return true;
	return false;
}

/* ---- one service ---- */

struct history {
	struct trust_change v[TRUST_CHANGES_MAX];
	size_t n;
};

/* Newest first in the list; kept in order of time. */
static struct err *
add_change(const xmlNode *info, enum trust_service s, struct history *h)
{
	char status[URI_MAX];
	struct trust_change c = { .service = s };
	if (h->n == TRUST_CHANGES_MAX)
		return bad("a history that is too long");
	TRY(text_of(child(info, "ServiceStatus"), status));
	TRY(time_of(child(info, "StatusStartingTime"), &c.from));
	c.granted = is_granted(status);
	size_t at = h->n;
	while (at > 0 && h->v[at - 1].from >= c.from)
		at--;
	/* Of two from the same moment the newer one counts. */
	if (at < h->n && h->v[at].from == c.from)
		return NULL;
	memmove(&h->v[at + 1], &h->v[at], (h->n - at) * sizeof(c));
	h->v[at] = c;
	h->n++;
	return NULL;
}

static struct err *
read_history(const xmlNode *service, const xmlNode *info, enum trust_service s,
    struct history *out)
{
	char type[URI_MAX];
	enum trust_service was;
	TRY(add_change(info, s, out));
	xmlNode *past = child(service, "ServiceHistory");
	for (xmlNode *i = past == NULL ? NULL : xml_first(past); i != NULL;
	     i = xml_next(i)) {
		TRY(text_of(child(i, "ServiceTypeIdentifier"), type));
		if (service_of(type, &was) && was == s)
			TRY(add_change(i, s, out));
	}
	return NULL;
}

/* The first certificate of its identity; NULL: it has none. */
static struct err *
read_cert(const xmlNode *info, struct cert **out)
{
	CLEANUP(buf_done) struct buf der = BUF(CERT_MAX);
	const xmlNode *identity = child(info, "ServiceDigitalIdentity");
	for (xmlNode *id = identity == NULL ? NULL : xml_first(identity);
	     id != NULL; id = xml_next(id)) {
		const xmlNode *c = child(id, "X509Certificate");
		if (c == NULL)
			continue;
		TRY(xml_base64(c, &der));
		return cert_parse(buf_bytes(&der), out);
	}
	return NULL;
}

/* A certificate that cannot be read is passed over like one of no interest:
 * real lists have keys that OpenSSL does not know. */
static struct err *
put_service(const struct etsi_import *in, struct cert *c,
    const struct history *h, struct trust_list *into, struct etsi_result *out)
{
	struct trust_anchor *a = NULL;
	uint8_t sha256[32];
	cert_fingerprint(c, sha256);
	TRY(trust_list_put(into, in->domain, cert_common_name(c), sha256, &a));
	for (size_t i = 0; i < a->nchanges; i++)
		if (a->changes[i].service == h->v[0].service) {
			out->passed_over++;
			return NULL;
		}
	if (a->cert == NULL)
		a->cert = cert_ref(c);
	for (size_t i = 0; i < h->n; i++)
		TRY(trust_anchor_change(a, h->v[i]));
	out->added++;
	return NULL;
}

static struct err *
read_service(const struct etsi_import *in, const xmlNode *service,
    struct trust_list *into, struct etsi_result *out)
{
	CLEANUP(cert_freep) struct cert *c = NULL;
	struct history h = { .n = 0 };
	char type[URI_MAX];
	enum trust_service s;
	const xmlNode *info = child(service, "ServiceInformation");
	TRY(text_of(child(info, "ServiceTypeIdentifier"), type));
	if (!service_of(type, &s)) {
		out->passed_over++;
		return NULL;
	}
	struct err *e = read_cert(info, &c);
	if (e != NULL && err_kind(e) == ERR_NOMEM)
		return e;
	err_free(e);
	if (c == NULL) {
		out->passed_over++;
		return NULL;
	}
	TRY(read_history(service, info, s, &h));
	return put_service(in, c, &h, into, out);
}

/* ---- the whole ---- */

static struct err *
check_dates(const xmlNode *scheme, const struct cert *signer, int64_t now)
{
	int64_t issued;
	int64_t next;
	TRY(time_of(child(scheme, "ListIssueDateTime"), &issued));
	/* An empty NextUpdate says that the list is closed (5.3.15). */
	TRY(time_of(
	    child(child(scheme, "NextUpdate"), "dateTime"), &next));
	if (issued < cert_not_before(signer) || issued > cert_not_after(signer))
		return trust_unsigned("its signer was not in force then");
	if (next <= now)
		return err_coded(
		    err_new(ERR_DENIED, NULL, "past its NextUpdate"),
		    "trust-list-expired");
	return NULL;
}

static struct err *
read_providers(const struct etsi_import *in, const xmlNode *root,
    struct trust_list *into, struct etsi_result *out)
{
	const xmlNode *list = child(root, "TrustServiceProviderList");
	for (xmlNode *p = list == NULL ? NULL : xml_first(list); p != NULL;
	     p = xml_next(p)) {
		const xmlNode *services = child(p, "TSPServices");
		for (xmlNode *s = services == NULL ? NULL : xml_first(services);
		     s != NULL; s = xml_next(s))
			TRY(read_service(in, s, into, out));
	}
	return NULL;
}

struct err *
trust_etsi_import(const struct etsi_import *in, struct trust_list *into,
    struct etsi_result *out)
{
	CLEANUP(cert_freep) struct cert *signer = NULL;
	CLEANUP(xml_doc_freep) struct xml_doc *d = NULL;
	*out = (struct etsi_result){ 0 };
	if (in->xml.len > TRUST_ETSI_MAX)
		return bad("a list that is too large");
	TRY(find_signer(in, &signer));
	TRY(xml_doc_parse(in->xml, &d));
	const xmlNode *root = xml_doc_root(d);
	if (!xml_is(root, NS_TSL, "TrustServiceStatusList"))
		return bad("no TrustServiceStatusList");
	TRY(check_dates(child(root, "SchemeInformation"), signer, in->now));
	return read_providers(in, root, into, out);
}
