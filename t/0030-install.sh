#!/bin/sh
# make install and uninstall, with DESTDIR, whole and with BARE=0.
. "${0%/*}/test-lib.sh"
need make
unset MAKEFLAGS MAKELEVEL
# From the build that is tested, without building anything.
mk() {
	make -s -C "$SRC" B="${SLUICE_BUILD##*/}" NOBUILD=1 "$@"
}
tools=
for dir in "$SRC"/cmd/*/; do
	tools="$tools $(basename "$dir")"
done
D=$T/dest
export D tools

ok 'install' '
	mk install DESTDIR="$D" >out 2>&1 || { cat out; exit 1; }
	for t in $tools; do
		[ -x "$D/usr/local/libexec/sluice/$t" ]
		[ -L "$D/usr/local/bin/$t" ]
		[ -x "$D/usr/local/bin/$t" ]
	done'
ok 'links do not name the build machine' '
	for t in $tools; do
		case $(readlink "$D/usr/local/bin/$t") in /*) exit 1 ;; esac
	done'
ok 'pages' '
	for m in "$SRC"/man/*.[157]; do
		[ -f "$D/usr/local/share/man/man${m##*.}/${m##*/}" ]
	done'
ok 'completions' '
	for t in $tools; do
		bash -n "$D/usr/local/share/bash-completion/completions/$t"
	done'
ok 'tools run from there, with nothing around them' '
	for t in $tools; do
		(cd / && env -i "$D/usr/local/bin/$t" --version) >out
		is "$(cat out)" "$t $(cat "$SRC/VERSION")"
		[ "$t" = sluice ] || (cd / && env -i "$D/usr/local/bin/sluice" "$t" --version) >out2
		[ "$t" = sluice ] || same out out2
	done
	env -i "$D/usr/local/bin/sluice" --list | sort >list
	echo $tools | tr " " "\n" | grep -vx sluice | sort >want
	grep -vx sluice list >have
	same want have'
ok 'the pipeline, units, examples and templates, each where it belongs' '
	[ -x "$D/usr/local/libexec/sluice/pipeline" ]
	n=0
	for f in "$SRC"/etc/systemd/*; do same "$f" "$D/usr/local/lib/systemd/system/${f##*/}"; n=$((n + 1)); done
	for d in sysusers.d tmpfiles.d; do same "$SRC/etc/$d/sluice.conf" "$D/usr/local/lib/$d/sluice.conf"; n=$((n + 1)); done
	for f in "$SRC"/etc/*.example; do
		e=${f##*/}
		same "$f" "$D/usr/local/share/doc/sluice/examples/${e%.example}"; n=$((n + 1))
	done
	for f in "$SRC"/etc/templates/*.tmpl; do same "$f" "$D/etc/sluice/templates/${f##*/}"; n=$((n + 1)); done
	[ $n -ge 13 ]
	is "$(find "$D" -type f -perm /022)" ""
	is "$(find "$D/usr/local/lib" "$D/usr/local/share" "$D/etc" -type f ! -perm 644)" ""'
ok 'a second install changes no settings' '
	[ -f "$D/etc/sluice/sluice.yaml" ]
	echo "# mine" >>"$D/etc/sluice/sluice.yaml"
	echo "mine" >>"$D/etc/sluice/templates/gate_done.json.tmpl"
	mk install DESTDIR="$D" >out 2>&1 || { cat out; exit 1; }
	has "$D/etc/sluice/sluice.yaml" "# mine"
	has "$D/etc/sluice/templates/gate_done.json.tmpl" mine'
ok 'uninstall leaves only what was changed' '
	mk uninstall DESTDIR="$D" >out 2>&1 || { cat out; exit 1; }
	is "$(find "$D" ! -type d | sort | tr "\n" " ")" "$D/etc/sluice/sluice.yaml $D/etc/sluice/templates/gate_done.json.tmpl "
	absent "$D/usr/local/libexec/sluice" "$D/usr/local/share/doc/sluice"'
ok 'uninstall leaves nothing' '
	rm -rf "$D"
	mk install DESTDIR="$D" >out 2>&1
	mk uninstall DESTDIR="$D" >out 2>&1
	is "$(find "$D" ! -type d)" ""
	absent "$D/etc/sluice"'
ok 'uninstall spares a program of the same name' '
	mkdir -p "$D/usr/local/bin" && echo other >"$D/usr/local/bin/manifest"
	mk uninstall DESTDIR="$D" >out 2>&1
	has "$D/usr/local/bin/manifest" other'
ok 'BARE=0: only sluice goes to bin' '
	rm -rf "$D"
	mk install DESTDIR="$D" BARE=0 >out 2>&1 || { cat out; exit 1; }
	is "$(ls "$D/usr/local/bin")" sluice
	for t in $tools; do [ -x "$D/usr/local/libexec/sluice/$t" ]; done
	(cd / && env -i "$D/usr/local/bin/sluice" spool-gate --version) >out
	is "$(cat out)" "spool-gate $(cat "$SRC/VERSION")"'
ok 'other places' '
	rm -rf "$D"
	mk install DESTDIR="$D" PREFIX=/usr LIBEXECDIR=/usr/lib MANDIR=/usr/man SYSCONFDIR=/usr/etc >out 2>&1
	[ -x "$D/usr/lib/sluice/manifest" ]
	[ -x "$D/usr/bin/manifest" ]
	[ -f "$D/usr/man/man7/sluice.7" ]
	[ -f "$D/usr/etc/sluice/sluice.yaml" ]
	has "$D/usr/share/doc/sluice/examples/crontab" /usr/lib/sluice/pipeline
	has "$D/usr/lib/systemd/system/sluice-pipeline.service" /usr/lib/sluice/pipeline
	has "$D/usr/lib/systemd/system/sluice-pipeline.service" "EnvironmentFile=-/usr/etc/sluice/environment"
	grep -rE "/usr/local|[^r]/etc/sluice" "$D/usr/lib/systemd" "$D/usr/share/doc" >old || :
	empty old
	mk uninstall DESTDIR="$D" PREFIX=/usr LIBEXECDIR=/usr/lib MANDIR=/usr/man SYSCONFDIR=/usr/etc >out 2>&1
	is "$(find "$D" ! -type d)" ""'
ok 'dist refuses a tree that is not the tag' '
	command -v git >/dev/null || exit 0
	mkdir tree && cp "$SRC/Makefile" "$SRC/VERSION" tree && cd tree
	git init -q . && git -c user.name=t -c user.email=t@example.org commit -q --allow-empty -m x
	exit_is 2 make -s dist >out 2>&1
	has out "is not tagged"'
finish
