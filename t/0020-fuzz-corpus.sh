#!/bin/sh
# Everything that a fuzzer ever found, and the seeds, go through the readers again.
. "${0%/*}/test-lib.sh"
n=0
for f in "$SRC"/t/fuzz/fuzz-*.c; do
	[ -f "$f" ] || continue
	n=$((n + 1))
	name=$(basename "$f" .c)
	corpus=$SRC/t/fuzz/corpus/${name#fuzz-}
	ok "${name#fuzz-}: the corpus" "
		[ \$(find '$corpus' -type f | wc -l) -ge 3 ]
		find '$corpus' -type f -print0 | timeout 120 xargs -0 $name"
done
ok 'there are fuzzers' "[ $n -ge 4 ]"
if have_data json-suite; then
	ok 'json: the files of JSONTestSuite' '
		find "$DATA/json-suite" -name "*.json" -print0 >files
		[ "$(tr -cd "\0" <files | wc -c)" -gt 200 ]
		xargs -0 fuzz-json <files'
fi
finish
