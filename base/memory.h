/* Ownership: whoever declares it frees it (CLEANUP), TAKE hands it on. */
#ifndef SIGND_BASE_MEMORY_H
#define SIGND_BASE_MEMORY_H

#include <stddef.h>

#define CLEANUP(function) __attribute__((cleanup(function)))

/* TAKE yields a pointer and leaves NULL behind. */
#define TAKE(p)                                                                \
	__extension__({                                                        \
		__typeof__(p) taken_ = (p);                                    \
		(p) = NULL;                                                    \
		taken_;                                                        \
	})

/* DEFINE_FREEP(cert_free, struct cert) makes cert_freep() for CLEANUP. */
#define DEFINE_FREEP(function, type)                                           \
	__attribute__((unused)) static inline void function##p(type **p)       \
	{                                                                      \
		function(*p);                                                  \
	}

void free_charp(char **p); /* CLEANUP(free_charp) char *s = NULL; */
void close_fdp(int *fd);   /* CLEANUP(close_fdp) int fd = -1; */

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#endif
