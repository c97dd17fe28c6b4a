#include "signctl/sod_show.h"

#include "identity/dg13.h"
#include "identity/mrz.h"

struct page {
	enum lang lang;
	int64_t now;
	struct buf *out;
};

static struct err *
show(const struct page *p, const char *vi, const char *en, const char *value)
{
	if (value == NULL || value[0] == '\0')
		return NULL;
	return buf_printf(
	    p->out, "    %s: %s\n", p->lang == LANG_VI ? vi : en, value);
}

/* A day that the zone leaves open is left out. */
static struct err *
show_days(const struct page *p, const struct mrz *m)
{
	char day[DATE_SIZE] = "";
	err_free(mrz_birth(m, p->now, day));
	TRY(show(p, "Ngày sinh", "Born", day));
	day[0] = '\0';
	err_free(mrz_expiry(m, day));
	return show(p, "Giá trị đến", "Expires", day);
}

static struct err *
show_zone(const struct page *p, struct bytes group)
{
	struct mrz m;
	char sex[2] = "";
	TRY(dg1_parse(group, &m));
	if (m.sex != '<')
		sex[0] = m.sex;
	TRY(show(p, "Nước cấp", "Issued by", m.issuer));
	TRY(show(p, "Số giấy tờ", "Document", m.number));
	TRY(show(p, "Số định danh", "Identity number", m.id_number));
	TRY(show(p, "Họ (không dấu)", "Surname", m.surname));
	TRY(show(p, "Tên (không dấu)", "Given names", m.given));
	TRY(show(p, "Giới tính", "Sex", sex));
	TRY(show(p, "Quốc tịch", "Nationality", m.nationality));
	TRY(show_days(p, &m));
	return m.wrong == 0 ? NULL
			    : show(p, "Lưu ý", "Note",
				  p->lang == LANG_VI
				      ? "chữ số kiểm tra không khớp"
				      : "a check digit is wrong");
}

static struct err *
show_card(const struct page *p, struct bytes group)
{
	CLEANUP(dg13_done) struct dg13 d = { 0 };
	TRY(dg13_parse(group, &d));
	TRY(show(p, "Số định danh", "Identity number", d.number));
	TRY(show(p, "Họ và tên", "Name", d.name));
	TRY(show(p, "Ngày sinh", "Born", d.birth));
	TRY(show(p, "Giới tính", "Sex", d.sex));
	TRY(show(p, "Quốc tịch", "Nationality", d.nationality));
	TRY(show(p, "Nơi cư trú", "Residence", d.residence));
	TRY(show(p, "Ngày cấp", "Issued", d.issued));
	TRY(show(p, "Giá trị đến", "Expires", d.expires));
	return show(p, "Số cũ", "Old number", d.old_number);
}

static struct err *
show_holder(const struct page *p, struct bytes group)
{
	CLEANUP(dg11_done) struct dg11 d = { 0 };
	TRY(dg11_parse(group, &d));
	TRY(show(p, "Họ và tên", "Name", d.name));
	TRY(show(p, "Số định danh", "Personal number", d.personal_number));
	TRY(show(p, "Ngày sinh", "Born", d.birth));
	TRY(show(p, "Nơi sinh", "Place of birth", d.birth_place));
	return show(p, "Địa chỉ", "Address", d.address);
}

static struct err *
show_document(const struct page *p, struct bytes group)
{
	CLEANUP(dg12_done) struct dg12 d = { 0 };
	TRY(dg12_parse(group, &d));
	TRY(show(p, "Cơ quan cấp", "Authority", d.authority));
	return show(p, "Ngày cấp", "Issued", d.issued);
}

/* What fits and cannot be read is told of, and the others are shown. */
static struct err *
show_group(const struct page *p, const struct data_group *g)
{
	static struct err *(*const readers[DATA_GROUPS + 1])(
	    const struct page *, struct bytes) = { [1] = show_zone,
		[11] = show_holder, [12] = show_document, [13] = show_card };
	if (readers[g->number] == NULL)
		return NULL;
	TRY(buf_printf(p->out, "  DG%d:\n", g->number));
	struct err *e = readers[g->number](p, g->bytes);
	if (e == NULL || err_kind(e) == ERR_NOMEM)
		return e;
	struct err *bad = show(p, "Không đọc được", "Not readable", err_text(e));
	err_free(e);
	return bad;
}

struct err *
sod_show(const struct sod_request *r, const struct sod_verdict *v, int64_t now,
    enum lang lang, struct buf *out)
{
	const struct page p = { lang, now, out };
	for (size_t i = 0; i < r->ngroups; i++)
		if (v->groups[r->groups[i].number] == GROUP_FITS)
			TRY(show_group(&p, &r->groups[i]));
	return NULL;
}
