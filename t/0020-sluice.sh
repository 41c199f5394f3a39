#!/bin/sh
# sluice(1) runs every tool of the suite and nothing else; the completion files
# have every option.
. "${0%/*}/test-lib.sh"

ok 'every tool that was built is listed, and nothing else' '
	sluice --list | sort >got
	for f in "$SLUICE_BUILD"/bin/*; do
		[ "${f##*/}" = sluice ] || echo "${f##*/}"
	done | sort >want
	test "$(wc -l <want)" -ge 6
	same want got'

ok 'alone it says of each tool what the tool says of itself' '
	sluice >got
	for t in $(sluice --list); do
		line=$("$t" --help | awk "found { print; exit } !NF { found = 1 }")
		grep -F "  $t " got | grep -F " $line"
	done'

ok 'what follows the name is the tool'\''s' '
	is "$(sluice spool-gate --version)" "$(spool-gate --version)"
	sluice spool-gate --help >got
	spool-gate --help >want
	same want got
	exit_is 64 sluice spool-gate --frobnicate 2>err
	grep "^spool-gate: unknown option" err'

mkdir -p libexec/sluice bin
cp "$SLUICE_BUILD/bin/sluice" libexec/sluice/
ln -s ../libexec/sluice/sluice bin/sluice
cat >libexec/sluice/manifest <<'END'
#!/bin/sh
for a; do echo "<$a>"; done
exit 7
END
chmod +x libexec/sluice/manifest

ok 'arguments and status pass through as they are' '
	exit_is 7 bin/sluice manifest "a b" "" -- -h "*" >got
	printf "<%s>\n" "a b" "" -- -h "*" >want
	same want got'

ok 'only the tools that are there are listed' '
	is "$(bin/sluice --list)" manifest'

ok 'a program beside it with the name of a tool is not run' '
	mkdir other
	cp libexec/sluice/* other/
	exit_is 78 other/sluice manifest 2>err
	grep "/libexec/sluice/manifest\": No such file" err'

ok 'a name that is no tool is a slip, with a suggestion' '
	exit_is 64 sluice spool-gaet 2>err
	grep "did you mean \"spool-gate\"" err
	for name in "" / ../bin/spool-gate ls; do
		exit_is 64 sluice "$name" 2>err
	done'

cat >bin/man <<'END'
#!/bin/sh
echo "man $*"
END
chmod +x bin/man

ok 'help opens the page' '
	PATH=$PWD/bin:$PATH
	is "$("$SLUICE_BUILD/bin/sluice" help)" "man sluice"
	is "$("$SLUICE_BUILD/bin/sluice" help spool-gate)" "man sluice-spool-gate"
	is "$("$SLUICE_BUILD/bin/sluice" help events)" "man sluice-events"
	is "$("$SLUICE_BUILD/bin/sluice" help sluice.yaml)" "man sluice.yaml"
	exit_is 64 "$SLUICE_BUILD/bin/sluice" help frobnicate
	exit_is 64 "$SLUICE_BUILD/bin/sluice" help spool-gate dbctl'

ok 'help without man(1) says what to do' '
	exit_is 78 env PATH=/nonexistent "$SLUICE_BUILD/bin/sluice" help dbctl 2>err
	grep "sluice dbctl --help" err'

ok 'no help is wider than 80 columns' '
	for t in sluice $(sluice --list); do
		"$t" --help | awk -v t="$t" "length(\$0) > 80 { print t \": \" \$0; bad = 1 } END { exit bad }"
	done'

ok 'a completion file has every option and command' '
	n=0
	for t in sluice $(sluice --list); do
		"$t" --list-options >list
		for s in bash zsh fish; do
			"$SRC/scripts/completions" -s "$s" "$t" <list >"$t.$s"
		done
		while IFS="	" read -r long rest; do
			[ "$long" = command ] && long=${rest%%	*}
			grep -q -e "$long" "$t.bash"
			grep -q -e "$long" "$t.zsh"
			grep -q -e "${long#--}" "$t.fish"
			n=$((n + 1))
		done <list
	done
	test "$n" -gt 50'

if command -v bash >/dev/null; then
	ok 'bash completes options, commands, tools and files' '
		manifest --list-options | "$SRC/scripts/completions" manifest >m
		sluice --list-options | "$SRC/scripts/completions" sluice >s
		bash -c ". ./m; . ./s
			t() {
				COMP_WORDS=(\"\$@\") COMP_CWORD=\$((\$# - 1)) COMPREPLY=()
				_sluice_\$1
				echo \"\${COMPREPLY[*]}\"
			}
			t manifest --spo; t manifest ver; t sluice spool-g; t manifest -c lib
		" >got
		printf "%s\n" --spool verify spool-gate libexec >want
		same want got'
else
	skip 'bash completes options, commands, tools and files' 'no bash'
fi

ok 'what is no listing gives no completion file' '
	echo junk >junk
	fails "$SRC/scripts/completions" x <junk
	fails "$SRC/scripts/completions" x </dev/null
	exit_is 64 "$SRC/scripts/completions" -s csh x <junk'

finish
