#include "xml/arena.h"

#include <libxml/xmlmemory.h>

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define DOCUMENT_MIN ((size_t)512 * 1024) /* below, malloc is as fast */
#define HUGE_PAGE ((size_t)2 * 1024 * 1024)
#define CHUNK_MAX ((size_t)64 * 1024 * 1024)
#define TREE_BYTES 6 /* of memory for a byte of text, as a first guess */
#define ALIGN ((size_t)16)
#define CLASSES 64 /* of sizes that are used again, ALIGN apart */

/* In front of each piece, so that what follows is aligned to 16. */
struct piece {
	uint64_t size; /* of what follows; a multiple of ALIGN, plus 8 */
};

struct chunk {
	struct chunk *next;
	size_t size; /* with this head */
	bool alone;  /* one piece, given back when it is freed */
};

struct arena {
	struct arena *next; /* alive in this thread */
	struct chunk *chunks;
	size_t chunk_size;
	uint8_t *at, *end;     /* what is left of the newest shared chunk */
	void *unused[CLASSES]; /* pieces to use again, by size */
};

static bool started;
static _Thread_local struct arena *alive;
static _Thread_local struct arena *current;

/* ---- chunks ---- */

static void *
map_chunk(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return NULL;
	if (size >= HUGE_PAGE)
		(void)madvise(p, size, MADV_HUGEPAGE); /* only faster */
	return p;
}

static struct chunk *
new_chunk(struct arena *a, size_t size, bool alone)
{
	struct chunk *c = map_chunk(size);
	if (c == NULL)
		return NULL;
	*c = (struct chunk){ .next = a->chunks, .size = size, .alone = alone };
	a->chunks = c;
	return c;
}

static bool
holds(const struct chunk *c, const void *p)
{
	uintptr_t at = (uintptr_t)p, start = (uintptr_t)c;
	return at > start && at < start + c->size;
}

static struct arena *
owner_of(const void *p)
{
	for (struct arena *a = alive; a != NULL; a = a->next)
		for (struct chunk *c = a->chunks; c != NULL; c = c->next)
			if (holds(c, p))
				return a;
	return NULL;
}

static void
drop_chunk(struct arena *a, const void *p)
{
	for (struct chunk **c = &a->chunks; *c != NULL; c = &(*c)->next)
		if (holds(*c, p)) {
			struct chunk *gone = *c;
			*c = gone->next;
			munmap(gone, gone->size);
			return;
		}
}

/* ---- pieces ---- */

static size_t
rounded(size_t size)
{
	return (size + 8 + ALIGN - 1) / ALIGN * ALIGN - 8;
}

static struct piece *
piece_of(void *p)
{
	return (struct piece *)((uint8_t *)p - sizeof(struct piece));
}

static void *
begin_piece(uint8_t *at, size_t size)
{
	struct piece *piece = (struct piece *)at;
	piece->size = size;
	return piece + 1;
}

/* Its first piece starts 8 bytes before a multiple of ALIGN. */
static uint8_t *
first_place(struct chunk *c)
{
	return (uint8_t *)c + rounded(sizeof(*c));
}

static void *
take_alone(struct arena *a, size_t size)
{
	size_t head = rounded(sizeof(struct chunk)) + sizeof(struct piece);
	struct chunk *c = new_chunk(a, head + size, true);
	return c == NULL ? NULL : begin_piece(first_place(c), size);
}

static void *
take(struct arena *a, size_t wanted)
{
	if (wanted > SIZE_MAX / 2)
		return NULL;
	size_t size = rounded(wanted), class = size / ALIGN;
	if (class < CLASSES && a->unused[class] != NULL) {
		void *p = a->unused[class];
		memcpy(&a->unused[class], p, sizeof(void *));
		return p;
	}
	if (size > a->chunk_size / 8)
		return take_alone(a, size);
	if ((size_t)(a->end - a->at) < size + sizeof(struct piece)) {
		struct chunk *c = new_chunk(a, a->chunk_size, false);
		if (c == NULL)
			return NULL;
		a->at = first_place(c);
		a->end = (uint8_t *)c + c->size;
	}
	void *p = begin_piece(a->at, size);
	a->at += sizeof(struct piece) + size;
	return p;
}

static void
give_back(struct arena *a, void *p)
{
	size_t size = piece_of(p)->size, class = size / ALIGN;
	if (class < CLASSES) {
		memcpy(p, &a->unused[class], sizeof(void *));
		a->unused[class] = p;
	} else if (size > a->chunk_size / 8) {
		drop_chunk(a, p);
	}
}

/* ---- under libxml2 ---- */

static void *
hook_malloc(size_t size)
{
	return current != NULL ? take(current, size) : malloc(size);
}

static void
hook_free(void *p)
{
	struct arena *a = alive == NULL || p == NULL ? NULL : owner_of(p);
	if (a != NULL)
		give_back(a, p);
	else
		free(p);
}

static void *
hook_realloc(void *p, size_t size)
{
	struct arena *a = alive == NULL || p == NULL ? NULL : owner_of(p);
	if (p == NULL)
		return hook_malloc(size);
	if (a == NULL)
		return realloc(p, size);
	size_t had = piece_of(p)->size;
	if (size <= had)
		return p;
	void *made = take(a, size);
	if (made == NULL)
		return NULL;
	memcpy(made, p, had);
	give_back(a, p);
	return made;
}

static char *
hook_strdup(const char *s)
{
	size_t size = strlen(s) + 1;
	char *made = hook_malloc(size);
	return made == NULL ? NULL : memcpy(made, s, size);
}

/* Where each access is watched, each piece is malloc's own. */
#if defined(__SANITIZE_ADDRESS__)
#define WATCHED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer)
#define WATCHED 1
#endif
#endif
#ifndef WATCHED
#define WATCHED 0
#endif

void
arena_start(void)
{
	if (WATCHED || started)
		return;
	started =
	    xmlMemSetup(hook_free, hook_malloc, hook_realloc, hook_strdup) == 0;
}

struct arena *
arena_enter(size_t size)
{
	if (!started || size < DOCUMENT_MIN || current != NULL)
		return NULL;
	struct arena *a = calloc(1, sizeof(*a));
	if (a == NULL)
		return NULL;
	size_t chunk = (size * TREE_BYTES + HUGE_PAGE) / HUGE_PAGE * HUGE_PAGE;
	a->chunk_size = chunk > CHUNK_MAX ? CHUNK_MAX : chunk;
	a->next = alive;
	alive = a;
	current = a;
	return a;
}

void
arena_leave(void)
{
	current = NULL;
}

void
arena_free(struct arena *a)
{
	if (a == NULL)
		return;
	for (struct arena **p = &alive; *p != NULL; p = &(*p)->next)
		if (*p == a) {
			*p = a->next;
			break;
		}
	while (a->chunks != NULL) {
		struct chunk *c = a->chunks;
		a->chunks = c->next;
		munmap(c, c->size);
	}
	free(a);
}
