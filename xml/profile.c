#include "xml/profile.h"

#include "xml/ns.h"

#include <string.h>

static const struct xml_profile profiles[] = {
	/* EN 319 132-1; further signers can follow (doc/xml.md). */
	{ .name = "xades",
	    .xades = true,
	    .prefix = "ds:",
	    .canon = "exclusive",
	    .canon_transform = true,
	    .without = WITHOUT_ANY,
	    .digest = DIGEST_SHA256 },
	/* For readers that know no XPath (.NET): one signer only. */
	{ .name = "xades-enveloped",
	    .xades = true,
	    .prefix = "ds:",
	    .canon = "exclusive",
	    .canon_transform = true,
	    .without = WITHOUT_THIS,
	    .digest = DIGEST_SHA256 },
	{ .name = "xmldsig",
	    .prefix = "ds:",
	    .canon = "exclusive",
	    .canon_transform = true,
	    .without = WITHOUT_ANY,
	    .digest = DIGEST_SHA256 },
	/* Electronic invoices: Decree 123/2020, Circular 78/2021. */
	{ .name = "vn-invoice",
	    .prefix = "",
	    .canon = "1.0",
	    .without = WITHOUT_NOTHING,
	    .digest = DIGEST_SHA256,
	    .signing_time = true,
	    .subject_name = true },
	/* Tax filings as HTKK and the tax department's notices have them. */
	{ .name = "vn-tax",
	    .prefix = "",
	    .canon = "1.0+comments",
	    .without = WITHOUT_THIS,
	    .digest = DIGEST_SHA256,
	    .signing_time = true,
	    .subject_name = true },
};

struct err *
xml_profile_by_name(const char *name, const struct xml_profile **out)
{
	for (size_t i = 0; i < COUNT_OF(profiles); i++)
		if (name == NULL || strcmp(profiles[i].name, name) == 0) {
			*out = &profiles[i];
			return NULL;
		}
	return err_coded(
	    err_new(ERR_USAGE, NULL, "no profile of this name"), "xml-profile");
}

struct err *
xml_canon_by_name(const char *name, struct canon *out, const char **uri)
{
	static const struct {
		const char *name, *uri;
	} known[] = {
		{ "exclusive", ALG_EXC_C14N },
		{ "exclusive+comments", ALG_EXC_C14N "WithComments" },
		{ "1.0", ALG_C14N },
		{ "1.0+comments", ALG_C14N "#WithComments" },
		{ "1.1", ALG_C14N11 },
		{ "1.1+comments", ALG_C14N11 "#WithComments" },
	};
	for (size_t i = 0; i < COUNT_OF(known); i++)
		if (strcmp(known[i].name, name) == 0) {
			*uri = known[i].uri;
			(void)canon_by_uri(known[i].uri, out);
			return NULL;
		}
	return err_new(ERR_USAGE, NULL, "no canonicalisation of this name");
}
