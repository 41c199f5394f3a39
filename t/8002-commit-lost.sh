#!/bin/sh
# A client is killed when its COMMIT was sent and the answer not read, at each
# COMMIT of gate and replay, with the server done and with the server at work.
. "${0%/*}/test-lib.sh"
need python3 psql zstd
. "$SRC/t/lib-pg.sh"
export PYTHONDONTWRITEBYTECODE=1
[ -x "$SLUICE_BUILD/bin/spool-replay" ] || skip_all 'no spool-replay here'
pg_start

ok 'killat: sent, and not answered' '
	sql "CREATE TABLE kill_me (a int)"
	printf "BEGIN;\nINSERT INTO kill_me VALUES (1);\nCOMMIT;\n" >q
	exit_is 137 killat --after-send COMMIT --hold 50 1 psql -Xq -d "$DATABASE_URL" -f q
	is "$(sql "SELECT count(*) FROM kill_me")" 1'
ok 'each lost answer is settled by the next run' '
	python3 "$SRC/t/helper/crash.py" lost --least 16 >lost 2>&1 || { cat lost; exit 1; }'
[ ! -s lost ] || sed 's/^/# /' lost
finish
