#include "validation/internal.h"

#include <string.h>

static const struct policy policies[] = {
	{
	    .name = "crypto-only",
	    .passed = "intact",
	    .status = STATUS_IGNORE,
	    .sentence = { "Chỉ kiểm tra giá trị chữ ký và tính toàn vẹn; "
			  "không xét người ký có đáng tin cậy hay không.",
		"Only signature values and integrity are checked, not "
		"whether the signer can be trusted." },
	},
	{
	    .name = "path-only",
	    .passed = "valid-but-revocation",
	    .check_path = true,
	    .status = STATUS_IGNORE,
	    .need_binding = true,
	    .sentence = { "Kiểm tra chữ ký và đường dẫn tin cậy của chứng "
			  "thư; không xét tình trạng thu hồi.",
		"The signature and the certificate's path of trust are "
		"checked, its revocation is not." },
	},
	{
	    .name = "basic",
	    .passed = "valid",
	    .check_path = true,
	    .status = STATUS_IF_KNOWN,
	    .check_algorithms = true,
	    .need_binding = true,
	    .sentence = { "Kiểm tra chữ ký, đường dẫn tin cậy, tình trạng "
			  "thu hồi và độ an toàn của thuật toán.",
		"The signature, the path of trust, revocation and the "
		"strength of algorithms are checked." },
	},
};

const struct policy *
policy_find(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(policies); i++)
		if (name != NULL && strcmp(policies[i].name, name) == 0)
			return &policies[i];
	return NULL;
}

const struct policy *
policy_all(size_t *count)
{
	*count = COUNT_OF(policies);
	return policies;
}

enum result
result_of(const struct policy *p, enum indication i)
{
	if (i == TOTAL_FAILED)
		return RESULT_INVALID;
	if (i == TOTAL_PASSED && p->check_path && p->status != STATUS_IGNORE)
		return RESULT_VALID;
	return RESULT_INDETERMINATE;
}

const char *
indication_name(enum indication i)
{
	switch (i) {
	case TOTAL_PASSED:
		return "TOTAL-PASSED";
	case INDETERMINATE:
		return "INDETERMINATE";
	case TOTAL_FAILED:
		return "TOTAL-FAILED";
	}
	return "INDETERMINATE";
}

static const char *const sub_names[] = {
	[SUB_NONE] = "",
	[SUB_FORMAT_FAILURE] = "FORMAT_FAILURE",
	[SUB_HASH_FAILURE] = "HASH_FAILURE",
	[SUB_SIG_CRYPTO_FAILURE] = "SIG_CRYPTO_FAILURE",
	[SUB_REVOKED] = "REVOKED",
	[SUB_EXPIRED] = "EXPIRED",
	[SUB_NOT_YET_VALID] = "NOT_YET_VALID",
	[SUB_SIG_CONSTRAINTS_FAILURE] = "SIG_CONSTRAINTS_FAILURE",
	[SUB_CHAIN_CONSTRAINTS_FAILURE] = "CHAIN_CONSTRAINTS_FAILURE",
	[SUB_CERTIFICATE_CHAIN_GENERAL_FAILURE] =
	    "CERTIFICATE_CHAIN_GENERAL_FAILURE",
	[SUB_CRYPTO_CONSTRAINTS_FAILURE] = "CRYPTO_CONSTRAINTS_FAILURE",
	[SUB_POLICY_PROCESSING_ERROR] = "POLICY_PROCESSING_ERROR",
	[SUB_NO_SIGNING_CERTIFICATE_FOUND] = "NO_SIGNING_CERTIFICATE_FOUND",
	[SUB_NO_CERTIFICATE_CHAIN_FOUND] = "NO_CERTIFICATE_CHAIN_FOUND",
	[SUB_REVOKED_NO_POE] = "REVOKED_NO_POE",
	[SUB_OUT_OF_BOUNDS_NO_POE] = "OUT_OF_BOUNDS_NO_POE",
	[SUB_TRY_LATER] = "TRY_LATER",
	[SUB_SIGNED_DATA_NOT_FOUND] = "SIGNED_DATA_NOT_FOUND",
	[SUB_GENERIC] = "GENERIC",
};

const char *
sub_indication_name(enum sub_indication s)
{
	return (size_t)s < COUNT_OF(sub_names) ? sub_names[s] : "GENERIC";
}
