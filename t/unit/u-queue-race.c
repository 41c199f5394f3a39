/* The queue of notify when many work on it: nothing is lost, nothing is twice. */
#include "t/unit/queue-test.h"

#include <signal.h>

#include "app/endstate.h"

static struct queue shared = QUEUE_INIT;

/* Send what is due, and say so, a record for each, before it is settled. */
static void
send_all(int log)
{
	struct queue q = QUEUE_INIT;
	struct fs_names names = FS_NAMES_INIT;

	open_queue(&q);
	if (queue_due(&q, NOW, 40, NULL, NULL, &names, &err) < 0)
		_exit(1);
	for (size_t i = 0; i < names.nr; i++) {
		struct delivery d = DELIVERY_INIT;
		char line[16] = "";

		if (take(&q, names.name[i] + 4, NOW, &d) == 1) {
			snprintf(line, sizeof(line), "%s", d.id);
			if (write(log, line, sizeof(line)) != sizeof(line) ||
			    queue_sent(&q, &d, NOW, &err) < 0)
				_exit(1);
		}
		delivery_release(&d);
	}
	fs_names_release(&names);
	queue_release(&q);
}

static void
put_all(int nr)
{
	struct queue q = QUEUE_INIT;
	char id[16];

	open_queue(&q);
	for (int i = 0; i < nr; i++) {
		snprintf(id, sizeof(id), "i%d", i);
		if (put(&q, id, HOUR_MS, NOW) < 0 || (i % 7 == 0 && queue_sync(&q, &err) < 0))
			_exit(1);
	}
	if (queue_sync(&q, &err) < 0)
		_exit(1);
	queue_release(&q);
}

static pid_t
spawn(void (*fn)(int), int arg)
{
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid)
		return pid;
	fn(arg);
	_exit(0);
}

enum { RACERS = 4, IDS = 300 };

/* How often each was sent. */
static void
read_log(int fd, unsigned sent[IDS])
{
	char line[16];

	while (read(fd, line, sizeof(line)) == sizeof(line)) {
		unsigned i = (unsigned)strtoul(line + 1, NULL, 10);

		ck_assert_uint_lt(i, IDS);
		sent[i]++;
	}
}

static void
send_until_told(int log)
{
	char stop[400];

	snprintf(stop, sizeof(stop), "%s", at(".", "stop"));
	do
		send_all(log);
	while (!fs_exists(stop));
	send_all(log);
}

/* All put the same, all send: each once. */
START_TEST(race)
{
	unsigned sent[IDS] = { 0 };
	pid_t pid[2 * RACERS];
	int fd[2], status;

	open_queue(&shared);
	ck_assert_int_eq(pipe(fd), 0);
	/* a pipe that takes it all */
	ck_assert_int_ge(fcntl(fd[1], F_SETPIPE_SZ, 1 << 18), 0);
	for (int i = 0; i < RACERS; i++) {
		pid[i] = spawn(put_all, IDS);
		pid[RACERS + i] = spawn(send_until_told, fd[1]);
	}
	for (int i = 0; i < 2 * RACERS; i++) {
		if (i == RACERS)
			ck_assert_int_eq(close(open(at(".", "stop"), O_CREAT | O_WRONLY | O_CLOEXEC, 0600)), 0);
		ck_assert_int_eq(waitpid(pid[i], &status, 0), pid[i]);
		ck_assert_int_eq(status, 0);
	}
	for (unsigned left = 0; left < IDS; left += 40)
		send_all(fd[1]);
	close(fd[1]);
	read_log(fd[0], sent);
	for (int i = 0; i < IDS; i++)
		ck_assert_msg(sent[i] == 1, "i%d was sent %u times", i, sent[i]);
	ck_assert_uint_eq(count("sent"), IDS);
	ck_assert_uint_eq(count("new"), 0);
	queue_release(&shared);
}
END_TEST

enum { DEFERRED = 3 };

/* Take whatever is there, say which attempt it is, and put it off to now. */
static void
defer_all(int log)
{
	struct queue q = QUEUE_INIT;
	unsigned left = DEFERRED;

	open_queue(&q);
	while (left > 0) {
		left = DEFERRED;
		for (int i = 0; i < DEFERRED; i++) {
			struct delivery d = DELIVERY_INIT;
			char line[16] = "", id[4] = { 'd', (char)('0' + i), '\0' };
			int rc = 0;

			if (fs_exists(at("sent", (char[]){ 'o', 'p', 's', '.', id[0], id[1], '\0' })))
				left--;
			else if (take(&q, id, NOW, &d) == 1) {
				snprintf(line, sizeof(line), "i%u", i * 100 + d.attempts);
				if (write(log, line, sizeof(line)) != sizeof(line))
					_exit(1);
				rc = ++d.attempts < 100 ? queue_defer(&q, &d, NOW, &err) :
				    queue_sent(&q, &d, NOW, &err);
			}
			if (rc < 0)
				_exit(1);
			delivery_release(&d);
		}
	}
	queue_release(&q);
}

/* Who opened a file that was replaced before it got the lock does not have it: each
 * attempt is made once. */
START_TEST(race_of_defers)
{
	unsigned made[IDS] = { 0 };
	pid_t pid[RACERS];
	int fd[2], status;

	open_queue(&shared);
	put_now(&shared, "d0");
	put_now(&shared, "d1");
	put_now(&shared, "d2");
	ck_assert_int_eq(pipe(fd), 0);
	ck_assert_int_ge(fcntl(fd[1], F_SETPIPE_SZ, 1 << 18), 0);
	for (int i = 0; i < RACERS; i++)
		pid[i] = spawn(defer_all, fd[1]);
	for (int i = 0; i < RACERS; i++) {
		ck_assert_int_eq(waitpid(pid[i], &status, 0), pid[i]);
		ck_assert_int_eq(status, 0);
	}
	close(fd[1]);
	read_log(fd[0], made);
	for (int i = 0; i < IDS; i++)
		ck_assert_msg(made[i] == 1, "attempt %d of d%d was made %u times", i % 100, i / 100, made[i]);
	queue_release(&shared);
}
END_TEST

/* The same with kills: at least once, and each ends in sent. */
START_TEST(race_and_kills)
{
	enum { KILLS = 60 };
	unsigned sent[IDS] = { 0 };
	int fd[2], status;

	open_queue(&shared);
	ck_assert_int_eq(pipe(fd), 0);
	ck_assert_int_ge(fcntl(fd[1], F_SETPIPE_SZ, 1 << 20), 0);
	srandom(1);
	for (int i = 0; i < KILLS; i++) {
		pid_t putter = spawn(put_all, IDS), sender = spawn(send_all, fd[1]);

		usleep((useconds_t)random() % 8000);
		kill(putter, SIGKILL);
		usleep((useconds_t)random() % 2000);
		kill(sender, SIGKILL);
		ck_assert_int_eq(waitpid(putter, &status, 0), putter);
		ck_assert_int_eq(waitpid(sender, &status, 0), sender);
	}
	put_all(IDS);
	for (unsigned left = 0; left <= IDS; left += 40)
		send_all(fd[1]);
	close(fd[1]);
	read_log(fd[0], sent);
	for (int i = 0; i < IDS; i++)
		ck_assert_msg(sent[i] >= 1, "i%d was not sent", i);
	ck_assert_uint_eq(count("sent"), IDS);
	ck_assert_uint_eq(count("new"), 0);
	ck_assert_uint_eq(count("dead"), 0);
	queue_release(&shared);
}
END_TEST

static int
add_one(void *arg UNUSED, struct endstate *s)
{
	s->failures++;
	snprintf(s->reason, sizeof(s->reason), "failure %lld", (long long)s->failures);
	return 7;
}

static int
set_all(void *arg UNUSED, struct endstate *s)
{
	*s = (struct endstate){ 1, 2, 3, 4, 5, "" };
	memset(s->reason, 'x', sizeof(s->reason));
	return 0;
}

static void
count_up(int nr)
{
	for (int i = 0; i < nr; i++)
		if (endstate_change(&shared, "ops", add_one, NULL, &err) != 7)
			_exit(1);
}

START_TEST(endstate)
{
	static const char *const torn[] = { "", "{", "{}", "[]\n", "\xff\n",
		"{\"failures\":\"9\",\"rate_us\":1.5,\"hold_us\":-1,\"reason\":7}\n" };
	struct endstate s;
	struct stat st;
	pid_t pid[RACERS];
	int status;
	FILE *f;

	open_queue(&shared);
	memset(&s, 1, sizeof(s));
	ck_assert_int_eq(endstate_read(&shared, "ops", &s, &err), 0);
	ck_assert_int_eq(s.rate_us | s.hold_us | s.failures | s.down_us | s.disabled_us, 0);
	ck_assert_str_eq(s.reason, "");
	for (int i = 0; i < RACERS; i++)
		pid[i] = spawn(count_up, 200);
	for (int i = 0; i < RACERS; i++) {
		ck_assert_int_eq(waitpid(pid[i], &status, 0), pid[i]);
		ck_assert_int_eq(status, 0);
	}
	ck_assert_int_eq(endstate_read(&shared, "ops", &s, &err), 0);
	ck_assert_int_eq(s.failures, RACERS * 200);
	ck_assert_str_eq(s.reason, "failure 800");
	ck_assert_int_eq(stat(at("state", "ops"), &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	ck_assert_int_eq(endstate_change(&shared, "ops", set_all, NULL, &err), 0);
	ck_assert_int_eq(endstate_read(&shared, "ops", &s, &err), 0);
	ck_assert(s.rate_us == 1 && s.hold_us == 2 && s.failures == 3 && s.down_us == 4 &&
	    s.disabled_us == 5);
	ck_assert_uint_eq(strlen(s.reason), sizeof(s.reason) - 1);
	/* a writer that died before it cut the rest off */
	f = fopen(at("state", "ops"), "r+");
	ck_assert_int_ge(fputs("{\"failures\":9,\"reason\":\"a\"}\n", f), 0);
	ck_assert_int_eq(fclose(f), 0);
	ck_assert_int_eq(endstate_read(&shared, "ops", &s, &err), 0);
	ck_assert(s.failures == 9 && s.down_us == 0 && strcmp(s.reason, "a") == 0);
	for (size_t i = 0; i < countof(torn); i++) {
		ck_assert_int_eq(fs_write_durable(at("state", "ops"), torn[i], strlen(torn[i]), 0600, &err), 0);
		ck_assert_int_eq(endstate_read(&shared, "ops", &s, &err), 0);
		ck_assert_int_eq(s.rate_us | s.hold_us | s.failures | s.down_us | s.disabled_us, 0);
		ck_assert_str_eq(s.reason, "");
	}
	ck_assert_int_eq(unlink(at("state", "ops")), 0);
	ck_assert_int_eq(symlink("/etc/passwd", at("state", "ops")), 0);
	ck_assert_int_eq(endstate_change(&shared, "ops", set_all, NULL, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, "/state/ops\""));
	ck_assert_int_eq(endstate_read(&shared, "../ops", &s, &err), -1);
	queue_release(&shared);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("queue-race");
	TCase *t = tcase_create("race");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, race);
	tcase_add_test(t, race_of_defers);
	tcase_add_test(t, race_and_kills);
	tcase_add_test(t, endstate);
	suite_add_tcase(s, t);
	return run_suite(s);
}
