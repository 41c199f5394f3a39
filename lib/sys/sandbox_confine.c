#include "sys/sandbox_private.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

#define FILES_MAX 64
/* What may be said on stderr where that is a file; RLIMIT_FSIZE knows no difference. */
#define STDERR_BYTES ((uint64_t)1 << 20)

/* A sanitizer keeps terabytes of addresses for itself. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define ADDRESS_LIMIT false
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define ADDRESS_LIMIT false
#endif
#endif
#ifndef ADDRESS_LIMIT
#define ADDRESS_LIMIT true
#endif

/* From first to last, both included. Before Linux 5.9 one by one. */
static void
close_from_to(unsigned first, unsigned last)
{
	struct rlimit r;

	if (first > last || syscall(SYS_close_range, first, last, 0) == 0)
		return;
	if (getrlimit(RLIMIT_NOFILE, &r) == 0 && r.rlim_cur > 0 && r.rlim_cur <= last)
		last = (unsigned)r.rlim_cur - 1;
	for (unsigned fd = first; fd <= last; fd++)
		close((int)fd);
}

void
sandbox_close_but(const int *keep, size_t n)
{
	unsigned next = 0;

	for (size_t i = 0; i < n; i++) {
		if (keep[i] < 0)
			continue;
		if ((unsigned)keep[i] > next)
			close_from_to(next, (unsigned)keep[i] - 1);
		next = (unsigned)keep[i] + 1;
	}
	close_from_to(next, ~0U);
}

/* What reads stdin or prints to stdout unasked gets nothing, and no file that is opened
 * later gets their numbers. */
static int
descriptors(int in, int out, int keep)
{
	int all[6] = { 0, 1, 2, in, out, keep };
	int null = open("/dev/null", O_RDWR);

	for (int fd = 0; fd <= 1; fd++) {
		if (fd == in || fd == out || fd == keep)
			continue;
		if (null >= 0 ? dup2(null, fd) < 0 : (close(fd) < 0 && errno != EBADF))
			return -1;
	}
	for (size_t i = 1; i < countof(all); i++)
		for (size_t j = i; j > 0 && all[j - 1] > all[j]; j--) {
			int t = all[j];

			all[j] = all[j - 1];
			all[j - 1] = t;
		}
	sandbox_close_but(all, countof(all));
	return 0;
}

/* Never more than what the administrator allows. */
static int
limit(int resource, uint64_t soft, uint64_t hard)
{
	struct rlimit r;

	if (getrlimit((__rlimit_resource_t)resource, &r) < 0)
		return -1;
	r.rlim_max = MIN((rlim_t)hard, r.rlim_max);
	r.rlim_cur = MIN((rlim_t)soft, r.rlim_max);
	return setrlimit((__rlimit_resource_t)resource, &r);
}

static int
limits(const struct sandbox_limits *l)
{
	uint64_t file = l->file_bytes;
	struct stat st;

	if (fstat(STDERR_FILENO, &st) == 0 && S_ISREG(st.st_mode))
		file = MAX(file, (uint64_t)st.st_size + STDERR_BYTES);
	if (limit(RLIMIT_CORE, 0, 0) < 0 || limit(RLIMIT_FSIZE, file, file) < 0 ||
	    limit(RLIMIT_NOFILE, FILES_MAX, FILES_MAX) < 0)
		return -1;
	/* the first signal can be caught, the second cannot */
	if (l->cpu_s && limit(RLIMIT_CPU, l->cpu_s, l->cpu_s + 1) < 0)
		return -1;
	if (l->memory && ADDRESS_LIMIT && limit(RLIMIT_AS, l->memory, l->memory) < 0)
		return -1;
	/* It counts all of a user's processes, so of a number of them for a program and its
	 * helpers nobody could say what it means. */
	return l->exec ? 0 : limit(RLIMIT_NPROC, 0, 0);
}

/* Root without its powers: a file system without Landlock is at least not all open. Where
 * even giving up is forbidden there is nothing to give up. */
static void
drop_powers(void)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { { 0, 0, 0 } };

	(void)!syscall(SYS_capset, &head, none);
}

unsigned
sandbox_layers(void)
{
	return SANDBOX_RLIMITS | (landlock_has() ? SANDBOX_LANDLOCK : 0) |
	    (seccomp_has() ? SANDBOX_SECCOMP : 0);
}

int
sandbox_confine(const struct sandbox_limits *l, int in, int out, int keep, const char **layer)
{
	unsigned has = sandbox_layers();

	*layer = "descriptors";
	if (descriptors(in, out, keep) < 0)
		return -1;
	*layer = "new privileges";
	if (!l->off) {
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
			return -1;
		drop_powers();
	}
	*layer = "Landlock";
	if (!l->off && (has & SANDBOX_LANDLOCK) && landlock_apply(l) < 0)
		return -1;
	*layer = "limits";
	if (limits(l) < 0)
		return -1;
	*layer = "seccomp";
	return !l->off && (has & SANDBOX_SECCOMP) ? seccomp_apply(l) : 0;
}
