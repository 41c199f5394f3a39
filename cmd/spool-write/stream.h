/*
 * stream.h - records from a descriptor into segments of the spool, each
 * acknowledged by a line once it has landed. One stream is what is given to
 * spool-write on its command line, or what one client of --listen sends.
 */
#ifndef SPOOL_WRITE_STREAM_H
#define SPOOL_WRITE_STREAM_H

#include "app/segment.h"
#include "base/err.h"
#include "base/str.h"
#include "fmt/rec.h"

struct stream_opts {
	struct spool sp;
	struct segment_opts seg;
	bool convert;		/* to `to`; else each input keeps its format */
	enum rec_format to;
	const char *rejects;	/* file to append to, or NULL */
	uint64_t max_spool;	/* bytes; 0 = no limit */
	uint64_t wait_ms;	/* for room below max_spool */
	bool dry_run;		/* check records, write nothing */
	int stop_fd;		/* readable when a signal asks to stop */
};

struct stream {
	const struct stream_opts *o;
	struct segment *seg;	/* NULL in a dry run */
	int client;		/* socket that gets acknowledgements too, or -1 */
	const char *peer;	/* its name for messages */
	int rejects;		/* descriptor, or -1 */
	bool rejects_dirty;	/* written, not yet synced */
	bool broken;		/* the output failed: nothing can be taken any more */
	uint64_t disk_checked;	/* disk bytes of the segment at the last look for room */
	struct str text;
	/* what happened */
	uint64_t records, rejected, landed;
	uint64_t rejected_since_ack;
};

/* client is -1 or a connected socket; o and peer are borrowed. */
int stream_open(struct stream *s, const struct stream_opts *o, int client, const char *peer,
    struct err *err);
/* Take all records of fd. format NULL: look at its first byte. After -1 the
 * caller may go on with other input unless s->broken. ERR_STOPPED: a signal. */
int stream_feed(struct stream *s, int fd, const char *name, const enum rec_format *format,
    struct err *err);
/* Land and acknowledge what is open. */
int stream_end(struct stream *s, struct err *err);
/* Say to the client why its stream ends. */
void stream_tell_error(struct stream *s, const struct err *e);
/* What has not landed is dropped. */
void stream_release(struct stream *s);

/* The rejects file (rejects.c): one whole line for the record that r just
 * gave, and the sync before an acknowledgement. */
int stream_rejects_open(struct stream *s, struct err *err);
int stream_rejects_add(struct stream *s, struct rec_reader *r, const struct rec *rec,
    const char *name, struct err *err);
int stream_rejects_sync(struct stream *s, struct err *err);

#endif
