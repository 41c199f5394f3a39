/*
 * notify.h - what the files of this tool share.
 */
#ifndef CMD_NOTIFY_NOTIFY_H
#define CMD_NOTIFY_NOTIFY_H

#include "app/endpoint.h"
#include "app/queue.h"
#include "app/sender.h"
#include "base/err.h"
#include "svc/conf.h"

/* The longest message of --verify, and the longest event. */
#define NOTIFY_MESSAGE_MAX (QUEUE_BODY_MAX + ((size_t)64 << 10))
#define NOTIFY_EVENT_MAX ((size_t)1 << 20)

struct notify {
	struct conf *conf;
	struct endpoints endpoints;
	struct queue queue;	/* open unless there are no endpoints */
	struct sender *sender;
	const char *endpoint;	/* --endpoint; NULL: all */
	bool dry_run, text;
	uint64_t sent, failed, dead, faults;
	int status;		/* of what was told already */
};

/* Tell it, unless there were many, remember its status, and go on. A sender_fault_fn; arg is
 * the struct notify. */
void notify_fault(void *arg, struct err *err);
/* SENDER's reports, for words and for the counts. */
void notify_report(void *arg, enum sender_event e, const char *endpoint,
    const struct delivery *d, const char *why);
/* If the line is an event, queue it for each endpoint that wants it; the names of what was
 * queued go to fresh. With --dry-run what would be queued goes to out, as JSON. All else is not
 * for us. What fails is told. */
void event_line(struct notify *n, struct slice line, struct fs_names *fresh, struct str *out);
/* A queue_want: is it for the endpoints that are asked for, and may it go in this run? */
bool notify_wants(void *arg, const char *name);
/* Forget sent ids that no endpoint needs any more. */
int notify_prune(struct notify *n, struct err *err);

/* Each an exit status, or -1 with err. */
int filter_run(struct notify *n, struct err *err);
int drain_run(struct notify *n, struct err *err);
int list_run(struct notify *n, struct err *err);
int redrive_run(struct notify *n, int argc, char **argv, struct err *err);
int verify_run(const struct notify *n, const char *secret_file, uint64_t tolerance_ms,
    struct err *err);

#endif
