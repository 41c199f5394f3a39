/*
 * mail.h - a mail message (RFC 5322, MIME) as documents, by GMime; and where the
 * messages of an mbox begin (RFC 4155).
 *
 * A message is one document: its text is the body, decoded, of multipart/alternative
 * one part only (plain before HTML). Attachments stand in meta as `attachments`
 * `[{part,name,mime,bytes,sha256}]`; those that `attachment` takes become documents of
 * their own, and so do messages in it: uri `URI#2.1` with the number that IMAP gives the
 * part (`1.uu1` for the first uuencoded file in the text of part 1), parent the message
 * that holds them. Headers give title (RFC 2047), time, persons, language, and
 * `message_id`, `in_reply_to`, `references` in meta, which also says `encrypted` and
 * `empty` (no text). Quoted history and the signature are spans (fmt/doc.h), the text is
 * whole. Whatever is wrong in a message is noted in meta (`notes`), and what can be read
 * is kept.
 */
#ifndef FMT_MAIL_H
#define FMT_MAIL_H

#include "fmt/doc.h"

#define MAIL_MAX_DEPTH 16	/* parts in parts; deeper ones are noted and not read */
#define MAIL_MAX_PARTS 1000

struct mail_options {
	const char *source;	/* of the documents */
	const char *uri;	/* of the message */
	/* A part that is not the body: its decoded bytes, its type and file name (may be
	 * ""), the uri for it. 1 it became a document, 0 nobody reads this type, -1. NULL: none are
	 * tried. */
	int (*attachment)(void *arg, struct slice bytes, const char *mime, const char *name,
	    const char *uri, const char *parent, struct err *err);
	/* HTML to text, appended; it is UTF-8 already, whatever it says. NULL: an HTML body
	 * stays without text; ERR_DATA: it does, with a note. */
	int (*html)(void *arg, struct slice html, struct str *text, struct err *err);
	doc_fn emit;
	void *arg;
};

/* raw is one message. 0, or -1: not one header could be read (ERR_DATA), or a callback
 * failed. */
int mail_parse(struct slice raw, const struct mail_options *o, struct err *err);

enum mbox_rule {
	MBOX_STRICT,	/* `From ` after an empty line, with a date-like tail (the default) */
	MBOX_LAX,	/* `From ` after an empty line */
	MBOX_RD,	/* as strict, and `>From ` is one level of quoting (mboxrd) */
};
/* The mailbox is walked in pieces, so that its size does not matter: text is what is there,
 * eof that nothing follows. Returns the length of the first message in text, its
 * separator line and empty lines in front of that included (*skip), or 0 when more is
 * needed; then read twice as much, for it starts anew. When *skip is the length there is
 * no message, just an end. A Netscape `From - ` is a date-like tail too, and a date-like
 * line with a field behind it needs no empty line. */
size_t mbox_next(struct slice text, bool eof, enum mbox_rule rule, size_t *skip);
/* The length of a message without the empty line that a mailbox puts between two. */
size_t mbox_trim(const char *message, size_t n);
/* Take the quoting of mboxrd back, in place; the new length. */
size_t mbox_unquote(char *message, size_t n);

#endif
