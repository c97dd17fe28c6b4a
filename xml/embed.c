/* The second step of signing: value and time stamp go between the pieces that
 * the first one wrote. */
#include "xml/embed.h"

#include "base/pack.h"
#include "xml/ns.h"
#include "xml/signing.h"
#include "xml/write.h"

#define STATE_VERSION 2
#define VALUE_MAX 8192
#define CURVE_BITS_MAX 1024
#define AT_MAX ((uint64_t)1 << 32) /* offset of an insertion, in bytes */

enum {
	TAG_VERSION = 1,
	TAG_ID,
	TAG_SIGNS,
	TAG_BITS,
	TAG_STAMPED,
	TAG_AT,
	TAG_CUT,
	TAG_HEAD_CUT,
	TAG_WRAPS,
	TAG_BEFORE,
	TAG_AFTER,
	TAG_END,
	TAG_TRAIL,
};

/* ---- packing ---- */

static struct err *
put_before(const struct signing *s, struct buf *b)
{
	const char *p = signing_prefix(s);
	bool wraps = s->xml->packaging == XML_ENVELOPING;
	if (wraps && s->doc != NULL)
		TRY(buf_append(b, bytes_slice(s->document, 0,
				      xml_scan_declaration(s->document))));
	TRY(xml_place_open(&s->place, b));
	TRY(buf_append(b, buf_bytes(&s->open)));
	TRY(buf_printf(
	    b, "<%sSignature%s Id=\"%s\">", p, signing_declaration(s), s->id));
	TRY(xml_put_ascii(b, buf_bytes(&s->info)));
	return buf_printf(b, "<%sSignatureValue Id=\"%s-value\">", p, s->id);
}

/* From the value to where unsigned properties go. */
static struct err *
put_after(const struct signing *s, struct buf *b)
{
	const char *p = signing_prefix(s);
	TRY(buf_printf(b, "</%sSignatureValue>", p));
	TRY(xml_put_ascii(b, buf_bytes(&s->keyinfo)));
	if (!s->profile->xades)
		return buf_append(b, buf_bytes(&s->own));
	TRY(buf_printf(b,
	    "<%sObject><xades:QualifyingProperties xmlns:xades=\"" NS_XADES
	    "\" Target=\"#%s\">",
	    p, s->id));
	TRY(xml_put_ascii(b, buf_bytes(&s->own)));
	if (s->params->level != LEVEL_T)
		return NULL;
	TRY(buf_str(b, "<xades:UnsignedProperties>"
		       "<xades:UnsignedSignatureProperties>"));
	return xml_put_stamp_start(b, "SignatureTimeStamp", NS_XADES);
}

static struct err *
put_stamp_end(struct buf *b)
{
	TRY(xml_put_stamp_end(b, "SignatureTimeStamp", NS_XADES));
	return buf_str(b, "</xades:UnsignedSignatureProperties>"
			  "</xades:UnsignedProperties>");
}

static struct err *
put_end(const struct signing *s, struct buf *b, struct buf *trail)
{
	const char *p = signing_prefix(s);
	bool wraps = s->xml->packaging == XML_ENVELOPING;
	struct buf *last = wraps ? trail : b;
	if (s->params->level == LEVEL_T)
		TRY(put_stamp_end(b));
	if (s->profile->xades)
		TRY(buf_printf(
		    b, "</xades:QualifyingProperties></%sObject>", p));
	TRY(buf_append(b, buf_bytes(&s->data)));
	TRY(buf_append(b, buf_bytes(&s->inside)));
	if (wraps)
		TRY(buf_printf(last, "</%sObject>", p));
	TRY(buf_printf(last, "</%sSignature>", p));
	TRY(buf_append(last, buf_bytes(&s->close)));
	return xml_place_close(&s->place, last);
}

/* A file of its own replaces the document; around it, only the declaration
 * moves; else it is an insertion. */
static void
set_place(const struct signing *s, struct xml_state *out)
{
	size_t len = s->document.len;
	out->at = s->place.at;
	out->cut = s->place.cut;
	if (s->place.parent != NULL)
		return;
	bool around = s->xml->packaging == XML_ENVELOPING && s->doc != NULL;
	out->at = around ? len : 0;
	out->cut = around ? 0 : len;
	out->wraps = around;
	out->head_cut = around ? xml_scan_declaration(s->document) : 0;
}

struct err *
xml_state_pack(const struct xml_state *t, struct buf *out)
{
	TRY(pack_u64(out, TAG_VERSION, STATE_VERSION));
	TRY(pack_bytes(out, TAG_ID, t->id));
	TRY(pack_u64(out, TAG_SIGNS, t->signs));
	TRY(pack_u64(out, TAG_BITS, t->bits));
	TRY(pack_u64(out, TAG_STAMPED, t->stamped));
	TRY(pack_u64(out, TAG_AT, t->at));
	TRY(pack_u64(out, TAG_CUT, t->cut));
	TRY(pack_u64(out, TAG_HEAD_CUT, t->head_cut));
	TRY(pack_u64(out, TAG_WRAPS, t->wraps));
	TRY(pack_bytes(out, TAG_BEFORE, t->before));
	TRY(pack_bytes(out, TAG_AFTER, t->after));
	TRY(pack_bytes(out, TAG_END, t->end));
	return pack_bytes(out, TAG_TRAIL, t->trail);
}

struct err *
signing_pack(const struct signing *s, struct buf *out)
{
	CLEANUP(buf_done) struct buf before = BUF(STATE_MAX);
	CLEANUP(buf_done) struct buf after = BUF(STATE_MAX);
	CLEANUP(buf_done) struct buf end = BUF(STATE_MAX);
	CLEANUP(buf_done) struct buf trail = BUF(XML_PART_MAX);
	TRY(put_before(s, &before));
	TRY(put_after(s, &after));
	TRY(put_end(s, &end, &trail));
	bool raw = s->params->alg.form == SIG_ECDSA;
	struct xml_state t = { .id = bytes_str(s->id),
		.signs = 1,
		.bits = raw ? (uint64_t)cert_key_bits(s->params->cert) : 0,
		.stamped = s->params->level == LEVEL_T,
		.before = buf_bytes(&before),
		.after = buf_bytes(&after),
		.end = buf_bytes(&end),
		.trail = buf_bytes(&trail) };
	set_place(s, &t);
	return xml_state_pack(&t, out);
}

/* ---- unpacking ---- */

static struct err *
unpack_numbers(struct unpack *u, struct xml_state *t)
{
	uint64_t *const slots[] = { &t->signs, &t->bits, &t->stamped, &t->at,
		&t->cut, &t->head_cut, &t->wraps };
	TRY(unpack_bytes(u, TAG_ID, &t->id));
	for (size_t i = 0; i < COUNT_OF(slots); i++)
		TRY(unpack_u64(u, (uint16_t)(TAG_SIGNS + i), slots[i]));
	if (t->bits > CURVE_BITS_MAX || t->at > AT_MAX || t->cut > AT_MAX ||
	    t->head_cut > t->at)
		return err_new(ERR_MALFORMED, NULL, "state");
	return NULL;
}

static struct err *
unpack(struct bytes state, struct xml_state *t)
{
	struct unpack u = unpack_of(state);
	uint64_t version;
	TRY(unpack_u64(&u, TAG_VERSION, &version));
	if (version != STATE_VERSION)
		return err_new(ERR_MALFORMED, NULL, "state of version %llu",
		    (unsigned long long)version);
	TRY(unpack_numbers(&u, t));
	TRY(unpack_bytes(&u, TAG_BEFORE, &t->before));
	TRY(unpack_bytes(&u, TAG_AFTER, &t->after));
	TRY(unpack_bytes(&u, TAG_END, &t->end));
	TRY(unpack_bytes(&u, TAG_TRAIL, &t->trail));
	return unpack_end(&u);
}

/* XMLDSig 6.4: r and s, each as long as the curve's order. */
static struct err *
put_value(const struct xml_state *t, struct bytes value, struct buf *out)
{
	CLEANUP(buf_done) struct buf raw = BUF(VALUE_MAX);
	if (t->bits > 0)
		TRY(ecdsa_der_to_raw(value, (int)t->bits, &raw));
	else
		TRY(buf_append(&raw, value));
	return base64_encode(buf_bytes(&raw), out);
}

struct err *
xml_stamp(struct bytes state, struct bytes value, enum digest_alg alg,
    uint8_t digest[DIGEST_MAX])
{
	struct xml_state t;
	CLEANUP(buf_done) struct buf b = BUF(2 * VALUE_MAX);
	TRY(unpack(state, &t));
	if (!t.stamped || !t.signs)
		return err_new(ERR_USAGE, NULL, "a state of level B");
	/* Exclusive C14N: what stands around it does not matter. */
	TRY(buf_str(&b, "<ds:SignatureValue xmlns:ds=\"" NS_DS "\" Id=\""));
	TRY(buf_append(&b, t.id));
	TRY(buf_str(&b, "-value\">"));
	TRY(put_value(&t, value, &b));
	TRY(buf_str(&b, "</ds:SignatureValue>"));
	return digest_of(alg, buf_bytes(&b), digest);
}

/* What stands at the place, or in front of the document. */
static struct err *
put_pieces(const struct xml_state *t, struct bytes value, struct bytes token,
    struct buf *b)
{
	TRY(buf_append(b, t->before));
	if (t->signs)
		TRY(put_value(t, value, b));
	TRY(buf_append(b, t->after));
	if (t->stamped)
		TRY(base64_encode(token, b));
	return buf_append(b, t->end);
}

struct err *
xml_embed(struct bytes state, struct bytes value, struct bytes token,
    struct insertion *out)
{
	struct xml_state t;
	TRY(unpack(state, &t));
	if ((token.len > 0) != (t.stamped != 0) ||
	    (value.len > 0) != (t.signs != 0))
		return err_new(ERR_USAGE, NULL,
		    "a value or time stamp that was not asked for, or none");
	CLEANUP(buf_done) struct buf b = BUF(INSERTION_MAX);
	CLEANUP(buf_done) struct buf trail = BUF(INSERTION_MAX);
	TRY(put_pieces(&t, value, token, &b));
	TRY(buf_append(t.wraps ? &trail : &b, t.trail));
	struct insertion i = { .at = (size_t)t.at, .cut = (size_t)t.cut };
	if (t.wraps) {
		i.head_cut = (size_t)t.head_cut;
		i.head = buf_move(&b);
		i.bytes = buf_move(&trail);
	} else
		i.bytes = buf_move(&b);
	*out = i;
	return NULL;
}
