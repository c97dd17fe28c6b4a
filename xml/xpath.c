#include "xml/xpath.h"

#include "xml/ns.h"

#include <ctype.h>
#include <string.h>

#define KNOWN_MAX 512 /* bytes of an expression that may be known */
#define PREFIX_MAX 64 /* bytes of a prefix in it */

static bool
is_name_char(char c)
{
	return isalnum((unsigned char)c) != 0 || (c & 0x80) != 0 ||
	       strchr("_-.:", c) != NULL;
}

static bool
is_one_of(const char *word, size_t len, const char *const *list)
{
	for (; *list != NULL; list++)
		if (strlen(*list) == len && strncmp(*list, word, len) == 0)
			return true;
	return false;
}

/* Function calls and node tests: a word in front of a parenthesis. */
static bool
call_is_cheap(const char *word, size_t len)
{
	static const char *const cheap[] = { "not", "boolean", "true", "false",
		"count", "here", "position", "last", "text", "node", "comment",
		"processing-instruction", "and", "or", NULL };
	for (size_t i = len; i > 2; i--) /* "self::text" tests with "text" */
		if (word[i - 1] == ':' && word[i - 2] == ':') {
			word += i;
			len -= i;
			break;
		}
	return is_one_of(word, len, cheap);
}

bool
xpath_is_cheap(const char *expression)
{
	bool after_step = false; /* a "/" here would be a second step */
	for (const char *p = expression; *p != '\0';) {
		if (strchr(" \t\r\n", *p) != NULL) {
			p++;
		} else if (*p == '/') {
			if (after_step)
				return false;
			p += p[1] == '/' ? 2 : 1;
		} else if (is_name_char(*p)) {
			size_t len = 0;
			while (p[len] != '\0' && is_name_char(p[len]))
				len++;
			/* Each asks for all that are in scope. */
			if (len >= 9 && strncmp(p, "namespace", 9) == 0)
				return false;
			const char *next = p + len + strspn(p + len, " \t\r\n");
			if (*next == '(' && !call_is_cheap(p, len))
				return false;
			static const char *const join[] = { "and", "or", NULL };
			after_step = !is_one_of(p, len, join);
			p += len;
		} else if (strchr("()[]@*", *p) != NULL) {
			after_step = strchr(")]*", *p) != NULL;
			p++;
		} else {
			return false;
		}
	}
	return true;
}

/* Copies without white space; false: it is too long to be known. */
static bool
squeeze(const char *text, char out[KNOWN_MAX])
{
	size_t n = 0;
	for (const char *p = text; *p != '\0'; p++) {
		if (strchr(" \t\r\n", *p) != NULL)
			continue;
		if (n + 1 == KNOWN_MAX)
			return false;
		out[n++] = *p;
	}
	out[n] = '\0';
	return true;
}

/* The prefix of "...::PREFIX:Signature", if it means XMLDSig. */
static bool
signature_prefix(const char *text, xmlNode *where, char out[PREFIX_MAX])
{
	const char *end = strstr(text, ":Signature");
	const char *start = end;
	while (start != NULL && start > text && start[-1] != ':' &&
	       start[-1] != '/')
		start--;
	if (start == NULL || start == end || end - start >= PREFIX_MAX)
		return false;
	size_t len = (size_t)(end - start);
	memcpy(out, start, len);
	out[len] = '\0';
	const xmlNs *ns = xmlSearchNs(where->doc, where, BAD_CAST out);
	return ns != NULL && strcmp((const char *)ns->href, NS_DS) == 0;
}

/* Whether `have` is `form` with the prefix in place of each #. */
static bool
is_form(const char *have, const char *form, const char *prefix)
{
	size_t len = strlen(prefix);
	for (; *form != '\0'; form++) {
		if (*form != '#') {
			if (*have++ != *form)
				return false;
			continue;
		}
		if (strncmp(have, prefix, len) != 0)
			return false;
		have += len;
	}
	return *have == '\0';
}

enum xpath_known
xpath_known(const char *expression, xmlNode *where)
{
	/* The second is XMLDSig 6.6.4's own meaning of enveloped-signature. */
	static const struct {
		const char *form; /* with # for the prefix */
		enum xpath_known meaning;
	} forms[] = {
		{ "not(ancestor-or-self::#:Signature)", XPATH_WITHOUT_ANY },
		{ "count(ancestor-or-self::#:Signature|here()/"
		  "ancestor::#:Signature[1])>"
		  "count(ancestor-or-self::#:Signature)",
		    XPATH_WITHOUT_THIS },
		{ "/descendant::#:Signature", XPATH_SIGNATURES },
		{ "//#:Signature", XPATH_SIGNATURES },
	};
	char have[KNOWN_MAX], prefix[PREFIX_MAX];
	if (!squeeze(expression, have) ||
	    !signature_prefix(have, where, prefix))
		return XPATH_OTHER;
	for (size_t i = 0; i < COUNT_OF(forms); i++)
		if (is_form(have, forms[i].form, prefix))
			return forms[i].meaning;
	return XPATH_OTHER;
}
