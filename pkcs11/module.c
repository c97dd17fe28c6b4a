#include "pkcs11/module.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include <p11-kit/uri.h>

#define SLOTS_MAX 64 /* more than any machine has */

struct p11_module {
	CK_FUNCTION_LIST *functions;
	CK_INFO info;
};

static struct err *
load(const char *path, CK_FUNCTION_LIST **out)
{
	/* NODELETE: see p11_module_free(). */
	void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	if (library == NULL)
		return err_coded(err_new(ERR_MISSING, NULL, "loading %s: %s",
				     path, dlerror()),
		    "token-module-wrong");
	CK_C_GetFunctionList get;
	void *symbol = dlsym(library, "C_GetFunctionList");
	memcpy(&get, &symbol, sizeof(get));
	CK_FUNCTION_LIST *f = NULL;
	if (get == NULL || get(&f) != CKR_OK || f == NULL) {
		dlclose(library);
		return err_coded(
		    err_new(ERR_MISSING, NULL, "%s is no PKCS#11 module", path),
		    "token-module-wrong");
	}
	*out = f;
	return NULL;
}

/* NSS put a field of its own before the reserved one, which is then one
 * further; others see a reserved field that is NULL. */
struct initialize_args {
	CK_C_INITIALIZE_ARGS standard;
	void *reserved_of_nss;
};

static struct err *
start(CK_FUNCTION_LIST *f, const char *arguments, CK_INFO *info)
{
	struct initialize_args args = {
		.standard = { .flags = CKF_OS_LOCKING_OK,
		    .pReserved = (void *)(uintptr_t)arguments },
	};
	CK_RV rv = f->C_Initialize(&args);
	if (rv != CKR_OK)
		return err_coded(
		    err_ck(rv, "C_Initialize"), "token-unavailable");
	rv = f->C_GetInfo(info);
	if (rv == CKR_OK)
		return NULL;
	f->C_Finalize(NULL);
	return err_coded(err_ck(rv, "C_GetInfo"), "token-unavailable");
}

struct err *
p11_module_open_with(
    const char *path, const char *arguments, struct p11_module **out)
{
	if (arguments != NULL && *arguments == '\0')
		arguments = NULL;
	if (arguments != NULL && !p11_takes_arguments(path))
		return err_new(ERR_USAGE, NULL, "%s takes no arguments", path);
	CK_FUNCTION_LIST *f = NULL;
	TRY(load(path, &f));
	struct p11_module *m = calloc(1, sizeof(*m));
	if (m == NULL)
		return err_new(ERR_NOMEM, NULL, "struct p11_module");
	struct err *e = start(f, arguments, &m->info);
	if (e != NULL) {
		free(m);
		return e;
	}
	m->functions = f;
	*out = m;
	return NULL;
}

struct err *
p11_module_open(const char *path, struct p11_module **out)
{
	return p11_module_open_with(path, NULL, out);
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

const CK_INFO *
p11_module_info(const struct p11_module *m)
{
	return &m->info;
}

struct bytes
p11_text(const CK_UTF8CHAR *field, size_t len)
{
	while (len > 0 && (field[len - 1] == ' ' || field[len - 1] == '\0'))
		len--;
	return bytes_of(field, len);
}

static void
copy_label(const CK_TOKEN_INFO *info, char out[33])
{
	struct bytes label = p11_text(info->label, sizeof(info->label));
	memcpy(out, label.ptr, label.len);
	out[label.len] = '\0';
}

static void
uri_freep(P11KitUri **uri)
{
	p11_kit_uri_free(*uri);
}

/* slot-id, slot-description, slot-manufacturer. */
static bool
fits_slot(CK_FUNCTION_LIST *f, const P11KitUri *uri, CK_SLOT_ID slot)
{
	CK_SLOT_ID wanted =
	    p11_kit_uri_get_slot_id((P11KitUri *)(uintptr_t)uri);
	CK_SLOT_INFO info = { 0 };
	if (wanted != (CK_SLOT_ID)-1 && wanted != slot)
		return false;
	return f->C_GetSlotInfo(slot, &info) == CKR_OK &&
	       p11_kit_uri_match_slot_info(uri, &info) == 1;
}

static struct err *
find(const struct p11_module *m, P11KitUri *uri, struct p11_token *out,
    int *found)
{
	CK_FUNCTION_LIST *f = m->functions;
	CK_SLOT_ID slots[SLOTS_MAX];
	CK_ULONG n = SLOTS_MAX;
	/* library-manufacturer, library-description, library-version. */
	CK_INFO library = m->info;
	if (p11_kit_uri_match_module_info(uri, &library) != 1)
		return NULL;
	TRY_CK(f->C_GetSlotList(CK_TRUE, slots, &n), "C_GetSlotList");
	for (CK_ULONG i = 0; i < n; i++) {
		CK_TOKEN_INFO info = { 0 };
		if (!fits_slot(f, uri, slots[i]))
			continue;
		if (f->C_GetTokenInfo(slots[i], &info) != CKR_OK ||
		    (info.flags & CKF_TOKEN_INITIALIZED) == 0 ||
		    p11_kit_uri_match_token_info(uri, &info) != 1)
			continue;
		++*found;
		out->slot = slots[i];
		out->vendor = p11_vendor_find(&m->info, &info);
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
	if (p11_kit_uri_parse(uri, P11_KIT_URI_FOR_ANY, parsed) !=
	    P11_KIT_URI_OK)
		return err_new(ERR_MALFORMED, "RFC 7512", "the token's URI");
	struct p11_token t = { .module = m };
	int found = 0;
	TRY(find(m, parsed, &t, &found));
	if (found == 0)
		return err_coded(
		    err_new(ERR_REMOTE, NULL, "no token fits %s", uri),
		    "token-not-found");
	if (found > 1)
		return err_coded(
		    err_new(ERR_USAGE, NULL, "%d tokens fit %s", found, uri),
		    "token-several");
	*out = t;
	return NULL;
}
