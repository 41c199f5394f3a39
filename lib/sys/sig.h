/*
 * sig.h - signals as flags. SIGINT, SIGTERM and SIGHUP ask to stop: blocking
 * calls return EINTR and loops look at sig_stopped(); the second SIGINT kills.
 * SIGUSR1 asks for a status line. SIGPIPE keeps its default.
 */
#ifndef SYS_SIG_H
#define SYS_SIG_H

#include "base/base.h"

void sig_init(void);
/* The signal that asked to stop, or 0. */
int sig_stopped(void);
/* True once per SIGUSR1. */
bool sig_status_wanted(void);
/* Call fn (async-signal-safe) when a stop is asked for; NULL takes it back. */
void sig_on_stop(void (*fn)(void));

#endif
