# lib-pg.sh - a private PostgreSQL for one test script. After test-lib.sh:
#
#	. "$SRC/t/lib-pg.sh"	# skips the script where there is no server
#	pg_start		# $DATABASE_URL; `dbctl init` unless PG_NO_INIT=1
#	ok 'empty' 'is "$(sql "SELECT count(*) FROM sluice.events")" 0'
#
# pg_stop (immediate), pg_up (again), pg_restart_immediate, pg_kill9 (the whole
# server at once; then pg_up), pg_pooler_start (pgbouncer in transaction mode;
# $POOLER_URL), pg_pooler_stop. $PG_LOG is the server's log. PG_CONF, set before
# pg_start, is text for postgresql.conf.
#
# The cluster lives on a socket in $T/pg. initdb and the server refuse to be
# root: then another user runs them. fsync is off, but commits are written
# before they are answered: a killed server loses nothing that it confirmed.

# The newest server, unless SLUICE_TEST_PG_BIN names one.
_pg_find() {
	if [ -n "${SLUICE_TEST_PG_BIN:-}" ]; then
		echo "$SLUICE_TEST_PG_BIN"
		return
	fi
	for _d in $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -t / -k 5,5nr) \
	    "$(pg_config --bindir 2>/dev/null)"; do
		if [ -x "$_d/postgres" ] && [ -x "$_d/initdb" ]; then
			echo "$_d"
			return
		fi
	done
}

PG_BIN=$(_pg_find)
[ -n "$PG_BIN" ] || _want pg 'no PostgreSQL server here'
PATH=$SLUICE_BUILD/bin:$SLUICE_BUILD/t:$_top/bin:$PG_BIN:$PATH

PG_USER=
if [ "$(id -u)" = 0 ]; then
	for PG_USER in postgres nobody ''; do
		id "$PG_USER" >/dev/null 2>&1 && break
	done
	[ -n "$PG_USER" ] || _want pg 'root, and no other user to run PostgreSQL'
	command -v setpriv >/dev/null 2>&1 || _want pg 'root, and no setpriv'
fi
PG_DIR=$T/pg
PG_LOG=$PG_DIR/log

# Run a command as the user of the server, and keep nothing of ours open.
_pg_as() {
	(
		cd "$PG_DIR" || exit 1
		if [ -n "$PG_USER" ]; then
			exec setpriv --reuid="$PG_USER" --regid="$(id -g "$PG_USER")" \
				--clear-groups env HOME="$PG_DIR" "$@"
		fi
		exec "$@"
	) </dev/null 3>&-
}

# A template cluster is made once per build directory and server version, and
# copied: initdb takes a second, cp a tenth. It is made where the other user
# can reach it and moved into place whole.
_pg_template() {
	_ver=$("$PG_BIN/postgres" --version | awk '{ print $3 }')
	_tpl=$SLUICE_BUILD/pg-template/$_ver-${PG_USER:-$(id -un)}
	[ -d "$_tpl" ] && return 0
	mkdir -p "$SLUICE_BUILD/pg-template" || return 1
	(
		flock 9 || exit 1
		[ -d "$_tpl" ] && exit 0
		_pg_as "$PG_BIN/initdb" -D "$PG_DIR/data" -U sluice -A trust -E UTF8 --locale=C.UTF-8 \
			--no-sync --no-instructions --wal-segsize=1 9>&- &&
			echo 'CREATE DATABASE sluice' >"$PG_DIR/create.sql" &&
			_pg_as sh -c 'exec "$0" --single -F -D "$1" postgres <"$2"' \
				"$PG_BIN/postgres" "$PG_DIR/data" "$PG_DIR/create.sql" 9>&- &&
			cp -a "$PG_DIR/data" "$_tpl.tmp" && mv "$_tpl.tmp" "$_tpl"
		_rc=$?
		rm -rf "$_tpl.tmp" "$PG_DIR/data"
		exit $_rc
	) 9>"$SLUICE_BUILD/pg-template/lock" >"$PG_LOG" 2>&1
}

_pg_fail() {
	echo "# $1"
	tail -n 20 "$PG_LOG" 2>/dev/null | sed 's/^/# /'
	_n=$((_n + 1)) _bad=$((_bad + 1))
	echo "not ok $_n - $1"
	finish
}

pg_start() {
	[ ! -d "$PG_DIR/data" ] || return 0
	mkdir -p "$PG_DIR/s" && chmod 755 "$PG_DIR" "$PG_DIR/s"
	: >"$PG_LOG"
	[ -z "$PG_USER" ] || chown "$PG_USER" "$PG_DIR" "$PG_DIR/s" "$PG_LOG"
	_pg_template || _pg_fail 'could not make a cluster'
	cp -a "$_tpl" "$PG_DIR/data" || _pg_fail 'could not copy the cluster'
	cat >>"$PG_DIR/data/postgresql.conf" <<-END
		listen_addresses = ''
		unix_socket_directories = '$PG_DIR/s'
		fsync = off
		full_page_writes = off
		shared_buffers = 64MB
		max_connections = 60
		max_wal_size = 1GB
		jit = off
		log_line_prefix = '%m [%p] %a '
		log_statement = 'none'
		${PG_CONF:-}
	END
	DATABASE_URL="host=$PG_DIR/s port=5432 user=sluice dbname=sluice"
	export DATABASE_URL
	on_exit '[ -n "${SLUICE_TEST_KEEP_PG:-}" ] || pg_stop'
	pg_up || _pg_fail 'PostgreSQL did not start'
	if [ -z "${PG_NO_INIT:-}" ]; then
		dbctl init >"$_top/init" 2>&1 || {
			sed 's/^/# /' "$_top/init"
			_pg_fail 'dbctl init failed'
		}
	fi
}

# Start the cluster that is there.
pg_up() {
	_pg_as "$PG_BIN/pg_ctl" -D "$PG_DIR/data" -l "$PG_LOG" -w -t 60 -s start >/dev/null 2>&1
}

# Stop at once, as a crash; recovery at the next pg_up.
pg_stop() {
	_pg_as "$PG_BIN/pg_ctl" -D "$PG_DIR/data" -w -t 30 -s -m immediate stop >/dev/null 2>&1
}

pg_restart_immediate() {
	pg_stop
	pg_up
}

# kill -9 of every process of the server. The postmaster is stopped first, so
# that it cannot clean up after its children.
pg_kill9() {
	_pid=$(head -n 1 "$PG_DIR/data/postmaster.pid")
	kill -STOP "$_pid"
	# Backends may still be forked until the signal arrives: look twice.
	# shellcheck disable=SC2046
	kill -9 $(cat "/proc/$_pid/task/$_pid/children") 2>/dev/null || :
	_kids=$(cat "/proc/$_pid/task/$_pid/children")
	kill -9 "$_pid"
	for _k in $_kids; do kill -9 "$_k" 2>/dev/null || :; done
	for _k in $_pid $_kids; do
		while [ -d "/proc/$_k" ] && ! grep -qs '^State:.Z' "/proc/$_k/status"; do
			sleep 0.02
		done
	done
	# Where nobody reaps orphans the dead server looks alive to kill(pid, 0).
	rm -f "$PG_DIR/data/postmaster.pid" "$PG_DIR"/s/.s.*.lock
}

# sql 'QUERY' [psql options], sql -f FILE, or the statements on stdin.
sql() {
	if [ $# = 0 ]; then
		set -- -f -
	elif [ "${1#-}" = "$1" ]; then
		_query=$1
		shift
		set -- "$@" -c "$_query"
	fi
	"$PG_BIN/psql" -XAtq -v ON_ERROR_STOP=1 -d "$DATABASE_URL" "$@" 3>&-
}

pg_pooler_start() {
	_bouncer=$(command -v pgbouncer) || _want pgbouncer 'no pgbouncer here'
	mkdir -p "$PG_DIR/b"
	cat >"$PG_DIR/b/ini" <<-END
		[databases]
		sluice = host=$PG_DIR/s port=5432 dbname=sluice user=sluice
		[pgbouncer]
		listen_addr =
		listen_port = 6432
		unix_socket_dir = $PG_DIR/b
		auth_type = any
		pool_mode = transaction
		default_pool_size = ${POOLER_SIZE:-4}
		max_client_conn = 100
		logfile = $PG_DIR/b/log
		pidfile = $PG_DIR/b/pid
	END
	[ -z "$PG_USER" ] || chown -R "$PG_USER" "$PG_DIR/b"
	_pg_as "$_bouncer" -d -q "$PG_DIR/b/ini" >/dev/null 2>&1 ||
		_pg_fail "pgbouncer did not start: $(tail -n 3 "$PG_DIR/b/log" 2>&1)"
	POOLER_URL="host=$PG_DIR/b port=6432 user=sluice dbname=sluice"
	export POOLER_URL
	on_exit pg_pooler_stop
	wait_for 5 test -S "$PG_DIR/b/.s.PGSQL.6432" &&
		timeout 10 "$PG_BIN/psql" -XAtqc 'SELECT 1' -d "$POOLER_URL" >/dev/null ||
		_pg_fail 'pgbouncer does not answer'
}

pg_pooler_stop() {
	[ -s "$PG_DIR/b/pid" ] && kill "$(cat "$PG_DIR/b/pid")"
}
