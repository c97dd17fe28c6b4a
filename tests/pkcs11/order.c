/*
 * order FILE FUNCTION FAULT [TIMES [MS]]: what the faulty module is to do; FILE
 * is made if need be.  order FILE: how often it was done, and since then.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/pkcs11/faulty.h"

static int
find(const char *name, const char *const *names, int n)
{
	for (int i = 0; i < n; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	fprintf(stderr, "order: no %s\n", name);
	exit(2);
}

int
main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	umask(0);
	int fd = open(argv[1], O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	struct faulty_orders *o;
	if (fd < 0 || ftruncate(fd, sizeof(*o)) != 0)
		return 1;
	o = mmap(NULL, sizeof(*o), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (o == MAP_FAILED)
		return 1;
	if (argc < 4) {
		printf("%u\n", atomic_load(&o->done));
		return 0;
	}
	int function = find(argv[2], faulty_functions, F_COUNT);
	int fault = find(argv[3], faulty_faults, FAULT_COUNT);
	/* Nothing is done while half of it is written. */
	atomic_store(&o->times, 0);
	atomic_store(&o->done, 0);
	atomic_store(&o->function, (uint32_t)function);
	atomic_store(&o->fault, (uint32_t)fault);
	atomic_store(&o->ms, argc > 5 ? (uint32_t)atoi(argv[5]) : 0);
	atomic_store(&o->times, argc > 4 ? atoi(argv[4]) : 1);
	return 0;
}
