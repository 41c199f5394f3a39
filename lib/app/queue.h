/*
 * queue.h - notifications that wait, were sent, or are dead: `notify/` in the
 * spool, in the manner of a maildir (sluice-spool(5)).
 *
 *	new/ENDPOINT.ID     to be sent; its mtime says when
 *	sent/ENDPOINT.ID    was sent at its mtime; keeps the id known
 *	dead/ENDPOINT.ID    given up; why is in its head
 *	state/ENDPOINT      what is known of the endpoint (app/endstate.h)
 *
 * A file is one event for one endpoint: a head, which is one line of JSON, and the
 * body as it is sent. ENDPOINT has no dot and ID none either, so the name is the
 * key, and a second notification of the same fact is EEXIST. In dead/ the mtime is
 * when it was given up.
 *
 * Order of effects. put: temporary dot-file, locked by its maker from its birth.
 * sync: fsync of all that was put, then each gets its name without overwriting
 * (still locked, so nobody can send it yet), then a look whether another process has
 * sent it meanwhile (then it is taken back), then fsync of the directory, and only
 * then anything is claimed to be queued. take: flock on the file, and only if the
 * name still means it. sent: mtime, then the rename new -> sent: a crash before it
 * sends again, with the same id. defer: a new file with the new head, fsynced, renamed
 * over the old one. dead: the same, with a lock on the new file, and then the rename
 * new -> dead.
 * Nobody waits for a dead process: its flocks went with it. All of it is 0700:
 * bodies are nobody else's business.
 */
#ifndef APP_QUEUE_H
#define APP_QUEUE_H

#include "base/err.h"
#include "base/str.h"
#include "sys/fs.h"

#define QUEUE_DIR_MODE 0700
#define QUEUE_FILE_MODE 0600
#define QUEUE_TYPE_MAX 1000	/* bytes, of the type of an event */
#define QUEUE_BODY_MAX ((size_t)4 << 20)

struct queue_pending;
struct queue {
	char *root;		/* SPOOL/notify; owned */
	int new_fd, sent_fd, dead_fd, state_fd;
	struct queue_pending *pending;	/* put and not synced yet; private */
	size_t pending_nr;
	unsigned dirty;		/* directories to sync; private */
	/* Set by the caller: no delay is longer, so what is due later than that was written
	 * with a clock that was ahead, and is due now. 0: any is believed. */
	int64_t longest_us;
};
#define QUEUE_INIT { NULL, -1, -1, -1, -1, NULL, 0, 0, 0 }

struct delivery {
	char *endpoint, *id, *type, *content_type;	/* owned */
	char *last_error;	/* owned; NULL: none yet */
	int64_t created_us, due_us;
	unsigned attempts;	/* made so far */
	struct str body;
	int fd;			/* after queue_take: open and locked; else -1 */
};
#define DELIVERY_INIT { .body = STR_INIT, .fd = -1 }
/* Closes the file, which gives up the lock. */
void delivery_release(struct delivery *d);

/* Text without control characters (C0, DEL, C1), 1 to max bytes of UTF-8? s[n] is
 * read, as a NUL or whatever follows. */
bool queue_text_ok(const char *s, size_t n, size_t max);

/* Make what is missing. A directory that others can read or write is made 0700
 * again. A full disk is ERR_TEMP. */
int queue_open(struct queue *q, const char *spool, struct err *err);
/* What was put and not synced is forgotten. */
void queue_release(struct queue *q);

/* Queue d (fd is not looked at). 1: it will be queued by queue_sync, and not before
 * (every 256th put syncs by itself). 0: it is known: it waits, is dead, or was sent less
 * than dedupe_ms before now_us (or after it: a clock may have been set back). -1 is
 * ERR_DATA when nobody could queue it; after any other, of those that were put
 * since the last sync some may be lost. */
int queue_put(struct queue *q, const struct delivery *d, uint64_t dedupe_ms, int64_t now_us,
    struct err *err);
/* What was put, and what was moved, is there for others and survives a power cut.
 * -1: some of it may not; what could be queued is. */
int queue_sync(struct queue *q, struct err *err);

/* Which names are asked for; NULL is all. */
typedef bool (*queue_want)(void *arg, const char *name);
/* The names in new/ that are wanted and due at now_us, the longest due first, max at
 * most. What was put is synced first. */
int queue_due(struct queue *q, int64_t now_us, size_t max, queue_want want, void *arg,
    struct fs_names *out, struct err *err);
/* Lock and read new/name. 1; 0: gone, held by somebody else, or no longer due at
 * now_us; -1, and with ERR_DATA it is no file of ours (it is moved to dead/). */
int queue_take(struct queue *q, const char *name, int64_t now_us, struct delivery *out,
    struct err *err);
/* After a take, one of these: it is sent; it waits until due_us, with the attempts
 * and the last_error that d has now; it is dead for d's last_error. All close d->fd. */
int queue_sent(struct queue *q, struct delivery *d, int64_t now_us, struct err *err);
int queue_defer(struct queue *q, struct delivery *d, int64_t due_us, struct err *err);
int queue_dead(struct queue *q, struct delivery *d, struct err *err);

/* Those of dead/ (of one endpoint or with one id, NULL: all) due again now, with
 * their attempts anew; how many, or -1. Synced. */
int64_t queue_redrive(struct queue *q, const char *endpoint, const char *id, int64_t now_us,
    struct err *err);
/* Every delivery in `new` or `dead`, by name; d is borrowed and not locked; its
 * body is not read. One that cannot be read has an empty type, and its last_error
 * says why. */
int queue_each(struct queue *q, const char *part,
    int (*fn)(void *arg, const struct delivery *d, struct err *err), void *arg,
    struct err *err);
/* Forget what was sent keep_ms before now, and temporary files of the dead. */
int queue_prune(struct queue *q, uint64_t keep_ms, int64_t now_us, struct err *err);

#endif
