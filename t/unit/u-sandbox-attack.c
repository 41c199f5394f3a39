/* What a sandbox keeps in: each attack is tried inside, and some outside as well. */
#include "sys/sandbox.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "t/unit/sandbox-test.h"

#define PDFTOTEXT "/usr/bin/pdftotext"

#define TRY(name, call) do { if ((call) >= 0) say(out, name); } while (0)

/* Says what went through and should not have. */
static int
attack_files(void *arg, int in, int out)
{
	(void)arg, (void)in;
	TRY("open /etc/passwd", open("/etc/passwd", O_RDONLY));
	TRY("open /", open("/", O_RDONLY | O_DIRECTORY));
	TRY("openat .", openat(AT_FDCWD, ".", O_RDONLY));
	TRY("O_PATH", openat(AT_FDCWD, "/etc", O_PATH));
	TRY("write", open("u-sandbox.probe", O_WRONLY | O_CREAT, 0600));
	TRY("append", open("/etc/passwd", O_WRONLY | O_APPEND));
	TRY("tmpfile", open("/tmp", O_RDWR | O_TMPFILE, 0600));
	TRY("mkdir", mkdir("u-sandbox.dir", 0700));
	TRY("symlink", symlink("/etc/passwd", "u-sandbox.link"));
	TRY("link", link("/etc/hostname", "u-sandbox.link"));
	TRY("unlink", unlink("/nowhere/u-sandbox"));
	TRY("rename", rename("/nowhere/u-sandbox", "/nowhere/b"));
	TRY("chmod", chmod("/etc/hostname", 0644));
	TRY("truncate", truncate("/etc/hostname", 0));
	TRY("/proc/self/mem", open("/proc/self/mem", O_RDWR));
	TRY("/proc/1/environ", open("/proc/1/environ", O_RDONLY));
	return 7;
}

static int
attack_calls(void *arg, int in, int out)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(53) };
	char *const none[] = { NULL };
	struct rlimit more = { RLIM_INFINITY, RLIM_INFINITY };
	int pair[2];
	pid_t pid;

	(void)arg;
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	TRY("socket", socket(AF_INET, SOCK_STREAM, 0));
	TRY("unix socket", socket(AF_UNIX, SOCK_STREAM, 0));
	TRY("netlink", socket(AF_NETLINK, SOCK_RAW, 0));
	TRY("socketpair", socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	/* a socket that it was given: UDP, so connect would be done at once */
	TRY("connect", connect(in, (struct sockaddr *)&to, sizeof(to)));
	TRY("sendto", sendto(in, "x", 1, 0, (struct sockaddr *)&to, sizeof(to)));
	TRY("bind", bind(in, (struct sockaddr *)&to, sizeof(to)));
	TRY("execve", execve("/bin/true", none, none));
	TRY("execveat", syscall(SYS_execveat, AT_FDCWD, "/bin/true", none, none, 0));
	if ((pid = fork()) == 0)
		_exit(0);
	TRY("fork", pid);
	if ((pid = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL)) == 0)
		_exit(0);
	TRY("clone", pid);
	TRY("ptrace", ptrace(PTRACE_TRACEME, 0, NULL, NULL));
	TRY("kill", kill(getppid(), 0));
	TRY("setrlimit", setrlimit(RLIMIT_NOFILE, &more));
	TRY("unshare", unshare(CLONE_NEWUSER));
	TRY("mount", mount("none", "/", "tmpfs", 0, NULL));
	TRY("chroot", chroot("/"));
	TRY("setsid", setsid());
	TRY("setuid", setuid(0));
	TRY("memfd", (int)syscall(SYS_memfd_create, "x", 0));
	TRY("io_uring", syscall(SYS_io_uring_setup, 1, NULL));
	TRY("bpf", syscall(SYS_bpf, 0, NULL, 0));
	TRY("perf", syscall(SYS_perf_event_open, NULL, 0, 0, 0, 0));
	TRY("keyctl", syscall(SYS_keyctl, 0, -3, 0, 0, 0));
	TRY("process_vm_readv", syscall(SYS_process_vm_readv, getppid(), NULL, 0, NULL, 0, 0));
	TRY("prctl", prctl(PR_SET_NAME, "x"));
	return 8;
}

static void
attack(void)
{
	struct str out = STR_INIT;
	int status, fd = socket(AF_INET, SOCK_DGRAM, 0);

	ck_assert_int_ge(fd, 0);
	if (sandbox_layers() & (SANDBOX_SECCOMP | SANDBOX_LANDLOCK)) {
		ck_assert_int_eq(run(&usual, fd, attack_files, NULL, &out, &status), SANDBOX_DONE);
		ck_assert_int_eq(status, 7);
	}
	if (!lacks(SANDBOX_SECCOMP, "seccomp")) {
		ck_assert_int_eq(run(&usual, fd, attack_calls, NULL, &out, &status), SANDBOX_DONE);
		ck_assert_int_eq(status, 8);
	}
	ck_assert_str_eq(out.buf, "");
	str_release(&out);
	close(fd);
}

START_TEST(holds)
{
	attack();
}
END_TEST

START_TEST(holds_for_an_ordinary_user)
{
	if (geteuid() == 0)
		ck_assert_int_eq(setresuid(NOBODY, NOBODY, NOBODY), 0);
	attack();
}
END_TEST

/* The same attacks without a sandbox go through, or the test would prove nothing. */
START_TEST(attacks_are_real)
{
	struct sandbox_limits off = usual;
	struct str out = STR_INIT;
	char dir[] = "/tmp/u-sandbox.XXXXXX";
	int status;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(chdir(dir), 0);
	if (geteuid() == 0) {
		ck_assert_int_eq(chown(dir, NOBODY, NOBODY), 0);
		ck_assert_int_eq(setresuid(NOBODY, NOBODY, NOBODY), 0);
	}
	off.off = true;
	ck_assert_int_eq(run(&off, -1, attack_files, NULL, &out, &status), SANDBOX_DONE);
	ck_assert_int_eq(status, 7);
	ck_assert_ptr_nonnull(strstr(out.buf, "open /etc/passwd\nopen /\nopenat .\nO_PATH\nwrite\n"));
	ck_assert_ptr_nonnull(strstr(out.buf, "mkdir\nsymlink\n"));
	unlink("u-sandbox.probe");
	unlink("u-sandbox.link");
	rmdir("u-sandbox.dir");
	rmdir(dir);
	str_release(&out);
}
END_TEST

static int
read_some(void *arg, int in, int out)
{
	const char *dir = arg;
	struct str path = STR_INIT;
	char buf[64];
	ssize_t n;
	int fd;

	(void)in;
	str_addf(&path, "%s/there", dir);
	fd = open(path.buf, O_RDONLY);
	n = fd < 0 ? -1 : read(fd, buf, sizeof(buf));
	if (n > 0)
		(void)!write(out, buf, (size_t)n);
	TRY("write", open(path.buf, O_WRONLY));
	TRY("truncate", open(path.buf, O_RDONLY | O_TRUNC));
	TRY("unlink", unlink(path.buf));
	TRY("exec", execl(path.buf, path.buf, NULL));
	TRY("elsewhere", open("/etc/passwd", O_RDONLY));
	str_addf(&path, "/../../etc/passwd");
	TRY("up", open(path.buf, O_RDONLY));
	str_release(&path);
	return 0;
}

START_TEST(reads_what_it_may)
{
	char dir[] = "/tmp/u-sandbox.XXXXXX";
	const char *paths[] = { "/nowhere/at/all", dir, NULL };
	struct sandbox_limits l = usual;
	struct str out = STR_INIT, path = STR_INIT;
	int fd, status;

	if (lacks(SANDBOX_LANDLOCK, "Landlock") || lacks(SANDBOX_SECCOMP, "seccomp"))
		return;
	ck_assert_ptr_nonnull(mkdtemp(dir));
	str_addf(&path, "%s/there", dir);
	ck_assert_int_ge(fd = open(path.buf, O_WRONLY | O_CREAT, 0755), 0);
	ck_assert_int_eq(write(fd, "#!/bin/sh\n", 10), 10);
	close(fd);
	l.read_paths = paths;
	ck_assert_int_eq(run(&l, -1, read_some, dir, &out, &status), SANDBOX_DONE);
	ck_assert_str_eq(out.buf, "#!/bin/sh\n");
	/* a single file as well */
	paths[0] = path.buf;
	paths[1] = NULL;
	str_reset(&out);
	ck_assert_int_eq(run(&l, -1, read_some, dir, &out, &status), SANDBOX_DONE);
	ck_assert_str_eq(out.buf, "#!/bin/sh\n");
	unlink(path.buf);
	rmdir(dir);
	str_release(&out);
	str_release(&path);
}
END_TEST

static void
put_pdf(struct str *out)
{
	static const char *const objects[] = {
		"<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>",
		"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 100]/Contents 4 0 R"
		"/Resources<</Font<</F 5 0 R>>>>>>",
		"<</Length 44>>stream\nBT /F 12 Tf 20 50 Td (Words in a page) Tj ET \nendstream",
		"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
	};
	size_t at[countof(objects)], xref;

	str_adds(out, "%PDF-1.4\n");
	for (size_t i = 0; i < countof(objects); i++) {
		at[i] = out->len;
		str_addf(out, "%zu 0 obj%s\nendobj\n", i + 1, objects[i]);
	}
	xref = out->len;
	str_addf(out, "xref\n0 %zu\n0000000000 65535 f \n", countof(objects) + 1);
	for (size_t i = 0; i < countof(objects); i++)
		str_addf(out, "%010zu 00000 n \n", at[i]);
	str_addf(out, "trailer<</Size %zu/Root 1 0 R>>\nstartxref\n%zu\n%%%%EOF\n",
	    countof(objects) + 1, xref);
}

static int
pdftotext(void *arg, int in, int out)
{
	(void)arg;
	if (dup2(in, 0) < 0 || dup2(out, 1) < 0)
		return 90;
	execl(PDFTOTEXT, "pdftotext", "-q", "-enc", "UTF-8", "-", "-", NULL);
	return 91;
}

/* It may run this program, and no other, and the program may read what it needs. */
static int
other_program(void *arg, int in, int out)
{
	(void)arg, (void)in;
	TRY("passwd", open("/etc/passwd", O_RDONLY));
	TRY("socket", socket(AF_INET, SOCK_STREAM, 0));
	TRY("write", open("/tmp/u-sandbox.probe", O_WRONLY | O_CREAT, 0600));
	TRY("setsid", setsid());
	execl("/usr/bin/env", "env", NULL);
	return 92;
}

START_TEST(a_program)
{
	static const char *const paths[] = {
		PDFTOTEXT, "/usr/lib", "/lib", "/lib64", "/etc/ld.so.cache", "/usr/share/poppler",
		NULL,
	};
	struct sandbox_limits l = usual;
	struct str pdf = STR_INIT, out = STR_INIT;
	FILE *f = tmpfile();
	int status;

	if (access(PDFTOTEXT, X_OK) < 0) {
		printf("# SKIP there is no " PDFTOTEXT "\n");
		return;
	}
	put_pdf(&pdf);
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(pdf.buf, 1, pdf.len, f), pdf.len);
	rewind(f);
	l.exec = true;
	l.read_paths = paths;
	ck_assert_int_eq(run(&l, fileno(f), pdftotext, NULL, &out, &status), SANDBOX_DONE);
	ck_assert_int_eq(status, 0);
	ck_assert_msg(strstr(out.buf, "Words in a page") != NULL, "%s", out.buf);
	if (!lacks(SANDBOX_LANDLOCK, "Landlock") && !lacks(SANDBOX_SECCOMP, "seccomp")) {
		str_reset(&out);
		ck_assert_int_eq(run(&l, -1, other_program, NULL, &out, &status), SANDBOX_DONE);
		ck_assert_int_eq(status, 92);
		ck_assert_str_eq(out.buf, "");
	}
	fclose(f);
	str_release(&pdf);
	str_release(&out);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("sandbox");
	TCase *tc = tcase_create("attack");

	suite_add_tcase(s, tc);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, holds);
	tcase_add_test(tc, holds_for_an_ordinary_user);
	tcase_add_test(tc, attacks_are_real);
	tcase_add_test(tc, reads_what_it_may);
	tcase_add_test(tc, a_program);
	return run_suite(s);
}
