/*
 * queue_private.h - names and contents of the files of a queue, shared by the
 * files queue*.c. A file is
 *
 *	{"v":1,"type":..,"content_type":..,"created_us":..,"attempts":..,"last_error":..}\n
 *	the body
 */
#ifndef APP_QUEUE_PRIVATE_H
#define APP_QUEUE_PRIVATE_H

#include "app/queue.h"

#define QUEUE_HEAD_MAX ((size_t)64 << 10)
#define QUEUE_NAME_MAX 255
/* Times are kept between 1970 and the end of the year 9999. */
#define QUEUE_TIME_MAX_US (INT64_C(253402300799) * USEC_PER_SEC)

enum queue_part { QUEUE_NEW, QUEUE_SENT, QUEUE_DEAD, QUEUE_STATE, QUEUE_PARTS };
extern const char *const queue_part_name[QUEUE_PARTS];
int queue_part_fd(const struct queue *q, enum queue_part part);
/* `ROOT/new/NAME`, for messages and fs_scan; the caller frees. */
char *queue_path(const struct queue *q, enum queue_part part, const char *name);

bool queue_endpoint_ok(const char *s, size_t n);
/* `ENDPOINT.ID`; the caller frees. */
char *queue_key(const struct delivery *d);
/* The same backwards, into d. false: it is no such name. */
bool queue_split(const char *name, struct delivery *d);

/* Can it be written, and read again? ERR_DATA. */
int queue_head_check(const struct delivery *d, struct err *err);
/* The head as a line, appended to out. */
void queue_head_put(struct str *out, const struct delivery *d);
/* The same backwards: NULL, or what is wrong with it. */
const char *queue_head_parse(struct slice head, struct delivery *d);

int64_t queue_mtime(const struct stat *st);
/* When a file in new/ is due, at now_us. */
int64_t queue_due_at(const struct queue *q, const struct stat *st, int64_t now_us);
int queue_set_mtime(int fd, int64_t us);
/* A full disk is not the end: the kind becomes ERR_TEMP. errno is still that of the
 * failed call. Returns -1. */
int queue_full(struct err *err);

/* A temporary file that is locked; its name is `.` 16 digits `.tmp`. */
#define QUEUE_TEMP_RANDOM 8
#define QUEUE_TEMP_TAIL ".tmp"
struct queue_temp {
	int fd;
	char name[1 + 2 * QUEUE_TEMP_RANDOM + sizeof(QUEUE_TEMP_TAIL)];
};
bool queue_is_temp(const char *name);
/* Write d into a new one; it is not fsynced. mtime_us < 0: now. */
int queue_temp_write(const struct queue *q, enum queue_part part, const struct delivery *d,
    int64_t mtime_us, struct queue_temp *out, struct err *err);
/* Close, and remove what has no other name yet. */
void queue_temp_drop(const struct queue *q, enum queue_part part, struct queue_temp *t);
/* fsync, and rename over name, which we hold. The lock stays until it is closed. */
int queue_temp_replace(struct queue *q, enum queue_part part, struct queue_temp *t,
    const char *name, struct err *err);

/* Lock part/name: 1 and *fd; 0: gone or held; -1, ERR_DATA: no regular file. */
int queue_lock(const struct queue *q, enum queue_part part, const char *name, int *fd,
    struct stat *st, struct err *err);
/* Read a file of a queue into d, whose endpoint and id are known; with body, all of
 * it. ERR_DATA: it is not as we write them. */
int queue_read(int fd, const char *path, bool body, struct delivery *d, struct err *err);

/* fn for every entry of a part that is no dot-file, or only for those. Not sorted. */
int queue_walk(const struct queue *q, enum queue_part part, bool dots,
    int (*fn)(void *arg, const char *name, const struct stat *st, struct err *err), void *arg,
    struct err *err);

#endif
