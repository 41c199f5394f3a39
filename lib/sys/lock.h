/*
 * lock.h - flock(2) on a directory, held until the descriptor is closed. The
 * kernel drops it at death, so a lock that is free means that its holder is
 * gone now; nothing is ever "stale".
 */
#ifndef SYS_LOCK_H
#define SYS_LOCK_H

#include "base/err.h"

/* 1: locked, *fd is the open directory. 0: somebody else holds it. -1: error.
 * A directory that does not exist is an error. */
int lock_dir(const char *path, int *fd, struct err *err);
/* Does the path still name the directory that fd has open? */
bool lock_still_names(const char *path, int fd);

#endif
