#!/bin/sh
# The manual pages are there and clean.
. "${0%/*}/test-lib.sh"
need mandoc
ok 'mandoc has no warning' '"$SRC/scripts/check-man"'
for page in sluice.1 sluice.7 sluice.yaml.5 sluice-records.5 sluice-events.5 sluice-spool.5 \
    sluice-schema.5; do
	ok "there is $page" "[ -s '$SRC/man/$page' ]"
done
for tool in "$SRC"/cmd/*/; do
	tool=$(basename "$tool")
	[ "$tool" = sluice ] || ok "there is sluice-$tool.1" "[ -s '$SRC/man/sluice-$tool.1' ]"
done
ok 'every cross reference to a page of ours has its page' '
	found=0
	for ref in $(sed -n "s/^\.Xr \(sluice[a-z.-]*\) \([157]\).*/\1.\2/p" "$SRC"/man/*.[157] | sort -u); do
		found=$((found + 1))
		[ -f "$SRC/man/$ref" ] || { echo "no page $ref"; exit 1; }
	done
	[ $found -gt 5 ]'
ok 'pages fit 80 columns' '
	for page in "$SRC"/man/*.[157]; do
		mandoc -T ascii -O width=78 "$page" | col -b | awk -v p="$page" "length(\$0) > 80 { print p \": \" \$0 }"
	done >wide
	empty wide'
finish
