/*
 * replay.h - what the files of spool-replay share.
 */
#ifndef CMD_SPOOL_REPLAY_REPLAY_H
#define CMD_SPOOL_REPLAY_REPLAY_H

#include "app/replay.h"
#include "svc/conf.h"

struct session {
	struct conf *conf;
	struct spool sp;
	struct replay replay;
	int64_t failed_ms;	/* when a try ended that may be made again */
};

/* Segment files as operands: each loaded in place, a segment.done event each. */
int load_files_given(struct session *s, int argc, char **argv, bool dry_run, struct err *err);

#endif
