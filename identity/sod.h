/*
 * Passive authentication (ICAO 9303-11 5.1): EF.SOD holds the issuer's
 * signature over hashes of the chip's data groups.  It says that the data are
 * the issuer's, not that the chip is no copy (identity/aa.h asks that).
 */
#ifndef SIGND_IDENTITY_SOD_H
#define SIGND_IDENTITY_SOD_H

#include "certs/path.h"
#include "cms/cms.h"

#define SOD_MAX (256 * 1024)        /* bytes; real ones have 2 to 10 KB */
#define DATA_GROUP_MAX (512 * 1024) /* bytes; DG2 holds a picture */
#define DATA_GROUPS 16              /* numbered from 1, ICAO 9303-10 4.7 */

struct sod;

/*
 * sod_parse reads EF.SOD as it is on the chip (tag 0x77), or what lies in it:
 * CMS SignedData of version 3 with an LDSSecurityObject (ICAO 9303-10 4.6.2),
 * and nothing after it.  `in` is not kept.
 *
 * ERR_MALFORMED: none of this, the security object is not in DER, a data
 * group stands twice, or a hash has another length than its algorithm's.
 * ERR_UNSUPPORTED: a hash algorithm other than SHA-1 and SHA-2; several
 * signers.  ERR_LIMIT: longer than SOD_MAX.
 */
struct err *sod_parse(struct bytes in, struct sod **out) MUST_USE;
void sod_free(struct sod *s);
DEFINE_FREEP(sod_free, struct sod)

enum digest_alg sod_digest(const struct sod *s); /* of the data groups */
/* The hash of data group `number`; ptr NULL: the SOD does not list it. */
struct bytes sod_hash(const struct sod *s, int number);
/* "0108", or "" where the SOD (version 0) does not say. */
const char *sod_lds_version(const struct sod *s);

/* A file of the chip, as it was read. */
struct data_group {
	int number; /* 1 to DATA_GROUPS */
	struct bytes bytes;
};

struct sod_request {
	const struct data_group *groups;
	size_t ngroups;
	const struct cert_list *csca; /* trusted: the countries' authorities */
	const struct cert_list *pool; /* signers and links, not trusted */
	enum status_wanted status;    /* of the document signer */
	const struct status_data *status_data; /* CRLs of the CSCA */
	size_t nstatus_data;
	int64_t time; /* seconds */
};

/* What can be said of one data group. */
enum group_state {
	GROUP_NOT_GIVEN,
	GROUP_FITS,        /* its hash is the one that is signed */
	GROUP_DIFFERS,     /* it is not what was signed */
	GROUP_NOT_COVERED, /* the chip's signature says nothing about it */
};

enum chip_state {
	CHIP_NOT_VERIFIED, /* the signature holds, its signer is not known to
			    * be an issuer: no CSCA given, no path, no
			    * status where it is wanted */
	CHIP_AUTHENTIC,    /* signed by a document signer of a given CSCA */
	CHIP_FORGED,       /* the signature or a hash is wrong */
};

struct sod_verdict {
	enum chip_state state;
	enum check signature; /* of the SOD, by the document signer's key */
	bool has_path;        /* a CSCA was given, so `path` was looked for */
	struct path path;     /* of the document signer */
	struct cert *signer;  /* NULL: not found; owned */
	struct sig_alg alg;
	enum group_state groups[DATA_GROUPS + 1]; /* by number; [0] unused */
	bool all_fit; /* every group given is GROUP_FITS */
	struct findings findings;
};

/*
 * sod_verify always fills *out, which sod_verdict_done() frees: a wrong
 * signature is an answer.  A group given twice or with a number out of range
 * is ERR_USAGE, one over DATA_GROUP_MAX ERR_LIMIT.
 */
struct err *sod_verify(const struct sod *s, const struct sod_request *r,
    struct sod_verdict *out) MUST_USE;
void sod_verdict_done(struct sod_verdict *v);

/*
 * document_signer_path looks for the path of a signer of chip data or master
 * lists to a CSCA: curves may be given by their parameters, and a CSCA does
 * not sign itself.  `purpose` is the extendedKeyUsage that the certificate
 * must have, dotted; NULL: it must have none (ICAO 9303-12 7.1.1).
 */
struct err *document_signer_path(struct cert *signer, const char *purpose,
    const struct sod_request *r, struct path *out) MUST_USE;

#endif
