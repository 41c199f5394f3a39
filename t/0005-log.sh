#!/bin/sh
# --log-format json: every line on stderr is one object, whatever is in the message;
# levels and the text format are as ever; the tools of a line share SLUICE_RUN_ID.
. "${0%/*}/test-lib.sh"
need jq iconv
tools=
for dir in "$SRC"/cmd/*/; do
	tools="$tools $(basename "$dir")"
done
[ -n "$tools" ] || skip_all 'no tools'

# objects FILE: valid UTF-8, and each line an object with exactly what a message has.
# (jq itself takes invalid UTF-8 and mends it.)
objects() {
	iconv -f UTF-8 -t UTF-8 "$1" >utf8
	same "$1" utf8
	fails grep -q '[[:cntrl:]]' "$1"
	while IFS= read -r line; do
		printf '%s\n' "$line" >line
		jq -es 'length == 1 and (.[0] |
			(.ts | test("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}[.][0-9]{6}Z$")) and
			(.level | IN("error", "warning", "info", "debug")) and
			(.tool | type == "string") and (.pid > 0) and
			(.run_id | test("^[ -~]{1,128}$")) and (.msg | length > 0) and
			(keys - ["ts", "level", "tool", "pid", "run_id", "msg", "hint"] == []))' \
			line >/dev/null
	done <"$1"
}
# of FILE FILTER: of its only object
of() {
	is "$(wc -l <"$1")" 1
	jq -r "$2" "$1"
}

error_is_json() {
	exit_is 64 "$1" --log-format json --quiett >out 2>err
	empty out
	objects err
	is "$(of err .level)" error
	is "$(of err .tool)" "$1"
	is "$(of err .msg)" 'unknown option "--quiett"'
	is "$(of err .hint)" 'did you mean "--quiet"?'
	of err .run_id | grep -Eqx '[0-9a-f]{32}'
	# Wherever the option stands, and however it is given.
	exit_is 64 env SLUICE_RUN_ID='nightly "7\8"' "$1" --quiett --log=json 2>err
	objects err
	is "$(of err .run_id)" 'nightly "7\8"'
	exit_is 64 env SLUICE_LOG_FORMAT=json SLUICE_RUN_ID=r1 "$1" --quiett 2>err
	objects err
	is "$(of err .run_id)" r1
}
option_wins() {
	exit_is 64 env SLUICE_LOG_FORMAT=json "$1" --quiett --log-format text 2>err
	printf '%s: unknown option "--quiett"\n%s: hint: did you mean "--quiet"?\n' "$1" "$1" >want
	same want err
	exit_is 64 "$1" --quiett 2>err
	same want err
	exit_is 64 env SLUICE_LOG_FORMAT=xml "$1" --log-format json --quiett 2>err
	objects err
}
bad_format_is_told() {
	exit_is 64 "$1" --log-format xml >out 2>err
	empty out
	has err 'xml'
	exit_is 78 env SLUICE_LOG_FORMAT=xml "$1" </dev/null >out 2>err
	empty out
	has err 'SLUICE_LOG_FORMAT: "xml"'
	exit_is 0 env SLUICE_LOG_FORMAT=xml "$1" --help >out
	exit_is 0 env SLUICE_LOG_FORMAT=xml "$1" --version >out
}
# The words of a caller come back in the message: as they were, but for what is no UTF-8.
hostile() {
	name=$(printf 'a"b\\c\nd\033[31me\177f\302\233g\377h\303\244i\355\240\200j')
	exit_is 64 "$1" --log-format json "--$name" >out 2>err
	objects err
	of err .msg >msg
	printf 'unknown option "--a"b\\c\nd\033[31me\177f\302\233g\\xffh\303\244i\\xed\\xa0\\x80j"\n' >want
	same want msg
}

for t in $tools; do
	ok "$t: an error is an object with the run's id" "error_is_json $t"
	ok "$t: an option wins over the environment, and text is as ever" "option_wins $t"
	ok "$t: what is no format is told" "bad_format_is_told $t"
	ok "$t: hostile bytes" "hostile $t"
done

ok 'every process has a run id of its own, and all its lines have it' '
	printf "%s\n" "{\"type\":\"metric\",\"ts\":1,\"name\":\"a\",\"value\":1,\"labels\":{}}" bad >records
	exit_is 2 spool-write -s "$T/spool" -vv --log-format json <records >out 2>err
	objects err
	test "$(wc -l <err)" -ge 2
	is "$(jq -r .run_id err | sort -u | wc -l)" 1
	is "$(jq -r .pid err | sort -u | wc -l)" 1
	cp err first
	exit_is 2 spool-write -s "$T/spool" -vv --log-format json <records >out 2>err
	fails grep -qF "$(jq -r .run_id err | head -n 1)" first'

ok '-q and -v say as much in both formats' '
	n=0
	for args in -q "" -v -vv "-n -q" -n "-n -v"; do
		for format in text json; do
			exit_is 2 spool-write -s "$T/spool" $args --log-format $format <records >out 2>$format
		done
		is "$(grep -vc "hint:" text)" "$(wc -l <json)"
		is "$(grep -c "debug: " text)" "$(jq -r .level json | grep -c debug)"
		echo "$args: $(jq -r .level json | sort -u | tr "\n" " ")" >>levels
		n=$((n + 1))
	done
	is $n 7
	printf "%s \n" "-q: error" ": error" "-v: error" "-vv: debug error" "-n -q: error" \
		"-n: error" "-n -v: error info" >want
	same want levels
	exit_is 2 env SLUICE_RUN_ID=" $(printf "\t")" spool-write -q --log-format json -s "$T/spool" \
		<records >out 2>err
	fails grep warning err'

ok 'an id that is none is told and not used' '
	for id in "$(printf %0129d 0)" "$(printf "a\nb")" "$(printf "\303\244")"; do
		exit_is 2 env SLUICE_RUN_ID="$id" spool-write -s "$T/spool" --log-format json \
			<records >out 2>err
		objects err
		is "$(head -n 1 err | jq -r .level)" warning
		head -n 1 err | jq -r .msg | grep -q SLUICE_RUN_ID
		jq -r .run_id err | grep -Eqx "[0-9a-f]{32}"
		is "$(jq -r .run_id err | sort -u | wc -l)" 1
		exit_is 2 env SLUICE_RUN_ID="$id" spool-write -s "$T/spool" <records >out 2>err
		fails grep SLUICE_RUN_ID err
	done
	id=$(printf %0128d 0)
	exit_is 64 env SLUICE_RUN_ID="$id" spool-write --log-format json --zzz 2>err
	is "$(of err .run_id)" "$id"'

ok 'a long message is cut and still an object' '
	for c in x "\\001" "\\303\\244" "\\377"; do
		exit_is 64 spool-gate --log-format json "--$(printf "$c%.0s" $(seq 20000))" 2>err
		objects err
		test "$(wc -c <err)" -gt 4000
		test "$(wc -c <err)" -le 16384
		is "$(of err .hint)" "see \"spool-gate --help\""
	done'

ok 'lines of many processes do not mix' '
	pids=
	for i in $(seq 40); do
		spool-gate --log-format json "--$(printf "x%.0s" $(seq 2000))" 2>>many &
		pids="$pids $!"
	done
	for p in $pids; do exit_is 64 wait "$p"; done
	is "$(wc -l <many)" 40
	is "$(jq -s "map(.pid) | unique | length" many)" 40'

ok 'a full stderr changes nothing' '
	exit_is 64 spool-gate --log-format json --zzz 2>/dev/full'
finish
