#include "sys/sandbox_private.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What newer headers have; the kernel says which of it there is. */
#define ACCESS_FS_REFER (UINT64_C(1) << 13)	/* version 2 */
#define ACCESS_FS_TRUNCATE (UINT64_C(1) << 14)	/* 3 */
#define ACCESS_FS_IOCTL_DEV (UINT64_C(1) << 15)	/* 5 */
#define ACCESS_NET_TCP UINT64_C(3)		/* 4: bind and connect */
#define SCOPES UINT64_C(3)			/* 6: abstract sockets, signals */
#define ACCESS_FS_1 ((LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1)

#ifndef LANDLOCK_CREATE_RULESET_VERSION
#define LANDLOCK_CREATE_RULESET_VERSION (1U << 0)
#endif
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif

/* struct landlock_ruleset_attr as it is since version 6; an older kernel takes the
 * longer one when what it does not know is zero. */
struct ruleset {
	uint64_t fs, net, scoped;
};

static int
version(void)
{
	return (int)syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
}

bool
landlock_has(void)
{
	return version() > 0;
}

/* A path that is not there, or that we may not see ourselves, gives nothing away. */
static int
allow(int ruleset, const char *path, bool exec)
{
	struct landlock_path_beneath_attr rule = { .allowed_access = LANDLOCK_ACCESS_FS_READ_FILE };
	struct stat st;
	int rc;

	rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (rule.parent_fd < 0)
		return errno == ENOENT || errno == ENOTDIR || errno == EACCES ? 0 : -1;
	rc = fstat(rule.parent_fd, &st);
	if (rc == 0 && S_ISDIR(st.st_mode))
		rule.allowed_access |= LANDLOCK_ACCESS_FS_READ_DIR;
	if (exec)
		rule.allowed_access |= LANDLOCK_ACCESS_FS_EXECUTE;
	if (rc == 0)
		rc = (int)syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH,
		    &rule, 0);
	close(rule.parent_fd);
	return rc;
}

int
landlock_apply(const struct sandbox_limits *l)
{
	int has = version(), fd, rc = 0;
	struct ruleset set = { .fs = ACCESS_FS_1 };

	if (has >= 2)
		set.fs |= ACCESS_FS_REFER;
	if (has >= 3)
		set.fs |= ACCESS_FS_TRUNCATE;
	if (has >= 4)
		set.net = ACCESS_NET_TCP;
	if (has >= 5)
		set.fs |= ACCESS_FS_IOCTL_DEV;
	if (has >= 6)
		set.scoped = SCOPES;
	fd = (int)syscall(SYS_landlock_create_ruleset, &set, sizeof(set), 0);
	if (fd < 0)
		return -1;
	for (const char *const *p = l->read_paths; rc == 0 && p && *p; p++)
		rc = allow(fd, *p, l->exec);
	if (rc == 0)
		rc = (int)syscall(SYS_landlock_restrict_self, fd, 0);
	close(fd);
	return rc;
}
