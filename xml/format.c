#include "xml/format.h"

#include "xml/arena.h"
#include "xml/collect.h"
#include "xml/embed.h"
#include "xml/extend.h"
#include "xml/scan.h"
#include "xml/sign.h"

#include <libxml/parser.h>
#include <libxml/xpath.h>

struct err *
xml_start(void)
{
	arena_start();
	xmlInitParser();
	xmlXPathInit();
	return NULL;
}

void
xml_stop(void)
{
	xmlCleanupParser();
}

const struct format format_xml = {
	.name = "xml",
	.media_type = "application/xml",
	.detect = xml_looks_like,
	.prepare = xml_prepare,
	.stamp = xml_stamp,
	.embed = xml_embed,
	.collect = xml_collect,
	.extend = xml_extend,
};
