#include "certs/crl_index.h"

#include "base/pack.h"
#include "certs/der.h"
#include "certs/ossl.h"
#include "certs/signed.h"

#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC "signdCI2"
#define ORDER UINT64_C(0x0102030405060708) /* shows the byte order */
#define TAG_BOOLEAN 0x01
#define TAG_UTC_TIME 0x17
#define TAG_GENERAL_TIME 0x18
#define SERIAL_KEY 20 /* bytes; RFC 5280 4.1.2.2 allows no more */
#define REASON_NONE (-1)
#define EXTENSIONS_MAX 16 /* of one entry; RFC 5280 5.3 knows four */

/* One entry: the key first, as memcmp sorts it. */
struct record {
	uint8_t issuer[2]; /* big endian */
	uint8_t len;       /* of the serial; 0xff: a hash stands for it */
	uint8_t serial[SERIAL_KEY];
	int8_t reason;
	int64_t revoked_at;
};
#define KEY_SIZE offsetof(struct record, reason)
_Static_assert(sizeof(struct record) == CRL_RECORD_SIZE, "no gaps");

/* What stands before the records, after the magic. */
struct head {
	uint64_t order;
	uint64_t size; /* of the whole: a file cut short would lose entries */
	uint64_t len;  /* of the packed fields that follow */
	uint64_t n;    /* records */
};
#define HEAD_AT (sizeof(MAGIC) - 1)
#define FIELDS_AT (HEAD_AT + sizeof(struct head))

enum {
	TAG_ALGORITHM = 1,
	TAG_SIGNATURE,
	TAG_ISSUER,
	TAG_EXTENSIONS,
	TAG_DIGEST,
	TAG_THIS,
	TAG_NEXT,
	TAG_CRITICAL,
	TAG_NISSUERS,
	TAG_ISSUERS,
	TAG_SHA256,
};

static struct err *
malformed(const char *what)
{
	return err_new(ERR_MALFORMED, "RFC 5280 5.1", "%s", what);
}

/* ---- one entry after the other ---- */

struct entries {
	struct bytes rest;
	bool version_2;
	struct bytes issuer; /* GeneralNames in force; empty: the CRL's */
	size_t nissuers;
	bool new_issuer; /* the last entry named another */
	bool critical;
};

static struct err *
take_time(struct bytes *rest, int64_t *out)
{
	struct bytes content;
	bool utc = der_is(*rest, TAG_UTC_TIME);
	TRY(der_take(
	    rest, utc ? TAG_UTC_TIME : TAG_GENERAL_TIME, NULL, &content));
	ASN1_TIME t = { .type = utc ? V_ASN1_UTCTIME : V_ASN1_GENERALIZEDTIME,
		.length = (int)content.len,
		.data = (unsigned char *)content.ptr };
	return time_of_asn1(&t, out);
}

/* X.690 8.3.2: no byte too many. */
static struct err *
take_integer(struct bytes *rest, uint8_t tag, struct bytes *out)
{
	TRY(der_take(rest, tag, NULL, out));
	if (out->len == 0 ||
	    (out->len > 1 && ((out->ptr[0] == 0x00 && out->ptr[1] < 0x80) ||
				 (out->ptr[0] == 0xff && out->ptr[1] >= 0x80))))
		return malformed("an integer that is not the shortest");
	return NULL;
}

/* Of an OID 2.5.29.x the x, else 0. */
static int
extension_number(struct bytes oid)
{
	return oid.len == 3 && bytes_starts(oid, BYTES_LIT("\x55\x1d"))
		   ? oid.ptr[2]
		   : 0;
}

static struct err *
read_extension(struct entries *e, struct bytes *rest, struct bytes *oid,
    struct record *out)
{
	struct bytes in, value, content, flag = BYTES_NONE;
	TRY(der_take(rest, DER_SEQUENCE, NULL, &in));
	TRY(der_take(&in, DER_OID, NULL, oid));
	if (der_is(in, TAG_BOOLEAN))
		TRY(der_take(&in, TAG_BOOLEAN, NULL, &flag));
	TRY(der_take(&in, DER_OCTET_STRING, NULL, &value));
	if (in.len > 0 || oid->len == 0 || (flag.ptr != NULL && flag.len != 1))
		return malformed("an extension of an entry");
	bool critical = flag.len == 1 && flag.ptr[0] != 0;
	switch (extension_number(*oid)) {
	case 21: /* reasonCode; unreadable is as not stated: revoked */
		if (der_is(value, DER_ENUMERATED) && value.len == 3 &&
		    value.ptr[1] == 1)
			out->reason = (int8_t)(value.ptr[2] & 0x7f);
		return NULL;
	case 24: /* invalidityDate */
		return NULL;
	case 29: /* certificateIssuer, for this entry and those after it */
		content = value;
		TRY(der_take(&content, DER_SEQUENCE, NULL, NULL));
		if (content.len > 0)
			return malformed("certificateIssuer");
		e->new_issuer = !bytes_eq(e->issuer, value);
		e->issuer = value;
		return NULL;
	default:
		e->critical = e->critical || critical;
		return NULL;
	}
}

static struct err *
read_extensions(struct entries *e, struct bytes in, struct record *out)
{
	struct bytes seen[EXTENSIONS_MAX], rest;
	size_t n = 0;
	TRY(der_take(&in, DER_SEQUENCE, NULL, &rest));
	if (in.len > 0 || rest.len == 0)
		return malformed("the extensions of an entry");
	while (rest.len > 0) {
		if (n == EXTENSIONS_MAX)
			return err_new(ERR_LIMIT, NULL,
			    "over %d extensions of an entry", EXTENSIONS_MAX);
		TRY(read_extension(e, &rest, &seen[n], out));
		for (size_t i = 0; i < n; i++)
			if (bytes_eq(seen[i], seen[n]))
				return malformed("an entry extension twice");
		n++;
	}
	return NULL;
}

static struct err *
set_serial(struct record *out, struct bytes serial)
{
	if (serial.len <= SERIAL_KEY) {
		out->len = (uint8_t)serial.len;
		memcpy(out->serial, serial.ptr, serial.len);
		return NULL;
	}
	uint8_t hash[DIGEST_MAX];
	TRY(digest_of(DIGEST_SHA256, serial, hash));
	out->len = 0xff;
	memcpy(out->serial, hash, SERIAL_KEY);
	return NULL;
}

static struct err *
next_entry(struct entries *e, struct record *out)
{
	struct bytes in, serial;
	*out = (struct record){ .reason = REASON_NONE };
	e->new_issuer = false;
	TRY(der_take(&e->rest, DER_SEQUENCE, NULL, &in));
	TRY(take_integer(&in, DER_INTEGER, &serial));
	TRY(set_serial(out, serial));
	TRY(take_time(&in, &out->revoked_at));
	if (in.len > 0 && !e->version_2)
		return malformed("entry extensions in version 1");
	if (in.len > 0)
		TRY(read_extensions(e, in, out));
	if (e->new_issuer && ++e->nissuers > CRL_ISSUERS_MAX)
		return err_new(
		    ERR_LIMIT, NULL, "over %d issuers", CRL_ISSUERS_MAX);
	out->issuer[0] = (uint8_t)(e->nissuers >> 8);
	out->issuer[1] = (uint8_t)e->nissuers;
	return NULL;
}

/* ---- the list ---- */

/* RFC 5280 5.1.2.1: version 2 is stated if and only if it is used. */
static struct err *
take_version(struct bytes *in, bool *version_2)
{
	struct bytes v;
	*version_2 = der_is(*in, DER_INTEGER);
	if (!*version_2)
		return NULL;
	TRY(take_integer(in, DER_INTEGER, &v));
	if (v.len != 1 || v.ptr[0] != 1)
		return malformed("version");
	return NULL;
}

static struct err *
scan_entries(struct crl_scan *s, bool version_2)
{
	struct entries e = { .rest = s->entries, .version_2 = version_2 };
	struct record r;
	while (e.rest.len > 0) {
		TRY(next_entry(&e, &r));
		s->n++;
	}
	s->nissuers = e.nissuers;
	s->critical = e.critical;
	return NULL;
}

static struct err *
scan_tbs(struct crl_scan *s, struct bytes in)
{
	struct bytes algorithm, part;
	bool version_2;
	TRY(take_version(&in, &version_2));
	TRY(der_take(&in, DER_SEQUENCE, &algorithm, NULL));
	if (!bytes_eq(algorithm, s->algorithm))
		return malformed("two signature algorithms");
	TRY(der_take(&in, DER_SEQUENCE, &s->issuer, NULL));
	TRY(take_time(&in, &s->this_update));
	s->next_update = TIME_NONE;
	if (der_is(in, TAG_UTC_TIME) || der_is(in, TAG_GENERAL_TIME))
		TRY(take_time(&in, &s->next_update));
	if (der_is(in, DER_SEQUENCE))
		TRY(der_take(&in, DER_SEQUENCE, NULL, &s->entries));
	if (der_is(in, DER_CONTEXT_0)) {
		TRY(der_take(&in, DER_CONTEXT_0, NULL, &part));
		TRY(der_take(&part, DER_SEQUENCE, &s->extensions, NULL));
		if (part.len > 0 || !version_2)
			return malformed("extensions");
	}
	if (in.len > 0)
		return malformed("bytes follow in tbsCertList");
	return scan_entries(s, version_2);
}

static struct err *
read_algorithm(struct crl_scan *s)
{
	struct err *e = sig_alg_parse(s->algorithm, DIGEST_NONE, &s->alg);
	if (e != NULL && err_kind(e) != ERR_UNSUPPORTED)
		return e;
	if (e != NULL)
		s->alg = (struct sig_alg){ .form = SIG_NONE };
	err_free(e);
	if (s->alg.digest == DIGEST_NONE)
		return NULL;
	return digest_of(s->alg.digest, s->tbs, s->digest);
}

struct err *
crl_scan(struct bytes der, struct crl_scan *out)
{
	struct crl_scan s = { 0 };
	struct bytes rest, in;
	if (der.len > CRL_MAX)
		return err_new(ERR_LIMIT, NULL, "%zu bytes", der.len);
	if (der.len == 0)
		return malformed("no bytes");
	TRY(signed_split(der, &s.tbs, &s.algorithm, &s.signature));
	rest = s.tbs;
	TRY(der_take(&rest, DER_SEQUENCE, NULL, &in));
	TRY(scan_tbs(&s, in));
	TRY(read_algorithm(&s));
	*out = s;
	return NULL;
}

struct err *
crl_scan_name(struct bytes der, struct crl_scan *s)
{
	uint8_t hash[DIGEST_MAX];
	TRY(digest_of(DIGEST_SHA256, der, hash));
	memcpy(s->sha256, hash, sizeof(s->sha256));
	s->named = true;
	return NULL;
}

/* ---- writing ---- */

/* The issuers that entries name, in the order in which they come. */
static struct err *
collect_issuers(const struct crl_scan *s, struct buf *out)
{
	struct entries e = { .rest = s->entries, .version_2 = true };
	struct record r;
	while (s->nissuers > 0 && e.rest.len > 0) {
		TRY(next_entry(&e, &r));
		if (e.new_issuer)
			TRY(buf_append(out, e.issuer));
	}
	return NULL;
}

static struct err *
pack_fields(const struct crl_scan *s, struct buf *out)
{
	CLEANUP(buf_done) struct buf issuers = BUF(CRL_MAX);
	TRY(collect_issuers(s, &issuers));
	TRY(pack_bytes(out, TAG_ALGORITHM, s->algorithm));
	TRY(pack_bytes(out, TAG_SIGNATURE, s->signature));
	TRY(pack_bytes(out, TAG_ISSUER, s->issuer));
	TRY(pack_bytes(out, TAG_EXTENSIONS, s->extensions));
	TRY(pack_bytes(
	    out, TAG_DIGEST, bytes_of(s->digest, digest_len(s->alg.digest))));
	TRY(pack_i64(out, TAG_THIS, s->this_update));
	TRY(pack_i64(out, TAG_NEXT, s->next_update));
	TRY(pack_u64(out, TAG_CRITICAL, s->critical));
	TRY(pack_u64(out, TAG_NISSUERS, s->nissuers));
	TRY(pack_bytes(out, TAG_ISSUERS, buf_bytes(&issuers)));
	return pack_bytes(
	    out, TAG_SHA256, bytes_of(s->sha256, s->named ? 32 : 0));
}

static size_t
round_up(size_t n)
{
	return (n + 7) & ~(size_t)7;
}

/* The issuers are a part of the entries, so this is never too little. */
static size_t
fields_room(const struct crl_scan *s)
{
	return round_up(FIELDS_AT + s->algorithm.len + s->signature.len +
			s->issuer.len + s->extensions.len + DIGEST_MAX + 256 +
			(s->nissuers > 0 ? s->entries.len : 0));
}

size_t
crl_index_size(const struct crl_scan *s)
{
	return fields_room(s) + s->n * CRL_RECORD_SIZE;
}

static int
compare(const void *a, const void *b)
{
	return memcmp(a, b, KEY_SIZE);
}

static struct err *
write_records(const struct crl_scan *s, uint8_t *out)
{
	struct entries e = { .rest = s->entries, .version_2 = true };
	for (size_t i = 0; i < s->n; i++) {
		struct record r;
		TRY(next_entry(&e, &r));
		memcpy(out + i * CRL_RECORD_SIZE, &r, sizeof(r));
	}
	if (s->n > 1)
		qsort(out, s->n, CRL_RECORD_SIZE, compare);
	return NULL;
}

struct err *
crl_index_write(const struct crl_scan *s, uint8_t *out, size_t size)
{
	size_t room = fields_room(s);
	if (size != crl_index_size(s))
		return err_new(ERR_USAGE, NULL, "%zu bytes", size);
	CLEANUP(buf_done) struct buf fields = BUF(room - FIELDS_AT);
	TRY(pack_fields(s, &fields));
	struct head h = {
		.order = ORDER, .size = size, .len = fields.len, .n = s->n
	};
	memset(out, 0, room);
	memcpy(out, MAGIC, HEAD_AT);
	memcpy(out + HEAD_AT, &h, sizeof(h));
	memcpy(out + FIELDS_AT, fields.ptr, fields.len);
	return write_records(s, out + room);
}

/* ---- reading ---- */

static struct err *
unpack_fields(struct bytes in, struct crl_index *x)
{
	struct unpack u = unpack_of(in);
	uint64_t critical, nissuers;
	TRY(unpack_bytes(&u, TAG_ALGORITHM, &x->algorithm));
	TRY(unpack_bytes(&u, TAG_SIGNATURE, &x->signature));
	TRY(unpack_bytes(&u, TAG_ISSUER, &x->issuer));
	TRY(unpack_bytes(&u, TAG_EXTENSIONS, &x->extensions));
	TRY(unpack_bytes(&u, TAG_DIGEST, &x->digest));
	TRY(unpack_i64(&u, TAG_THIS, &x->this_update));
	TRY(unpack_i64(&u, TAG_NEXT, &x->next_update));
	TRY(unpack_u64(&u, TAG_CRITICAL, &critical));
	TRY(unpack_u64(&u, TAG_NISSUERS, &nissuers));
	TRY(unpack_bytes(&u, TAG_ISSUERS, &x->issuers));
	TRY(unpack_bytes(&u, TAG_SHA256, &x->sha256));
	x->critical = critical != 0;
	if (nissuers > CRL_ISSUERS_MAX)
		return err_new(ERR_MALFORMED, NULL, "no index of a CRL");
	x->nissuers = (size_t)nissuers;
	return unpack_end(&u);
}

static bool
read_head(struct bytes index, struct head *h)
{
	if (index.len < FIELDS_AT || !bytes_starts(index, BYTES_LIT(MAGIC)))
		return false;
	memcpy(h, index.ptr + HEAD_AT, sizeof(*h));
	return h->order == ORDER && h->size == index.len &&
	       h->len <= index.len - FIELDS_AT &&
	       h->n <= (index.len - FIELDS_AT - h->len) / CRL_RECORD_SIZE;
}

bool
crl_index_is_whole(struct bytes index)
{
	struct head h;
	return read_head(index, &h);
}

struct err *
crl_index_open(struct bytes index, struct crl_index *out)
{
	struct head h;
	struct crl_index x = { 0 };
	if (!read_head(index, &h))
		return err_new(ERR_MALFORMED, NULL, "no index of a CRL");
	TRY(unpack_fields(bytes_slice(index, FIELDS_AT, (size_t)h.len), &x));
	x.n = (size_t)h.n;
	/* The records stand at the end, after fields that may be padded. */
	x.records = index.ptr + index.len - x.n * CRL_RECORD_SIZE;
	struct err *e = sig_alg_parse(x.algorithm, DIGEST_NONE, &x.alg);
	if (e != NULL && err_kind(e) != ERR_UNSUPPORTED)
		return e;
	if (e != NULL)
		x.alg = (struct sig_alg){ .form = SIG_NONE };
	err_free(e);
	*out = x;
	return NULL;
}

/* The first record not before the key. */
static size_t
lower_bound(const struct crl_index *x, const struct record *key)
{
	size_t from = 0, to = x->n;
	while (from < to) {
		size_t mid = from + (to - from) / 2;
		if (memcmp(x->records + mid * CRL_RECORD_SIZE, key, KEY_SIZE) <
		    0)
			from = mid + 1;
		else
			to = mid;
	}
	return from;
}

/* Revoked for good, then on hold, then taken off the list. */
static int
gravity(int reason)
{
	return reason == CRL_REASON_REMOVE_FROM_CRL    ? 0
	       : reason == CRL_REASON_CERTIFICATE_HOLD ? 1
						       : 2;
}

struct err *
crl_index_find(const struct crl_index *x, size_t issuer, struct bytes serial,
    struct crl_hit *out)
{
	struct record key = { .issuer = {
				  (uint8_t)(issuer >> 8), (uint8_t)issuer } };
	struct crl_hit hit = { .found = false };
	TRY(set_serial(&key, serial));
	for (size_t i = lower_bound(x, &key); i < x->n; i++) {
		struct record r;
		memcpy(&r, x->records + i * CRL_RECORD_SIZE, sizeof(r));
		if (memcmp(&r, &key, KEY_SIZE) != 0)
			break;
		if (!hit.found || gravity(r.reason) > gravity(hit.reason))
			hit = (struct crl_hit){ .found = true,
				.reason = r.reason,
				.revoked_at = r.revoked_at };
	}
	*out = hit;
	return NULL;
}
