#include "xml/scan.h"

#include <string.h>
#include <strings.h>

struct cursor {
	struct bytes in;
	size_t at;
	size_t depth;
	bool done; /* the root is closed */
	/* For xml_scan_element. */
	size_t elements; /* start tags seen */
	size_t want;     /* number of the element looked for, or SIZE_MAX */
	size_t opened;   /* depth around it, once it is found */
	struct xml_span span;
	bool found;
};

static bool
is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool
here_is(const struct cursor *c, const char *what)
{
	return bytes_starts(bytes_from(c->in, c->at), bytes_str(what));
}

static struct err *
not_closed(const char *what)
{
	return err_new(ERR_MALFORMED, "XML 1.0 2.1", "%s is not closed", what);
}

/* Moves behind the next `end`. */
static struct err *
skip_to(struct cursor *c, const char *end, const char *what)
{
	size_t found = bytes_find(bytes_from(c->in, c->at), bytes_str(end));
	if (found == SIZE_MAX)
		return not_closed(what);
	c->at += found + strlen(end);
	return NULL;
}

static struct err *
limit(const char *what, size_t max)
{
	return err_coded(
	    err_new(ERR_LIMIT, NULL, "more than %zu %s", max, what),
	    "xml-limit");
}

/* Moves behind the ">" of a start tag, and says whether it was "/>". */
static struct err *
skip_start_tag(struct cursor *c, size_t *attrs, bool *empty)
{
	const uint8_t *p = c->in.ptr;
	*attrs = 0;
	for (c->at++; c->at < c->in.len; c->at++) {
		uint8_t b = p[c->at];
		if (b == '>') {
			*empty = p[c->at - 1] == '/';
			c->at++;
			return NULL;
		}
		if (b != '"' && b != '\'')
			continue;
		if (++*attrs > XML_ATTRS_MAX)
			return limit("attributes of an element", XML_ATTRS_MAX);
		const uint8_t *q =
		    memchr(p + c->at + 1, b, c->in.len - c->at - 1);
		if (q == NULL)
			return not_closed("an attribute");
		c->at = (size_t)(q - p);
	}
	return not_closed("a tag");
}

static void
note_start(struct cursor *c, size_t at, bool empty)
{
	if (c->elements++ != c->want)
		return;
	struct bytes tag = bytes_slice(c->in, at + 1, c->at - at - 1);
	size_t n = 0;
	while (n < tag.len && !is_space(tag.ptr[n]) && tag.ptr[n] != '/' &&
	       tag.ptr[n] != '>')
		n++;
	c->opened = c->depth;
	c->found = empty;
	c->span = (struct xml_span){ .at = at,
		.end_at = empty ? c->at - 2 : SIZE_MAX,
		.empty = empty,
		.name = bytes_slice(tag, 0, n) };
}

static struct err *
start_tag(struct cursor *c, struct xml_scan *s)
{
	size_t at = c->at, attrs = 0;
	bool empty = false;
	TRY(skip_start_tag(c, &attrs, &empty));
	s->nodes += attrs;
	note_start(c, at, empty);
	if (c->depth == 0) {
		if (c->done)
			return err_new(ERR_MALFORMED, "XML 1.0 2.1",
			    "a second root element");
		s->root_at = at;
		s->empty_root = empty;
		c->done = empty;
	}
	if (empty)
		return NULL;
	if (++c->depth > s->depth)
		s->depth = c->depth;
	if (c->depth > XML_DEPTH_MAX)
		return limit("elements inside one another", XML_DEPTH_MAX);
	return NULL;
}

static struct err *
end_tag(struct cursor *c, struct xml_scan *s)
{
	if (c->depth == 0)
		return err_new(
		    ERR_MALFORMED, "XML 1.0 3.1", "an end tag without a start");
	if (--c->depth == 0) {
		s->end_at = c->at;
		c->done = true;
	}
	if (c->elements > c->want && !c->found && c->depth == c->opened) {
		c->span.end_at = c->at;
		c->found = true;
	}
	const uint8_t *end = memchr(c->in.ptr + c->at, '>', c->in.len - c->at);
	if (end == NULL)
		return not_closed("an end tag");
	c->at = (size_t)(end - c->in.ptr) + 1;
	return NULL;
}

static struct err *
declaration(struct cursor *c)
{
	if (here_is(c, "<!--")) {
		c->at += 4;
		return skip_to(c, "-->", "a comment");
	}
	if (here_is(c, "<![CDATA["))
		return skip_to(c, "]]>", "a CDATA section");
	return err_coded(err_new(ERR_MALFORMED, NULL,
			     "documents with a DOCTYPE are refused"),
	    "xml-doctype");
}

static struct err *
markup(struct cursor *c, struct xml_scan *s)
{
	if (++s->nodes > XML_NODES_MAX)
		return limit("nodes", XML_NODES_MAX);
	switch (c->at + 1 < c->in.len ? c->in.ptr[c->at + 1] : 0) {
	case '/':
		return end_tag(c, s);
	case '?':
		return skip_to(c, "?>", "a processing instruction");
	case '!':
		return declaration(c);
	default:
		return start_tag(c, s);
	}
}

/* The encodings in which markup is ASCII, under the names for which libxml2
 * needs no converter: in the sandbox none can be loaded. */
static bool
encoding_is_ours(struct bytes name)
{
	static const char *const ours[] = { "utf-8", "utf8", "us-ascii",
		"ascii", "iso-8859-1" };
	for (size_t i = 0; i < COUNT_OF(ours); i++)
		if (name.len == strlen(ours[i]) &&
		    strncasecmp((const char *)name.ptr, ours[i], name.len) == 0)
			return true;
	return false;
}

static struct err *
wrong_encoding(const char *what)
{
	return err_coded(
	    err_new(ERR_UNSUPPORTED, NULL, "%s is not supported", what),
	    "xml-encoding");
}

/* Looks at encoding="..." of the XML declaration, if there is one. */
static struct err *
check_declared(struct bytes decl)
{
	size_t at = bytes_find(decl, BYTES_LIT("encoding"));
	if (at == SIZE_MAX)
		return NULL;
	for (at += 8;
	     at < decl.len && decl.ptr[at] != '"' && decl.ptr[at] != '\''; at++)
		if (!is_space(decl.ptr[at]) && decl.ptr[at] != '=')
			return err_new(ERR_MALFORMED, "XML 1.0 2.8",
			    "the XML declaration");
	if (at + 1 >= decl.len)
		return not_closed("the XML declaration");
	struct bytes name = bytes_from(decl, at + 1);
	const uint8_t *q = memchr(name.ptr, decl.ptr[at], name.len);
	if (q == NULL)
		return not_closed("the XML declaration");
	name.len = (size_t)(q - name.ptr);
	return encoding_is_ours(name) ? NULL : wrong_encoding("this encoding");
}

static struct err *
prolog(struct cursor *c)
{
	static const uint8_t bom[] = { 0xef, 0xbb, 0xbf };
	if (bytes_starts(c->in, bytes_of(bom, 3)))
		c->at = 3;
	struct bytes rest = bytes_from(c->in, c->at);
	if (rest.len >= 2 && (rest.ptr[0] == 0xfe || rest.ptr[0] == 0xff ||
				 rest.ptr[0] == 0 || rest.ptr[1] == 0))
		return wrong_encoding("UTF-16 or UTF-32");
	if (!here_is(c, "<?xml") || rest.len < 6 || !is_space(rest.ptr[5]))
		return NULL;
	size_t end = bytes_find(rest, BYTES_LIT("?>"));
	if (end == SIZE_MAX)
		return not_closed("the XML declaration");
	TRY(check_declared(bytes_slice(rest, 0, end)));
	c->at += end + 2;
	return NULL;
}

/* From one piece of markup to the next, to the end or to what is wanted. */
static struct err *
go(struct cursor *c, struct xml_scan *s)
{
	struct bytes in = c->in;
	while (c->at < in.len && !c->found) {
		const uint8_t *lt = memchr(in.ptr + c->at, '<', in.len - c->at);
		if (lt == NULL)
			break;
		size_t at = (size_t)(lt - in.ptr);
		s->nodes += at > c->at;
		c->at = at;
		TRY(markup(c, s));
	}
	return NULL;
}

struct err *
xml_scan(struct bytes in, struct xml_scan *out)
{
	struct cursor c = { .in = in, .want = SIZE_MAX };
	struct xml_scan s = { .end_at = SIZE_MAX, .size = in.len };
	TRY(prolog(&c));
	TRY(go(&c, &s));
	if (!c.done || c.depth != 0)
		return not_closed("the root element");
	*out = s;
	return NULL;
}

struct err *
xml_scan_element(struct bytes in, size_t number, struct xml_span *out)
{
	struct cursor c = { .in = in, .want = number };
	struct xml_scan s = { .size = in.len };
	TRY(prolog(&c));
	TRY(go(&c, &s));
	if (!c.found)
		return err_new(ERR_MISSING, NULL, "no such element");
	*out = c.span;
	return NULL;
}

size_t
xml_scan_declaration(struct bytes in)
{
	struct cursor c = { .in = in };
	err_free(prolog(&c));
	return c.at;
}

bool
xml_looks_like(struct bytes in)
{
	static const uint8_t bom[] = { 0xef, 0xbb, 0xbf };
	static const uint8_t le[] = { 0xff, 0xfe, '<', 0 };
	static const uint8_t be[] = { 0xfe, 0xff, 0, '<' };
	if (bytes_starts(in, bytes_of(le, 4)) ||
	    bytes_starts(in, bytes_of(be, 4)))
		return true;
	size_t at = bytes_starts(in, bytes_of(bom, 3)) ? 3 : 0;
	while (at < in.len && is_space(in.ptr[at]))
		at++;
	if (at + 1 >= in.len || in.ptr[at] != '<')
		return false;
	uint8_t c = in.ptr[at + 1];
	return c == '?' || c == '!' || c == '_' || c >= 0x80 ||
	       (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}
