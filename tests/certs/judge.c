/*
 * A thin command line over certs/judge.h, for scripts that judge a corpus:
 *
 *	judge cert|crl|ocsp [--trust F] [--pool F] [--crl F] [--ocsp F]
 *	    [--about F] [--time ISO8601] [--max-age S] [--purpose P]
 *	    [--policy OID] [--explicit-policy] [--inhibit-mapping]
 *	    [--inhibit-any] [--strict] [--explicit-curves] [--roots-only]
 *	    [--issuers-only] [--security-level N] [--status] FILE
 *
 * It prints one word and the reason; 0 when it could judge.
 */
#include "certs/judge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FILES 100

struct options {
	struct judge_input in;
	struct bytes trust[FILES], pool[FILES], crls[FILES], ocsps[FILES];
	const char *policies[FILES];
};

static struct bytes
read_file(const char *path)
{
	static const size_t max = 64 << 20;
	uint8_t *data = malloc(max);
	FILE *f = fopen(path, "rb");
	if (f == NULL || data == NULL) {
		fprintf(stderr, "%s: cannot read\n", path);
		exit(64);
	}
	size_t n = fread(data, 1, max, f);
	fclose(f);
	return bytes_of(data, n);
}

static bool
set_flag(struct path_request *r, const char *name)
{
	if (strcmp(name, "--explicit-policy") == 0)
		r->explicit_policy = true;
	else if (strcmp(name, "--inhibit-mapping") == 0)
		r->inhibit_mapping = true;
	else if (strcmp(name, "--inhibit-any") == 0)
		r->inhibit_any = true;
	else if (strcmp(name, "--strict") == 0)
		r->strict = true;
	else if (strcmp(name, "--explicit-curves") == 0)
		r->explicit_curves = true;
	else if (strcmp(name, "--roots-only") == 0)
		r->roots_only = true;
	else if (strcmp(name, "--issuers-only") == 0)
		r->issuers_only = true;
	else if (strcmp(name, "--status") == 0)
		r->status = STATUS_REQUIRED;
	else
		return false;
	return true;
}

static void
set_value(struct options *o, const char *name, const char *value)
{
	struct judge_input *in = &o->in;
	if (strcmp(name, "--time") == 0) {
		struct err *e =
		    time_parse_iso(bytes_str(value), &in->path.time);
		if (e == NULL)
			return;
		fprintf(stderr, "%s\n", err_text(e));
		exit(64);
	} else if (strcmp(name, "--max-age") == 0)
		in->max_age_s = strtoll(value, NULL, 10);
	else if (strcmp(name, "--security-level") == 0)
		in->path.security_level = atoi(value);
	else if (strcmp(name, "--purpose") == 0)
		in->path.purpose = value;
	else if (strcmp(name, "--policy") == 0 && in->path.npolicies < FILES)
		o->policies[in->path.npolicies++] = value;
	else if (strcmp(name, "--about") == 0)
		in->about = read_file(value);
	else if (strcmp(name, "--trust") == 0 && in->anchors.n < FILES)
		o->trust[in->anchors.n++] = read_file(value);
	else if (strcmp(name, "--pool") == 0 && in->pool.n < FILES)
		o->pool[in->pool.n++] = read_file(value);
	else if (strcmp(name, "--crl") == 0 && in->crls.n < FILES)
		o->crls[in->crls.n++] = read_file(value);
	else if (strcmp(name, "--ocsp") == 0 && in->ocsps.n < FILES)
		o->ocsps[in->ocsps.n++] = read_file(value);
	else
		exit(64);
}

int
main(int argc, char **argv)
{
	static struct options o;
	o.in.path.time = time(NULL);
	o.in.anchors.v = o.trust;
	o.in.pool.v = o.pool;
	o.in.crls.v = o.crls;
	o.in.ocsps.v = o.ocsps;
	o.in.path.policies = o.policies;
	if (argc < 3)
		return 64;
	for (int i = 2; i < argc - 1; i++)
		if (!set_flag(&o.in.path, argv[i]) && i + 1 < argc - 1) {
			set_value(&o, argv[i], argv[i + 1]);
			i++;
		}
	o.in.subject = read_file(argv[argc - 1]);
	struct judgement j = { 0 };
	struct err *e = strcmp(argv[1], "crl") == 0    ? judge_crl(&o.in, &j)
			: strcmp(argv[1], "ocsp") == 0 ? judge_ocsp(&o.in, &j)
						       : judge_cert(&o.in, &j);
	if (e != NULL)
		printf("%s %s\n",
		    err_kind(e) == ERR_UNSUPPORTED ? "unsupported"
						   : "parse-error",
		    err_text(e));
	else
		printf("%s %s\n", judge_word_name(j.word), j.detail);
	err_free(e);
	judgement_done(&j);
	return 0;
}
