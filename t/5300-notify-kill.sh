#!/bin/sh
# notify under kill -9, at random and at every call with effects, against a receiver
# that is faulty: each event exactly once, after dedupe by id, every signature right.
# And a dead receiver does not hold up the pipe. SEED=n repeats the choices;
# CRASH_FULL=1 takes 10,000 events and every call.
. "${0%/*}/test-lib.sh"
need python3 faketime
export PYTHONDONTWRITEBYTECODE=1
export ASAN_OPTIONS="verify_asan_link_order=0${ASAN_OPTIONS:+:$ASAN_OPTIONS}"
[ -x "$SLUICE_BUILD/bin/notify" ] || skip_all 'no notify here'
if [ -n "${CRASH_FULL:-}" ]; then
	events=10000 kills=150 sweep='--double 300 --least 500' delay=
	# where fsync takes its time, so that kills hit what is half done
	export CRASH_DIR="$T/crash"
else
	events=500 kills=20 sweep='--random 100 --double 20 --least 90'
	delay='--events 500 --stages 1 --wait 1s --jobs 3'
fi
campaign() {
	title=$1
	shift
	ok "$title" "python3 '$SRC/t/helper/'$* >report 2>&1 || { cat report; exit 1; }"
	sed 's/^\(# \)*/# /' report
	rm -rf "$T/crash"
}

campaign 'the judge sees damage of every kind' hookstorm.py selftest
# shellcheck disable=SC2086
campaign 'killed at calls with effects: nothing lost, nothing left' hooksweep.py sweep $sweep
campaign "$events events, a faulty receiver, random kills: each exactly once" hookstorm.py storm \
	--events $events --kills $kills
preload=
if command -v cc >/dev/null 2>&1; then
	cat >slow.c <<-'END'
	#include <netdb.h>
	#include <unistd.h>
	int
	getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
	    struct addrinfo **out)
	{
		(void)node, (void)service, (void)hints, (void)out;
		sleep(30);
		return EAI_AGAIN;
	}
	END
	cc -shared -fPIC -o slow.so slow.c && preload="--preload $T/slow.so"
fi
[ -n "$preload" ] || skip 'a resolver that hangs' 'no cc here'
# shellcheck disable=SC2086
campaign 'the pipe does not wait for a dead receiver' hookdelay.py $delay $preload
finish
