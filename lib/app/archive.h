/*
 * archive.h - where the files of batches lie in a spool, and the folders of
 * archive/ one after the other (sluice-spool(5)).
 */
#ifndef APP_ARCHIVE_H
#define APP_ARCHIVE_H

#include "app/spool.h"

enum file_place { PLACE_ARCHIVE, PLACE_FAILED, PLACE_PROCESSING, PLACE_INCOMING, PLACE_NOWHERE,
	PLACE_ELSEWHERE /* of another spool: the caller's to say */ };
extern const char *const file_place_name[];	/* `archive`, ... `missing`, `elsewhere` */

/* Where name of batch tag is now; incoming/ counts only while the batch is
 * unfinished, because a later file may have the name. */
enum file_place file_place_of(const struct spool *sp, const char *tag, int64_t created_us,
    bool finished, const char *name);

struct archive_folder {
	const char *tag;
	const char *path;	/* absolute */
	int64_t day_us;		/* 00:00 of its date folder, UTC */
};

/* Each archive/YYYY/MM/DD/<tag>/ in order of date and tag; entries of other
 * shapes are passed over. Memory: the names of one date. */
typedef int (*archive_fn)(void *arg, const struct archive_folder *f, struct err *err);
int archive_walk(const struct spool *sp, archive_fn fn, void *arg, struct err *err);

/* Does a folder hold a segment? Rejects files (`*.rejects.ndjson`) do not count
 * unless rejects is set. 1, 0, -1; a folder that is not there holds nothing. */
int folder_has_segments(const char *path, bool rejects, struct err *err);
bool is_rejects_name(const char *name);

#endif
