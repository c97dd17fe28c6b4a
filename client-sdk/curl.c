#include "client-sdk/curl.h"

#include <dlfcn.h>
#include <string.h>

#define LIBCURL "libcurl.so.4"

struct err *
curl_load(struct curl_api *out)
{
	/* Never closed: libcurl and what it loads keep state of their own. */
	void *lib = dlopen(LIBCURL, RTLD_NOW | RTLD_LOCAL);
	if (lib == NULL)
		return err_new(ERR_MISSING, NULL, "%s", dlerror());
	struct curl_api api;
	const struct {
		const char *name;
		void *slot;
	} wanted[] = {
		{ "curl_global_init", &api.global_init },
		{ "curl_easy_init", &api.easy_init },
		{ "curl_easy_reset", &api.easy_reset },
		{ "curl_easy_setopt", &api.easy_setopt },
		{ "curl_easy_perform", &api.easy_perform },
		{ "curl_easy_getinfo", &api.easy_getinfo },
		{ "curl_easy_cleanup", &api.easy_cleanup },
		{ "curl_easy_strerror", &api.easy_strerror },
		{ "curl_slist_append", &api.slist_append },
		{ "curl_slist_free_all", &api.slist_free_all },
		{ "curl_multi_init", &api.multi_init },
		{ "curl_multi_add_handle", &api.multi_add_handle },
		{ "curl_multi_remove_handle", &api.multi_remove_handle },
		{ "curl_multi_perform", &api.multi_perform },
		{ "curl_multi_poll", &api.multi_poll },
		{ "curl_multi_info_read", &api.multi_info_read },
		{ "curl_multi_cleanup", &api.multi_cleanup },
		{ "curl_url", &api.url },
		{ "curl_url_set", &api.url_set },
		{ "curl_url_get", &api.url_get },
		{ "curl_url_cleanup", &api.url_cleanup },
		{ "curl_free", &api.free },
	};
	for (size_t i = 0; i < COUNT_OF(wanted); i++) {
		void *found = dlsym(lib, wanted[i].name);
		if (found == NULL)
			return err_new(ERR_MISSING, NULL, "%s has no %s",
			    LIBCURL, wanted[i].name);
		memcpy(wanted[i].slot, &found, sizeof(found));
	}
	*out = api;
	return NULL;
}
