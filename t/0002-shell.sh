#!/bin/sh
# Shell scripts are clean, and the documents agree with the tools.
. "${0%/*}/test-lib.sh"
if command -v shellcheck >/dev/null; then
	ok 'shellcheck finds nothing' '"$SRC/scripts/check-shell"'
else
	_required shellcheck && _want shellcheck 'no shellcheck here'
	skip 'shellcheck finds nothing' 'no shellcheck here'
fi
ok 'every script parses' '
	n=0
	for f in "$SRC"/scripts/* "$SRC"/t/*.sh; do
		case $(head -c 9 "$f") in "#!/bin/sh") ;; *) continue ;; esac
		sh -n "$f"
		n=$((n + 1))
	done
	[ $n -gt 10 ]'
ok 'deps knows its words' '
	exit_is 64 sh "$SRC/scripts/deps" nonsense 2>err
	has err "usage: deps [run|test"'
ok 'collect-proc prints records' '
	sh "$SRC/scripts/collect-proc" 2 0 >records
	[ "$(wc -l <records)" -ge 10 ]
	spool-write -n -s spool <records'
ok 'collect-dpkg: stable ids, only what is new, torn lines wait, rotation' '
	printf "%s\n" "2026-01-02 03:04:05 install a:amd64 <none> 1.0" \
		"2026-01-02 03:04:05 status installed a:amd64 1.0" >log
	collect="sh $SRC/scripts/collect-dpkg -c cursor log"
	$collect >first; mv cursor.new cursor
	is "$(wc -l <first)" 2
	$collect >none; mv cursor.new cursor
	empty none
	printf "2026-01-02 03:04:05 status inst" >>log
	$collect >none; mv cursor.new cursor
	empty none
	printf "alled a:amd64 1.0\n" >>log
	$collect >third; mv cursor.new cursor
	is "$(wc -l <third)" 1
	# The same line again is another event.
	is "$(cat first third | sed "s/.*\"id\":\"//; s/\".*//" | sort -u | wc -l)" 3
	echo "2026-01-03 00:00:00 remove a:amd64 1.0 <none>" >>log
	mv log log.1
	echo "2026-02-01 00:00:00 startup archives unpack" >log
	$collect >rotated
	is "$(sed "s/.*\"kind\":\"//; s/\".*//" rotated | tr "\n" " ")" "remove startup "
	cat first third rotated | spool-write -n -s spool'
ok 'the README names every tool, and the pages every option' '
	"$SRC/scripts/check-docs"'
finish
