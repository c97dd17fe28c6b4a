/*
 * Certificate profiles are data: which names, which key usage, how long.
 * The rows stand in certs/profiles.c; doc/profiles.md explains them.
 */
#ifndef SIGND_CERTS_PROFILES_H
#define SIGND_CERTS_PROFILES_H

#include "base/base.h"

/* What a field of a subject may look like. */
enum field_form {
	FIELD_TEXT,       /* printable UTF-8 */
	FIELD_COUNTRY,    /* two letters A to Z */
	FIELD_SUBJECT_ID, /* TYPE:value; CCCD:<12 digits>, HC:<passport> ... */
	FIELD_ASCII,      /* PrintableString */
};

/* One kind of attribute that a subject may have. */
struct profile_field {
	const char *type; /* "C", "CN", "UID": as OpenSSL calls it */
	int min;          /* how often at least */
	int max;          /* how often at most */
};

/* Extended key usage of the key that signs checkpoints of the audit, under the
 * arc of UUIDs (ITU-T X.667). */
#define OID_AUDIT_CHECKPOINT "2.25.45394248525856433512242197623037389338"

/* Extended key usage of the seal that is for receipts of verifications alone:
 * whoever knows it takes nothing else under that seal for approved. */
#define OID_RECEIPT_SEAL "2.25.223143250840350828211595606613238297845"

struct cert_profile {
	const char *name;                   /* "citizen" */
	const struct profile_field *fields; /* in the order of the subject;
					     * ended by a type of NULL */
	bool self_signed;                   /* a root: the issuer is itself */
	bool ca;                            /* basicConstraints */
	int path_len;                       /* -1: no limit stated */
	uint32_t key_usage;                 /* KU_ bits of OpenSSL */
	const char *const *eku; /* dotted, ended by NULL; may be NULL */
	bool eku_critical;
	bool dns_names;    /* subjectAltName with host names is required */
	bool ocsp_nocheck; /* RFC 6960 4.2.2.2.1 */
	bool european;     /* EN 319 412-2: policy, AIA and a serialNumber that
			    * says what it is, as in "PNOVN-001..." */
	const char *label; /* the common name must contain it; may be NULL */
	int max_days;      /* longest validity */
};

/* NULL: there is no such profile. */
const struct cert_profile *cert_profile_find(const char *name);
const struct cert_profile *cert_profile_all(size_t *count);

/* What certificates without legal value say in their names. */
#define LABEL_NO_LEGAL_VALUE "KHÔNG CÓ GIÁ TRỊ PHÁP LÝ"

/* What is known of an attribute by type, whatever the profile. */
struct field_kind {
	const char *type;
	int nid;
	int asn1_type; /* V_ASN1_UTF8STRING ... */
	int max_chars; /* RFC 5280 appendix A */
	enum field_form form;
};
const struct field_kind *field_kind_find(const char *type);

/* Whether `value` fits the form and length of its kind; ERR_USAGE with the code
 * "subject-field" says why. */
struct err *field_check(
    const struct field_kind *k, struct bytes value) MUST_USE;

#endif
