#!/bin/sh
# The parts of the 80 messages of mime4j, their decoded content and file names, are
# what mime4j's own files say; the mails of mail-parser and the sample mailboxes are
# read without loss.
. "${0%/*}/test-lib.sh"
need python3 jq
export PYTHONDONTWRITEBYTECODE=1
M=$DATA/mime4j/core/src/test/resources

# What is not the same, and why it is meant to be so:
cat >want <<'END'
differs basic-plain-with-bad-header-separator
differs hdr-fakeout
differs malformedHeader-noheader
differs malformedHeaderStartsBody-nocrlfcrlf
differs malformedHeaderStartsBody-noheader
newlines empty-preamble
newlines german-qp
newlines jt-0498
newlines mp-msg-rfc822
END
# basic-plain-with-bad-header-separator, hdr-fakeout
#	"The empty line has a blank in it." mime4j takes the text up to the next empty
#	line for bad header fields and drops it; here it is the body.
# malformedHeader-noheader, malformedHeaderStartsBody-noheader
#	There is no header at all. mime4j drops both lines, or one; here both are body.
# malformedHeaderStartsBody-nocrlfcrlf
#	The same bytes as malformedHeader-nocrlfcrlf, with mime4j told that the body
#	begins at a bad line. Here a bad line with a field after it is passed over.
# newlines
#	mime4j writes some LFs of quoted-printable as CRLF; here they stay as they are.

if have_data mime4j; then
ok 'mime4j: structure, content and names' '
	n=0
	for d in testmsgs mimetools-testmsgs; do
		timeout 60 mailtree "$M/$d"/*.msg >tree
		python3 "$SRC/t/helper/mime4j.py" "$M/$d" <tree >>all
	done
	is "$(wc -l <all)" 80
	is "$(grep -c "^same " all)" 71
	grep -v "^same " all | sed "s/:.*//" | LC_ALL=C sort >got
	same want got'
# shellcheck disable=SC2154
cut -d ' ' -f 1 all | sort | uniq -c | sed 's/^/# mime4j:/'

ok 'mime4j: a document each, and one for each message in a message' '
	timeout 60 mailtree -d "$M"/testmsgs/*.msg "$M"/mimetools-testmsgs/*.msg >docs 2>err || true
	# all but the two that have no header, and the messages in messages
	is "$(jq -r "select(has(\"parent\") | not) | .uri" <docs | sort -u | wc -l)" 78
	is "$(grep -c "no mail" err)" 2
	is "$(jq -r "select(has(\"parent\")) | .uri" <docs | wc -l)" "$(jq -s "map(.meta.attachments // [] | map(select(.mime == \"message/rfc822\" and .bytes > 0)) | length) | add" <docs)"'
fi

if have_data mail-parser; then
	ok 'mail-parser: each mail is a document, and the Outlook file is told to be none' '
		n=0
		for f in "$DATA"/mail-parser/tests/mails/*; do
			n=$((n + 1))
			case $f in
			*_outlook_1) exit_is 2 timeout 20 mailtree -d "$f" >out; empty out ;;
			*)
				exit_is 0 timeout 20 mailtree -d "$f" >out
				# as many as Python finds
				is "$(wc -l <out)" "$(python3 -c "
import email, sys
m = email.message_from_binary_file(open(sys.argv[1], \"rb\"))
print(1 + sum(p.get_content_type() == \"message/rfc822\" for p in m.walk()))" "$f")"
				[ -n "$(jq -r "select(has(\"parent\") | not) | .title" <out)" ] ||
					fails grep -qi "^subject: *[^ ]" "$f"
				jq -e "select(has(\"parent\") | not) | .persons | length > 0" <out >yes ;;
			esac
		done
		is $n 23'
fi

if have_data mbox; then
	ok 'the sample mailbox: as many messages as separators' '
		n=$(grep -c "^From - " "$DATA/mbox/input/substring.mbox")
		is "$n" 3
		timeout 20 mailtree -m "$DATA/mbox/input/substring.mbox" >out
		is "$(tail -n 1 out | cut -d " " -f 1)" 3
		is "$(head -n 3 out | jq -r .title | sort -u | wc -l)" 3
		is "$(head -n 3 out | grep -c "Hello world")" 3
		# what is no mailbox ends too
		timeout 20 mailtree -m "$DATA/mbox/output/jwz.mbox" >out 2>err || true'
fi

ok 'a mailbox of 3000 messages: none lost, none doubled, as Python counts them' '
	python3 "$SRC/t/bench/mail" --make box --messages 3000
	timeout 60 mailtree -m box >out
	is "$(tail -n 1 out | cut -d " " -f 1)" 3000
	python3 -c "
import hashlib, mailbox
box = mailbox.mbox(\"box\", create=False)
for key in box.keys():
    print(hashlib.sha256(box.get_bytes(key)).hexdigest())" | sort >want.sha
	head -n -1 out | jq -r .sha256 | sort >got.sha
	is "$(wc -l <want.sha)" 3000
	same want.sha got.sha
	is "$(timeout 60 mailtree -s box | cut -d " " -f 1-4)" "3000 messages 3000 documents"'
finish
