/* Everything in base/ that most files want. */
#ifndef SIGND_BASE_BASE_H
#define SIGND_BASE_BASE_H

#include "base/bytes.h"
#include "base/encoding.h"
#include "base/err.h"
#include "base/memory.h"
#include "base/time.h"

#endif
