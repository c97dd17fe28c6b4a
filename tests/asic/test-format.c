/* Containers made on the spot: CAdES by OpenSSL's own signer, XML signatures
 * from templates. */
#include "asic/format.h"

#include <openssl/cms.h>

#include "asic/box.h"
#include "tests/asic/zip.h"
#include "tests/xml/make.h"
#include "xml/format.h"

#define TYPE_E BYTES_LIT("application/vnd.etsi.asic-e+zip")
#define TYPE_S BYTES_LIT("application/vnd.etsi.asic-s+zip")
#define FORM BYTES_LIT("Đơn đề nghị cấp giấy phép")
#define DRAWING BYTES_LIT("Bản vẽ hoàn công")
#define NS_ASIC "http://uri.etsi.org/02918/v1.2.1#"

static struct person an;

/* ---- making ---- */

static struct buf
cms_over(struct bytes content)
{
	const unsigned flags = CMS_BINARY | CMS_PARTIAL | CMS_DETACHED;
	BIO *in = BIO_new_mem_buf(content.ptr, (int)content.len);
	CMS_ContentInfo *c = CMS_sign(NULL, NULL, NULL, in, flags);
	CMS_add1_signer(c, cert_x509(an.cert), softkey_evp(an.key),
	    EVP_sha256(), flags | CMS_CADES);
	CHECK(CMS_final(c, in, NULL, flags) == 1);
	uint8_t *der = NULL;
	int n = i2d_CMS_ContentInfo(c, &der);
	struct buf b = BUF(1 << 20);
	CHECK_OK(buf_append(&b, bytes_of(der, (size_t)n)));
	OPENSSL_free(der);
	CMS_ContentInfo_free(c);
	BIO_free(in);
	return b;
}

static void
put_entry(struct buf *b, const char *uri, struct bytes data)
{
	uint8_t hash[DIGEST_MAX];
	CHECK_OK(digest_of(DIGEST_SHA256, data, hash));
	CHECK_OK(buf_printf(b,
	    "<a:DataObjectReference URI=\"%s\"><d:DigestMethod Algorithm=\""
	    "http://www.w3.org/2001/04/xmlenc#sha256\"/><d:DigestValue>",
	    uri));
	CHECK_OK(base64_encode(bytes_of(hash, 32), b));
	CHECK_OK(buf_str(b, "</d:DigestValue></a:DataObjectReference>"));
}

/* A manifest for the signature over form.txt, and a second file if there. */
static struct buf
manifest_of(const char *signature, struct bytes form, struct bytes drawing)
{
	struct buf b = BUF(1 << 20);
	CHECK_OK(buf_printf(&b,
	    "<a:ASiCManifest xmlns:a=\"" NS_ASIC "\" xmlns:d=\"" NS_DS
	    "\"><a:SigReference URI=\"%s\"/>",
	    signature));
	put_entry(&b, "form.txt", form);
	if (drawing.ptr != NULL)
		put_entry(&b, "b%E1%BA%A3n%20v%E1%BA%BD.txt", drawing);
	CHECK_OK(buf_str(&b, "</a:ASiCManifest>"));
	return b;
}

static struct buf
xml_over(const char *references)
{
	const struct external files[] = { { .uri = "form.txt", .data = FORM },
		{ .uri = "b%E1%BA%A3n%20v%E1%BA%BD.txt", .data = DRAWING } };
	const struct collect_input in = { .external = files, .nexternal = 2 };
	CLEANUP(buf_done) struct buf text = BUF(1 << 20);
	const char *template;
	CHECK_OK(buf_printf(&text,
	    "<a:XAdESSignatures xmlns:a=\"" NS_ASIC
	    "\">" SIGNED("%s", "") "</a:XAdESSignatures>",
	    references));
	CHECK_OK(buf_cstr(&text, &template));
	return sign_template(template, &an, &in);
}

#define PLAIN(uri, transforms)                                                 \
	"<ds:Reference URI=\"" uri "\">" transforms                            \
	"<ds:DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#"       \
	"sha256\"/><ds:DigestValue>@DIGEST@</ds:DigestValue></ds:Reference>"
#define FORM_REFERENCE PLAIN("form.txt", "")
#define DRAWING_REFERENCE PLAIN("b%E1%BA%A3n%20v%E1%BA%BD.txt", "")

static const struct zip_file type_e = { .name = "mimetype",
	.data = { (const uint8_t *)"application/vnd.etsi.asic-e+zip", 31 } };
static const struct zip_file type_s = { .name = "mimetype",
	.data = { (const uint8_t *)"application/vnd.etsi.asic-s+zip", 31 } };

static struct zip_file
file(const char *name, struct bytes data)
{
	return (struct zip_file){ .name = name, .data = data };
}

/* ---- looking ---- */

static struct facts
collect(const struct zip_wish *w)
{
	CLEANUP(buf_done) struct buf b = zip_make(w);
	const struct collect_input in = { .document = buf_bytes(&b) };
	struct facts f = { 0 };
	CHECK(format_asic.detect(in.document));
	CHECK_OK(format_asic.collect(&in, &f));
	return f;
}

static bool
has(const struct findings *f, const char *code)
{
	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->v[i].code, code) == 0)
			return true;
	return false;
}

static bool
has_fatal(const struct findings *f)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->v[i].fatal)
			return true;
	return false;
}

/* Everything that validation asks of the values. */
static bool
is_good(const struct signature_fact *s)
{
	for (size_t i = 0; i < s->nreferences; i++)
		if (s->references[i].digest != CHECK_PASSED)
			return false;
	return s->signature == CHECK_PASSED && s->nreferences > 0 &&
	       !has_fatal(&s->findings);
}

/* expect_one: one signature, good or not, with this finding (NULL: none). */
static void
expect_one(const struct zip_wish *w, bool good, const char *code)
{
	CLEANUP(facts_done) struct facts f = collect(w);
	CHECK(f.nsignatures == 1);
	if (f.nsignatures != 1)
		return;
	CHECK(is_good(&f.signatures[0]) == good);
	CHECK(code == NULL || has(&f.signatures[0].findings, code) ||
	      has(&f.findings, code));
	CHECK(!has_fatal(&f.findings));
}

/* ---- ASiC-S ---- */

static void
judges_a_simple_container(void)
{
	CLEANUP(buf_done) struct buf cms = cms_over(FORM);
	struct zip_wish w = {
		.files = { type_s, file("form.txt", FORM),
		    file("META-INF/signature.p7s", buf_bytes(&cms)) }
	};
	CLEANUP(facts_done) struct facts f = collect(&w);
	CHECK(f.nsignatures == 1 && f.findings.n == 0);
	CHECK(is_good(&f.signatures[0]) && f.signatures[0].covers_all);
	CHECK(strcmp(f.signatures[0].references[0].uri, "form.txt") == 0);
	CHECK(strcmp(f.signatures[0].format, "CAdES") == 0);
	w.files[1].data = DRAWING;
	expect_one(&w, false, NULL);
}

static void
tells_a_document_among_the_descriptions(void)
{
	CLEANUP(buf_done) struct buf cms = cms_over(FORM);
	struct zip_wish w = {
		.files = { type_s, file("form.txt", FORM),
		    file("META-INF/signature.p7s", buf_bytes(&cms)),
		    file("META-INF/manifest.xml", BYTES_LIT("<a/>")) }
	};
	CLEANUP(facts_done) struct facts f = collect(&w);
	CHECK(is_good(&f.signatures[0]) && f.findings.n == 0);
	w.files[3] = file("META-INF/form.pdf", DRAWING);
	expect_one(&w, true, "asic-unsigned-file");
}

static void
does_not_guess_which_file_was_signed(void)
{
	CLEANUP(buf_done) struct buf cms = cms_over(FORM);
	struct zip_wish w = {
		.files = { type_s, file("form.txt", FORM),
		    file("META-INF/signature.p7s", buf_bytes(&cms)),
		    file("b.txt", DRAWING) }
	};
	expect_one(&w, false, "asic-not-one-file");
	w.files[3] = (struct zip_file){ 0 };
	w.files[0] = type_e;
	expect_one(&w, false, "asic-manifest-missing");
	w.files[0] = type_s;
	w.files[2].name = "META-INF/signature7.p7s";
	expect_one(&w, false, "asic-manifest-missing");
	w.files[2].name = "META-INF/signature.p7s";
	expect_one(&w, true, NULL);
}

static void
a_signature_outside_its_folder_is_a_file(void)
{
	CLEANUP(buf_done) struct buf cms = cms_over(FORM);
	const struct zip_wish w = {
		.files = { type_s, file("form.txt", FORM),
		    file("signature.p7s", buf_bytes(&cms)),
		    file("META-INF/x.xml", BYTES_LIT("<a/>")) }
	};
	CLEANUP(facts_done) struct facts f = collect(&w);
	CHECK(f.nsignatures == 0);
	CHECK(has(&f.findings, "asic-not-simple"));
}

/* ---- ASiC-E with CAdES ---- */

static void
judges_a_manifest(void)
{
	CLEANUP(buf_done)
	struct buf m = manifest_of("META-INF/signature001.p7s", FORM, DRAWING);
	CLEANUP(buf_done) struct buf cms = cms_over(buf_bytes(&m));
	struct zip_wish w = {
		.files = { type_e, file("form.txt", FORM),
		    file("bản vẽ.txt", DRAWING),
		    file("META-INF/ASiCManifest.xml", buf_bytes(&m)),
		    file("META-INF/signature001.p7s", buf_bytes(&cms)) }
	};
	CLEANUP(facts_done) struct facts f = collect(&w);
	CHECK(f.nsignatures == 1 && f.findings.n == 0);
	CHECK(is_good(&f.signatures[0]) && f.signatures[0].covers_all);
	CHECK(f.signatures[0].nreferences == 3);
	w.files[2].data = FORM; /* another file under a signed name */
	expect_one(&w, false, "asic-unsigned-file");
	w.files[2] = w.files[4]; /* the file is gone */
	w.files[4] = (struct zip_file){ 0 };
	expect_one(&w, false, NULL);
}

static void
tells_what_a_manifest_leaves_out(void)
{
	CLEANUP(buf_done)
	struct buf m =
	    manifest_of("META-INF/signature001.p7s", FORM, BYTES_NONE);
	CLEANUP(buf_done) struct buf cms = cms_over(buf_bytes(&m));
	const struct zip_wish w = {
		.files = { type_e, file("form.txt", FORM),
		    file("bản vẽ.txt", DRAWING),
		    file("META-INF/ASiCManifest.xml", buf_bytes(&m)),
		    file("META-INF/signature001.p7s", buf_bytes(&cms)) }
	};
	CLEANUP(facts_done) struct facts f = collect(&w);
	CHECK(f.nsignatures == 1 && is_good(&f.signatures[0]));
	CHECK(!f.signatures[0].covers_all);
	CHECK(has(&f.signatures[0].findings, "asic-partial"));
	CHECK(has(&f.findings, "asic-unsigned-file"));
}

static void
believes_no_manifest_that_was_not_signed(void)
{
	CLEANUP(buf_done)
	struct buf m = manifest_of("META-INF/signature001.p7s", FORM, DRAWING);
	CLEANUP(buf_done)
	struct buf other =
	    manifest_of("META-INF/signature001.p7s", DRAWING, DRAWING);
	CLEANUP(buf_done) struct buf cms = cms_over(buf_bytes(&m));
	struct zip_wish w = {
		.files = { type_e, file("form.txt", DRAWING),
		    file("bản vẽ.txt", DRAWING),
		    file("META-INF/ASiCManifest.xml", buf_bytes(&other)),
		    file("META-INF/signature001.p7s", buf_bytes(&cms)) }
	};
	expect_one(&w, false, "asic-unsigned-file");
	w.files[5] = file("META-INF/ASiCManifest1.xml", buf_bytes(&m));
	expect_one(&w, false, "asic-manifest-twice");
	w.files[5].name = NULL;
	w.files[3].data = BYTES_LIT("<x/>");
	expect_one(&w, false, "asic-manifest-missing");
	w.files[3].data = BYTES_LIT("<!DOCTYPE x><x/>");
	expect_one(&w, false, "asic-manifest-unreadable");
}

static void
refuses_a_signature_that_is_none(void)
{
	CLEANUP(buf_done)
	struct buf m = manifest_of("META-INF/signature001.p7s", FORM, DRAWING);
	struct zip_wish w = {
		.files = { type_e, file("form.txt", FORM),
		    file("bản vẽ.txt", DRAWING),
		    file("META-INF/ASiCManifest.xml", buf_bytes(&m)),
		    file("META-INF/signature001.p7s", FORM) }
	};
	expect_one(&w, false, "asic-signature-unreadable");
	w.files[3] = (struct zip_file){ 0 };
	w.files[3] = file("META-INF/signatures.xml", FORM);
	w.files[4] = (struct zip_file){ 0 };
	expect_one(&w, false, "asic-signature-unreadable");
}

/* ---- ASiC-E with XML signatures ---- */

static void
judges_xml_signatures(void)
{
	CLEANUP(buf_done)
	struct buf xml = xml_over(FORM_REFERENCE DRAWING_REFERENCE);
	struct zip_wish w = {
		.files = { type_e, file("form.txt", FORM),
		    file("bản vẽ.txt", DRAWING),
		    file("META-INF/signatures0.xml", buf_bytes(&xml)) }
	};
	CLEANUP(facts_done) struct facts f = collect(&w);
	CHECK(f.nsignatures == 1 && f.findings.n == 0);
	CHECK(is_good(&f.signatures[0]) && f.signatures[0].covers_all);
	CHECK(strcmp(f.signatures[0].references[1].covers, "file bản vẽ.txt") ==
	      0);
	w.files[1].data = DRAWING;
	expect_one(&w, false, "asic-unsigned-file");
	w.files[1] = file("Form.txt", FORM);
	expect_one(&w, false, "xml-external-missing");
}

static void
tells_what_an_xml_signature_leaves_out(void)
{
	CLEANUP(buf_done) struct buf xml = xml_over(FORM_REFERENCE);
	const struct zip_wish w = {
		.files = { type_e, file("form.txt", FORM),
		    file("bản vẽ.txt", DRAWING),
		    file("META-INF/signatures0.xml", buf_bytes(&xml)) }
	};
	CLEANUP(facts_done) struct facts f = collect(&w);
	CHECK(f.nsignatures == 1 && is_good(&f.signatures[0]));
	CHECK(!f.signatures[0].covers_all);
	CHECK(has(&f.signatures[0].findings, "asic-partial"));
	CHECK(!has(&f.signatures[0].findings, "xml-partial"));
	CHECK(has(&f.findings, "asic-unsigned-file"));
}

/* A good signature on something else, put beside files. */
static void
a_borrowed_signature_is_not_valid(void)
{
	CLEANUP(buf_done)
	struct buf xml = sign_template(
	    "<a><b Id=\"b\">x</b>" SIGNED(REFERENCE("#b", "", ""), "") "</a>",
	    &an, NULL);
	const struct zip_wish w = {
		.files = { type_e, file("form.txt", FORM),
		    file("META-INF/signatures0.xml", buf_bytes(&xml)) }
	};
	expect_one(&w, false, "asic-covers-nothing");
}

/* The digest is over what a transform leaves, which is not the file. */
static void
a_file_signed_in_part_is_not_covered(void)
{
	const struct external x = { .uri = "a.xml",
		.data = BYTES_LIT("<a><b>1</b><c>2</c></a>") };
	const struct collect_input in = { .external = &x, .nexternal = 1 };
	CLEANUP(buf_done)
	struct buf xml = sign_template(
	    SIGNED(PLAIN("a.xml",
		       "<ds:Transforms><ds:Transform Algorithm=\"" ALG_XPATH
		       "\"><ds:XPath>ancestor-or-self::b</ds:XPath>"
		       "</ds:Transform></ds:Transforms>"),
		""),
	    &an, &in);
	const struct zip_wish w = {
		.files = { type_e,
		    file("a.xml", BYTES_LIT("<a><b>1</b><c>3</c></a>")),
		    file("META-INF/signatures0.xml", buf_bytes(&xml)) }
	};
	expect_one(&w, false, "asic-covers-nothing");
}

#define TEXT_TYPE "application/vnd.oasis.opendocument.text"

/* A word processor shows all files of such a package as one document. */
static void
an_open_document_is_signed_whole(void)
{
	CLEANUP(buf_done) struct buf form = xml_over(FORM_REFERENCE);
	CLEANUP(buf_done)
	struct buf both = xml_over(FORM_REFERENCE DRAWING_REFERENCE);
	const struct zip_file text = { .name = "mimetype",
		.data = BYTES_LIT(TEXT_TYPE) };
	const char *name = "META-INF/documentsignatures.xml";
	const char *macros = "META-INF/macrosignatures.xml";
	struct zip_wish w = { .files = { text, file("form.txt", FORM),
				  file("bản vẽ.txt", DRAWING),
				  file(name, buf_bytes(&both)) } };
	expect_one(&w, true, NULL);
	w.files[3].data = buf_bytes(&form);
	expect_one(&w, false, "odf-partial");
	/* Nor does it help to take the type away. */
	w.files[0] = type_e;
	expect_one(&w, false, "odf-partial");
	w.files[0] = file("mimetype", BYTES_LIT("x"));
	expect_one(&w, false, "odf-partial");
	/* One of macros is enough beside one of all, and not alone. */
	w.files[0] = text;
	w.files[3].name = macros;
	expect_one(&w, false, "odf-partial");
	w.files[4] = file(name, buf_bytes(&both));
	CLEANUP(facts_done) struct facts f = collect(&w);
	CHECK(f.nsignatures == 2 && f.signatures[1].covers_all);
	CHECK(!has_fatal(&f.signatures[0].findings));
	CHECK(!has_fatal(&f.signatures[1].findings));
}

static void
tells_of_a_mimetype_out_of_place(void)
{
	CLEANUP(buf_done) struct buf xml = xml_over(FORM_REFERENCE);
	struct zip_wish w = {
		.files = { file("form.txt", FORM), type_e,
		    file("META-INF/signatures0.xml", buf_bytes(&xml)) }
	};
	expect_one(&w, true, "asic-mimetype");
	w.files[0] = type_e;
	w.files[1] = file("form.txt", FORM);
	w.comment = BYTES_LIT("mimetype=application/vnd.etsi.asic-s+zip");
	expect_one(&w, true, "asic-mimetype");
	w.files[0] = file("MimeType", TYPE_S);
	expect_one(&w, true, "asic-mimetype");
}

static void
knows_a_container_when_it_sees_one(void)
{
	const struct zip_wish plain = { .files = { file("form.txt", FORM) } };
	CLEANUP(buf_done) struct buf b = zip_make(&plain);
	CHECK(!format_asic.detect(buf_bytes(&b)));
	CHECK(!format_asic.detect(BYTES_LIT("%PDF-1.7")));
	CHECK(!format_asic.detect(BYTES_NONE));
}

/* ---- what others made ---- */

static struct buf
slurp(const char *path)
{
	struct buf b = BUF(ZIP_TEST_MAX);
	FILE *in = fopen(path, "rb");
	uint8_t part[4096];
	size_t n;
	while (in != NULL && (n = fread(part, 1, sizeof(part), in)) > 0)
		CHECK_OK(buf_append(&b, bytes_of(part, n)));
	if (in != NULL)
		fclose(in);
	return b;
}

static void
judges_time_stamps_alone(void)
{
	char path[4096];
	const char *top = getenv("top_srcdir");
	snprintf(path, sizeof(path),
	    "%s/../shared/conformance/dss/dss-asic-cades/src/test/resources/"
	    "validation/tstNoMimeType.asice",
	    top != NULL ? top : ".");
	CLEANUP(buf_done) struct buf b = slurp(path);
	if (b.len == 0)
		SKIP("../shared/conformance is not here");
	const struct collect_input in = { .document = buf_bytes(&b) };
	CLEANUP(facts_done) struct facts f = { 0 };
	CHECK_OK(format_asic.collect(&in, &f));
	CHECK(f.nsignatures == 1 && is_good(&f.signatures[0]));
	CHECK(f.signatures[0].covers_all);
	CHECK(f.signatures[0].ntimestamps == 1 &&
	      f.signatures[0].timestamps[0].document);
}

int
main(void)
{
	CHECK_OK(xml_start());
	an = make_person("P-256", "An");
	RUN(judges_a_simple_container);
	RUN(tells_a_document_among_the_descriptions);
	RUN(does_not_guess_which_file_was_signed);
	RUN(a_signature_outside_its_folder_is_a_file);
	RUN(judges_a_manifest);
	RUN(tells_what_a_manifest_leaves_out);
	RUN(believes_no_manifest_that_was_not_signed);
	RUN(refuses_a_signature_that_is_none);
	RUN(judges_xml_signatures);
	RUN(tells_what_an_xml_signature_leaves_out);
	RUN(a_borrowed_signature_is_not_valid);
	RUN(a_file_signed_in_part_is_not_covered);
	RUN(an_open_document_is_signed_whole);
	RUN(tells_of_a_mimetype_out_of_place);
	RUN(knows_a_container_when_it_sees_one);
	RUN(judges_time_stamps_alone);
	person_done(&an);
	xml_stop();
	return DONE();
}
