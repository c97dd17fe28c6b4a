/* What the files of cms/ share: the parsed SignedData.  Not for other rooms. */
#ifndef SIGND_CMS_INTERNAL_H
#define SIGND_CMS_INTERNAL_H

#include "cms/ber.h"
#include "cms/cms.h"
#include "cms/oid.h"

#define CMS_ATTRIBUTES_MAX 256 /* of one signer; real ones have 3 to 20 */
#define CMS_TIMESTAMPS_MAX 16  /* judged for one signer */

/* One SignerInfo (RFC 5652 5.3).  Everything borrows from struct cms. */
struct signer_info {
	struct bytes whole; /* the SignerInfo with its head */
	int version;
	struct bytes head;  /* its elements up to and with the signature */
	struct bytes issuer; /* Name in DER; ptr NULL: named by key id */
	struct bytes serial; /* INTEGER's value */
	struct bytes key_id; /* subjectKeyIdentifier; empty names nobody */
	enum digest_alg digest;
	struct bytes digest_oid;   /* value of the OID */
	struct bytes sig_alg;      /* AlgorithmIdentifier whole */
	struct bytes signed_attrs; /* [0] whole; ptr NULL: there are none */
	struct bytes signed_body;  /* the attributes in it */
	struct bytes unsigned_body;
	struct buf signature; /* owned: it may come in pieces */
	bool counter; /* over another's signature value (RFC 5652 11.4) */
};

struct cms {
	struct buf in; /* our copy; all below points into it */
	int version;
	struct bytes digest_algs; /* the elements of digestAlgorithms */
	struct bytes info;        /* EncapsulatedContentInfo whole */
	char content_type[OID_TEXT_MAX];
	struct bytes content_oid;
	struct bytes content_field; /* [0] eContent whole; empty: detached */
	struct bytes octets;  /* the OCTET STRING in it whole */
	bool pieces;          /* which is in pieces */
	struct bytes content; /* ptr NULL: detached, or in pieces too large
			       * to be gathered */
	struct buf gathered;  /* the content, if it came in pieces */
	struct cert_list certs;
	size_t unread_certs; /* certificates that could not be read */
	struct bytes certs_field; /* [0] CertificateSet whole, or empty */
	struct bytes cert_set;    /* its elements */
	struct bytes crls_field;  /* [1] RevocationInfoChoices whole */
	struct bytes crls;        /* its elements */
	struct signer_info *signers;
	size_t nsigners;
};

/* cms_attached: whether the content is inside. */
bool cms_attached(const struct cms *c);

/* cms_version_of: what SignedData.version must be, by what is in it (RFC 5652
 * 5.1): elements of certificates, crls and signerInfos. */
struct err *cms_version_of(bool data, struct bytes certs, struct bytes crls,
    struct bytes signers, int *out) MUST_USE;

/* cms_parse_borrowed is cms_parse for bytes that outlive *out. */
struct err *cms_parse_borrowed(struct bytes in, struct cms **out) MUST_USE;

/* signer_parse reads one SignerInfo; signer_done frees what it owns. */
struct err *signer_parse(struct tlv whole, struct signer_info *s) MUST_USE;
void signer_done(struct signer_info *s);

/* An attribute: its type and its SET of values. */
struct attribute {
	struct bytes whole;
	struct bytes oid;
	struct bytes values;
};

/* attribute_next takes one off the front of `rest`.  ERR_MALFORMED. */
struct err *attribute_next(struct bytes *rest, struct attribute *out) MUST_USE;
/* attribute_single: its one and only value.  ERR_MALFORMED: none or several. */
struct err *attribute_single(struct attribute a, struct tlv *out) MUST_USE;

/* ---- making (make.c, attributes.c) ---- */

struct frame;
enum digest_alg cms_content_alg(struct sig_alg alg);
struct err *cms_check_request(const struct cms_request *r) MUST_USE;
size_t cms_attributes_bound(const struct cms_request *r);
/* cms_signer_info appends the SignerInfo around signed attributes. */
struct err *cms_signer_info(const struct cms_request *r,
    struct bytes attributes, struct bytes signature, struct buf *b) MUST_USE;
struct err *cms_embed_certs(
    const struct cms_request *r, struct frame *f) MUST_USE;
/* cms_content_head appends what stands before `len` bytes of content. */
struct err *cms_content_head(size_t len, struct buf *out) MUST_USE;

/* ---- judging ---- */

/* What cryptography says about one signer, before time stamps. */
struct signer_result {
	struct cert *cert; /* owned; NULL: not found */
	struct sig_alg alg;
	enum check digest;    /* message-digest against the content's */
	enum check signature; /* value over attributes or content */
	enum check binding;   /* signing-certificate */
	int64_t signing_time; /* TIME_NONE: not stated */
};

/*
 * signer_judge fills *out, whose cert the caller frees; what is to be told
 * goes to `findings`.  `content_digest` empty: the content is not there.
 */
struct err *signer_judge(const struct cms *c, const struct signer_info *s,
    struct bytes content_digest, const struct cert_list *extra,
    struct findings *findings, struct signer_result *out) MUST_USE;

/* signer_collect fills `fact` as cms_collect_signer does; a content that is
 * there lets it judge time stamps on content and archive. */
struct content;
struct cover;
struct err *signer_collect(const struct cms *c, const struct signer_info *s,
    struct content *content, const struct cert_list *extra, const char *uri,
    struct cover *cover, struct signature_fact *fact) MUST_USE;
/* counters_collect adds the counter-signatures of signer `i`. */
struct err *counters_collect(const struct cms *c, size_t i,
    const struct cert_list *extra, struct facts *out) MUST_USE;
/* As cms_collect_status, with the places that the signers' archive time stamps
 * give (stamps.h). */
struct err *status_collect(const struct cms *c, const struct cover *cover,
    struct facts *facts) MUST_USE;
/* Those of a time-stamp token, and of an attribute revocation-values. */
struct err *status_of_token(const struct cms *token, struct status_place at,
    struct facts *facts) MUST_USE;
struct err *status_of_values(struct attribute a, struct status_place at,
    struct facts *facts) MUST_USE;
/* Those of the signed attributes, and of one element of crls. */
struct err *status_of_signed(const struct signer_info *s,
    struct status_place at, struct facts *facts) MUST_USE;
struct err *status_of_crl(
    struct tlv element, struct status_place at, struct facts *facts) MUST_USE;

/* refs_collect tells of references to validation data that name nothing of what
 * is there; fact->certs has what came along.  ERR_MALFORMED, ERR_LIMIT. */
struct err *refs_collect(const struct cms *c, const struct signer_info *s,
    struct signature_fact *fact) MUST_USE;

/* is_attributes: whether the content reads as a set of signed attributes. */
bool is_attributes(struct bytes content);

/* ess_check compares a signing-certificate attribute's value (RFC 5035) with
 * `cert`: only the first ESSCertID names the signer. */
struct err *ess_check(struct bytes value, bool v2, const struct cert *cert,
    enum check *out) MUST_USE;

#endif
