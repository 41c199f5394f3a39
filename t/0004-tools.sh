#!/bin/sh
# What every tool keeps: help, version, usage errors, a full disk, a closed pipe, an
# empty environment.
. "${0%/*}/test-lib.sh"
tools=
for dir in "$SRC"/cmd/*/; do
	tools="$tools $(basename "$dir")"
done
[ -n "$tools" ] || skip_all 'no tools'

help_is_good() {
	exit_is 0 "$1" --help >help 2>err
	empty err
	awk 'length($0) > 80 { print; bad = 1 } END { exit bad }' help
	head -n 1 help | grep -q "^usage: $1 "
	[ "$(sed -n '/^Examples:/,/^$/p' help | grep -c "^  [^ ]")" -ge 2 ]
	tail -n 1 help | grep -q '^See sluice'
	# Asked for help, it helps, whatever else is wrong.
	exit_is 0 "$1" --no-such-option -h >again 2>err
	same help again
	exit_is 0 "$1" -h >again
	same help again
}
unknown_is_refused() {
	exit_is 64 "$1" --helq >out 2>err
	empty out
	has err "--help"
	is "$(grep -c "^$1: " err)" "$(wc -l <err)"
	exit_is 64 "$1" --zzzzzzzzzz >out 2>err
	empty out
	has err zzzzzzzzzz
	exit_is 64 "$1" -Z >out 2>err
	empty out
	has err Z
}
version_is_good() {
	exit_is 0 "$1" --version >out 2>err
	empty err
	is "$(head -n 1 out)" "$1 $(cat "$SRC/VERSION")"
	exit_is 0 "$1" -V >again
	same out again
}
full_disk_is_told() {
	exit_is 74 "$1" --help >/dev/full 2>err
	is "$(wc -l <err)" 1
	exit_is 74 "$1" --version >/dev/full 2>err
}
closed_pipe_is_quiet() {
	{ "$1" --help 2>err; echo $? >status; } | head -n 1 >out
	[ -s out ]
	empty err
}
nothing_around_it() {
	dir=$(dirname "$(command -v "$1")")
	(cd / && exit_is 0 env -i "$dir/$1" --version) >out
	(cd / && exit_is 0 env -i "$dir/$1" --help) >out
	(cd / && exit_is 64 env -i "$dir/$1" --zzzzzzzzzz) >out 2>err
	empty out
}
bad_config_is_told() {
	exit_is 78 "$1" -c /no/such/file.yaml "$2" >out 2>err </dev/null
	empty out
	has err /no/such/file.yaml
	printf 'gate:\n  min_cuont: 3\n' >bad.yaml
	exit_is 78 "$1" -c bad.yaml "$2" >out 2>err </dev/null
	empty out
	has err 'bad.yaml:2'
	has err min_count
}

for t in $tools; do
	ok "$t: help" "help_is_good $t"
	ok "$t: an unknown option is refused, with the nearest" "unknown_is_refused $t"
	ok "$t: version" "version_is_good $t"
	ok "$t: a full disk is told" "full_disk_is_told $t"
	ok "$t: a closed pipe is quiet" "closed_pipe_is_quiet $t"
	ok "$t: env -i, in /" "nothing_around_it $t"
	case $t in
	sluice) ;;
	dbctl) ok "$t: a bad configuration" "bad_config_is_told $t status" ;;
	manifest) ok "$t: a bad configuration" "bad_config_is_told $t list" ;;
	*) ok "$t: a bad configuration" "bad_config_is_told $t -v" ;;
	esac
done

# A figure of DESIGN 10 is 5 ms; here only that nothing slow crept in (the median of
# 21 runs, as a multiple of `true`, so that a slow machine does not fail).
case $SLUICE_BUILD in
*address* | *thread*) skip '--version is quick' 'not with a sanitizer' ;;
*)
ok '--version is quick' '
	for t in '"$tools"'; do
		python3 - "$t" <<-END
			import subprocess, sys, time
			def run(*cmd):
			    took = []
			    for _ in range(21):
			        start = time.perf_counter()
			        subprocess.run(cmd, stdout=subprocess.DEVNULL)
			        took.append(time.perf_counter() - start)
			    return sorted(took)[10] * 1000
			base, tool = run("true"), run(sys.argv[1], "--version")
			print(f"{sys.argv[1]}: {tool:.1f} ms, true: {base:.1f} ms")
			sys.exit(tool > 20 * base + 5)
		END
	done'
	;;
esac
finish
