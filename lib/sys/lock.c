#include "sys/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/sig.h"

int
lock_dir(const char *path, int *fd, struct err *err)
{
	int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0)
		return err_setno(err, "could not open directory \"%s\"", path);
	while (flock(dir, LOCK_EX | LOCK_NB) < 0) {
		if (errno == EINTR && !sig_stopped())
			continue;
		if (errno == EWOULDBLOCK) {
			close(dir);
			return 0;
		}
		err_setno(err, "could not lock directory \"%s\"", path);
		close(dir);
		return -1;
	}
	*fd = dir;
	return 1;
}

bool
lock_still_names(const char *path, int fd)
{
	struct stat named, open_now;

	return stat(path, &named) == 0 && fstat(fd, &open_now) == 0 &&
	    named.st_dev == open_now.st_dev && named.st_ino == open_now.st_ino;
}
