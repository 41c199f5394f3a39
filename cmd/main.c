/*
 * main.c - the same beginning and end for every tool: options, help, version,
 * signals, then tool_run, then stdout is checked and the error told.
 */
#include "base/enc.h"
#include "base/msg.h"
#include "cmd/tool.h"
#include "svc/conf.h"
#include "sys/io.h"
#include "sys/sig.h"
#include "version.h"

#define RUN_ID_BYTES 16

static int
describe(enum opt_action action, struct err *err)
{
	struct str out = STR_INIT;
	int rc;

	if (action == OPT_HELP)
		opt_help(&tool, &out);
	else if (action == OPT_VERSION)
		str_addf(&out, "%s %s\n", tool.name, SLUICE_VERSION);
	else
		opt_listing(&tool, &out);
	rc = io_stdout(out.buf, out.len, err);
	str_release(&out);
	return rc;
}

/* Before anything is said: option > environment > text. */
static int
log_setup(const char *option, struct err *err)
{
	char fresh[2 * RUN_ID_BYTES + 1];
	struct err why = ERR_INIT;
	bool json = false;
	const char *id;

	if (option)
		json = strcmp(option, "json") == 0;
	else if (conf_log_json(&json, err) < 0)
		return -1;
	if (!json)
		return 0;
	if (conf_run_id(&id, &why) < 0 || !id) {
		enc_random_hex(fresh, RUN_ID_BYTES);
		id = fresh;
	}
	msg_json(id);
	/* a log must not stop a line, so a bad id only costs the tie */
	if (why.kind != ERR_NONE)
		msg_warn_err(&why);
	err_release(&why);
	return 0;
}

int
main(int argc, char **argv)
{
	struct opt_result opts;
	struct err err = ERR_INIT, bad_log = ERR_INIT, last = ERR_INIT;
	int rc, log;

	io_std_fds();
	msg_init(tool.name);
	rc = opt_parse(&tool, argc, argv, &opts, &err);
	/* -q holds for what is said of the options too */
	msg_level(opts.verbosity);
	log = log_setup(opts.log_format, &bad_log);
	if (rc == 0 && opts.action != OPT_RUN) {
		rc = describe(opts.action, &err);
	} else if (rc == 0 && log < 0) {
		err_move(&err, &bad_log);
		rc = -1;
	} else if (rc == 0) {
		sig_init();
		rc = tool_run(opts.argc, opts.argv, &err);
	}
	if (rc < 0) {
		msg_err(&err);
		rc = err_exit_status(&err);
	}
	if (io_stdout_close(&last) < 0) {
		msg_err(&last);
		rc = err_worse_status(rc, err_exit_status(&last));
	}
	if (sig_stopped() && (rc == EXIT_TEMP || rc == EXIT_OK))
		rc = 128 + sig_stopped();
	err_release(&last);
	err_release(&bad_log);
	err_release(&err);
	return rc;
}
