/* signctl verify --local: a PDF that stays here, judged by a service. */
#ifndef SIGND_SIGNCTL_VERIFY_APART_H
#define SIGND_SIGNCTL_VERIFY_APART_H

#include "client-sdk/signd.h"

#include "signctl/command.h"

/*
 * verify_apart looks at the PDF in the sandbox here (values, what is covered,
 * what was changed), sends each signature with the SHA-256 of what it covers,
 * and prints one result of both.  *code is made worse, if it is.  Time stamps of
 * the document are judged by nobody then: with one it is INDETERMINATE at best.
 * ERR_UNSUPPORTED "local-not-pdf": another format.
 */
struct err *verify_apart(const struct args *a, struct signd *s,
    const char *path, int *code) MUST_USE;

#endif
