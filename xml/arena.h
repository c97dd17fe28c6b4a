/*
 * Memory of one parsed document.  libxml2 asks malloc for each node and name,
 * and gives each back: for a large form a third of all time.  While a document
 * is parsed, its pieces are cut from large blocks instead, which go away at
 * once with the document.  All else that libxml2 needs comes from malloc.
 *
 * A document stays in the thread that parsed it.
 */
#ifndef SIGND_XML_ARENA_H
#define SIGND_XML_ARENA_H

#include <stddef.h>

struct arena;

/* Puts our functions under libxml2's memory; once, before threads. */
void arena_start(void);

/* Memory for a document of `size` bytes, from which libxml2 takes until
 * arena_leave().  NULL: it is small, memory is short, or arena_start() was not
 * called; libxml2 then goes on with malloc. */
struct arena *arena_enter(size_t size);
void arena_leave(void);
/* All of it at once; NULL is none. */
void arena_free(struct arena *a);

#endif
