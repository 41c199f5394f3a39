#!/bin/sh
# etc/: the units of systemd are right, hardened, and let the line do what it does; the
# user and the directories come into being; logrotate and cron take their examples.
. "${0%/*}/test-lib.sh"
need make systemd-analyze strace logrotate perl
. "$SRC/t/lib-pg.sh"
unset MAKEFLAGS MAKELEVEL
make -s -C "$SRC" B="${SLUICE_BUILD##*/}" NOBUILD=1 install DESTDIR="$T/dest" PREFIX=/usr >log 2>&1 || {
	sed 's/^/# /' log
	exit 1
}
tools=$T/dest/usr/libexec/sluice
services='sluice-notify.service sluice-pipeline.service sluice-relay.service sluice-upkeep.service'
timers='sluice-notify.timer sluice-pipeline.timer sluice-relay.timer sluice-upkeep.timer'
# As they are installed, but with the tools of this tree.
mkdir units
for unit in "$T"/dest/usr/lib/systemd/system/*; do
	sed "s|/usr/libexec|$T/dest/usr/libexec|g" "$unit" >"units/${unit##*/}"
done

ok 'there are three services and their timers, with pages that exist' '
	is "$(ls units | tr "\n" " ")" "$(echo $services $timers | tr " " "\n" | sort | tr "\n" " ")"
	n=0
	for page in $(sed -n "s/^Documentation=//p" units/* | tr " " "\n" | sed "s/man://; s/[()]/./g; s/\.\$//" | sort -u); do
		[ -s "$SRC/man/$page" ] || { echo "no $page"; exit 1; }
		n=$((n + 1))
	done
	[ $n -ge 5 ]'
ok 'systemd-analyze verify has nothing to say' '
	cd units
	systemd-analyze verify --man=no --recursive-errors=no $(printf "./%s " $services $timers) >../out 2>&1 || { cat ../out; exit 1; }
	empty ../out'
ok 'what they start is there, and named by the whole path' '
	n=0
	for path in $(grep -ho "[^ =]*/libexec/sluice/[a-z-]*" units/*.service); do
		[ -x "$path" ] || { echo "no $path"; exit 1; }
		n=$((n + 1))
	done
	is $n 7
	for line in $(sed -n "s/^ExecStart=\([^ ]*\).*/\1/p" units/*.service); do
		case $line in /bin/sh | "$tools"/*) ;; *) echo "$line"; exit 1 ;; esac
	done'
for unit in $services; do
	ok "$unit: an exposure of 2.0 at most, and it is ours in full" '
		systemd-analyze security --offline=yes --threshold=20 --no-pager units/$unit >out 2>&1 || { cat out; exit 1; }
		grep "Overall exposure level for $unit: [01]\.[0-9] OK" out || grep "Overall exposure level for $unit: 2\.0 OK" out
		cp units/$unit . && sed -i /^SystemCallFilter/d $unit
		systemd-analyze security --offline=yes --no-pager $unit | grep -q "Overall.* [2-9]\.[0-9]"'
	# A file without its lines of hardening is 9 or more: the threshold is no formality.
	ok "$unit: each of its settings has its reason" '
		awk "/^#/ { why = 1; next } /^\$/ { why = 0; next } /^\[/ { hard = /Service/; why = 1; next }
			hard && !why { print }" units/$unit >bare
		empty bare'
done
ok 'the hardening is the same in all' '
	for unit in $services; do sed -n "/^# What it may touch/,\$p" units/$unit | grep -v "^#" >hard.$unit; done
	same hard.sluice-pipeline.service hard.sluice-notify.service
	same hard.sluice-pipeline.service hard.sluice-upkeep.service
	[ "$(wc -l <hard.sluice-pipeline.service)" -gt 25 ]'
ok 'the times of the timers are times' '
	n=0
	for t in $(sed -n "s/^OnCalendar=//p" units/*.timer | tr " " "_"); do
		systemd-analyze calendar "$(echo "$t" | tr _ " ")" >out
		n=$((n + 1))
	done
	is $n 4'

# --- the filter of system calls, and what the tools ask for ---------------------------
# expand NAME: the calls of a group, and of the groups in it
expand() {
	systemd-analyze syscall-filter --no-pager "$1" | sed -n 's/^    \([@a-z_0-9-]*\)$/\1/p' >"group.$1"
	while read -r call <&4; do
		case $call in @*) expand "$call" ;; *) echo "$call" ;; esac
	done 4<"group.$1"
}
pg_start
export SLUICE_SPOOL="$T/spool" SLUICE_ENDPOINTS_T_ALLOW_NET=127.0.0.0/8
printf 'whsec_%s\n' "$(head -c 32 /dev/urandom | base64)" >secret && chmod 600 secret
export SLUICE_ENDPOINTS_T_SECRET_FILE="$T/secret"
"$SRC/scripts/receiver" hooks 2>receiver.err 3>&- &
receiver=$!
on_exit "kill $receiver"
wait_for 10 test -s hooks/port
SLUICE_ENDPOINTS_T_URL=http://localhost:$(cat hooks/port)/
export SLUICE_ENDPOINTS_T_URL
traced() {
	exit_is "$1" strace -f -qq -o trace.one -e signal=none sh -c "$2"
	cat trace.one >>trace
}
record='{"type":"metric","ts":1795000000,"name":"m","value":1,"labels":{}}'
ok 'the line and its neighbours, as the units start them, are traced' '
	printf "%s\n{}\n" "$record" | spool-write -q --level 3 >segment 2>&1 || :
	mkdir -p spool/incoming && printf "%s\n{}\n" "$record" >spool/incoming/b.ndjson
	mkdir var
	n=0
	sed -n "s/^ExecStart=//p" units/sluice-pipeline.service units/sluice-notify.service units/sluice-relay.service units/sluice-upkeep.service |
		sed "s|/var/log/sluice|$T/var|" >commands
	while read -r command; do
		n=$((n + 1))
		[ $n = 1 ] && want=2 || want=0
		traced $want "$command" >out 2>err || { cat err; exit 1; }
	done <commands
	is $n 6
	is "$(grep -c gate.done var/events.ndjson)" 1
	is "$(ls hooks/*.http | wc -l)" 2
	for f in hooks/*.http; do notify --verify --secret-file secret <$f >body; done'
ok 'each system call is in the filter of the units' '
	filter=$(sed -n "s/^SystemCallFilter=//p" units/sluice-pipeline.service | tr "\n" " ")
	is "$filter" "@system-service ~@privileged @resources "
	expand @system-service | sort -u >service
	{ expand @privileged; expand @resources; } | sort -u >taken
	comm -23 service taken >allowed
	[ "$(wc -l <allowed)" -gt 200 ]
	sed -n "s/^[0-9]* *\([a-z_0-9]*\)(.*/\1/p" trace | sort -u >used
	[ "$(wc -l <used)" -gt 50 ]
	comm -23 used allowed >refused
	empty refused'
ok 'no memory is written and then run; sockets are local or of the Internet' '
	fails grep -E "(mmap|mprotect)\(.*PROT_WRITE.PROT_EXEC|mprotect\(.*PROT_EXEC" trace
	grep -o "socket(AF_[A-Z0-9]*" trace | sort -u >families
	grep -q AF_UNIX families; grep -q AF_INET families
	# glibc asks by netlink which kinds of address there are, and takes no for an answer
	is "$(grep -vx "socket(AF_UNIX" families | grep -vx "socket(AF_INET6\{0,1\}" | grep -vx "socket(AF_NETLINK" || :)" ""'

# --- the user, the directories, the logs ----------------------------------------------
if [ "$(id -u)" = 0 ] && command -v systemd-sysusers >/dev/null && command -v systemd-tmpfiles >/dev/null; then
	ok 'sysusers.d and tmpfiles.d: the user, and its directories' '
		mkdir -p root/etc
		systemd-sysusers --root="$T/root" "$T/dest/usr/lib/sysusers.d/sluice.conf" >out 2>&1 || { cat out; exit 1; }
		grep -q "^sluice:.*:/var/spool/sluice:/usr/sbin/nologin" root/etc/passwd
		systemd-tmpfiles --root="$T/root" --create "$T/dest/usr/lib/tmpfiles.d/sluice.conf" >out 2>&1 || { cat out; exit 1; }
		uid=$(sed -n "s/^sluice:[^:]*:\([0-9]*\):.*/\1/p" root/etc/passwd)
		for d in spool log; do is "$(stat -c "%a %u" root/var/$d/sluice)" "750 $uid"; done'
else
	skip 'sysusers.d and tmpfiles.d' 'not root, or not there'
fi
ok 'logrotate takes its example, and the line goes on in a new file' '
	mkdir -p logs && chmod 750 logs && cp var/events.ndjson logs/
	sed "s|/var/log/sluice|$T/logs|; s|\bsluice sluice\b|$(id -un) $(id -gn)|" \
		"$T/dest/usr/share/doc/sluice/examples/logrotate" >rotate
	chmod 644 rotate
	logrotate -d -s state rotate >out 2>&1 || { cat out; exit 1; }
	grep -v "logrotate in debug mode does nothing" out >said
	fails grep -i -E "error|warning" said
	has out "considering log $T/logs/events.ndjson"
	logrotate -f -s state rotate >out 2>&1 || { cat out; exit 1; }
	same var/events.ndjson logs/events.ndjson.1
	is "$(stat -c %a logs/events.ndjson)" 640
	echo "$record" | sed s/:1,/:2,/ | spool-write -q >segment
	"$tools/pipeline" >>logs/events.ndjson
	is "$(grep -c gate.done logs/events.ndjson)" 1
	same var/events.ndjson logs/events.ndjson.1'
ok 'the crontab is one: variables, and lines with a time and the user' '
	grep -v "^#" "$T/dest/usr/share/doc/sluice/examples/crontab" | grep . >lines
	grep -E "^(SHELL|PATH|MAILTO|SLUICE_SPOOL)=" lines >vars; is "$(wc -l <vars)" 4
	grep -vE "^[A-Z_]+=" lines >jobs
	is "$(wc -l <jobs)" "$(grep -cE "^([0-9*/,-]+ ){4}[0-9*/,-]+	sluice	[a-z/]" jobs)"
	fails grep "%" jobs
	has vars "PATH=/usr/libexec/sluice:"'
finish
