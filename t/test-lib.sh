# test-lib.sh - TAP for shell tests (dash). A test script begins
#
#	#!/bin/sh
#	# what it proves, in a line or two
#	. "${0%/*}/test-lib.sh"
#	need jq
#	ok 'two and two are four' 'is "$(echo $((2 + 2)))" 4'
#	finish
#
# It runs in an empty directory of its own, $T, which is removed when all went
# well and named when not. $SRC is the repository, $SLUICE_BUILD the build
# directory (absolute), $DATA the test data beside the project or empty.
#
# Traps that are avoided here, and that a body must not bring back:
#  - `if (set -e; body)` ignores set -e inside: the subshell runs plain, then $?.
#  - `! cmd` never trips set -e: use `fails cmd`, `absent path`.
#  - a pipeline has the status of its last command: write to a file, then look.
#  - a loop that never ran passes: count, and check the count.

set -u

SRC=$(cd "${0%/*}/.." && pwd -P) || exit 1
SLUICE_BUILD=${SLUICE_BUILD:-$SRC/build}
case $SLUICE_BUILD in /*) ;; *) SLUICE_BUILD=$SRC/$SLUICE_BUILD ;; esac
SLUICE_TEST_REQUIRE=${SLUICE_TEST_REQUIRE:-}

DATA=${SLUICE_TEST_DATA:-$SRC/../shared/data}
if [ -d "$DATA" ]; then DATA=$(cd "$DATA" && pwd -P); else DATA=; fi

# Nothing of the caller's settings may reach a tool.
for _v in $(env | sed -n 's/^\(PG[A-Z]*\|SLUICE_[A-Z0-9_]*\|XDG_[A-Z_]*\|LC_[A-Z]*\|LANG[A-Z]*\)=.*/\1/p'); do
	case $_v in
	SLUICE_BUILD | SLUICE_TEST_* | PG_NO_INIT) ;;
	*) unset "$_v" ;;
	esac
done
unset DATABASE_URL http_proxy https_proxy CDPATH

_top=$(mktemp -d "${TMPDIR:-/tmp}/sluice-t.XXXXXX") || exit 1
chmod 711 "$_top"
T=$_top/t
mkdir "$T" "$_top/xdg" "$_top/home" && chmod 711 "$T"
export LC_ALL=C.UTF-8 TZ=UTC HOME="$_top/home" XDG_CONFIG_HOME="$_top/xdg"
export SRC SLUICE_BUILD DATA T
# Debian's python3 has the modules that scripts/deps installs; another one that
# comes earlier in the caller's PATH may not.
mkdir "$_top/bin"
[ ! -x /usr/bin/python3 ] || ln -s /usr/bin/python3 "$_top/bin/python3"
PATH=$SLUICE_BUILD/bin:$SLUICE_BUILD/t:$_top/bin:$PATH:/usr/sbin:/sbin
export PATH
umask 022
cd "$T" || exit 1

_n=0		# tests so far
_bad=0		# of them not ok
_done=		# finish was reached
_at_exit=:	# commands of on_exit, last one first

# on_exit 'COMMANDS': run them when the script ends, however it ends.
on_exit() {
	_at_exit="$1; $_at_exit"
}

_leave() {
	_rc=$?
	trap - EXIT
	eval "$_at_exit" >/dev/null 2>&1 </dev/null
	cd /
	if [ -n "$_done" ] && [ "$_bad" = 0 ]; then
		rm -rf "$_top"
	else
		echo "# kept: $T"
		[ "$_rc" != 0 ] || _rc=1
	fi
	exit "$_rc"
}
trap _leave EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# _required WORD: must a skip for want of WORD be a failure?
_required() {
	case " $(echo "$SLUICE_TEST_REQUIRE" | tr ',' ' ') " in
	*" $1 "* | *" all "*) return 0 ;;
	esac
	return 1
}

skip_all() {
	_done=y
	if [ "$_n" = 0 ]; then
		echo "1..0 # SKIP $1"
		exit 0
	fi
	skip 'the rest' "$1"
	finish
}

# _want WORD REASON: skip everything, or fail where WORD is required.
_want() {
	if _required "$1"; then
		_n=$((_n + 1)) _bad=$((_bad + 1))
		echo "not ok $_n - $2 (required by SLUICE_TEST_REQUIRE)"
		finish
	fi
	skip_all "$2"
}

# need PROGRAM...
need() {
	for _p; do
		command -v "$_p" >/dev/null 2>&1 || _want "$_p" "no $_p here"
	done
}

# need_data NAME...: else the rest of the script is skipped.
need_data() {
	for _p; do
		[ -n "$DATA" ] && [ -e "$DATA/$_p" ] || _want data "no test data $_p here"
	done
}

# have_data NAME: for a script that can do something without; where data is
# required its absence ends the script.
have_data() {
	[ -n "$DATA" ] && [ -e "$DATA/$1" ] && return 0
	_required data && _want data "no test data $1 here"
	return 1
}

# ok TITLE BODY: the body runs in a subshell under set -e; its output is shown
# only when it fails. Descriptor 3 is that output for the helpers below, so that
# `exit_is 2 cmd 2>err` can still say what was wrong.
ok() {
	_n=$((_n + 1))
	(
		set -e
		eval "$2"
	) >"$_top/out" 2>&1 3>&1 </dev/null
	_rc=$?
	if [ $_rc = 0 ]; then
		echo "ok $_n - $1"
		return 0
	fi
	_bad=$((_bad + 1))
	echo "not ok $_n - $1"
	printf '#   status %s of: %s\n' "$_rc" "$2" | sed '2,$s/^/#   /'
	tail -n 60 "$_top/out" | cut -c 1-2000 | sed 's/^/# /'
	return 0
}

# skip TITLE REASON: one test that could not be run.
skip() {
	_n=$((_n + 1))
	echo "ok $_n - $1 # SKIP $2"
}

finish() {
	_done=y
	echo "1..$_n"
	[ "$_bad" = 0 ] || exit 1
	exit 0
}

# --- for bodies ---------------------------------------------------------------

_say() {
	{ printf '%s\n' "$*" >&3; } 2>/dev/null || printf '%s\n' "$*" >&2
}

# exit_is N CMD ARGS...: exactly N.
exit_is() {
	_want_rc=$1
	shift
	_got_rc=0
	"$@" 3>&- || _got_rc=$?
	[ "$_got_rc" = "$_want_rc" ] || {
		_say "status $_got_rc, not $_want_rc, of: $*"
		return 1
	}
}

# fails CMD ARGS...: not 0, and no signal and no missing command either.
fails() {
	_got_rc=0
	"$@" 3>&- || _got_rc=$?
	[ "$_got_rc" != 0 ] && [ "$_got_rc" -lt 126 ] || {
		_say "status $_got_rc, not a failure, of: $*"
		return 1
	}
}

absent() {
	for _p; do
		if [ -e "$_p" ] || [ -L "$_p" ]; then
			_say "there is a $_p"
			return 1
		fi
	done
}

# same EXPECTED ACTUAL (files)
same() {
	diff -u "$1" "$2" >"$_top/diff" 2>&1 && return 0
	_say "$(head -n 40 "$_top/diff")"
	return 1
}

# is A B (strings)
is() {
	[ "$1" = "$2" ] && return 0
	_say "got:    $1"
	_say "wanted: $2"
	return 1
}

# empty FILE...: there, with nothing in it.
empty() {
	for _p; do
		[ -f "$_p" ] && [ ! -s "$_p" ] && continue
		_say "not empty: $_p: $(head -n 3 "$_p" 2>&1)"
		return 1
	done
}

# has FILE TEXT: a fixed string somewhere in the file.
has() {
	grep -qF -e "$2" -- "$1" && return 0
	_say "no \"$2\" in $1: $(head -n 5 "$1" 2>&1)"
	return 1
}

# wait_for SECONDS CMD ARGS...: until it is true.
wait_for() {
	_left=$(($1 * 20))
	shift
	until "$@" >/dev/null 2>&1; do
		_left=$((_left - 1))
		[ $_left -gt 0 ] || {
			_say "waited in vain for: $*"
			return 1
		}
		sleep 0.05
	done
}
