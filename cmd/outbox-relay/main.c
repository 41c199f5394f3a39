/*
 * outbox-relay - hand the rows of the outbox to a sink, at least once.
 *
 * Claim, hand out, see that it was taken, mark: a crash between two of them
 * repeats the rows after their lease, with the same event ids. A run goes on
 * until nothing is due; as only the first row of a key can be claimed, that
 * takes as many rounds as the longest key has rows.
 */
#include <unistd.h>

#include "app/outbox.h"
#include "base/clock.h"
#include "base/msg.h"
#include "base/num.h"
#include "cmd/outbox-relay/deliver.h"
#include "cmd/tool.h"
#include "fmt/json.h"
#include "sql.h"
#include "svc/conf.h"
#include "svc/pg.h"
#include "sys/io.h"
#include "sys/sig.h"

#define BATCH_DEFAULT 500
#define BATCH_MAX 10000

static struct {
	const char *conf, *db, *format, *sink, *batch;
	bool once, watch, list, redrive, dry_run;
} o = { .sink = "stdout" };

static const struct opt options[] = {
	OPT_STR('c', "config", &o.conf, "FILE", "read settings from FILE"),
	OPT_STR('d', "db", &o.db, "CONNINFO", "the database (default: libpq's rules)"),
	OPT_STR('f', "format", &o.format, "FORMAT", "of --list: ndjson or text (on a terminal)"),
	OPT_FLAG('n', "dry-run", &o.dry_run, "print what is due; change nothing"),
	OPT_STR(0, "sink", &o.sink, "NAME", "where to: stdout"),
	OPT_STR(0, "batch", &o.batch, "N", "claim N rows at a time (500)"),
	OPT_FLAG(0, "once", &o.once, "end when nothing is due (the default)"),
	OPT_FLAG(0, "watch", &o.watch, "stay, and relay what comes"),
	OPT_FLAG(0, "list", &o.list, "list what is undone, and dead letters"),
	OPT_FLAG(0, "redrive", &o.redrive, "make dead letters due again"),
	OPT_STOP_AT_OPERAND,
	OPT_END
};

const struct tool tool = {
	.name = "outbox-relay",
	.summary = "print the events of the outbox, at least once",
	.usage = "[-nqv] [-d CONNINFO] [--batch N] [--once | --watch] [COMMAND [ARG ...]]\n"
	    "[-nqv] [-d CONNINFO] [-f FORMAT] [--sink NAME] --list | --redrive",
	.options = options,
	.examples = "outbox-relay\n"
	    "outbox-relay notify\n"
	    "outbox-relay --list\n"
	    "outbox-relay --watch >>events.ndjson",
};

struct relay {
	struct conf *conf;
	struct pg *db;
	struct deliver to;
	uint64_t batch;
	bool text;
};

static int
connect_db(struct relay *r, struct err *err)
{
	int rc;

	pg_close(r->db);
	r->db = pg_open_schema(conf_str(r->conf, "database"), tool.name, SQL_SCHEMA_VERSION, err);
	if (!r->db)
		return -1;
	rc = outbox_has_sink(r->db, o.sink, err);
	if (rc < 0)
		return -1;
	if (rc == 0)
		return err_set(err, ERR_CONFIG, "the sink \"%s\" is not in sluice.outbox_sink", o.sink);
	/* Behind a transaction pooler nothing may arrive: it is a hint, not the way. */
	return o.watch ? pg_exec(r->db, "LISTEN " OUTBOX_CHANNEL, PG_NONE, NULL, err) : 0;
}

/* The rows did not get out: back with them, and keep the first error. */
static int
take_back(struct relay *r, const struct outbox_batch *b, const struct err *why)
{
	struct err second = ERR_INIT;
	int rc;

	if (why->kind == ERR_STOPPED || r->to.trouble == DELIVER_UNTRIED)
		rc = outbox_release(r->db, o.sink, b, &second);
	else
		rc = outbox_failed(r->db, o.sink, b, why->text, &second);
	if (rc < 0)
		msg_err(&second);
	err_release(&second);
	return -1;
}

/* Until nothing is due. */
static int
drain(struct relay *r, struct err *err)
{
	struct outbox_batch b = OUTBOX_BATCH_INIT;
	uint64_t rows = 0;
	int rc = 0;

	while (rc == 0 && !sig_stopped()) {
		int64_t since_ms = clock_mono_ms();

		r->to.trouble = DELIVER_FINE;
		rc = outbox_claim(r->db, o.sink, r->batch, &b, err);
		if (rc < 0 || b.nr == 0)
			break;
		if (deliver(&r->to, &b.lines, since_ms, err) < 0)
			rc = take_back(r, &b, err);
		else
			rc = outbox_done(r->db, o.sink, &b, err);
		rows += (uint64_t)b.nr;
	}
	outbox_batch_release(&b);
	if (rc == 0 && rows > 0)
		msg_info("relayed %llu rows", (unsigned long long)rows);
	return rc;
}

/* Wait for a notification or the interval, whichever comes first. */
static int
wait_more(struct relay *r, struct err *err)
{
	struct str payload = STR_INIT;
	int rc = pg_wait_notify(r->db, (int)conf_ms(r->conf, "outbox.interval"), &payload, err);

	/* What else has arrived is served by the same claim. */
	while (rc > 0)
		rc = pg_wait_notify(r->db, 0, &payload, err);
	str_release(&payload);
	return rc;
}

static void
pause_ms(uint64_t ms)
{
	struct timespec t = { (time_t)(ms / 1000), (long)(ms % 1000) * 1000000 };

	nanosleep(&t, NULL);	/* a signal ends it, which is as well */
}

/* A database that is away comes back: only the first failure is told. So does a
 * command that did not take its lines, whose rows wait longer each time. */
static int
watch(struct relay *r, struct err *err)
{
	bool down = false;
	int rc = 0;

	while (!sig_stopped()) {
		rc = drain(r, err);
		if (rc < 0 && r->to.trouble == DELIVER_REFUSED && err->kind == ERR_TEMP) {
			msg_err(err);
			err_release(err);
			rc = 0;
		} else if (rc < 0 && r->to.trouble != DELIVER_FINE) {
			return rc;
		}
		if (rc == 0)
			rc = wait_more(r, err);
		while (rc < 0 && err->kind == ERR_TEMP && !sig_stopped()) {
			if (!down)
				msg_err(err);
			down = true;
			err_release(err);
			pause_ms(conf_ms(r->conf, "outbox.interval"));
			rc = connect_db(r, err);
		}
		if (rc < 0)
			return sig_stopped() && err->kind == ERR_TEMP ? 0 : rc;
		if (down)
			msg_warn("the database is back");
		down = false;
	}
	return 0;
}

static int
list_item(void *arg, const struct outbox_item *i, struct err *err)
{
	const struct relay *r = arg;
	char created[CLOCK_BUF], next[CLOCK_BUF];
	struct str s = STR_INIT;
	int rc;

	clock_format(i->created_us, created);
	clock_format(i->next_us, next);
	if (r->text) {
		str_addf(&s, "%lld %s %s %s, %lld attempts%s%s", (long long)i->id, created,
		    i->type, i->key, (long long)i->attempts, i->failed ? ", failed: " :
		    i->last_error ? ": " : "", i->last_error ? i->last_error : "");
	} else {
		str_addc(&s, '{');
		json_put_key_int(&s, "outbox_id", i->id);
		json_put_key_cstr(&s, "type", i->type);
		json_put_key_cstr(&s, "key", i->key);
		json_put_key_cstr(&s, "sink", o.sink);
		json_put_key_cstr(&s, "state", i->failed ? "failed" : "pending");
		json_put_key_int(&s, "attempts", i->attempts);
		json_put_key_cstr(&s, "created_at", created);
		json_put_key_cstr(&s, "next_attempt_at", next);
		if (i->last_error)
			json_put_key_cstr(&s, "last_error", i->last_error);
		str_addc(&s, '}');
	}
	str_addc(&s, '\n');
	rc = io_stdout(s.buf, s.len, err);
	str_release(&s);
	return rc;
}

static int
print_due(struct relay *r, struct err *err)
{
	struct outbox_batch b = OUTBOX_BATCH_INIT;
	int rc = outbox_due(r->db, o.sink, &b, err);

	if (rc == 0)
		rc = io_stdout(b.lines.buf, b.lines.len, err);
	outbox_batch_release(&b);
	return rc;
}

static int
redrive(struct relay *r, struct err *err)
{
	int64_t rows;

	if (outbox_redrive(r->db, o.sink, &rows, err) < 0)
		return -1;
	msg_info("%lld dead letters are due again", (long long)rows);
	return 0;
}

static int
settle(struct relay *r, const char *command, struct err *err)
{
	if (o.list + o.redrive + o.watch > 1 || (o.watch && (o.dry_run || o.once)) ||
	    (o.redrive && o.dry_run))
		return err_set(err, ERR_USAGE, "these options do not go together");
	if (command && (o.list || o.redrive))
		return err_set(err, ERR_USAGE, "\"%s\": no command with this option", command);
	if (o.format && strcmp(o.format, "ndjson") != 0 && strcmp(o.format, "text") != 0)
		return err_set(err, ERR_USAGE, "--format: \"%s\" is not ndjson or text", o.format);
	if (strcmp(o.sink, "stdout") != 0)
		return err_set(err, ERR_USAGE, "--sink: \"%s\" is no sink; there is stdout", o.sink);
	r->batch = BATCH_DEFAULT;
	if (o.batch && (num_uint(o.batch, BATCH_MAX, &r->batch) < 0 || r->batch == 0))
		return err_set(err, ERR_USAGE, "--batch: \"%s\" is not a number from 1 to %d",
		    o.batch, BATCH_MAX);
	r->text = o.format ? strcmp(o.format, "text") == 0 : isatty(STDOUT_FILENO);
	r->conf = conf_load(o.conf, err);
	return r->conf && conf_option(r->conf, "database", o.db, "--db", err) == 0 ? 0 : -1;
}

static int
run(struct relay *r, char **command, struct err *err)
{
	if (connect_db(r, err) < 0)
		return -1;
	if (o.list)
		return outbox_list(r->db, o.sink, list_item, r, err);
	if (o.redrive)
		return redrive(r, err);
	if (o.dry_run)
		return print_due(r, err);
	deliver_init(&r->to, command);
	return o.watch ? watch(r, err) : drain(r, err);
}

int
tool_run(int argc, char **argv, struct err *err)
{
	struct relay r = { .db = NULL };
	int rc = -1;

	if (settle(&r, argv[0], err) == 0)
		rc = run(&r, argc > 0 ? argv : NULL, err);
	pg_close(r.db);
	conf_free(r.conf);
	if (r.to.trouble == DELIVER_GONE)
		deliver_end_as_sigpipe(&r.to);
	return rc;
}
