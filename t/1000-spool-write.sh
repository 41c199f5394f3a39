#!/bin/sh
# spool-write lands what it acknowledges, whole, and nothing else.
. "${0%/*}/test-lib.sh"
need jq zstd sha256sum

# metrics FROM TO: one NDJSON record a line
metrics() {
	awk -v a="$1" -v b="$2" 'BEGIN { for (i = a; i <= b; i++)
		printf "{\"type\":\"metric\",\"ts\":%d,\"name\":\"m\",\"value\":%d,\"labels\":{}}\n", i, i }'
}

# all records of a spool's incoming/, as they are on disk
landed() {
	for _f in "$1"/incoming/*; do
		case $_f in
		*.zst) zstd -dcq "$_f" ;;
		*) cat "$_f" ;;
		esac || return 1
	done
}

# what the segment lines say is what lies there
lines_true() {	# SPOOL LINES
	_seen=0
	while read -r _line; do
		_name=$(echo "$_line" | jq -r .name)
		is "$(echo "$_line" | jq -r .sha256)" \
			"$(sha256sum <"$1/incoming/$_name" | cut -d ' ' -f 1)"
		is "$(echo "$_line" | jq -r .bytes)" "$(wc -c <"$1/incoming/$_name")"
		_seen=$((_seen + 1))
	done <"$2"
	[ "$_seen" -gt 0 ]
	is "$(ls -A "$1/incoming" | wc -l)" "$_seen"
}

ok 'records land as they came, and one line says where' '
	metrics 1 1000 >in
	spool-write -s sp <in >out 2>err
	empty err
	is "$(wc -l <out)" 1
	landed sp | cmp - in
	lines_true sp out
	is "$(jq -c "[.v, .type, .records, .format]" out)" "[1,\"segment\",1000,\"ndjson\"]"
	jq -e ".id | test(\"^evt_[0-9a-f]{32}$\")" out
	jq -e ".name | test(\"^[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}-1.ndjson.zst$\")" out
'
ok 'no input, no segment, no word' '
	spool-write -s none </dev/null >out 2>&1
	printf "\n \n" | spool-write -s none >>out 2>&1
	empty out
	is "$(ls -A none/incoming)" ""
'
ok 'segments end at --max-records' '
	metrics 1 25 | spool-write -s recs --max-records 10 >out
	is "$(jq -c .records out | tr "\n" " ")" "10 10 5 "
	lines_true recs out
	landed recs | jq .value >got
	metrics 1 25 | jq .value | same - got
'
ok 'segments end at --max-bytes and no record is cut' '
	metrics 101 200 >in
	one=$(head -n 1 in | wc -c)
	spool-write -s bytes --max-bytes $((one * 10 + 5)) <in >out
	is "$(jq .records out | sort -u)" 10
	is "$(wc -l <out)" 10
	spool-write -s byte1 --max-bytes 1 <in >out
	is "$(jq .records out | sort -u)" 1
'
ok 'a segment ends at --max-age though the input is idle' '
	mkfifo pipe
	spool-write -s age --max-age 300ms <pipe >out &
	exec 4>pipe
	metrics 1 3 >&4
	wait_for 5 test -s out
	metrics 4 5 >&4
	wait_for 5 sh -c "test \$(wc -l <out) = 2"
	exec 4>&-
	wait $!
	is "$(jq .records out | tr "\n" " ")" "3 2 "
'
ok 'a segment ends at --max-age though the input never pauses for so long' '
	for i in 1 2 3 4 5 6 7 8 9 10; do
		metrics $i $i
		sleep 0.1
	done | spool-write -s busy --max-age 300ms >out
	[ "$(wc -l <out)" -ge 2 ]
	is "$(jq .records out | jq -s add)" 10
'
ok 'SIGTERM lands what was read' '
	mkfifo pipe2
	spool-write -s term --max-age 0 <pipe2 >out &
	pid=$!
	exec 4>pipe2
	metrics 1 7 >&4
	wait_for 5 sh -c "ls -A term/incoming | grep -q tmp"
	empty out
	kill -TERM $pid
	exit_is 143 wait $pid
	exec 4>&-
	is "$(jq .records out)" 7
	lines_true term out
'
ok 'a bad record is named and set aside, its neighbours land: status 2' '
	{ metrics 1 2; echo "{\"type\":\"metric\",\"ts\":1,\"name\":\"m\",\"value\":\"x\",\"labels\":{}}"
		echo "not json"; metrics 3 4; } >in
	exit_is 2 spool-write -s bad --rejects rejects.ndjson <in >out 2>err
	is "$(jq .records out)" 4
	is "$(wc -l <err)" 2
	has err "spool-write: stdin:3: field \"value\": "
	has err "spool-write: stdin:4: "
	is "$(jq -r .type rejects.ndjson | tr "\n" " ")" "reject reject "
	is "$(head -n 1 rejects.ndjson | jq -c .record.value)" "\"x\""
	is "$(jq -r .segment rejects.ndjson | sort -u)" stdin
'
ok 'rejects are appended, after a torn line too' '
	printf "{\"type\":\"rej" >torn.ndjson
	echo "{bad" | exit_is 2 spool-write -s bad --rejects torn.ndjson 2>err
	echo "{bad" | exit_is 2 spool-write -s bad --rejects torn.ndjson 2>err
	is "$(wc -l <torn.ndjson)" 3
	tail -n 2 torn.ndjson | jq -e .reason
'
ok 'a bad record of msgpack is named by its offset' '
	metrics 1 1 | spool-write -s mp --to msgpack --level 0 >out
	good=mp/incoming/$(jq -r .name out)
	size=$(wc -c <"$good")
	{ cat "$good"; printf "\201\241a\001"; cat "$good"; printf "\301x"; } >in
	exit_is 2 spool-write -s mp2 <in >out 2>err
	is "$(jq -c "[.records, .format]" out)" "[2,\"msgpack\"]"
	has err "stdin: offset $size: "
	has err "stdin: offset $((2 * size + 4)): "
	is "$(wc -l <err)" 2
'
ok 'twenty bad records are named, the rest is counted' '
	awk "BEGIN { for (i = 0; i < 50; i++) print \"{\", i }" |
		exit_is 2 spool-write -s bad20 >out 2>err
	is "$(wc -l <err)" 21
	has err "50 records were rejected"
	empty out
'
ok '64-bit integers survive both ways' '
	n=0
	for i in -9223372036854775808 18446744073709551615 9007199254740993 0 -1 0.1 1e300; do
		echo "{\"type\":\"event\",\"ts\":1,\"source\":\"s\",\"kind\":\"k\",\"payload\":{\"n\":[$i]}}"
		n=$((n + 1))
	done >in
	[ $n = 7 ]
	spool-write -s rt1 --to msgpack in >out
	is "$(jq -r .format out)" msgpack
	spool-write -s rt2 --to ndjson rt1/incoming/* >out
	is "$(jq -c "[.format, .records]" out)" "[\"ndjson\",7]"
	landed rt2 >back
	has back "[-9223372036854775808]"
	has back "[18446744073709551615]"
	has back "[9007199254740993]"
	has back "[0.1]"
	# and once more to msgpack: the same bytes
	spool-write -s rt3 --to msgpack back >out
	landed rt1 >a
	landed rt3 | cmp - a
'
ok 'zstd and msgpack are known on stdin by looking' '
	metrics 1 100 >in
	zstd -qc in | spool-write -s z1 >out
	landed z1 | cmp - in
	landed rt1 | zstd -qc | spool-write -s z2 >out
	is "$(jq -r .format out)" msgpack
	landed z2 >b
	landed rt1 | cmp - b
'
ok 'operands by their names, - for stdin, each with its format' '
	metrics 1 2 >a.ndjson
	metrics 3 4 | zstd -qc >b.ndjson.zst
	landed rt1 >c.msgpack
	metrics 5 6 | spool-write -s ops a.ndjson c.msgpack - b.ndjson.zst >out
	is "$(jq -c "[.format, .records]" out | tr "\n" " ")" \
		"[\"ndjson\",2] [\"msgpack\",7] [\"ndjson\",4] "
	lines_true ops out
	metrics 1 2 | spool-write -s cfg --level 0 --to ndjson -- c.msgpack - >out
	is "$(jq -c "[.format, .records]" out)" "[\"ndjson\",9]"
	case $(jq -r .name out) in *.ndjson) ;; *) false ;; esac
'
ok 'what is neither format: status 65' '
	printf "\377\376" | exit_is 65 spool-write -s neither 2>err
	has err "neither NDJSON nor msgpack"
	is "$(ls -A neither/incoming)" ""
'
ok 'an operand that cannot be opened does not stop the others' '
	exit_is 74 spool-write -s missing no-such.ndjson a.ndjson >out 2>err
	has err "could not open \"no-such.ndjson\": No such file or directory"
	is "$(jq .records out)" 2
'
ok 'a line that cannot be printed: status 74' '
	metrics 1 3 | exit_is 74 spool-write -s full >/dev/full 2>err
	has err "No space left on device"
	absent full/incoming/.*.tmp
'
ok '--max-spool: status 75 and nothing written when there is no room' '
	metrics 1 2 | spool-write -s max --level 0 >out
	metrics 1 2 | exit_is 75 spool-write -s max --max-spool 10 >out 2>err
	has err "max-spool"
	empty out
	is "$(ls -A max/incoming | wc -l)" 1
	# what waits in processing/ counts too
	mkdir max/processing/tag
	mv max/incoming/* max/processing/tag/
	metrics 1 2 | exit_is 75 spool-write -s max --max-spool 10 >out 2>err
	metrics 1 2 | spool-write -s max --max-spool 1MiB >out
	is "$(jq .records out)" 2
'
ok '--max-spool: a long input stops near the limit, what was acknowledged stays' '
	metrics 1 200000 | exit_is 75 spool-write -s near --level 0 --max-spool 2MiB >out 2>err
	lines_true near out
	used=$(cat near/incoming/* | wc -c)
	[ "$used" -lt 3145728 ] && [ "$used" -gt 1048576 ]
	is "$(landed near | wc -l)" "$(jq .records out | jq -s add)"
'
ok '--wait waits for room' '
	(sleep 0.5; rm max/incoming/* max/processing/tag/*) &
	metrics 1 2 | spool-write -s max --max-spool 10 --wait 20s >out
	wait
	is "$(jq .records out)" 2
'
ok '-n checks and writes nothing' '
	{ metrics 1 2; echo bad; } >in
	exit_is 2 spool-write -n -s dry --rejects dry.rej <in >out 2>err
	has err "stdin:3: "
	empty out
	absent dry dry.rej
'
ok 'works with an empty environment, from /' '
	metrics 1 2 >in
	(cd / && env -i "$SLUICE_BUILD/bin/spool-write" -s "$T/bare" "$T/in") >out
	is "$(jq .records out)" 2
'
ok 'a reader that goes away after the first line harms nothing' '
	metrics 1 1000 | spool-write -s head --max-records 10 | head -n 1 >out
	is "$(jq .records out)" 10
	n=0
	for f in head/incoming/*; do
		is "$(zstd -dcq "$f" | wc -l)" 10
		n=$((n + 1))
	done
	[ $n -gt 0 ]
'
ok 'wrong words: status 64' '
	exit_is 64 spool-write --no-such-option </dev/null 2>err
	exit_is 64 spool-write -s u --to xml </dev/null 2>err
	exit_is 64 spool-write -s u --max-records many </dev/null 2>err
	exit_is 64 spool-write -s u --listen x --max-clients 0 </dev/null 2>err
	exit_is 64 spool-write -s u --listen x a.ndjson 2>err
'
if command -v script >/dev/null 2>&1; then
	ok 'a terminal as input: status 64' '
		exit_is 64 script -qec "spool-write -s tty" /dev/null >out
		has out "terminal"
	'
else
	skip 'a terminal as input: status 64' 'no script(1) here'
fi
ok '--name begins the names; one that cannot: status 78' '
	metrics 1 2 | spool-write -s named --name web-1 >out
	jq -e ".name | startswith(\"web-1-2\")" out
	for p in .hidden a/b ""; do
		metrics 1 2 | exit_is 78 spool-write -s named --name "$p" >out 2>err
	done
'
ok 'a spool that cannot be one: status 78' '
	echo x >file
	mkdir odd
	ln -s ../file odd/archive
	metrics 1 2 | exit_is 78 spool-write -s odd 2>err
'
ok 'settings come from the environment and a file' '
	metrics 1 4 | SLUICE_SPOOL=$T/env SLUICE_WRITE_MAX_RECORDS=2 spool-write >out
	is "$(jq .records out | tr "\n" " ")" "2 2 "
	ls env/incoming >names
	is "$(wc -l <names)" 2
'
ok 'temporary files of dead writers go after 36 hours, others stay' '
	spool-write -s sweep </dev/null
	cd sweep/incoming
	touch -d "40 hours ago" .a.ndjson.zst.tmp .b.ndjson.tmp .other.tmp .c.msgpack.tmp b.ndjson
	touch .young.ndjson.tmp
	exec 4>>.b.ndjson.tmp
	touch -d "40 hours ago" .b.ndjson.tmp
	flock -n 4
	spool-write -s .. </dev/null 4>&-
	is "$(ls -A | sort | tr "\n" " ")" ".b.ndjson.tmp .other.tmp .young.ndjson.tmp b.ndjson "
'
ok 'killed anywhere: what was acknowledged is whole, nothing is torn' '
	kills=0 early=0
	for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
		metrics 1 400000 | spool-write -s kill --max-records 2000 --level 1 >lines 2>err &
		pid=$!
		sleep 0.$((i % 4))$((i % 10))
		kill -KILL $pid && kills=$((kills + 1))
		wait $pid || :
		# the last line may be torn off by the kill
		head -c "$(wc -c <lines)" lines | jq -R "fromjson? | .name" -r >names
		while read -r name; do
			is "$(zstd -dcq "kill/incoming/$name" | wc -l)" 2000
		done <names
		early=$((early + $(wc -l <names)))
		for f in kill/incoming/*; do
			[ -e "$f" ] || continue
			zstd -tq "$f"
			is "$(zstd -dcq "$f" | tail -c 1 | od -An -tx1)" " 0a"
			rm "$f"
		done
	done
	[ $kills -gt 6 ] && [ $early -gt 0 ]
'
if [ "$(id -u)" = 0 ] && mkdir disk && mount -t tmpfs -o size=1m none disk 2>/dev/null; then
	on_exit "umount '$T/disk'"
	ok 'disk full: status 74, the temporary file goes, what was acknowledged stays' '
		awk "BEGIN { srand(1); for (i = 0; i < 40000; i++)
			printf \"{\\\"type\\\":\\\"metric\\\",\\\"ts\\\":%d,\\\"name\\\":\\\"m\\\",\\\"value\\\":%.15f,\\\"labels\\\":{}}\n\", i, rand() }" >in
		exit_is 74 spool-write -s disk/sp --level 0 --max-records 5000 <in >out 2>err
		has err "No space left on device"
		has err "disk/sp/incoming/"
		lines_true disk/sp out
		landed disk/sp >got
		is "$(wc -l <got)" "$(jq .records out | jq -s add)"
	'
else
	skip 'disk full' 'no tmpfs can be mounted here'
fi
finish
