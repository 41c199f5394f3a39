/*
 * spool-write - records in, closed segments out.
 *
 * Order: a record is checked, then written to a dot-file in incoming/; at a
 * limit the file is ended, fsynced, renamed and its directory fsynced; then the
 * `segment` line is printed. Accepted means that the line was printed: a writer
 * that dies before that may be run again with the same input.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/msg.h"
#include "base/num.h"
#include "cmd/spool-write/listen.h"
#include "cmd/spool-write/stream.h"
#include "cmd/tool.h"
#include "svc/conf.h"
#include "sys/sig.h"

#define MAX_CLIENTS 4096
#define MAX_CLIENTS_DEFAULT 64

static struct {
	const char *conf, *spool, *max_bytes, *max_records, *max_age, *level, *to, *rejects;
	const char *max_spool, *wait, *name, *listen, *max_clients;
	bool dry_run;
} o;

static const struct opt options[] = {
	OPT_STR('c', "config", &o.conf, "FILE", "read settings from FILE"),
	OPT_STR('s', "spool", &o.spool, "DIR", "the spool"),
	OPT_STR(0, "max-bytes", &o.max_bytes, "SIZE", "end a segment at SIZE of records"),
	OPT_STR(0, "max-records", &o.max_records, "N", "end a segment at N records"),
	OPT_STR(0, "max-age", &o.max_age, "TIME", "end a segment TIME after its first record"),
	OPT_STR(0, "level", &o.level, "N", "zstd level 1 to 19; 0 writes plain files"),
	OPT_STR(0, "to", &o.to, "FORMAT", "ndjson, msgpack, or same (as the input, the default)"),
	OPT_STR(0, "rejects", &o.rejects, "FILE", "append bad records to FILE"),
	OPT_STR(0, "max-spool", &o.max_spool, "SIZE", "let no more than SIZE wait in the spool"),
	OPT_STR(0, "wait", &o.wait, "TIME", "wait TIME for room in a full spool"),
	OPT_STR(0, "name", &o.name, "PREFIX", "first part of the segments' names"),
	OPT_STR(0, "listen", &o.listen, "SOCKET", "serve clients on unix:PATH or tcp:HOST:PORT"),
	OPT_STR(0, "max-clients", &o.max_clients, "N", "serve at most N clients at once"),
	OPT_FLAG('n', "dry-run", &o.dry_run, "check the records, write nothing"),
	OPT_END
};

const struct tool tool = {
	.name = "spool-write",
	.summary = "land records as closed segments in the spool",
	.usage = "[OPTION ...] [FILE ...]\n"
	    "[OPTION ...] --listen SOCKET",
	.options = options,
	.examples = "spool-write <metrics.ndjson\n"
	    "spool-write --to msgpack --rejects bad.ndjson a.ndjson b.ndjson.zst\n"
	    "spool-write --listen unix:/run/sluice/write.sock",
};

/* The end that a signal handler writes to. */
static int stop_fd = -1;

static void
wake(void)
{
	uint64_t one = 1;

	if (write(stop_fd, &one, sizeof(one)) < 0)
		return;		/* full: it is readable already */
}

static int
watch_stop(struct stream_opts *so, struct err *err)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	if (fd < 0)
		return err_setno(err, "could not make an eventfd");
	stop_fd = so->stop_fd = fd;
	sig_on_stop(wake);
	return 0;
}

/* An operand's format, by its name; NULL: look into it. */
static const enum rec_format *
format_of(const char *path, enum rec_format *format)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

	if (!spool_is_segment(name))
		return NULL;
	*format = spool_format(name);
	return format;
}

static int
feed_operand(struct stream *s, const char *path, struct err *err)
{
	enum rec_format format;
	int fd, rc;

	if (strcmp(path, "-") == 0)
		return stream_feed(s, STDIN_FILENO, "stdin", NULL, err);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_setno(err, "could not open \"%s\"", path);
	rc = stream_feed(s, fd, path, format_of(path, &format), err);
	close(fd);
	return rc;
}

static int
write_operands(const struct stream_opts *so, int argc, char **argv, struct err *err)
{
	static char dash[] = "-", *only_stdin[] = { dash };
	int status = EXIT_OK, rc = 0;
	struct stream s;

	if (argc == 0) {
		argc = 1;
		argv = only_stdin;
	}
	if (stream_open(&s, so, -1, NULL, err) < 0)
		return -1;
	for (int i = 0; i < argc && !s.broken && !sig_stopped(); i++) {
		rc = feed_operand(&s, argv[i], err);
		if (rc < 0 && err->kind == ERR_STOPPED)
			break;
		if (rc < 0 && !s.broken) {
			/* this input is bad, its good records and the others are not */
			msg_err(err);
			status = err_worse_status(status, err_exit_status(err));
			err_release(err);
			rc = 0;
		}
	}
	if (rc < 0 && err->kind == ERR_STOPPED) {
		/* not an error: main() turns it into 128 + signal */
		err_release(err);
		rc = 0;
	}
	if (rc == 0)
		rc = stream_end(&s, err);
	if (rc == 0 && s.rejected)
		status = err_worse_status(status, EXIT_PARTIAL);
	if (rc == 0 && so->dry_run)
		msg_info("%llu records are good, %llu are not", (unsigned long long)s.records,
		    (unsigned long long)s.rejected);
	stream_release(&s);
	return rc < 0 ? -1 : status;
}

/* In the process of one client. */
static int
serve_client(void *arg, int fd, const char *peer)
{
	struct stream_opts so = *(const struct stream_opts *)arg;
	struct err err = ERR_INIT, last = ERR_INIT;
	struct stream s;
	int rc = -1;

	/* not the server's: a signal here must not wake it */
	if (watch_stop(&so, &err) < 0 || stream_open(&s, &so, fd, peer, &err) < 0)
		goto out;
	rc = stream_feed(&s, fd, peer, NULL, &err);
	if (rc < 0 && err.kind == ERR_STOPPED)
		rc = 0;
	if (stream_end(&s, &last) < 0) {
		err_move(&err, &last);
		rc = -1;
	}
	if (rc < 0)
		stream_tell_error(&s, &err);
	if (rc == 0 && s.rejected)
		rc = EXIT_PARTIAL;
	stream_release(&s);
out:
	if (rc < 0) {
		err_wrap(&err, "%s", peer);
		msg_err(&err);
		rc = err_exit_status(&err);
	}
	return rc;
}

static int
settle(struct conf *c, struct stream_opts *so, struct err *err)
{
	const char *to;

	if (conf_option(c, "spool", o.spool, "--spool", err) < 0 ||
	    conf_option(c, "write.max_bytes", o.max_bytes, "--max-bytes", err) < 0 ||
	    conf_option(c, "write.max_records", o.max_records, "--max-records", err) < 0 ||
	    conf_option(c, "write.max_age", o.max_age, "--max-age", err) < 0 ||
	    conf_option(c, "write.level", o.level, "--level", err) < 0 ||
	    conf_option(c, "write.format", o.to, "--to", err) < 0 ||
	    conf_option(c, "write.max_spool", o.max_spool, "--max-spool", err) < 0 ||
	    conf_option(c, "write.wait", o.wait, "--wait", err) < 0)
		return -1;
	to = conf_str(c, "write.format");
	so->convert = strcmp(to, "same") != 0;
	so->to = strcmp(to, "msgpack") == 0 ? REC_MSGPACK : REC_NDJSON;
	so->seg = (struct segment_opts){
		.prefix = o.name,
		.level = (int)conf_uint(c, "write.level"),
		.max_bytes = conf_size(c, "write.max_bytes"),
		.max_records = conf_uint(c, "write.max_records"),
		.max_age_ms = conf_ms(c, "write.max_age"),
	};
	so->rejects = o.rejects;
	so->max_spool = conf_size(c, "write.max_spool");
	so->wait_ms = conf_ms(c, "write.wait");
	so->dry_run = o.dry_run;
	return 0;
}

static int
serve(struct stream_opts *so, struct err *err)
{
	struct listener l = { .where = o.listen, .stop_fd = so->stop_fd, .serve = serve_client,
		.arg = so };
	uint64_t clients = MAX_CLIENTS_DEFAULT;
	struct segment *probe;

	if (o.max_clients && (num_uint(o.max_clients, MAX_CLIENTS, &clients) < 0 || clients < 1))
		return err_set(err, ERR_USAGE, "--max-clients is \"%s\", but must be from 1 to %d",
		    o.max_clients, MAX_CLIENTS);
	/* a bad prefix is told now, not to each client */
	probe = segment_new(&so->sp, &so->seg, err);
	if (!probe)
		return -1;
	segment_free(probe);
	l.max_clients = (unsigned)clients;
	return listen_run(&l, err);
}

int
tool_run(int argc, char **argv, struct err *err)
{
	struct stream_opts so = { .sp = SPOOL_INIT };
	struct conf *c = conf_load(o.conf, err);
	int rc = -1;

	if (!c || settle(c, &so, err) < 0 || watch_stop(&so, err) < 0)
		goto out;
	if (o.listen && (argc > 0 || o.dry_run)) {
		err_set(err, ERR_USAGE, "--listen goes with neither operands nor --dry-run");
		goto out;
	}
	if (!o.listen && argc == 0 && isatty(STDIN_FILENO)) {
		err_set(err, ERR_USAGE, "no input: standard input is a terminal");
		err_hint(err, "name files, or send records: my-collector | spool-write");
		goto out;
	}
	if (!so.dry_run && (spool_open(&so.sp, conf_str(c, "spool"), err) < 0 ||
	    segment_sweep(&so.sp, err) < 0))
		goto out;
	rc = o.listen ? serve(&so, err) : write_operands(&so, argc, argv, err);
out:
	sig_on_stop(NULL);
	spool_release(&so.sp);
	conf_free(c);
	return rc;
}
