/* signctl sod verify: do a chip's data come from who issues such documents?
 * ICAO 9303-11 5.1, in a sandbox and without a network. */
#include "signctl/offline.h"

#include <stdlib.h>
#include <string.h>

#include "base/encoding.h"
#include "base/pack.h"
#include "identity/aa.h"
#include "identity/masterlist.h"
#include "identity/sod.h"
#include "signctl/sod_show.h"

#define TEXT_MAX (256 * 1024) /* bytes of text */

static const struct option_row options[] = {
	{ "dg", "N=FILE", "data group N as read from the chip", true },
	{ "trust", "FILE", "CSCA certificates, PEM or DER", true },
	{ "masterlist", "FILE", "a CSCA master list that --trust vouches for",
	    true },
	{ "certs", "FILE", "document signers, not trusted", true },
	{ "crl", "FILE", "a CRL of a CSCA", true },
	{ "challenge", "HEX", "what was sent to the chip to be signed", false },
	{ "response", "FILE", "the chip's signature over it", false },
	{ "time", "ISO8601", "time of validation (now)", false },
	{ "policy", "NAME", "basic, path-only or crypto-only", false },
	{ "show", NULL, "what the groups 1, 11, 12 and 13 say, if they fit",
	    false },
	{ "lang", "vi|en", "language of what people read", false },
	{ "help", NULL, "this text", false },
	{ NULL, NULL, NULL, false },
};

/* Everything that one verification needs, and owns. */
struct session {
	struct input sod;
	struct input groups[DATA_GROUPS + 1]; /* by number */
	struct data_group given[DATA_GROUPS];
	size_t ngiven;
	struct input *lists;
	size_t nlists;
	bool active; /* the chip was asked to sign */
	struct buf challenge;
	struct input response;
	struct cert_list trust;
	struct cert_list certs;
	struct status_files status;
	enum status_wanted status_wanted;
	int64_t time;
	bool crypto_only;
	bool show;
	enum lang lang;
};

static void
session_done(struct session *s)
{
	input_done(&s->sod);
	for (size_t i = 0; i < COUNT_OF(s->groups); i++)
		input_done(&s->groups[i]);
	for (size_t i = 0; i < s->nlists; i++)
		input_done(&s->lists[i]);
	free(s->lists);
	buf_done(&s->challenge);
	input_done(&s->response);
	cert_list_done(&s->trust);
	cert_list_done(&s->certs);
	status_done(&s->status);
}

static struct err *
load_group(struct session *s, const char *word)
{
	char *end = NULL;
	long n = strtol(word, &end, 10);
	if (end == word || *end != '=' || n < 1 || n > DATA_GROUPS)
		return err_new(
		    ERR_USAGE, NULL, "--dg wants N=FILE, N from 1 to 16");
	if (s->groups[n].bytes.ptr != NULL || s->groups[n].map != NULL)
		return err_new(ERR_USAGE, NULL, "--dg %ld is given twice", n);
	TRY(input_open(end + 1, &s->groups[n]));
	s->given[s->ngiven++] = (struct data_group){ .number = (int)n,
		.bytes = s->groups[n].bytes };
	return NULL;
}

static struct err *
load_groups(const struct args *a, struct session *s)
{
	size_t n;
	const char *const *words = args_all(a, "dg", &n);
	if (n > DATA_GROUPS)
		return err_new(
		    ERR_USAGE, NULL, "more than %d data groups", DATA_GROUPS);
	for (size_t i = 0; i < n; i++)
		TRY(load_group(s, words[i]));
	return NULL;
}

static struct err *
load_lists(const struct args *a, struct session *s)
{
	size_t n;
	const char *const *paths = args_all(a, "masterlist", &n);
	s->lists = calloc(n + 1, sizeof(*s->lists));
	if (s->lists == NULL)
		return err_new(ERR_NOMEM, NULL, "master lists");
	for (; s->nlists < n; s->nlists++)
		TRY(input_open(paths[s->nlists], &s->lists[s->nlists]));
	return NULL;
}

static struct err *
load_active(const struct args *a, struct session *s)
{
	const char *challenge = args_get(a, "challenge");
	const char *response = args_get(a, "response");
	s->challenge = BUF(AA_CHALLENGE);
	if ((challenge == NULL) != (response == NULL))
		return err_new(ERR_USAGE, NULL,
		    "--challenge and --response belong together");
	if (challenge == NULL)
		return NULL;
	s->active = true;
	struct err *e = hex_decode(bytes_str(challenge), &s->challenge);
	if (e != NULL || s->challenge.len != AA_CHALLENGE) {
		err_free(e);
		return err_new(ERR_USAGE, NULL,
		    "--challenge wants %d bytes in hex", AA_CHALLENGE);
	}
	return input_open(response, &s->response);
}

/* As the policies of `verify`: what is left out of the judgement. */
static struct err *
load_policy(const struct args *a, struct session *s)
{
	const char *policy = args_get(a, "policy");
	s->status_wanted = STATUS_IF_KNOWN;
	if (policy == NULL || strcmp(policy, "basic") == 0)
		s->status_wanted = STATUS_REQUIRED;
	else if (strcmp(policy, "crypto-only") == 0)
		s->crypto_only = true;
	else if (strcmp(policy, "path-only") != 0)
		return err_new(ERR_USAGE, NULL, "no such policy: %s", policy);
	return NULL;
}

static struct err *
load(const struct args *a, struct session *s)
{
	if (a->nwords != 1)
		return err_new(ERR_USAGE, NULL, "which one EF.SOD?");
	s->lang = a->lang;
	s->show = args_has(a, "show");
	TRY(load_policy(a, s));
	TRY(input_open(a->words[0], &s->sod));
	TRY(load_groups(a, s));
	TRY(load_lists(a, s));
	TRY(load_active(a, s));
	TRY(certs_load(a, "trust", &s->trust));
	TRY(certs_load(a, "certs", &s->certs));
	TRY(status_load(a, &s->status));
	TRY(time_option(a, &s->time));
	if (s->time == TIME_NONE)
		s->time = clock_now(&clock_system);
	return NULL;
}

/* ---- in the sandbox ---- */

/* line writes a sentence of the catalogue, with a detail in brackets. */
static struct err *
line(const struct session *s, const char *code, const char *detail,
    struct buf *out)
{
	TRY(buf_printf(out, "%s%s%s%s\n", message_text(code, s->lang),
	    detail != NULL ? " [" : "", detail != NULL ? detail : "",
	    detail != NULL ? "]" : ""));
	const char *next = message_next(code, s->lang);
	return *next == '\0' ? NULL : buf_printf(out, "  → %s\n", next);
}

/* A list that is refused takes nothing away: it is told, and not used. */
static struct err *
add_lists(const struct session *s, struct cert_list *csca, struct buf *text)
{
	for (size_t i = 0; i < s->nlists; i++) {
		struct masterlist_result r;
		char counts[96];
		TRY(err_while(masterlist_read(s->lists[i].bytes, &s->trust,
				  s->time, csca, &r),
		    "master list %zu", i + 1));
		snprintf(counts, sizeof(counts), "%zu + %zu", r.added,
		    r.passed_over);
		TRY(line(s,
		    r.accepted ? "masterlist-used" : "masterlist-refused",
		    r.accepted ? counts : r.detail, text));
	}
	return NULL;
}

static const char *
sentence(const struct session *s, const struct sod_verdict *v, int *code)
{
	bool intact = v->signature == CHECK_PASSED;
	*code = EXIT_INDETERMINATE;
	if (v->state == CHIP_FORGED) {
		*code = EXIT_INVALID;
		return "chip-forged";
	}
	if (v->state == CHIP_AUTHENTIC && !v->all_fit)
		return "chip-partly";
	if (v->state == CHIP_AUTHENTIC) {
		*code = EXIT_VALID;
		return "chip-authentic";
	}
	if (s->crypto_only && intact && v->all_fit) {
		*code = EXIT_VALID;
		return "chip-intact";
	}
	return "chip-not-verified";
}

static struct err *
tell_groups(
    const struct session *s, const struct sod_verdict *v, struct buf *out)
{
	static const char *const codes[] = {
		[GROUP_FITS] = "chip-group-fits",
		[GROUP_DIFFERS] = "chip-group-differs",
		[GROUP_NOT_COVERED] = "chip-group-uncovered",
	};
	for (int n = 1; n <= DATA_GROUPS; n++)
		if (v->groups[n] != GROUP_NOT_GIVEN)
			TRY(buf_printf(out, "  DG%d: %s\n", n,
			    message_text(codes[v->groups[n]], s->lang)));
	return NULL;
}

static struct err *
tell(const struct session *s, const struct sod_verdict *v, int *code,
    struct buf *out)
{
	char alg[64];
	TRY(line(s, sentence(s, v, code), NULL, out));
	TRY(tell_groups(s, v, out));
	sig_alg_name(v->alg, alg, sizeof(alg));
	if (v->signer != NULL)
		TRY(buf_printf(
		    out, "  %s (%s)\n", cert_subject(v->signer), alg));
	for (size_t i = 1; i < v->path.chain.n; i++)
		TRY(buf_printf(
		    out, "  %s\n", cert_subject(v->path.chain.v[i])));
	for (size_t i = 0; i < v->findings.n; i++)
		TRY(buf_printf(out, "  - %s [%s%s%s]\n",
		    message_text(v->findings.v[i].code, s->lang),
		    v->findings.v[i].code,
		    v->findings.v[i].detail != NULL ? ": " : "",
		    v->findings.v[i].detail != NULL ? v->findings.v[i].detail
						    : ""));
	return NULL;
}

/* tell_active says whether the chip has the key, and lowers the exit code
 * where that is not shown. */
static struct err *
tell_active(const struct session *s, const struct sod_request *r,
    const struct sod_verdict *v, int *code, struct buf *out)
{
	static const char *const codes[] = {
		[CHECK_NOT_DONE] = "chip-key-unknown",
		[CHECK_PASSED] = "chip-has-key",
		[CHECK_FAILED] = "chip-copied",
	};
	enum check active;
	if (!s->active)
		return NULL;
	TRY(aa_check(
	    r, v, buf_bytes(&s->challenge), s->response.bytes, &active));
	if (active == CHECK_FAILED)
		*code = EXIT_INVALID;
	else if (active == CHECK_NOT_DONE && *code == EXIT_VALID)
		*code = EXIT_INDETERMINATE;
	return line(s, codes[active], NULL, out);
}

static struct err *
judge(const struct session *s, struct cert_list *csca, struct buf *text,
    int *code)
{
	CLEANUP(sod_freep) struct sod *sod = NULL;
	TRY(sod_parse(s->sod.bytes, &sod));
	for (size_t i = 0; i < s->trust.n; i++)
		TRY(cert_list_add(csca, s->trust.v[i]));
	TRY(add_lists(s, csca, text));
	const struct sod_request r = {
		.groups = s->given,
		.ngroups = s->ngiven,
		.csca = csca,
		.pool = &s->certs,
		.status = s->status_wanted,
		.status_data = s->status.v,
		.nstatus_data = s->status.n,
		.time = s->time,
	};
	struct sod_verdict v;
	TRY(sod_verify(sod, &r, &v));
	struct err *e = tell(s, &v, code, text);
	if (e == NULL)
		e = tell_active(s, &r, &v, code, text);
	if (e == NULL && s->show)
		e = sod_show(&r, &v, s->time, s->lang, text);
	sod_verdict_done(&v);
	return e;
}

enum { FIELD_CODE = 1, FIELD_TEXT };

static struct err *
child(void *ctx, struct buf *out)
{
	CLEANUP(buf_done) struct buf text = BUF(TEXT_MAX);
	struct cert_list csca = { 0 };
	int code = EXIT_INDETERMINATE;
	struct err *e = judge(ctx, &csca, &text, &code);
	cert_list_done(&csca);
	TRY(e);
	TRY(pack_u64(out, FIELD_CODE, (uint64_t)code));
	return pack_bytes(out, FIELD_TEXT, buf_bytes(&text));
}

/* ---- outside again ---- */

/* What the child says is only as good as what it read: lines of text. */
static struct err *
print(struct bytes text)
{
	while (text.len > 0) {
		size_t n = bytes_find(text, BYTES_LIT("\n"));
		if (n == SIZE_MAX)
			n = text.len;
		struct bytes one = bytes_slice(text, 0, n);
		if (!utf8_printable(one))
			return err_new(
			    ERR_REMOTE, NULL, "an unreadable report");
		printf("%.*s\n", (int)one.len, (const char *)one.ptr);
		text = bytes_from(text, n + 1);
	}
	return NULL;
}

static struct err *
run(const struct args *a, int *code)
{
	CLEANUP(session_done) struct session s = { 0 };
	CLEANUP(buf_done) struct buf answer = BUF(2 * TEXT_MAX);
	const struct sandbox_limits limits = { .memory = OFFLINE_MEMORY,
		.seconds = OFFLINE_SECONDS };
	TRY(load(a, &s));
	TRY(worker_start());
	struct err *e = sandbox_run(limits, child, &s, &answer);
	worker_stop();
	TRY(e);
	struct unpack u = unpack_of(buf_bytes(&answer));
	uint64_t n;
	struct bytes text;
	TRY(unpack_u64(&u, FIELD_CODE, &n));
	TRY(unpack_bytes(&u, FIELD_TEXT, &text));
	TRY(unpack_end(&u));
	if (n > EXIT_INDETERMINATE)
		return err_new(ERR_REMOTE, NULL, "an answer that is none");
	TRY(print(text));
	*code = (int)n;
	return NULL;
}

const struct command command_sod_verify = {
	.name = "sod verify",
	.words = "FILE",
	.summary = "tell whether a chip's data are its issuer's (ICAO 9303)",
	.more =
	    "FILE is EF.SOD as read from the chip of a passport or an "
	    "identity card.  Without\n--trust the chip is \"not verified\", "
	    "which is no error (exit code 2); with\n--policy crypto-only "
	    "nothing is said about who signed.",
	.options = options,
	.run = run,
};
