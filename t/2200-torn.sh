#!/bin/sh
# A segment that is cut anywhere: every complete record before the cut loads,
# the rest is one reject with all its bytes. Every byte through the reader, and
# cuts of a larger segment through the whole tool.
. "${0%/*}/test-lib.sh"
need python3 jq zstd
export PYTHONDONTWRITEBYTECODE=1
torn() { python3 "$SRC/t/helper/mktorn.py" "$@"; }

for f in ndjson msgpack; do
	torn make $f small.$f small.$f.ends -n 40
	ok "$f cut at every byte, plain and zstd; zstd damaged at every byte" "
		$SLUICE_BUILD/t/torn $f small.$f small.$f.ends >out || { cat out; false; }
		is \"\$(wc -l <out)\" 3
		sed 's/^/# /' out >&4"
done 4>&1

. "$SRC/t/lib-pg.sh"
pg_start
CUTS=10
mkdir in
for f in ndjson msgpack; do
	torn make $f big.$f big.$f.ends -n 1200
	# several frames of several blocks
	head -c 300000 big.$f | zstd -q -1 >big.$f.zst
	tail -c +300001 big.$f | zstd -q -6 --no-check -B65536 >>big.$f.zst 2>/dev/null ||
		tail -c +300001 big.$f | zstd -q -6 --no-check >>big.$f.zst
	torn cuts big.$f big.$f big.$f.ends in $CUTS >want.$f
	torn cuts big.$f.zst big.$f big.$f.ends in $CUTS >want.$f.zst
done
cat want.* | sort >want
echo "# $(wc -l <want) cuts through the tool, $(awk '{ n += $2 } END { print n }' want) whole records"

ok 'files cut anywhere: status 2' '
	is "$(wc -l <want)" $((4 * CUTS))
	exit_is 2 spool-replay -s spool in/* >out 2>err
	is "$(wc -l <out)" "$(awk "\$4 > 0" want | wc -l)"'
ok 'each one: its whole records are loaded, the tail is one reject' '
	jq -r "[.name, .rows.metrics + .rows.events, .rejected] | @tsv" <out | sort >got
	# a cut stream is torn even where a record ends
	awk -v OFS="	" "\$4 > 0 { print \$1, \$2, (\$3 > 0 || \$1 ~ /zst\$/) + 0 }" want | sort >expected
	same expected got'
ok 'the rows are there, each once per file' '
	sql "SELECT name, (SELECT count(*) FROM sluice.metrics m WHERE m.segment_id = s.id)
		+ (SELECT count(*) FROM sluice.events e WHERE e.segment_id = s.id)
		FROM sluice.ingestion_segment s" -F " " | sort >got
	awk "\$4 > 0 { print \$1, \$2 }" want | sort >expected
	same expected got
	is "$(sql "SELECT max(n) FROM (SELECT count(*) AS n FROM sluice.metrics
		GROUP BY segment_id, ts) x")" 1'
ok 'the tail in the rejects file has all the bytes' '
	seen=0
	while read -r name whole torn left; do
		[ "$left" -gt 0 ] || continue
		r=spool/failed/files/$(sha256sum in/$name | cut -c 1-16).rejects.ndjson
		[ -f $r ] || { is "$name $torn" "$name 0"; continue; }
		plain=${name#*-}; plain=${plain%.zst}
		jq -r .bytes_b64 <$r | base64 -d >tail
		is "$(jq .offset <$r):$(wc -c <tail)" "$((left - torn)):$torn"
		tail -c +$((left - torn + 1)) $plain | head -c $torn | cmp - tail
		seen=$((seen + 1))
	done <want
	[ $seen -gt $((CUTS * 2)) ]'
ok 'a stream of which nothing can be had says so' '
	head -c 40 big.ndjson.zst >in/stub.ndjson.zst
	exit_is 2 spool-replay -s spool in/stub.ndjson.zst >out 2>err; empty out; has err "stub.ndjson.zst"'
ok 'an empty segment is a segment' '
	: >in/nothing.msgpack; exit_is 0 spool-replay -s spool in/nothing.msgpack >out
	is "$(jq -c "[.rows.metrics, .rows.events, .rejected]" <out)" "[0,0,0]"'
ok 'torn segments through the gate: archived with their rejects, partial' '
	mkdir -p spool/incoming; cp big.ndjson spool/incoming/whole.ndjson
	head -c 200000 big.msgpack >spool/incoming/torn.msgpack
	head -c 40 big.msgpack.zst >spool/incoming/stub.msgpack.zst
	spool-gate -s spool >opened; exit_is 2 spool-replay -s spool <opened >finished
	jq -c "select(.type == \"gate.done\") | [.status, .rejected]" <finished >got
	is "$(cat got)" "[\"partial\",1]"
	is "$(find spool/archive -type f | wc -l):$(find spool/failed -name "stub.msgpack.zst*" | wc -l)" 2:2'
finish
