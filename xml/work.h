/*
 * What one document may cost, counted down over all its signatures: a file of
 * a megabyte can ask for hours otherwise (256 signatures, each with 256
 * references, each over everything).
 */
#ifndef SIGND_XML_WORK_H
#define SIGND_XML_WORK_H

#include "base/base.h"

/* A step is a hop in the tree, some nanoseconds; all of them a few seconds. */
#define XML_STEPS_MAX ((uint64_t)400 * 1000 * 1000)
/* Bytes canonicalised, hashed, decoded: three times the largest document. */
#define XML_WORK_BYTES_MAX ((uint64_t)768 * 1024 * 1024)
#define XML_WORK_REFERENCES_MAX 4096 /* in all signatures together */

/* Prices in steps. */
#define STEPS_VISIT 15        /* canonicalising a node */
#define STEPS_XPATH 20        /* starting an evaluation */
#define STEPS_XPATH_OP 5      /* each operation in it */
#define STEPS_XPATH_BYTES 32  /* bytes of the document for a step, and */
#define STEPS_XPATH_PAIRS 256 /* pairs of nodes, where it is not cheap */
#define STEPS_CERT 20000      /* parsing a certificate */
#define STEPS_VERIFY 100000   /* trying a key */
#define STEPS_PARSED_BYTE 4   /* parsing a byte of XML */

struct xml_work {
	uint64_t steps;
	uint64_t bytes;
	uint64_t references;
};
#define XML_WORK                                                               \
	((struct xml_work){                                                    \
	    XML_STEPS_MAX, XML_WORK_BYTES_MAX, XML_WORK_REFERENCES_MAX })

/* Each takes from what is left; false or ERR_LIMIT ("xml-limit"): it is used
 * up, and stays so. */
bool work_steps(struct xml_work *w, uint64_t steps);
struct err *work_spend_steps(struct xml_work *w, uint64_t steps) MUST_USE;
struct err *work_spend_bytes(struct xml_work *w, uint64_t bytes) MUST_USE;
struct err *work_spend_reference(struct xml_work *w) MUST_USE;

#endif
