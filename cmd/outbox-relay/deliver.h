/*
 * deliver.h - get the lines of a batch to their reader, and know that it has
 * them before they count as delivered.
 *
 * A file: written and synced. A pipe: written, and read to the last byte. A
 * command: started for the batch with the lines on its standard input, and
 * ended with status 0 or 2 (some items failed, which it has told itself). What
 * was not taken is still the caller's, who gives the rows back.
 */
#ifndef OUTBOX_RELAY_DELIVER_H
#define OUTBOX_RELAY_DELIVER_H

#include "base/err.h"
#include "base/str.h"

enum deliver_trouble {
	DELIVER_FINE,
	DELIVER_UNTRIED,	/* not the lines' fault: no attempt to be counted */
	DELIVER_REFUSED,	/* this batch was not taken; the next may be */
	DELIVER_BROKEN,		/* the output cannot be used any more */
	DELIVER_GONE,		/* ... because the reader of the pipe went away */
};

struct deliver {
	char **command;		/* borrowed, NULL-terminated; NULL: standard output */
	bool deaf;		/* SIGPIPE was ignored when we were started */
	enum deliver_trouble trouble;	/* of the last batch */
};

/* From here on a reader that goes away is an error, not a SIGPIPE. */
void deliver_init(struct deliver *d, char **command);
/* Lines that were claimed at since_ms of the monotonic clock. -1 sets d->trouble. */
int deliver(struct deliver *d, const struct str *lines, int64_t since_ms, struct err *err);
/* End as a program whose reader has gone ends, unless our parent wanted otherwise. */
void deliver_end_as_sigpipe(const struct deliver *d);

#endif
