/*
 * notify - tell other systems of events, by signed web hooks.
 *
 * A filter: every line is passed on at once. An event that an endpoint wants is
 * queued on disk (app/queue.h), then tried; what fails waits in the queue for
 * a later run or --drain. So the line never waits for a receiver, and what was
 * queued is not lost. Bad settings are told and decide the status, but the
 * lines are passed on all the same: a stage never holds up its neighbours.
 */
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/msg.h"
#include "base/num.h"
#include "cmd/notify/notify.h"
#include "cmd/tool.h"
#include "sys/sig.h"

#define FAILURES_FILTER 1	/* in a row, and an endpoint has had its turn */
#define FAILURES_DRAIN 5
#define PATIENCE_FILTER_MS 5000	/* with a rate; then a later run goes on */
#define PATIENCE_DRAIN_MS 55000
#define TOLD_MAX 10
#define FILES_SPARED 64		/* descriptors for all but attempts, */
#define FILES_PUT 256		/* and for what is being queued */
#define FILES_ATTEMPT 3

static struct {
	const char *conf, *spool, *format, *endpoint, *secret_file, *tolerance;
	bool dry_run, drain, list, redrive, verify;
} o;

static const struct opt options[] = {
	OPT_STR('c', "config", &o.conf, "FILE", "read settings from FILE"),
	OPT_STR('s', "spool", &o.spool, "DIR", "the spool"),
	OPT_STR('f', "format", &o.format, "FORMAT", "of --list: ndjson or text (on a terminal)"),
	OPT_FLAG('n', "dry-run", &o.dry_run, "print what would be sent; queue and send nothing"),
	OPT_STR(0, "endpoint", &o.endpoint, "NAME", "only this endpoint"),
	OPT_FLAG(0, "drain", &o.drain, "send what is due in the queue, and end"),
	OPT_FLAG(0, "list", &o.list, "list what waits, what is dead, and the endpoints"),
	OPT_FLAG(0, "redrive", &o.redrive, "send again what is dead: all, or these ids"),
	OPT_FLAG(0, "verify", &o.verify, "check the signature of a message on standard input"),
	OPT_STR(0, "secret-file", &o.secret_file, "FILE", "of --verify: the secrets"),
	OPT_STR(0, "tolerance", &o.tolerance, "TIME", "of --verify: how far off a clock may be (5m)"),
	OPT_END
};

const struct tool tool = {
	.name = "notify",
	.summary = "send events to web hooks; pass every line on",
	.usage = "[-nqv] [-s DIR] [--endpoint NAME]\n"
	    "[-nqv] [-s DIR] [--endpoint NAME] --drain\n"
	    "[-qv] [-s DIR] [-f FORMAT] [--endpoint NAME] --list\n"
	    "[-qv] [-s DIR] [--endpoint NAME] --redrive [ID ...]\n"
	    "[-qv] [--tolerance TIME] --verify --secret-file FILE | --endpoint NAME",
	.options = options,
	.examples = "spool-gate | notify | spool-replay | notify >>events.ndjson\n"
	    "outbox-relay notify\n"
	    "notify --drain\n"
	    "notify --verify --secret-file hook.secret <message",
};

/* The first few, and then how many more: a thousand lines of a full disk help nobody. */
static bool
is_to_be_told(uint64_t *nr)
{
	return ++*nr <= TOLD_MAX;
}

void
notify_fault(void *arg, struct err *err)
{
	struct notify *n = arg;

	if (is_to_be_told(&n->faults))
		msg_err(err);
	n->status = err_worse_status(n->status, err_exit_status(err));
	err_release(err);
}

void
notify_report(void *arg, enum sender_event e, const char *endpoint, const struct delivery *d,
    const char *why)
{
	struct notify *n = arg;
	const char *id = d ? d->id : "a file in the queue";

	switch (e) {
	case SENDER_SENT:
		n->sent++;
		msg_debug("%s: %s sent: %s", endpoint, id, why);
		break;
	case SENDER_FAILED:
		n->failed++;
		msg_info("%s: %s, attempt %u: %s", endpoint, id, d ? d->attempts : 0, why);
		break;
	case SENDER_DEAD:
		if (is_to_be_told(&n->dead))
			msg_error("%s: gave up on %s: %s", endpoint, id, why);
		break;
	case SENDER_DOWN:
		msg_warn("%s does not take notifications: %s; they wait in the queue", endpoint, why);
		break;
	case SENDER_UP:
		msg_info("%s takes notifications again", endpoint);
		break;
	case SENDER_DISABLED:
		msg_error("%s is disabled: it said 410 Gone", endpoint);
		msg_hint("when it is back: notify --redrive --endpoint %s", endpoint);
		break;
	}
}

static void
tell_rest(const struct notify *n)
{
	if (n->faults > TOLD_MAX)
		msg_error("and %llu more errors", (unsigned long long)(n->faults - TOLD_MAX));
	if (n->dead > TOLD_MAX)
		msg_error("and gave up on %llu more", (unsigned long long)(n->dead - TOLD_MAX));
	if (n->dead > 0)
		msg_hint("see \"notify --list\"; \"notify --redrive\" sends it again");
}

int
notify_prune(struct notify *n, struct err *err)
{
	uint64_t keep = conf_ms(n->conf, "notify.keep");

	for (size_t i = 0; i < n->endpoints.nr; i++)
		keep = MAX(keep, n->endpoints.item[i].dedupe_ms);
	return queue_prune(&n->queue, keep, clock_now_us(), err);
}

static int
usage(struct notify *n, int argc, uint64_t *tolerance, struct err *err)
{
	if (o.drain + o.list + o.redrive + o.verify > 1 ||
	    (o.dry_run && (o.list || o.redrive || o.verify)) || (o.format && !o.list) ||
	    ((o.secret_file || o.tolerance) && !o.verify))
		return err_set(err, ERR_USAGE, "these options do not go together");
	if (argc > 0 && !o.redrive)
		return err_set(err, ERR_USAGE, "operands are for --redrive");
	if (o.verify && !o.secret_file == !o.endpoint)
		return err_set(err, ERR_USAGE, "--verify wants one of --secret-file and --endpoint");
	if (o.format && strcmp(o.format, "ndjson") != 0 && strcmp(o.format, "text") != 0)
		return err_set(err, ERR_USAGE, "--format: \"%s\" is not ndjson or text", o.format);
	*tolerance = WEBHOOK_TOLERANCE_S * UINT64_C(1000);
	if (o.tolerance && num_duration(o.tolerance, tolerance) < 0)
		return err_set(err, ERR_USAGE, "--tolerance: \"%s\" is not a duration", o.tolerance);
	n->text = o.format ? strcmp(o.format, "text") == 0 : isatty(STDOUT_FILENO);
	n->endpoint = o.endpoint;
	n->dry_run = o.dry_run;
	return 0;
}

/* How many attempts at once the descriptors are enough for. */
static uint64_t
attempts_at_once(void)
{
	struct rlimit l = { .rlim_cur = 1024 };

	if (getrlimit(RLIMIT_NOFILE, &l) == 0 && l.rlim_cur < l.rlim_max) {
		l.rlim_cur = l.rlim_max;
		/* where it is forbidden, the old one does */
		if (setrlimit(RLIMIT_NOFILE, &l) < 0)
			getrlimit(RLIMIT_NOFILE, &l);
	}
	return l.rlim_cur < FILES_SPARED + FILES_PUT + FILES_ATTEMPT ? 1 :
	    (l.rlim_cur - FILES_SPARED - FILES_PUT) / FILES_ATTEMPT;
}

/* Memory holds secrets from now on: no core of it, and nobody looks in by ptrace. */
static void
keep_private(void)
{
	struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
#ifndef __SANITIZE_ADDRESS__	/* whose leak checker uses ptrace itself */
	prctl(PR_SET_DUMPABLE, 0);
#endif
}

static void
start_sender(struct notify *n)
{
	const struct sender_limits limits = {
		.attempt_ms = o.drain ? UINT64_MAX : conf_ms(n->conf, "notify.wait"),
		.connections = conf_uint(n->conf, "notify.connections"),
		.total = attempts_at_once(),
		.patience_ms = o.drain ? PATIENCE_DRAIN_MS : PATIENCE_FILTER_MS,
		.failures = o.drain ? FAILURES_DRAIN : FAILURES_FILTER,
		.keep_ms = conf_ms(n->conf, "notify.keep"),
	};

	for (size_t i = 0; i < n->endpoints.nr; i++)
		n->queue.longest_us = MAX(n->queue.longest_us, endpoint_longest(&n->endpoints.item[i]));
	/* with no time for attempts the filter only queues */
	if (limits.attempt_ms > 0)
		n->sender = sender_new(&n->queue, &n->endpoints, &limits, notify_report, notify_fault, n);
}

static int
start(struct notify *n, struct err *err)
{
	keep_private();
	n->conf = conf_load(o.conf, err);
	if (!n->conf || conf_option(n->conf, "spool", o.spool, "--spool", err) < 0 ||
	    (o.secret_file ? 0 : endpoints_load(&n->endpoints, n->conf, err)) < 0)
		return -1;
	if (o.endpoint && !endpoints_find(&n->endpoints, o.endpoint)) {
		err_set(err, ERR_CONFIG, "there is no endpoint \"%s\" in the settings", o.endpoint);
		return err_hint(err, "see sluice.yaml(5), endpoints.NAME.url");
	}
	if (o.verify || (o.dry_run && !o.drain) ||
	    (n->endpoints.nr == 0 && !o.drain && !o.list && !o.redrive))
		return 0;
	if (queue_open(&n->queue, conf_str(n->conf, "spool"), err) < 0)
		return -1;
	start_sender(n);
	return 0;
}

static int
run(struct notify *n, int argc, char **argv, uint64_t tolerance, struct err *err)
{
	int rc = start(n, err);

	if (rc < 0 && !(o.drain || o.list || o.redrive || o.verify)) {
		/* as said above: the line goes on without us */
		notify_fault(n, err);
		endpoints_release(&n->endpoints);
		return filter_run(n, err);
	}
	if (rc < 0)
		return -1;
	if (o.verify)
		return verify_run(n, o.secret_file, tolerance, err);
	if (o.list)
		return list_run(n, err);
	if (o.redrive)
		return redrive_run(n, argc, argv, err);
	return o.drain ? drain_run(n, err) : filter_run(n, err);
}

int
tool_run(int argc, char **argv, struct err *err)
{
	struct notify n = { .endpoints = ENDPOINTS_INIT, .queue = QUEUE_INIT };
	uint64_t tolerance = 0;
	int rc;

	/* TLS writes to sockets by itself; and a reader that has gone must not keep
	 * what was read from being queued */
	if (!o.list && !o.redrive && !o.verify)
		signal(SIGPIPE, SIG_IGN);
	rc = usage(&n, argc, &tolerance, err);
	if (rc == 0)
		rc = run(&n, argc, argv, tolerance, err);
	tell_rest(&n);
	sender_free(n.sender);
	queue_release(&n.queue);
	endpoints_release(&n.endpoints);
	conf_free(n.conf);
	return rc < 0 || n.status == 0 ? rc : err_worse_status(n.status, rc);
}
