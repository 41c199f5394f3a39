#!/bin/sh
# Segments that ask for far more than they are: lengths, nesting, ratios and
# windows. Each costs at most 128 MiB and 2 s, and its neighbour loads.
. "${0%/*}/test-lib.sh"
need python3 jq zstd
. "$SRC/t/lib-pg.sh"
export PYTHONDONTWRITEBYTECODE=1
bomb() { python3 "$SRC/t/helper/mkbomb.py" "$@"; }
case $SLUICE_BUILD in
*address* | *thread*) SAN=y MAX_RSS=2000 MAX_CPU=20 ;;
*) SAN='' MAX_RSS=128 MAX_CPU=2 ;;
esac
pg_start
export SLUICE_SPOOL="$T/spool"
mkdir in good
bomb in >names
good() { printf '{"type":"metric","ts":1,"name":"neighbour","value":1,"labels":{"of":"%s"}}\n' "$1"; }

# cheap FIGURES: every line within the bounds. CPU time, because the machine may
# be busy; wall time only against what never ends.
cheap() {
	awk -v rss=$MAX_RSS -v cpu=$MAX_CPU '
		$3 > rss || $2 > cpu || $1 > 30 { print "not cheap: " $0; bad = 1 }
		END { exit bad || NR == 0 }' "$1"
}
worst() {
	awk '{ for (i = 1; i <= 3; i++) if ($i > m[i]) m[i] = $i }
		END { printf "# %d runs, at most %.2f s wall, %.2f s CPU, %d MiB\n", NR, m[1], m[2], m[3] }' "$1"
}

ok 'each bomb alone: cheap, status 2, its neighbour loads' '
	while read -r name; do good $name >n-$name.ndjson; done <names
	bomb --each names figures spool-replay in/{} n-{}.ndjson >finished 2>err
	is "$(wc -l <figures):$(awk "{ print \$4 }" figures | sort -u)" "$(wc -l <names):2" || { paste names figures; false; }
	jq -r "select(.name | startswith(\"n-\")) | [.name, .rows.metrics, .rejected] | @tsv" <finished >got
	awk "{ print \"n-\" \$1 \".ndjson\t1\t0\" }" names >want; same want got
	cheap figures || { paste names figures; false; }'
worst figures
ok 'what can be read is one reject, what cannot is no rows' '
	jq -r "select(.name | startswith(\"n-\") | not) | [.name, .rejected, .rows.metrics + .rows.events] | @tsv" <finished >got
	awk -F "\t" "\$1 !~ /slow/ && (\$2 != 1 || \$3 != 0)" got >wrong; empty wrong
	cut -f 1 got | sort >read; sort names | comm -23 - read | tr "\n" " " >unread
	is "$(cat unread)" "size.msgpack.zst skippable.ndjson.zst spaces.ndjson.zst window.ndjson.zst zeros.msgpack.zst zeros.ndjson.zst "
	is "$(sql "SELECT count(*) FROM sluice.events")" 0'
ok 'each bomb through spool-write: cheap, nothing of it lands' '
	bomb --each names wfigures spool-write --rejects rejects --level 0 in/{} >written 2>err
	is "$(wc -l <wfigures)" $(wc -l <names)
	awk "\$4 != 2 && \$4 != 65" wfigures >wrong; empty wrong written
	cheap wfigures || { paste names wfigures; false; }'
worst wfigures
ok 'all in one batch with neighbours, two jobs' '
	mkdir -p spool/incoming; rm -f spool/incoming/*
	while read -r name; do
		ln in/$name spool/incoming/
		good "batch $name" >spool/incoming/n-$name.ndjson
	done <names
	good first >spool/incoming/0.ndjson; good last >spool/incoming/z.ndjson
	sql "DELETE FROM sluice.metrics; DELETE FROM sluice.ingestion_segment"
	spool-gate >opened
	rc=0; bomb --run bfigures spool-replay -j 2 <opened >finished 2>err || rc=$?; is $rc 2
	is "$(jq -c "select(.type == \"gate.done\") | [.status, .rows.metrics]" <finished)" "[\"partial\",$(($(wc -l <names) + 2))]"
	is "$(find spool/processing -mindepth 1 | wc -l)" 0
	awk -v rss=$MAX_RSS "\$3 > rss { print; bad = 1 } END { exit bad }" bfigures'
worst bfigures
if [ -n "$SAN" ]; then
	skip 'with 1 GiB of address space' 'a sanitizer needs more'
else
	ok 'with 1 GiB of address space' '
		sql "DELETE FROM sluice.metrics; DELETE FROM sluice.ingestion_segment"
		: >all; for name in $(cat names); do echo in/$name n-$name.ndjson >>all; done
		rc=0; (ulimit -v 1048576; spool-replay $(cat all)) >finished 2>err || rc=$?; is $rc 2
		is "$(sql "SELECT count(*) FROM sluice.metrics")" $(wc -l <names)'
fi
ok 'a record with a million keys is large, right and cheap' '
	bomb --good good
	for f in ndjson msgpack; do
		bomb --run gfigures spool-replay good/keys.$f >out
		is "$(jq -c "[.rows.events, .rejected]" <out)" "[1,0]"
	done
	cheap gfigures || { cat gfigures; false; }'
worst gfigures
finish
