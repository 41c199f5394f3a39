#include "sys/sig.h"

#include <errno.h>
#include <signal.h>

static volatile sig_atomic_t stop_signal;
static volatile sig_atomic_t status_wanted;
static void (*volatile on_stop)(void);

static void
handle_stop(int signo)
{
	int saved = errno;
	void (*fn)(void) = on_stop;

	/* whoever presses ^C again is not asking any more */
	if (signo == SIGINT)
		signal(SIGINT, SIG_DFL);
	if (!stop_signal)
		stop_signal = signo;
	if (fn)
		fn();
	errno = saved;
}

static void
handle_status(int signo UNUSED)
{
	status_wanted = 1;
}

/* No SA_RESTART: a blocking call must come back to look at the flag. What the
 * caller had ignored (nohup, a background job) stays ignored. */
static void
catch_signal(int signo, void (*handler)(int))
{
	struct sigaction sa, old;

	if (sigaction(signo, NULL, &old) == 0 && old.sa_handler == SIG_IGN)
		return;
	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = handler;
	sigemptyset(&sa.sa_mask);
	sigaction(signo, &sa, NULL);
}

void
sig_init(void)
{
	catch_signal(SIGINT, handle_stop);
	catch_signal(SIGTERM, handle_stop);
	catch_signal(SIGHUP, handle_stop);
	catch_signal(SIGUSR1, handle_status);
}

int
sig_stopped(void)
{
	return stop_signal;
}

bool
sig_status_wanted(void)
{
	if (!status_wanted)
		return false;
	status_wanted = 0;
	return true;
}

void
sig_on_stop(void (*fn)(void))
{
	on_stop = fn;
}
