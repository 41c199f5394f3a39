/*
 * main.c - the same beginning and end for every tool: options, help, version,
 * signals, then tool_run, then stdout is checked and the error told.
 */
#include "base/msg.h"
#include "cmd/tool.h"
#include "sys/io.h"
#include "sys/sig.h"
#include "version.h"

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

int
main(int argc, char **argv)
{
	struct opt_result opts;
	struct err err = ERR_INIT, last = ERR_INIT;
	int rc;

	io_std_fds();
	msg_init(tool.name);
	rc = opt_parse(&tool, argc, argv, &opts, &err);
	if (rc == 0 && opts.action != OPT_RUN) {
		rc = describe(opts.action, &err);
	} else if (rc == 0) {
		msg_level(opts.verbosity);
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
	err_release(&err);
	return rc;
}
