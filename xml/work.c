#include "xml/work.h"

static bool
take(uint64_t *left, uint64_t much)
{
	bool enough = *left >= much;
	*left = enough ? *left - much : 0;
	return enough;
}

static struct err *
used_up(const char *what)
{
	return err_coded(err_new(ERR_LIMIT, NULL,
			     "the document asks for too much work: %s", what),
	    "xml-limit");
}

bool
work_steps(struct xml_work *w, uint64_t steps)
{
	return take(&w->steps, steps);
}

struct err *
work_spend_steps(struct xml_work *w, uint64_t steps)
{
	return take(&w->steps, steps) ? NULL : used_up("steps");
}

struct err *
work_spend_bytes(struct xml_work *w, uint64_t bytes)
{
	return take(&w->bytes, bytes) ? NULL : used_up("bytes");
}

struct err *
work_spend_reference(struct xml_work *w)
{
	return take(&w->references, 1) ? NULL : used_up("references");
}
