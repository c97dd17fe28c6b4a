#include "worker/formats.h"

#include "cms/format.h"

/*
 * TODO(coordinator): when pdf/ and xml/ are merged, include "pdf/format.h" and
 * "xml/format.h", put &format_pdf and &format_xml in front of &format_cms, and
 * call xml_start() and xml_stop() below.
 */
static const struct format *const formats[] = {
	&format_cms,
};

const struct format *const *
formats_all(size_t *count)
{
	*count = COUNT_OF(formats);
	return formats;
}

struct err *
formats_start(void)
{
	return NULL;
}

void
formats_stop(void)
{
}
