#!/bin/sh
# A full disk under the spool, and a limit on the size of files: nothing is lost,
# and the same command goes on when there is room.
. "${0%/*}/test-lib.sh"
need python3 psql zstd mount
. "$SRC/t/lib-pg.sh"
export PYTHONDONTWRITEBYTECODE=1
[ -x "$SLUICE_BUILD/bin/spool-replay" ] || skip_all 'no spool-replay here'
mkdir m
mount -t tmpfs -o size=3m,mode=755 tmpfs m 2>/dev/null || _want mount 'cannot mount a tmpfs here'
on_exit "umount -l '$T/m'"
pg_start
mk() { python3 "$SRC/t/helper/mkspool.py" m/spool "$@"; }
check() { python3 "$SRC/t/helper/check.py" --spool m/spool --ids ids.txt "$@"; }
fill() { dd if=/dev/zero of=m/filler bs=4k 2>/dev/null || :; }
one_line() { is "$(wc -l <"$1")" "${2:-1}"; }

ok 'no room: the gate stays closed with 75, the files are untouched' '
	exit_is 0 spool-gate -s m/spool
	mk --word gate --segments 3 --records 50 --bad
	ls m/spool/incoming >before
	fill
	exit_is 75 spool-gate -s m/spool >out 2>err; empty out
	has err "stays closed"
	ls m/spool/incoming >after; same before after
	is "$(sql "SELECT count(*) FROM sluice.ingestion_manifest")" 0'
ok 'room again: the same command opens it' '
	rm m/filler
	exit_is 0 spool-gate -s m/spool >opened; [ -s opened ]'
ok 'no room for rejects: nothing of that segment is committed' '
	fill
	status=0; spool-replay -s m/spool <opened >out 2>err || status=$?
	case $status in 74 | 75) ;; *) is "$status $(cat err)" "74 or 75" ;; esac
	is "$(sql "SELECT count(*) FROM sluice.ingestion_segment WHERE rejected > 0")" 0'
ok 'room again: the same command loads all' '
	rm m/filler
	exit_is 2 spool-replay -s m/spool <opened >out
	check --files files.txt'
ok 'a limit on file size while rejects are written' '
	mk --word limit --segments 3 --records 50 --bad
	spool-gate -s m/spool >opened
	status=0; (ulimit -f 0; spool-replay -s m/spool <opened 2>err | cat >out) || status=$?
	is "$(sql "SELECT count(*) FROM sluice.metrics WHERE labels ->> '"'id' LIKE 'ck-limit-%'"'")" 0
	exit_is 2 spool-replay -s m/spool <opened >out
	check --files files.txt'
if [ -x "$SLUICE_BUILD/bin/spool-write" ]; then
	ok 'spool-write on a full disk: what it acknowledged is there, and loads' '
		mv ids.txt ids.before
		mk --word write --segments 1 --records 30000 --pad 100 --records-only >records
		mv ids.txt ids.all; cp ids.before ids.txt
		status=0
		spool-write -s m/spool --max-records 500 --level 0 <records >acked 2>err || status=$?
		case $status in 74 | 75) ;; *) is "$status $(cat err)" "74 or 75" ;; esac
		n=$(jq -s "map(.records) | add // 0" acked)
		echo "acknowledged: $n"
		[ "$n" -gt 0 ] && [ "$n" -lt 30000 ]
		head -n "$n" ids.all >>ids.txt
		exit_is 0 spool-gate -s m/spool --min-free 0 >opened
		exit_is 0 spool-replay -s m/spool <opened >out
		tail -n +$((n + 1)) ids.all >maybe
		check --maybe maybe'
fi
finish
