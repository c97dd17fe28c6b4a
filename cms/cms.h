/*
 * CMS SignedData (RFC 5652) with CAdES baseline attributes (EN 319 122-1),
 * for PDF, for detached and attached files, and for time-stamp tokens.
 */
#ifndef SIGND_CMS_CMS_H
#define SIGND_CMS_CMS_H

#include "certs/cert.h"
#include "format/facts.h"
#include "format/format.h"

#define CMS_MAX                                                                \
	(16 * 1024 * 1024) /* bytes of one SignedData without content          \
			    */
#define CMS_SIGNERS_MAX 64

/* ---- making: the key is elsewhere, so it takes two steps ---- */

struct cms_request {
	struct cert *cert;
	const struct cert_list *chain; /* embedded too; may be NULL */
	struct sig_alg alg;            /* its digest is also the content's */
	struct bytes content_digest;   /* digest_len(alg.digest) bytes */
	int64_t signing_time; /* TIME_NONE: none (PAdES has it in /M) */
	struct bytes content; /* attached; ptr NULL: detached */
	/* TimeStampToken over the signature value (RFC 3161 appendix A), put
	 * among the unsigned attributes; empty: none. */
	struct bytes stamp;
	const char *role;     /* claimed, UTF-8, or NULL */
	const char *location; /* UTF-8, or NULL */
	const char *commitment; /* dotted OID, or NULL */
	const struct sig_policy *policy; /* or NULL */
	/* TimeStampToken over the content (EN 319 122-1 5.2.8), signed along;
	 * empty: none. */
	struct bytes content_stamp;
	bool counter; /* over another's value: RFC 5652 11.4 */
};

/* cms_signed_attributes yields the DER SET OF that is hashed and signed:
 * content-type, message-digest, signing-certificate-v2, and signing-time if
 * wanted; in DER order.  RFC 5652 5.4, RFC 5035. */
struct err *cms_signed_attributes(
    const struct cms_request *r, struct buf *out) MUST_USE;

/* cms_assemble builds the whole ContentInfo around them.  `signature` is DER
 * for ECDSA. */
struct err *cms_assemble(const struct cms_request *r,
    struct bytes signed_attributes, struct bytes signature,
    struct buf *out) MUST_USE;

/* cms_size_bound: no SignedData for this request will be longer, in bytes. */
size_t cms_size_bound(const struct cms_request *r);

/* ---- judging ---- */

struct cms;

/*
 * cms_parse reads one ContentInfo with SignedData, DER or BER, and nothing
 * after it (see cms_length for padded fields).  `in` is not kept.
 * ERR_MALFORMED, ERR_UNSUPPORTED (not SignedData), ERR_LIMIT.
 */
struct err *cms_parse(struct bytes in, struct cms **out) MUST_USE;
void cms_free(struct cms *c);
DEFINE_FREEP(cms_free, struct cms)

/* cms_length: how many bytes the outermost TLV at the start of `in` takes. */
struct err *cms_length(struct bytes in, size_t *out) MUST_USE;

size_t cms_signers(const struct cms *c);
enum digest_alg cms_signer_digest(const struct cms *c, size_t signer);
/* The eContent; ptr is NULL when detached. */
struct bytes cms_content(const struct cms *c);
const char *cms_content_type(const struct cms *c); /* dotted OID */
const struct cert_list *cms_certs(const struct cms *c);

/*
 * cms_collect_signer fills `fact`: certificate, algorithm, whether the value
 * and message-digest hold, whether signing-certificate binds, claimed time,
 * time stamps.  `content_digest` is what the caller hashed with
 * cms_signer_digest().  Findings are added, references too (named `uri`).
 */
struct err *cms_collect_signer(const struct cms *c, size_t signer,
    struct bytes content_digest, const struct cert_list *extra, const char *uri,
    struct signature_fact *fact) MUST_USE;

/* CRLs and OCSP answers inside (RFC 5652 10.2.1, adbe-revocationInfoArchival)
 * are added to `facts`. */
struct err *cms_collect_status(
    const struct cms *c, struct facts *facts) MUST_USE;

#endif
