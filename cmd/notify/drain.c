/*
 * drain.c - the queue's turn: what is due is sent, oldest first.
 */
#include <unistd.h>

#include "base/clock.h"
#include "base/msg.h"
#include "cmd/notify/notify.h"
#include "sys/io.h"
#include "sys/lock.h"
#include "sys/sig.h"

/* Names in memory at once; what is beyond comes in the next round. */
#define ROUND_MAX 100000

bool
notify_wants(void *arg, const char *name)
{
	const struct notify *n = arg;
	size_t len = n->endpoint ? strlen(n->endpoint) : 0;

	if (n->endpoint && (strncmp(name, n->endpoint, len) != 0 || name[len] != '.'))
		return false;
	return !n->sender || sender_wants(n->sender, name);
}

/* Those of endpoints that the settings do not have. */
static bool
is_orphan(void *arg, const char *name)
{
	const struct notify *n = arg;
	size_t len = strcspn(name, ".");

	for (size_t i = 0; i < n->endpoints.nr; i++)
		if (strncmp(n->endpoints.item[i].name, name, len) == 0 &&
		    n->endpoints.item[i].name[len] == '\0')
			return false;
	return true;
}

static int
offer_due(struct notify *n, queue_want want, struct err *err)
{
	struct fs_names due = FS_NAMES_INIT;
	int rc = queue_due(&n->queue, clock_now_us(), ROUND_MAX, want, n, &due, err);

	for (size_t i = 0; rc == 0 && i < due.nr; i++) {
		if (!n->dry_run) {
			rc = sender_offer(n->sender, due.name[i], err);
		} else {
			rc = io_stdout(due.name[i], strlen(due.name[i]), err);
			rc = rc < 0 ? rc : io_stdout("\n", 1, err);
		}
	}
	fs_names_release(&due);
	return rc;
}

static int
send_offered(struct notify *n, struct err *err)
{
	while (sender_busy(n->sender)) {
		if (sig_stopped())
			return err_set(err, ERR_STOPPED, "stopped by a signal");
		if (sender_start(n->sender, err) < 0 ||
		    (sender_busy(n->sender) && sender_wait(n->sender, NULL, 0, -1, err) < 0) ||
		    sender_collect(n->sender, err) < 0)
			return -1;
	}
	return 0;
}

/* Until nothing is due, or what is due will not go now. An endpoint whose turn is over is
 * not asked for again, so that its backlog is in nobody's way. */
static int
rounds(struct notify *n, struct err *err)
{
	uint64_t before;

	if (!n->endpoint && offer_due(n, is_orphan, err) < 0)
		return -1;
	do {
		before = n->sent + n->dead + n->failed;
		if (offer_due(n, notify_wants, err) < 0 || send_offered(n, err) < 0)
			return -1;
	} while (n->sent + n->dead + n->failed > before);
	return 0;
}

int
drain_run(struct notify *n, struct err *err)
{
	int lock = -1;
	int rc;

	if (n->dry_run)
		return offer_due(n, notify_wants, err) < 0 ? -1 : EXIT_OK;
	rc = lock_dir(n->queue.root, &lock, err);
	if (rc == 0) {
		/* it is being done */
		msg_info("another --drain is at work");
		return EXIT_OK;
	}
	if (rc > 0)
		rc = rounds(n, err);
	if (rc == 0)
		rc = queue_sync(&n->queue, err);
	if (rc == 0)
		rc = notify_prune(n, err);
	if (lock >= 0)
		close(lock);
	if (rc < 0)
		return -1;
	if (n->sent + n->failed + n->dead > 0)
		msg_info("%llu sent, %llu to be tried again, %llu dead", (unsigned long long)n->sent,
		    (unsigned long long)n->failed, (unsigned long long)n->dead);
	return n->failed > 0 ? EXIT_TEMP : n->dead > 0 ? EXIT_PARTIAL : EXIT_OK;
}
