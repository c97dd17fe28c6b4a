#include "certs/profiles.h"

#include "base/nfc.h"

#include <openssl/asn1.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>
#include <string.h>

#define YEARS(n) ((n)*365 + (n) / 4 + 1)

#define OID_SERVER_AUTH "1.3.6.1.5.5.7.3.1"
#define OID_CLIENT_AUTH "1.3.6.1.5.5.7.3.2"
#define OID_EMAIL "1.3.6.1.5.5.7.3.4"
#define OID_TIME_STAMPING "1.3.6.1.5.5.7.3.8"
#define OID_OCSP_SIGNING "1.3.6.1.5.5.7.3.9"
#define OID_DOCUMENT_SIGNING "1.3.6.1.4.1.311.10.3.12"

/* The order of Vietnamese certificates in the field: place first, UID last. */
static const struct profile_field person[] = {
	{ "C", 1, 1 },
	{ "ST", 1, 1 },
	{ "L", 0, 1 },
	{ "O", 0, 1 },
	{ "OU", 0, 2 },
	{ "title", 0, 1 },
	{ "CN", 1, 1 },
	{ "UID", 1, 2 },
	{ .type = NULL },
};

/* EN 319 412-2 4.2.4: a natural person. */
static const struct profile_field european[] = {
	{ "C", 1, 1 },
	{ "ST", 0, 1 },
	{ "L", 0, 1 },
	{ "GN", 1, 1 },
	{ "SN", 1, 1 },
	{ "CN", 1, 1 },
	{ "serialNumber", 1, 1 },
	{ .type = NULL },
};

static const struct profile_field officer[] = {
	{ "C", 1, 1 },
	{ "ST", 0, 1 },
	{ "L", 0, 1 },
	{ "O", 1, 1 },
	{ "OU", 0, 2 },
	{ "title", 0, 1 },
	{ "CN", 1, 1 },
	{ "UID", 0, 2 },
	{ .type = NULL },
};

static const struct profile_field authority[] = {
	{ "C", 1, 1 },
	{ "ST", 0, 1 },
	{ "L", 0, 1 },
	{ "O", 1, 1 },
	{ "OU", 0, 2 },
	{ "CN", 1, 1 },
	{ .type = NULL },
};

static const struct profile_field server[] = {
	{ "C", 0, 1 },
	{ "ST", 0, 1 },
	{ "L", 0, 1 },
	{ "O", 0, 1 },
	{ "OU", 0, 1 },
	{ "CN", 1, 1 },
	{ .type = NULL },
};

static const char *const eku_person[] = { OID_EMAIL, OID_DOCUMENT_SIGNING,
	NULL };
static const char *const eku_seal[] = { OID_DOCUMENT_SIGNING, OID_RECEIPT_SEAL,
	NULL };
static const char *const eku_officer[] = { OID_CLIENT_AUTH, NULL };
static const char *const eku_server[] = { OID_SERVER_AUTH, NULL };
static const char *const eku_tsa[] = { OID_TIME_STAMPING, NULL };
static const char *const eku_audit[] = { OID_AUDIT_CHECKPOINT, NULL };
static const char *const eku_ocsp[] = { OID_OCSP_SIGNING, NULL };

/*
 * Decree 23/2025 bounds validity: a root 25 years, an agency's own CA 10, a
 * time-stamping unit 5, a subscriber 3.  Nobody's own key gets encipherment:
 * the keys only sign.
 */
static const struct cert_profile profiles[] = {
	{ .name = "citizen",
	    .fields = person,
	    .path_len = -1,
	    .key_usage = KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION,
	    .eku = eku_person,
	    .max_days = YEARS(3) },
	{ .name = "citizen-eu",
	    .fields = european,
	    .path_len = -1,
	    .key_usage = KU_NON_REPUDIATION, /* EN 319 412-2 4.3.2, type A */
	    .european = true,
	    .max_days = YEARS(3) },
	{ .name = "officer",
	    .fields = officer,
	    .path_len = -1,
	    .key_usage = KU_DIGITAL_SIGNATURE,
	    .eku = eku_officer,
	    .max_days = YEARS(3) },
	{ .name = "tls-server",
	    .fields = server,
	    .path_len = -1,
	    .key_usage = KU_DIGITAL_SIGNATURE,
	    .eku = eku_server,
	    .dns_names = true,
	    .max_days = 398 },
	{ .name = "root-ca",
	    .fields = authority,
	    .self_signed = true,
	    .ca = true,
	    .path_len = -1,
	    .key_usage = KU_KEY_CERT_SIGN | KU_CRL_SIGN,
	    .max_days = YEARS(25) },
	{ .name = "demo-root",
	    .fields = authority,
	    .self_signed = true,
	    .ca = true,
	    .path_len = -1,
	    .key_usage = KU_KEY_CERT_SIGN | KU_CRL_SIGN,
	    .label = LABEL_NO_LEGAL_VALUE,
	    .max_days = YEARS(25) },
	{ .name = "issuing-ca",
	    .fields = authority,
	    .ca = true,
	    .path_len = 0,
	    .key_usage = KU_KEY_CERT_SIGN | KU_CRL_SIGN,
	    .max_days = YEARS(10) },
	{ .name = "demo-issuing-ca",
	    .fields = authority,
	    .ca = true,
	    .path_len = 0,
	    .key_usage = KU_KEY_CERT_SIGN | KU_CRL_SIGN,
	    .label = LABEL_NO_LEGAL_VALUE,
	    .max_days = YEARS(10) },
	{ .name = "time-stamp",
	    .fields = authority,
	    .path_len = -1,
	    .key_usage = KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION,
	    .eku = eku_tsa,
	    .eku_critical = true, /* RFC 3161 2.3 */
	    .max_days = YEARS(5) },
	/* Checkpoints of the audit chain, and nothing else. */
	{ .name = "audit",
	    .fields = authority,
	    .path_len = -1,
	    .key_usage = KU_DIGITAL_SIGNATURE,
	    .eku = eku_audit,
	    .eku_critical = true, /* a citizen's key must not pass for it */
	    .max_days = YEARS(5) },
	/* What the service says itself: receipts of what it judged. */
	{ .name = "seal",
	    .fields = authority,
	    .path_len = -1,
	    .key_usage = KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION,
	    .eku = eku_seal,
	    .max_days = YEARS(5) },
	/* PINs are sealed to its key; it signs nothing. */
	{ .name = "pin-seal",
	    .fields = authority,
	    .path_len = -1,
	    .key_usage = KU_KEY_AGREEMENT,
	    .max_days = YEARS(5) },
	{ .name = "ocsp",
	    .fields = authority,
	    .path_len = -1,
	    .key_usage = KU_DIGITAL_SIGNATURE,
	    .eku = eku_ocsp,
	    .ocsp_nocheck = true,
	    .max_days = 398 },
};

const struct cert_profile *
cert_profile_find(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(profiles); i++)
		if (strcmp(profiles[i].name, name) == 0)
			return &profiles[i];
	return NULL;
}

const struct cert_profile *
cert_profile_all(size_t *count)
{
	*count = COUNT_OF(profiles);
	return profiles;
}

static const struct field_kind kinds[] = {
	{ "C", NID_countryName, V_ASN1_PRINTABLESTRING, 2, FIELD_COUNTRY },
	{ "ST", NID_stateOrProvinceName, V_ASN1_UTF8STRING, 128, FIELD_TEXT },
	{ "L", NID_localityName, V_ASN1_UTF8STRING, 128, FIELD_TEXT },
	{ "O", NID_organizationName, V_ASN1_UTF8STRING, 64, FIELD_TEXT },
	{ "OU", NID_organizationalUnitName, V_ASN1_UTF8STRING, 64, FIELD_TEXT },
	{ "title", NID_title, V_ASN1_UTF8STRING, 64, FIELD_TEXT },
	{ "CN", NID_commonName, V_ASN1_UTF8STRING, 64, FIELD_TEXT },
	{ "UID", NID_userId, V_ASN1_UTF8STRING, 64, FIELD_SUBJECT_ID },
	{ "GN", NID_givenName, V_ASN1_UTF8STRING, 64, FIELD_TEXT },
	{ "SN", NID_surname, V_ASN1_UTF8STRING, 64, FIELD_TEXT },
	{ "serialNumber", NID_serialNumber, V_ASN1_PRINTABLESTRING, 64,
	    FIELD_ASCII },
};

const struct field_kind *
field_kind_find(const char *type)
{
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (strcmp(kinds[i].type, type) == 0)
			return &kinds[i];
	return NULL;
}

static bool
all_in(struct bytes b, bool (*in)(uint8_t))
{
	for (size_t i = 0; i < b.len; i++)
		if (!in(b.ptr[i]))
			return false;
	return true;
}

static bool
is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool
is_upper(uint8_t c)
{
	return c >= 'A' && c <= 'Z';
}

static bool
is_document_char(uint8_t c)
{
	return is_digit(c) || is_upper(c);
}

static bool
is_number_char(uint8_t c)
{
	return is_document_char(c) || c == '-' || c == '.';
}

static bool
is_printable_string(uint8_t c)
{
	return is_document_char(c) || (c >= 'a' && c <= 'z') ||
	       (c != 0 && strchr(" '()+,-./:=?", c) != NULL);
}

/* Prefixes met in the field; a passport has at most 9 characters (ICAO 9303),
 * a tax code at most 14 with its branch. */
static bool
is_subject_id(struct bytes v)
{
	static const struct {
		const char *prefix;
		size_t min, max;
		bool (*in)(uint8_t);
	} ids[] = {
		{ "CCCD:", 12, 12, is_digit },
		{ "CMND:", 9, 12, is_digit },
		{ "HC:", 5, 20, is_document_char },
		{ "MST:", 10, 14, is_number_char },
		{ "BHXH:", 10, 15, is_number_char },
		{ "MNS:", 1, 40, is_number_char },
	};
	for (size_t i = 0; i < COUNT_OF(ids); i++) {
		struct bytes prefix = bytes_str(ids[i].prefix);
		if (!bytes_starts(v, prefix))
			continue;
		struct bytes rest = bytes_from(v, prefix.len);
		return rest.len >= ids[i].min && rest.len <= ids[i].max &&
		       all_in(rest, ids[i].in);
	}
	return false;
}

static int
code_points(struct bytes b)
{
	int n = 0;
	for (size_t i = 0; i < b.len; i++)
		n += (b.ptr[i] & 0xc0) != 0x80;
	return n;
}

static bool
form_fits(enum field_form form, struct bytes v)
{
	switch (form) {
	case FIELD_TEXT:
		return true;
	case FIELD_COUNTRY:
		return v.len == 2 && all_in(v, is_upper);
	case FIELD_SUBJECT_ID:
		return is_subject_id(v);
	case FIELD_ASCII:
		return all_in(v, is_printable_string);
	}
	return false;
}

static struct err *
check_form(const struct field_kind *k, struct bytes value)
{
	if (value.len == 0 || !utf8_printable(value) || value.ptr[0] == ' ' ||
	    value.ptr[value.len - 1] == ' ')
		return err_new(ERR_USAGE, "RFC 5280 4.1.2.6",
		    "%s is empty, not readable, or padded", k->type);
	bool nfc = false;
	/* One name has one form: else two that look alike are two people. */
	TRY(utf8_is_nfc(value, &nfc));
	if (!nfc)
		return err_new(ERR_USAGE, "RFC 5280 7.1, UAX #15",
		    "%s is not in Unicode normal form C (NFC)", k->type);
	if (code_points(value) > k->max_chars)
		return err_new(ERR_USAGE, "RFC 5280 A.1",
		    "%s is longer than %d characters", k->type, k->max_chars);
	if (!form_fits(k->form, value))
		return err_new(
		    ERR_USAGE, NULL, "%s is not of its form", k->type);
	return NULL;
}

struct err *
field_check(const struct field_kind *k, struct bytes value)
{
	struct err *e = check_form(k, value);
	return e == NULL || err_kind(e) != ERR_USAGE
		   ? e
		   : err_coded(e, "subject-field");
}
