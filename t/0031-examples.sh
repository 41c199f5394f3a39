#!/bin/sh
# Every example of a manual page works as it is written, from an installed tree.
#
# In man/sluice*.1 the section EXAMPLES has `.Bd -literal` blocks. A line that begins
# with `$ ` is a command; one that ends in a backslash goes on in the next line. The
# commands of a page run in order, one shell each, in one directory, with the
# installed tools in PATH, SLUICE_SPOOL and DATABASE_URL set and no input. Each must
# end with status 0, unless the page says otherwise in a comment before it: `.\" exit N`,
# or `.\" skip WHY` for what cannot end by itself. Lines without `$ ` are for the reader.
#
# There are: records.ndjson (10 metrics, 10 events), records.msgpack, records.ndjson.zst,
# more.ndjson (5 other events), bad.ndjson (the second of 3 is bad), and two segments in
# incoming/, except for spool-write. Where a page is about what has happened, one batch
# is loaded and $TAG is its tag. The database is initialised, and each page's own.
. "${0%/*}/test-lib.sh"
need make
. "$SRC/t/lib-pg.sh"
unset MAKEFLAGS MAKELEVEL
make -s -C "$SRC" B="${SLUICE_BUILD##*/}" NOBUILD=1 install DESTDIR="$T/dest" >log 2>&1 || {
	sed 's/^/# /' log
	exit 1
}
pg_start
PATH=$T/dest/usr/local/bin:$PATH
init_url=$DATABASE_URL

# The commands of a page: `STATUS<TAB>COMMAND`, a skipped one with `skip`.
commands() {
	awk '
	/^\.Sh/ { examples = ($2 == "EXAMPLES"); next }
	!examples { next }
	/^\.\\" exit [0-9]+/ { want = $3; next }
	/^\.\\" skip/ { want = "skip"; next }
	/^\.Bd/ { block = 1; next }
	/^\.Ed/ { block = 0; next }
	!block || /^\./ { next }
	{
		gsub(/\\e/, "\\"); gsub(/\\\(aq/, "\047"); gsub(/\\\(dq/, "\""); gsub(/\\-/, "-"); gsub(/\\&/, "")
		if (going) sub(/^[ \t]+/, " ")
		else if (!sub(/^\$ /, "")) next
		line = line $0
		going = sub(/\\$/, "", line)
		if (going) next
		printf "%s\t%s\n", want == "" ? 0 : want, line
		line = want = ""
	}' "$1"
}

records() {
	i=$1
	while [ "$i" -lt "$2" ]; do
		i=$((i + 1))
		printf '{"type":"metric","ts":"2026-11-20T10:00:%02dZ","name":"t","value":%d.5,"labels":{"room":"k"}}\n' "$i" "$i"
		events $((i - 1)) "$i"
	done
}
events() {
	j=$1
	while [ "$j" -lt "$2" ]; do
		j=$((j + 1))
		printf '{"type":"event","ts":"2026-11-20T11:00:%02dZ","id":"e%d","source":"door","kind":"open","payload":{"n":%d}}\n' "$j" "$j" "$j"
	done
}

# prepare PAGE: a directory and a database as said above.
prepare() {
	rm -rf "$T/page" && mkdir "$T/page" && cd "$T/page" || return 1
	records 0 10 >records.ndjson
	events 20 25 >more.ndjson
	{ events 30 31; echo '{"type":"metric","name":"no time","value":1}'; events 31 32; } >bad.ndjson
	spool-write -q -s tmp --level 0 --to msgpack records.ndjson >log && mv tmp/incoming/* records.msgpack
	spool-write -q -s tmp --level 3 records.ndjson >log && mv tmp/incoming/* records.ndjson.zst
	spool-write -q -s tmp --level 3 --to msgpack records.ndjson >log && mv tmp/incoming/* b.msgpack.zst
	name=db_$(echo "$1" | tr -c 'a-z\n' _)
	"$PG_BIN/psql" -XAtqc "CREATE DATABASE $name TEMPLATE sluice" -d "${init_url% *} dbname=postgres" || return 1
	DATABASE_URL="${init_url% *} dbname=$name"
	SLUICE_SPOOL=$T/page/spool
	TAG=
	export DATABASE_URL SLUICE_SPOOL TAG
	case $1 in
	*-spool-*) ;;
	*)
		events 40 50 | spool-write -q --name loaded >log
		spool-gate -q --force | spool-replay -q >log
		TAG=$(sql 'SELECT batch_tag FROM sluice.ingestion_manifest')
		[ -n "$TAG" ] || return 1
		;;
	esac
	mkdir -p spool/incoming
	[ "$1" = sluice-spool-write.1 ] || cp records.ndjson spool/incoming/a.ndjson
	[ "$1" = sluice-spool-write.1 ] || mv b.msgpack.zst spool/incoming/
	rm -rf tmp log b.msgpack.zst
}

pages=0
for page in "$SRC"/man/sluice*.1; do
	[ -f "$page" ] || continue
	pages=$((pages + 1))
	base=${page##*/}
	commands "$page" >"$T/commands"
	ok "$base has examples" '[ "$(wc -l <"$T/commands")" -ge 2 ]'
	prepare "$base" || ok "$base: prepared" false
	while IFS='	' read -r want command; do
		if [ "$want" = skip ]; then
			skip "$base: $command" 'the page says so'
			continue
		fi
		printf '%s\n' "$command" >"$T/command"
		ok "$base: $command" '
			cd "$T/page"
			exit_is "$want" timeout 60 sh "$T/command"'
	done <"$T/commands"
done
cd "$T" || exit 1
ok 'there are pages' "[ $pages -ge 7 ]"
finish
