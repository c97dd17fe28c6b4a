/*
 * A verdict from the facts of one PDF, without trust and without dates: for
 * work on pdf/verify, and for ../shared/conformance/run while signctl has no
 * verdict of its own.  Usage: judge [-v] FILE, or FILE in the environment.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pdf/verify.h"

static const char *const levels[] = { "none", "validation data", "form",
	"annotation", "suspicious" };

static bool
has_fatal(const struct findings *f)
{
	for (size_t i = 0; i < f->n; i++) {
		if (f->v[i].fatal)
			return true;
	}
	return false;
}

static bool
signature_ok(const struct signature_fact *s)
{
	if (s->signature != CHECK_PASSED || s->cert_binding == CHECK_FAILED ||
	    s->cert == NULL || s->nreferences == 0)
		return false;
	if (s->cert_binding == CHECK_NOT_DONE &&
	    (s->format == NULL || strcmp(s->format, "PAdES") == 0))
		return false;
	for (size_t i = 0; i < s->nreferences; i++) {
		if (s->references[i].digest != CHECK_PASSED)
			return false;
	}
	return !has_fatal(&s->findings) && s->changes <= s->allowed;
}

static void
tell_findings(const struct findings *f)
{
	for (size_t i = 0; i < f->n; i++)
		printf("    %s %s: %s\n", f->v[i].fatal ? "FATAL" : "note",
		    f->v[i].code, f->v[i].detail == NULL ? "" : f->v[i].detail);
}

static void
tell(const struct facts *f)
{
	for (size_t i = 0; i < f->nsignatures; i++) {
		const struct signature_fact *s = &f->signatures[i];
		printf("  %s [%s] revision %d of %d%s: value %d binding %d, "
		       "changes %s, allowed %s, level %d, %zu stamps\n",
		    s->id, s->format, s->revision, s->revisions,
		    s->covers_all ? " (all)" : "", (int)s->signature,
		    (int)s->cert_binding, levels[s->changes],
		    levels[s->allowed], (int)s->level, s->ntimestamps);
		for (size_t k = 0; k < s->nreferences; k++)
			printf("    %s %s: digest %d, %s\n",
			    s->references[k].uri,
			    digest_name(s->references[k].alg),
			    (int)s->references[k].digest,
			    s->references[k].covers);
		tell_findings(&s->findings);
	}
	printf("  %zu CRLs and answers\n", f->nstatus_data);
	tell_findings(&f->findings);
}

static struct bytes
map(const char *path)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) != 0 || st.st_size == 0)
		return BYTES_NONE;
	void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	return p == MAP_FAILED ? BYTES_NONE : bytes_of(p, (size_t)st.st_size);
}

int
main(int argc, char **argv)
{
	bool verbose = argc > 1 && strcmp(argv[1], "-v") == 0;
	const char *path =
	    argc > 1 + verbose ? argv[1 + verbose] : getenv("FILE");
	if (path == NULL)
		return 64;
	struct facts f;
	struct collect_input in = { .document = map(path) };
	struct err *e = pdf_collect(&in, &f);
	if (e != NULL) {
		const char *kind = err_kind(e) == ERR_UNSUPPORTED
				       ? "unsupported"
				       : "parse-error";
		printf("%s %s\n", kind, err_text(e));
		err_free(e);
		return 0;
	}
	bool ok = f.nsignatures > 0 && !has_fatal(&f.findings);
	for (size_t i = 0; i < f.nsignatures; i++)
		ok = ok && signature_ok(&f.signatures[i]);
	puts(ok ? "valid" : "invalid");
	if (verbose)
		tell(&f);
	facts_done(&f);
	return 0;
}
