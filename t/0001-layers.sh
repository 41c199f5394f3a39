#!/bin/sh
# The layers only look down, third-party headers stay behind their files, and the
# check for it sees what it should.
. "${0%/*}/test-lib.sh"

ok 'the layers hold' '"$SRC/scripts/check-layers"'

# plant FILE LINE: the check must name FILE when it has LINE.
plant() {
	rm -rf tree
	mkdir -p tree/lib/base tree/cmd/x "tree/${1%/*}"
	echo 'int x;' >tree/lib/base/a.c
	echo 'int y;' >tree/cmd/x/main.c
	"$SRC/scripts/check-layers" tree >out || { cat out; return 1; }
	echo "$2" >"tree/$1"
	exit_is 1 "$SRC/scripts/check-layers" tree >out
	has out "$1:1:"
}
ok 'base that includes fmt' 'plant lib/base/b.c "#include \"fmt/json.h\""'
ok 'alg that includes sys' 'plant lib/alg/b.c "#include \"sys/io.h\""'
ok 'svc that includes app' 'plant lib/svc/b.h "#include \"app/spool.h\""'
ok 'lib that includes cmd' 'plant lib/app/b.c "#include \"cmd/tool.h\""'
ok 'a tool that includes another' 'plant cmd/x/b.c "#include \"cmd/y/y.h\""'
ok 'libpq outside of its file' 'plant lib/app/b.c "#include <libpq-fe.h>"'
ok 'msgpack outside of its file' 'plant cmd/x/b.c "#include <msgpack.h>"'
ok 'printing in lib' 'plant lib/fmt/b.c "	printf(\"x\");"'
ok 'stderr in lib' 'plant lib/fmt/b.c "	FILE *f = stderr;"'
ok 'exit in lib' 'plant lib/app/b.c "	exit(1);"'
ok 'getenv in lib' 'plant lib/sys/b.c "	return getenv(name);"'
ok 'words in comments and strings do not count' '
	mkdir -p clean/lib/alg clean/cmd
	printf "%s\n" "/* exit(1) and printf(x)" " * stderr */" "const char *s = \"exit(1)\"; /* getenv(x) */" >clean/lib/alg/a.c
	"$SRC/scripts/check-layers" clean'

ok 'no file is too long' '
	cd "$SRC"
	wc -l lib/*/*.[ch] cmd/*.[ch] cmd/*/*.[ch] | awk "\$2 != \"total\" && \$1 > 400" >"$T/long"
	empty "$T/long"'
ok 'nothing unfinished' '
	cd "$SRC"
	find lib cmd sql scripts man t etc Makefile README -type f ! -name 0001-layers.sh |
		xargs grep -nwE "TO[D]O|FIX[M]E|X[X]X|HA[C]K" >"$T/found" || :
	empty "$T/found"'
ok 'every source begins with its own header' '
	cd "$SRC"
	for f in lib/*/*.c; do
		h=${f#lib/}
		h=${h%.c}.h
		[ -f "lib/$h" ] || continue
		first=$(sed -n "/^#include/{p;q}" "$f")
		case $first in
		"#include \"$h\"" | "#include \"${h%/*}/"*"_private.h\"") ;;
		*) echo "$f: $first" ;;
		esac
	done >"$T/found"
	empty "$T/found"'
finish
