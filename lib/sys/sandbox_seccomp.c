#include "sys/sandbox_private.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>

/*
 * A list of what is allowed: a new kernel's new system calls are refused until
 * somebody has thought about them. What is not on it fails with EPERM, it does not
 * kill: libraries try many a thing that they can do without (a locale, a name of a user), and
 * a mail should not be lost over that; what was refused is no less refused.
 */

/* Memory, the descriptors that are there, clocks, signals to oneself, the end. */
static const int basic[] = {
	SCMP_SYS(read), SCMP_SYS(readv), SCMP_SYS(pread64), SCMP_SYS(preadv),
	SCMP_SYS(write), SCMP_SYS(writev), SCMP_SYS(lseek), SCMP_SYS(_llseek), SCMP_SYS(close),
	SCMP_SYS(close_range), SCMP_SYS(dup), SCMP_SYS(dup2), SCMP_SYS(dup3), SCMP_SYS(fstat),
	SCMP_SYS(fstat64), SCMP_SYS(fadvise64), SCMP_SYS(fadvise64_64), SCMP_SYS(poll),
	SCMP_SYS(ppoll), SCMP_SYS(ppoll_time64), SCMP_SYS(select), SCMP_SYS(_newselect),
	SCMP_SYS(pselect6), SCMP_SYS(pselect6_time64),
	SCMP_SYS(mmap), SCMP_SYS(mmap2), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(mprotect),
	SCMP_SYS(madvise), SCMP_SYS(brk), SCMP_SYS(membarrier),
	SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn),
	SCMP_SYS(sigreturn), SCMP_SYS(sigaltstack), SCMP_SYS(futex), SCMP_SYS(futex_time64),
	SCMP_SYS(set_robust_list), SCMP_SYS(rseq), SCMP_SYS(restart_syscall),
	SCMP_SYS(clock_gettime), SCMP_SYS(clock_gettime64), SCMP_SYS(clock_getres),
	SCMP_SYS(clock_getres_time64), SCMP_SYS(gettimeofday), SCMP_SYS(time), SCMP_SYS(times),
	SCMP_SYS(nanosleep), SCMP_SYS(clock_nanosleep), SCMP_SYS(clock_nanosleep_time64),
	SCMP_SYS(getpid), SCMP_SYS(getppid), SCMP_SYS(gettid), SCMP_SYS(getuid), SCMP_SYS(geteuid),
	SCMP_SYS(getgid), SCMP_SYS(getegid), SCMP_SYS(uname), SCMP_SYS(getrandom),
	SCMP_SYS(getrusage), SCMP_SYS(getrlimit), SCMP_SYS(ugetrlimit), SCMP_SYS(sched_yield),
	SCMP_SYS(sched_getaffinity), SCMP_SYS(sysinfo), SCMP_SYS(exit), SCMP_SYS(exit_group),
};

/* With read_paths; where Landlock is, it says which paths. */
static const int paths[] = {
	SCMP_SYS(stat), SCMP_SYS(stat64), SCMP_SYS(lstat), SCMP_SYS(lstat64),
	SCMP_SYS(newfstatat), SCMP_SYS(fstatat64), SCMP_SYS(statx), SCMP_SYS(statfs),
	SCMP_SYS(fstatfs), SCMP_SYS(access), SCMP_SYS(faccessat), SCMP_SYS(faccessat2),
	SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(getdents), SCMP_SYS(getdents64),
	SCMP_SYS(getcwd),
};

/* With exec: programs, their start, and the processes for them. */
static const int programs[] = {
	SCMP_SYS(execve), SCMP_SYS(fork), SCMP_SYS(vfork), SCMP_SYS(wait4), SCMP_SYS(waitid),
	SCMP_SYS(waitpid), SCMP_SYS(pipe), SCMP_SYS(pipe2), SCMP_SYS(arch_prctl),
	SCMP_SYS(set_tid_address), SCMP_SYS(set_tls), SCMP_SYS(getpgrp), SCMP_SYS(umask),
};

/* The C library takes another way when it hears ENOSYS, and gives up on EPERM. */
static const int absent[] = { SCMP_SYS(clone3), SCMP_SYS(openat2) };

#define INT_BITS UINT64_C(0xffffffff)	/* the kernel looks at no others of an int */
#define WRITING (O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND)
/* CLONE_NEWTIME's bit is the signal's in clone(2); it is for clone3 and unshare only. */
#define NAMESPACES (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | \
	CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)

bool
seccomp_has(void)
{
	/* the filter is looked at last, so its lack is told as a bad address */
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL) < 0 && errno == EFAULT;
}

/* libseccomp knows calls that this machine's kernel does not have; such rules are
 * nothing to it. */
static int
add(scmp_filter_ctx ctx, uint32_t action, const int *calls, size_t n)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = seccomp_rule_add(ctx, action, calls[i], 0);
	return rc;
}

/* Where argument number arg has this in these bits. */
static int
allow(scmp_filter_ctx ctx, int call, unsigned arg, uint64_t bits, uint64_t value)
{
	struct scmp_arg_cmp cmp = {
		.arg = arg, .op = SCMP_CMP_MASKED_EQ, .datum_a = bits, .datum_b = value,
	};

	return seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, call, 1, &cmp);
}

static int
allow_some(scmp_filter_ctx ctx)
{
	static const unsigned fcntls[] = { F_GETFD, F_SETFD, F_GETFL, F_DUPFD, F_DUPFD_CLOEXEC };
	/* a question about one's own limits, not a change */
	struct scmp_arg_cmp ask[] = {
		{ .arg = 0, .op = SCMP_CMP_EQ, .datum_a = 0 },
		{ .arg = 2, .op = SCMP_CMP_EQ, .datum_a = 0 },
	};
	int rc = seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), countof(ask), ask);

	for (size_t i = 0; rc == 0 && i < countof(fcntls); i++) {
		rc = allow(ctx, SCMP_SYS(fcntl), 1, INT_BITS, fcntls[i]);
		if (rc == 0)
			rc = allow(ctx, SCMP_SYS(fcntl64), 1, INT_BITS, fcntls[i]);
	}
	/* is it a terminal? */
	if (rc == 0)
		rc = allow(ctx, SCMP_SYS(ioctl), 1, INT_BITS, TCGETS);
	/* abort() */
	if (rc == 0)
		rc = allow(ctx, SCMP_SYS(tgkill), 0, INT_BITS, (uint64_t)getpid());
	return rc;
}

/* fstat(3) is this since glibc 2.33. The path that comes with it cannot be looked at: a
 * stat of any path is possible, no more. */
static int
allow_fstat(scmp_filter_ctx ctx)
{
	return allow(ctx, SCMP_SYS(newfstatat), 3, AT_EMPTY_PATH, AT_EMPTY_PATH);
}

static int
allow_paths(scmp_filter_ctx ctx)
{
	int rc = add(ctx, SCMP_ACT_ALLOW, paths, countof(paths));

	if (rc == 0)
		rc = allow(ctx, SCMP_SYS(open), 1, WRITING, 0);
	if (rc == 0)
		rc = allow(ctx, SCMP_SYS(openat), 2, WRITING, 0);
	return rc;
}

static int
allow_programs(scmp_filter_ctx ctx)
{
	int rc = add(ctx, SCMP_ACT_ALLOW, programs, countof(programs));

	if (rc == 0)
		rc = allow(ctx, SCMP_SYS(clone), 0, NAMESPACES, 0);
	return rc;
}

int
seccomp_apply(const struct sandbox_limits *l)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int rc;

	if (!ctx) {
		errno = ENOMEM;
		return -1;
	}
	rc = add(ctx, SCMP_ACT_ALLOW, basic, countof(basic));
	if (rc == 0)
		rc = add(ctx, SCMP_ACT_ERRNO(ENOSYS), absent, countof(absent));
	if (rc == 0)
		rc = allow_some(ctx);
	if (rc == 0)
		rc = l->read_paths ? allow_paths(ctx) : allow_fstat(ctx);
	if (rc == 0 && l->exec)
		rc = allow_programs(ctx);
	if (rc == 0)
		rc = seccomp_load(ctx);
	seccomp_release(ctx);
	if (rc < 0) {
		errno = -rc;
		return -1;
	}
	return 0;
}
