#!/bin/sh
# Every statement of sql/q PREPAREs against the schema that the migrations make, and
# one file is one statement.
. "${0%/*}/test-lib.sh"
. "$SRC/t/lib-pg.sh"
pg_start
seen=0
for f in "$SRC"/sql/q/*.sql; do
	[ -f "$f" ] || continue
	seen=$((seen + 1))
	# As the tools send it: without its last semicolon, types left to the server.
	ok "${f##*/}" "
		{ printf 'PREPARE q AS '; sed 's/;[[:space:]]*\$//' '$f'; printf '\n;\nDEALLOCATE q;\n'; } >q.sql
		sql -f q.sql
		is \"\$(grep -c ';[[:space:]]*\$' '$f' | sed 's/^0\$/1/')\" 1"
done
ok 'there are statements' "[ $seen -gt 10 ]"
ok 'a broken one would be seen' '
	echo "PREPARE q AS SELECT no_such_column FROM sluice.events;" >bad.sql
	fails sql -f bad.sql'
ok 'migrations are numbered without a gap' '
	n=0
	for f in "$SRC"/sql/[0-9]*.sql; do
		n=$((n + 1))
		case ${f##*/} in $(printf %04d $n)-*) ;; *) echo "$f"; exit 1 ;; esac
	done
	[ $n -gt 0 ]'
finish
