#include "report/internal.h"

#include <string.h>

static const char *const words[WORD_COUNT][2] = {
	[WORD_RESULT_VALID] = { "HỢP LỆ", "VALID" },
	[WORD_RESULT_INVALID] = { "KHÔNG HỢP LỆ", "NOT VALID" },
	[WORD_RESULT_INDETERMINATE] = { "CHƯA XÁC ĐỊNH ĐƯỢC", "INDETERMINATE" },
	[WORD_RESULT_PARTIAL] = { "ĐẠT PHẦN ĐƯỢC KIỂM TRA",
	    "WHAT WAS CHECKED HOLDS" },
	[WORD_NEXT] = { "Việc cần làm", "What to do" },
	[WORD_SIGNATURE_OF] = { "Chữ ký %zu trong %zu",
	    "Signature %zu of %zu" },
	[WORD_SIGNER] = { "Người ký", "Signer" },
	[WORD_SUBJECT] = { "Tên trên chứng thư", "Name in the certificate" },
	[WORD_ISSUER] = { "Nơi cấp chứng thư", "Issuer" },
	[WORD_VALIDITY] = { "Hạn của chứng thư", "Certificate validity" },
	[WORD_FROM_TO] = { "từ %s đến %s", "from %s to %s" },
	[WORD_STATE] = { "Chứng thư khi ký", "Certificate when signed" },
	[WORD_STATE_NOW] = { "Chứng thư khi kiểm tra",
	    "Certificate when checked" },
	[WORD_STATE_CLAIMED] = { "Vào lúc khai đã ký", "At the time claimed" },
	[WORD_WITHIN] = { "chứng thư trong thời hạn",
	    "within the certificate's dates" },
	[WORD_OUTSIDE] = { "ngoài thời hạn của chứng thư",
	    "outside the certificate's dates" },
	[WORD_SIGNING_TIME] = { "Thời điểm ký", "Signing time" },
	[WORD_TIME_STAMPED] = { "có dấu thời gian chứng minh",
	    "proven by a time stamp" },
	[WORD_TIME_CLAIMED] = { "do người ký khai, chưa có dấu thời gian chứng "
				"minh",
	    "as the signer claims; no time stamp proves it" },
	[WORD_TIME_NONE] = { "không được nêu", "not stated" },
	[WORD_INTEGRITY] = { "Tính toàn vẹn", "Integrity" },
	[WORD_COVERS] = { "Phạm vi được ký", "What is covered" },
	[WORD_COVERS_ALL] = { "toàn bộ tệp", "the whole file" },
	[WORD_COVERS_HASH] = { "nội dung có mã băm đã gửi; không xem được nội "
			       "dung",
	    "content of the hash that was sent; it was not seen" },
	[WORD_COVERS_PART] = { "một phần của tệp", "a part of the file" },
	[WORD_COVERS_REVISION] = { "toàn bộ phiên bản %d trong %d phiên bản "
				   "của "
				   "tệp",
	    "the whole of revision %d of %d" },
	[WORD_CHANGES] = { "Thay đổi sau khi ký", "Changes after signing" },
	[WORD_DOMAIN] = { "Miền tin cậy", "Domain of trust" },
	[WORD_ALGORITHM] = { "Thuật toán", "Algorithm" },
	[WORD_REASON] = { "Lý do ký", "Reason" },
	[WORD_LOCATION] = { "Nơi ký", "Location" },
	[WORD_NOTES] = { "Lưu ý", "Please note" },
	[WORD_PAGE] = { "Trang", "Page" },
	[WORD_REVISION] = { "Phiên bản", "Revision" },
	[WORD_REVISION_INSIDE] = { "phiên bản", "revision" },
	[WORD_CHECKED_AT] = { "Kiểm tra lúc %s theo chính sách %s.",
	    "Checked at %s under the policy %s." },
	[WORD_NOT_FOUND] = { "không tìm thấy", "not found" },
	[WORD_FILE] = { "Mã băm SHA-256 của tệp: %s",
	    "SHA-256 of the file: %s" },
	[WORD_STAMP_OF] = { "Dấu thời gian trên tài liệu %zu trong %zu",
	    "Time stamp on the document %zu of %zu" },
	[WORD_COUNT_SIGNATURES] = { "Tệp có %zu chữ ký",
	    "Signatures in the file: %zu" },
	[WORD_COUNT_STAMPS] = { " và %zu dấu thời gian trên tài liệu",
	    ", time stamps on the document: %zu" },
	[WORD_COUNT_RESULTS] = { ": %zu hợp lệ, %zu không hợp lệ, %zu chưa xác "
				 "định được.",
	    "; %zu valid, %zu not valid, %zu indeterminate." },
	[WORD_STAMPER] = { "Nơi cấp dấu thời gian", "Time stamp by" },
	[WORD_STAMP_OWN] = { "theo dấu thời gian này",
	    "as this time stamp says" },
	[WORD_HOLDS_UNTIL] = { "Bằng chứng còn giá trị đến",
	    "The evidence holds until" },
	[WORD_DECISIVE_SIGNED] = { " Kết quả chung là của chữ ký, không phải "
				   "của "
				   "dấu thời gian: %s.",
	    " The result as a whole is that of the signatures, not of the time "
	    "stamps: %s." },
	[WORD_DECISIVE] = { " Kết quả chung là kết quả xấu nhất: %s.",
	    " The result as a whole is the worst of them: %s." },
	[WORD_UNREADABLE] = { "Chi tiết kỹ thuật", "Technical detail" },
	[WORD_SOURCE_SLOW] = { "Máy chủ %s %s không trả lời trong %s giây.",
	    "The %s server %s did not answer within %s s." },
	[WORD_SOURCE_UNREACHABLE] = { "Không kết nối được máy chủ %s %s.",
	    "The %s server %s could not be reached." },
	[WORD_SOURCE_REFUSED] = { "Máy chủ %s %s từ chối trả lời.",
	    "The %s server %s refused to answer." },
	[WORD_SOURCE_GARBAGE] = { "Dữ liệu từ máy chủ %s %s không đọc được.",
	    "What the %s server %s gave cannot be read." },
	[WORD_SOURCE_BUSY] = { "Hệ thống đang bận nên chưa hỏi được máy chủ "
			       "%s %s.",
	    "The %s server %s was not asked, as too much is being fetched." },
	[WORD_SOURCE_NOT_ALLOWED] = { "Người vận hành không cho phép hỏi máy "
				      "chủ %s %s.",
	    "The operator does not let the %s server %s be asked." },
	[WORD_SOURCE_PRIVATE] = { "Máy chủ %s %s dẫn tới địa chỉ nội bộ nên "
				  "không được hỏi.",
	    "The %s server %s leads to a private address and was not asked." },
	[WORD_SOURCE_TOO_LARGE] = { "Dữ liệu từ máy chủ %s %s lớn hơn giới "
				    "hạn.",
	    "What the %s server %s gave is larger than the limit." },
	[WORD_SOURCE_NEXT] = { "Hãy thử lại sau ít phút; nếu vẫn vậy, hỏi nơi "
			       "cấp chứng thư.",
	    "Try again in a few minutes; if it stays so, ask the issuer of the "
	    "certificate." },
	[WORD_SOURCE_NONE] = { "Ở đây chưa hỏi máy chủ nào: kiểm tra lại khi "
			       "có "
			       "mạng (signctl verify --online), hoặc đưa vào "
			       "danh sách thu hồi mới của nơi cấp chứng thư "
			       "(--crl).",
	    "No server was asked here: check again with a network (signctl "
	    "verify --online), or give the issuer's newest revocation list "
	    "(--crl)." },
	[WORD_NEXT_WAIT] = { "Chưa sử dụng tệp này.",
	    "Do not use this file yet." },
	[WORD_NEXT_REFUSE] = { "Không sử dụng tệp này.",
	    "Do not use this file." },
	[WORD_RECEIPT] = { "Biên nhận kiểm tra chữ ký số",
	    "Receipt for the verification of digital signatures" },
	[WORD_RECEIPT_MEANS] = { "Biên nhận này xác nhận kết quả kiểm tra của "
				 "tài liệu có mã băm nêu trên, tại thời điểm "
				 "và theo chính sách đã nêu; không thay thế "
				 "tài liệu. Biên nhận được dịch vụ ký và gắn "
				 "dấu thời gian. Bản in chỉ có giá trị tham "
				 "khảo: quét mã QR để xem kết quả gốc.",
	    "This receipt attests what was found for the document of that "
	    "hash, at that time and under that policy; it does not replace the "
	    "document. It is sealed and time-stamped by the service. A print "
	    "proves nothing: scan the QR code for the original result." },
	[WORD_RECEIPT_UNSEALED] = { "Biên nhận này được lập trên máy của người "
				    "kiểm tra, chưa được ký số nên chưa có giá "
				    "trị chứng minh. Cơ quan kiểm tra ký số "
				    "vào biên nhận này trước khi lưu hoặc "
				    "gửi đi.",
	    "This receipt was made on the device of whoever verified. It is "
	    "not signed and proves nothing yet; sign it before it is kept or "
	    "sent." },
	[WORD_DOCUMENT] = { "Tài liệu đã kiểm tra", "What was verified" },
	[WORD_FILE_NAME] = { "Tên tệp (người gửi nêu)", "File name, as given" },
	[WORD_SIZE] = { "Dung lượng", "Size" },
	[WORD_CHECKED] = { "Thời điểm kiểm tra", "Checked at" },
	[WORD_POLICY] = { "Chính sách kiểm tra", "Policy" },
	[WORD_AGAIN] = { "Xem lại kết quả", "Seen again at" },
	[WORD_KEPT_UNTIL] = { "Kết quả được giữ đến", "Kept until" },
	[WORD_BARE] = { "Tệp có %zu chữ ký. Dịch vụ chỉ giữ mã băm của tệp và "
			"kết quả chung; chi tiết của từng chữ ký không được "
			"lưu. Cần chi tiết thì kiểm tra lại tệp.",
	    "The file has %zu signatures. Only its hash and the result as a "
	    "whole were kept, nothing of each signature. Verify the file "
	    "again to see them." },
	[WORD_MORE_SIGNATURES] = { "Còn %zu chữ ký nữa, xem tại trang kết quả.",
	    "There are %zu more signatures; the page has them." },
	[WORD_SAME_FILE] = { "Đối chiếu tệp của bạn",
	    "Is your file the same one?" },
	[WORD_SAME_FILE_HINT] = { "Chọn tệp để so mã băm với tệp đã kiểm tra. "
				  "Việc so sánh làm ngay trên máy của bạn, "
				  "tệp không được gửi đi.",
	    "Choose a file to compare its hash with that of the file that was "
	    "verified. This happens on your own device; the file is not "
	    "sent." },
	[WORD_SAME_YES] = { "✓ Đúng là tệp đã được kiểm tra (mã băm trùng "
			    "khớp).",
	    "✓ This is the file that was verified (the hashes are equal)." },
	[WORD_SAME_NO] = { "✗ Không phải tệp đã được kiểm tra (mã băm khác "
			   "nhau). Kết quả trên trang này không áp dụng cho "
			   "tệp bạn chọn.",
	    "✗ This is not the file that was verified (the hashes differ). The "
	    "result on this page says nothing of it." },
	[WORD_SAME_BUSY] = { "Đang tính mã băm…", "Hashing…" },
	[WORD_SAME_FAILED] = { "Không đọc được tệp.",
	    "The file could not be read." },
	[WORD_GET_RECEIPT] = { "Tải biên nhận (PDF)",
	    "Download the receipt (PDF)" },
};

static const char *const states[STATE_COUNT][3] = {
	[STATE_IN_FORCE] = { "còn hiệu lực", "in force", "in-force" },
	[STATE_IN_FORCE_UNKNOWN] = { "trong thời hạn, chưa kiểm tra được tình "
				     "trạng thu hồi",
	    "within its dates; revocation could not be checked",
	    "revocation-unknown" },
	[STATE_DATES_ONLY] = { "trong thời hạn ghi trên chứng thư; các điều "
			       "kiện khác chưa được xét",
	    "within its dates; nothing else was looked at", "dates-only" },
	[STATE_EXPIRED] = { "hết hiệu lực (đã hết hạn)", "expired", "expired" },
	[STATE_NOT_YET] = { "chưa có hiệu lực", "not in force yet",
	    "not-yet-in-force" },
	[STATE_REVOKED] = { "đã bị thu hồi", "revoked", "revoked" },
	[STATE_SUSPENDED] = { "đang bị tạm dừng", "suspended", "suspended" },
	[STATE_NOT_TRUSTED] = { "chưa xác định được", "could not be determined",
	    "not-trusted" },
};

static const char *const integrities[INTEGRITY_COUNT][3] = {
	[INTACT] = { "phần được ký còn nguyên vẹn", "what was signed is intact",
	    "intact" },
	[BROKEN] = { "nội dung hoặc chữ ký đã bị thay đổi",
	    "the content or the signature was changed", "broken" },
	[CHANGED_SINCE] = { "phần được ký còn nguyên vẹn, nhưng tệp có thay "
			    "đổi không được phép",
	    "what was signed is intact, but the file has changes that are "
	    "not permitted",
	    "changed-since" },
	[INTEGRITY_UNKNOWN] = { "chưa kiểm tra được", "could not be checked",
	    "unknown" },
};

static const char *const changes[][3] = {
	[CHANGE_NONE] = { "không có", "none", "none" },
	[CHANGE_LTV] = { "chỉ thêm dữ liệu phục vụ kiểm tra lâu dài",
	    "only data for long-term validation was added", "validation-data" },
	[CHANGE_FORM] = { "điền biểu mẫu hoặc thêm chữ ký khác",
	    "form fields filled in, or other signatures added", "form" },
	[CHANGE_ANNOTATION] = { "thêm ghi chú", "comments were added",
	    "annotation" },
	[CHANGE_SUSPICIOUS] = { "có thay đổi không giải thích được",
	    "there are changes that cannot be explained", "suspicious" },
};

static const char *const domains[][3] = {
	{ "chữ ký số chuyên dùng của thành phố", "the city's own issuer",
	    "city" },
	{ "chứng thực chữ ký số quốc gia (NEAC)", "national root (NEAC)",
	    "neac" },
	{ "chữ ký số chuyên dùng công vụ (Ban Cơ yếu Chính phủ)",
	    "Government PKI", "government" },
	{ "chứng thư tin cậy do người kiểm tra đưa vào",
	    "anchors that whoever checks has given", "given" },
};

const char *
word(enum word w, enum lang lang)
{
	return words[w][lang];
}

const char *
cert_state_text(enum cert_state s, enum lang lang)
{
	return states[s][lang];
}

const char *
integrity_text(enum integrity i, enum lang lang)
{
	return integrities[i][lang];
}

const char *
change_text(const struct signature_fact *f, enum lang lang)
{
	/* "None" beside a broken signature would be read as comfort. */
	static const char *const unknown[] = {
		"chưa xét, vì nội dung đã ký không còn nguyên vẹn",
		"not looked at, as what was signed is not intact"
	};
	if (f->changes == CHANGE_NONE && integrity_of(f) == BROKEN)
		return unknown[lang];
	return changes[f->changes][lang];
}

const char *
result_text(const struct policy *p, enum indication i, enum lang lang)
{
	switch (result_of(p, i)) {
	case RESULT_VALID:
		return word(WORD_RESULT_VALID, lang);
	case RESULT_INVALID:
		return word(WORD_RESULT_INVALID, lang);
	case RESULT_INDETERMINATE:
		break;
	}
	return word(
	    i == TOTAL_PASSED ? WORD_RESULT_PARTIAL : WORD_RESULT_INDETERMINATE,
	    lang);
}

const char *
domain_text(const char *domain, enum lang lang)
{
	for (size_t i = 0; i < COUNT_OF(domains); i++)
		if (strcmp(domains[i][2], domain) == 0)
			return domains[i][lang];
	return domain;
}

const char *
cert_state_name(enum cert_state s)
{
	return states[s][2];
}

const char *
integrity_name(enum integrity i)
{
	return integrities[i][2];
}

const char *
change_name(enum change_level c)
{
	return changes[c][2];
}

const char *
check_name(enum check c)
{
	switch (c) {
	case CHECK_PASSED:
		return "passed";
	case CHECK_FAILED:
		return "failed";
	case CHECK_NOT_DONE:
		break;
	}
	return "not-done";
}

const char *
level_name(enum level_fact l)
{
	static const char *const names[] = { [FACT_LEVEL_NONE] = "none",
		[FACT_LEVEL_B] = "B",
		[FACT_LEVEL_T] = "T",
		[FACT_LEVEL_LT] = "LT",
		[FACT_LEVEL_LTA] = "LTA" };
	return (size_t)l < COUNT_OF(names) ? names[l] : "none";
}

const char *
result_name(enum result r)
{
	switch (r) {
	case RESULT_VALID:
		return "valid";
	case RESULT_INVALID:
		return "invalid";
	case RESULT_INDETERMINATE:
		break;
	}
	return "indeterminate";
}
