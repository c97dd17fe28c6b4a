/* make bench-xml: sign and verify, and signctl verify against xmlsec1. */
#include "bench/format.h"
#include "xml/format.h"

static void
make_xml(struct buf *b, size_t size)
{
	buf_clear(b);
	bench_must(buf_str(b,
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	    "<hs:HoSo xmlns:hs=\"urn:ho-so:1\" xmlns:cd=\"urn:cong-dan:1\">"));
	for (size_t i = 0; b->len < size; i++)
		bench_must(buf_printf(b,
		    "<cd:Nguoi so=\"%zu\" loai=\"thường trú\"><cd:HoTen>Nguyễn "
		    "Văn An</cd:HoTen><cd:DiaChi>Phường Hoàn Kiếm, thành phố "
		    "Hà Nội</cd:DiaChi></cd:Nguoi>\n",
		    i));
	bench_must(buf_str(b, "</hs:HoSo>\n"));
}

/* xmlsec1 is given the certificate to trust; signctl is not asked for it. */
static void
against_xmlsec1(const struct bench_format *b)
{
	char *file = bench_temporary(buf_bytes(&b->document_signed));
	char *cert = bench_temporary(cert_der(b->cert));
	char *signctl = bench_program("signctl", "signctl");
	const char *const ours[] = { signctl, "verify", "--policy",
		"crypto-only", file, NULL };
	const char *const peer[] = { "xmlsec1", "--verify",
		"--enabled-key-data", "x509", "--trusted-der", cert,
		"--id-attr:Id",
		"http://uri.etsi.org/01903/v1.3.2#:SignedProperties", file,
		NULL };
	struct bench_process p = { .ours = ours, .peer = peer };
	p.ours_status = bench_spawn(ours);
	if (p.ours_status > 2)
		bench_must(err_new(ERR_INTERNAL, NULL,
		    "signctl: exit status "
		    "%d",
		    p.ours_status));
	bench_processes("xml.verify.process.1MB.xmlsec1", &p);
	unlink(file);
	unlink(cert);
	free(file);
	free(cert);
	free(signctl);
}

int
main(void)
{
	struct bench_format b;
	bench_must(xml_start());
	bench_format_init(&b, &format_xml);
	make_xml(&b.document, 10 << 10);
	bench_format_rows(&b, "10KB");
	make_xml(&b.document, 1 << 20);
	bench_format_rows(&b, "1MB");
	against_xmlsec1(&b);
	bench_format_done(&b);
	xml_stop();
	return 0;
}
