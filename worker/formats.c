#include "worker/formats.h"

#include "asic/format.h"
#include "cms/format.h"
#include "pdf/font.h"
#include "pdf/format.h"
#include "xml/format.h"

/* In the order in which they are asked whether they know a document.  A
 * container may have a PDF near its beginning, and is none. */
static const struct format *const formats[] = {
	&format_asic,
	&format_pdf,
	&format_xml,
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
	pdf_fonts_start(NULL);
	return xml_start();
}

void
formats_stop(void)
{
	xml_stop();
	pdf_fonts_stop();
}
