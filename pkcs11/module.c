#include "pkcs11/module.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include <p11-kit/uri.h>

#define SLOTS_MAX 64 /* more than any machine has */

/* CKM_AES_KEY_WRAP_PAD: RFC 5649 in SoftHSM; newer headers call 0x210A the
 * KWP of an older draft and give 0x210B to RFC 5649. */
#define WRAP_PAD_OLD 0x210AUL
#define WRAP_KWP 0x210BUL

struct p11_module {
	CK_FUNCTION_LIST *functions;
};

static const struct p11_vendor vendors[] = {
	/* It leaks a little with each unwrap. */
	{ "SoftHSM", WRAP_PAD_OLD, true, true, 500000 },
	/* What the standard says; also the end of the table. */
	{ "", WRAP_KWP, true, true, 0 },
};

static struct err *
load(const char *path, CK_FUNCTION_LIST **out)
{
	/* NODELETE: see p11_module_free(). */
	void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	if (library == NULL)
		return err_coded(err_new(ERR_MISSING, NULL, "loading %s: %s",
				     path, dlerror()),
		    "token-unavailable");
	CK_C_GetFunctionList get;
	void *symbol = dlsym(library, "C_GetFunctionList");
	memcpy(&get, &symbol, sizeof(get));
	CK_FUNCTION_LIST *f = NULL;
	if (get == NULL || get(&f) != CKR_OK || f == NULL) {
		dlclose(library);
		return err_coded(
		    err_new(ERR_MISSING, NULL, "%s is no PKCS#11 module", path),
		    "token-unavailable");
	}
	*out = f;
	return NULL;
}

struct err *
p11_module_open(const char *path, struct p11_module **out)
{
	CK_FUNCTION_LIST *f = NULL;
	TRY(load(path, &f));
	struct p11_module *m = malloc(sizeof(*m));
	if (m == NULL)
		return err_new(ERR_NOMEM, NULL, "struct p11_module");
	CK_C_INITIALIZE_ARGS args = { .flags = CKF_OS_LOCKING_OK };
	CK_RV rv = f->C_Initialize(&args);
	if (rv != CKR_OK) {
		free(m);
		return err_coded(
		    err_ck(rv, "C_Initialize"), "token-unavailable");
	}
	m->functions = f;
	*out = m;
	return NULL;
}

void
p11_module_free(struct p11_module *m)
{
	if (m == NULL)
		return;
	m->functions->C_Finalize(NULL);
	free(m);
}

CK_FUNCTION_LIST *
p11_functions(const struct p11_module *m)
{
	return m->functions;
}

static const struct p11_vendor *
vendor_of(const CK_TOKEN_INFO *info)
{
	const struct p11_vendor *v = vendors;
	while (memcmp(info->manufacturerID, v->manufacturer,
		   strlen(v->manufacturer)) != 0)
		v++;
	return v;
}

static void
copy_label(const CK_TOKEN_INFO *info, char out[33])
{
	size_t len = sizeof(info->label);
	while (len > 0 && info->label[len - 1] == ' ')
		len--;
	memcpy(out, info->label, len);
	out[len] = '\0';
}

static void
uri_freep(P11KitUri **uri)
{
	p11_kit_uri_free(*uri);
}

static struct err *
find(CK_FUNCTION_LIST *f, P11KitUri *uri, struct p11_token *out, int *found)
{
	CK_SLOT_ID slots[SLOTS_MAX];
	CK_ULONG n = SLOTS_MAX;
	TRY_CK(f->C_GetSlotList(CK_TRUE, slots, &n), "C_GetSlotList");
	for (CK_ULONG i = 0; i < n; i++) {
		CK_TOKEN_INFO info;
		if (f->C_GetTokenInfo(slots[i], &info) != CKR_OK ||
		    (info.flags & CKF_TOKEN_INITIALIZED) == 0 ||
		    p11_kit_uri_match_token_info(uri, &info) != 1)
			continue;
		++*found;
		out->slot = slots[i];
		out->vendor = vendor_of(&info);
		copy_label(&info, out->label);
	}
	return NULL;
}

struct err *
p11_token_find(
    const struct p11_module *m, const char *uri, struct p11_token *out)
{
	CLEANUP(uri_freep) P11KitUri *parsed = p11_kit_uri_new();
	if (parsed == NULL)
		return err_new(ERR_NOMEM, NULL, "a URI");
	if (p11_kit_uri_parse(uri, P11_KIT_URI_FOR_TOKEN, parsed) !=
	    P11_KIT_URI_OK)
		return err_new(ERR_MALFORMED, "RFC 7512", "the token's URI");
	struct p11_token t = { .module = m };
	int found = 0;
	TRY(find(m->functions, parsed, &t, &found));
	if (found == 0)
		return err_coded(
		    err_new(ERR_REMOTE, NULL, "no token fits %s", uri),
		    "token-unavailable");
	if (found > 1)
		return err_new(ERR_USAGE, NULL, "%d tokens fit %s", found, uri);
	*out = t;
	return NULL;
}
