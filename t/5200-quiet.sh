#!/bin/sh
# Quiet hours, addresses and signatures are what Python's zoneinfo, ipaddress and
# hmac make of them: quiet hours minute by minute around the days when clocks move.
. "${0%/*}/test-lib.sh"
need python3 quietdump openssl
oracle=$SRC/t/helper/oracle.py

# around ZONE UTC-TIME OFFSETS WINDOWS...: 36 hours before and after it the zone has so
# many offsets. Each argument is one endpoint's quiet hours, which must be quiet at times.
around() {
	python3 "$oracle" quiet "$@" >out || { cat out; return 1; }
	has out ', 0 differ'
}

if [ -f /usr/share/zoneinfo/Europe/Berlin ]; then
	# 02:00 is 03:00; 03:00 is 02:00
	for day in 2026-03-29 2026-10-25; do
		ok "Europe/Berlin around $day" '
			around Europe/Berlin "${day}T01:00" 2 22:00-07:00 22:00-02:30 22:00-02:00 \
				22:00-03:00 02:30-04:00 02:00-03:00 02:10-02:50 01:30-02:30 02:30-03:30 \
				03:00-02:00 02:31-02:30 "22:00-24:00 02:15-02:45 12:30-13:00" \
				"01:00-02:10 02:50-03:10" "00:00-02:20 02:40-24:00"'
	done
	for day in 2026-03-08T07:00 2026-11-01T06:00; do
		ok "America/New_York around $day" '
			around America/New_York $day 2 22:00-07:00 22:00-02:30 02:30-04:00 01:00-02:00 \
				01:10-01:50 02:10-02:50 00:30-01:30 01:30-02:30 02:00-01:00 01:31-01:30 \
				"23:00-01:15 01:45-06:00" "12:00-13:00 01:59-02:00 18:00-18:01"'
	done
	# half an hour: 02:00 is 02:30; 02:00 is 01:30
	for day in 2026-10-03T15:30 2026-04-04T15:00; do
		ok "Australia/Lord_Howe around $day" '
			around Australia/Lord_Howe $day 2 22:00-07:00 22:00-02:15 02:15-04:00 \
				02:00-02:30 01:30-02:00 01:40-01:50 02:05-02:25 01:45-02:15 02:30-02:00 \
				02:00-01:30 01:46-01:45 "22:00-01:40 01:50-02:20"'
	done
	ok 'Asia/Kolkata has no such days' '
		around Asia/Kolkata 2026-03-29T01:00 1 22:00-07:00 05:29-05:31 "22:00-24:00 00:00-06:30" \
			"12:30-13:00 14:00-15:00 23:59-00:01"'
	ok 'a date that was left out, and a switch at midnight' '
		around Pacific/Apia 2011-12-30T10:00 2 22:00-07:00 00:00-12:00
		around America/Santiago 2026-09-06T04:00 2 22:00-07:00 23:30-00:30 00:10-00:50
		around America/Santiago 2026-04-05T03:00 2 22:00-07:00 23:30-00:30 23:10-23:50'
	ok 'any zone, any hours' '
		python3 "$oracle" anywhere 150 >out || { cat out; exit 1; }
		has out ", 0 differ"; [ "$(sed -n "s/^clocks were moved //p" out | cut -d" " -f1)" -gt 20 ]'
	ok 'what Python calls a zone is one here' '
		python3 -c "
import zoneinfo
print(*sorted(z for z in zoneinfo.available_timezones()), sep=\"\n\")" >zones
		n=0
		while read -r zone; do
			quietdump quiet "$zone" 22:00-07:00 0 1 1 >out || { echo "$zone"; exit 1; }
			n=$((n + 1))
		done <zones
		[ $n -gt 400 ]'
else
	skip 'quiet hours' 'no tz database here'
fi

ok 'a file that is no zone, or that lies elsewhere, is none' '
	n=0
	for zone in "" Mars/Phobos Europe ../../etc/passwd ../../../etc/passwd /etc/passwd \
		/etc/localtime ../zoneinfo/UTC Europe/../UTC ./UTC . .. zone.tab tzdata.zi :UTC UTC0 \
		CET-1CEST,M3.5.0,M10.5.0/3 right/Europe/Berlin "Europe/Berlin " "$T/zone"; do
		exit_is 78 quietdump quiet "$zone" 22:00-07:00 0 1 1 >out
		is "$(cat out)" "refused: zone"
		n=$((n + 1))
	done
	is $n 20'
ok 'what is in TZ and TZDIR does not matter' '
	quietdump quiet Europe/Berlin 22:00-07:00 1795212000000000 60000000 2000 >plain
	TZ=Asia/Tokyo TZDIR=/nowhere quietdump quiet Europe/Berlin 22:00-07:00 1795212000000000 \
		60000000 2000 >odd
	is "$(wc -l <plain)" 2000; same plain odd'
ok 'hours that leave no time to send are refused' '
	for w in 07:00-07:00 "00:00-12:00 12:00-24:00" 22-7 x; do
		exit_is 78 quietdump quiet UTC "$w" 0 1 1
	done'

ok 'addresses: as ipaddress says, or stricter where we mean to be' '
	python3 "$oracle" net 40000 >out || { cat out; exit 1; }
	has out ", 0 differ"; [ "$(sed -n "s/^public \([0-9]*\),.*/\1/p" out)" -gt 10000 ]'
ok 'signatures: as hmac says' '
	python3 "$oracle" sign 200 >out || { cat out; exit 1; }
	has out "sign: 200 compared, 0 differ"'
ok 'the test vector of Standard Webhooks, also by openssl' '
	printf "%s\t%s\t%s\t%s\n" whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw msg_p5jXN8AQM9LWM0D4loKWxJek \
		1614265330 "$(printf "{\"test\": 2432232314}" | base64)" >line
	quietdump sign <line >got
	is "$(cat got)" "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
	key=$(printf %s MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw | base64 -d |
		od -An -tx1 | tr -d " \n")
	printf "%s" "msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{\"test\": 2432232314}" |
		openssl dgst -sha256 -mac HMAC -macopt hexkey:"$key" -binary | base64 >theirs
	is "$(cat got)" "v1,$(cat theirs)"'
finish
