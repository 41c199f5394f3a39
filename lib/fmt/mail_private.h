/*
 * mail_private.h - what the files of mail.h share: headers (mail_head.c,
 * mail_type.c, mail_word.c), the tree of parts (mail_tree.c), their bytes
 * (mail_decode.c), text that was encoded as text (mail_plain.c), and the body
 * (mail_body.c).
 *
 * The tree is our own and not GMimeParser's: that one drops what follows a
 * broken end of the headers, text without a boundary and a part without
 * headers, and does not say where a part lies in the message, whose SHA-256 we
 * need. GMime reads addresses, parameters, dates and ids, and undoes transfer
 * encodings.
 */
#ifndef FMT_MAIL_PRIVATE_H
#define FMT_MAIL_PRIVATE_H

#include "fmt/mail.h"

/* What is wrong in a message, each once, as the elements of a JSON array. */
struct mail_notes {
	struct str json;
	unsigned nr;
};
void mail_note(struct mail_notes *n, const char *fmt, ...) PRINTF(2, 3);

/* --- headers ------------------------------------------------------------------ */

/* Walks the fields of a header. Where mail_head_next has said false, p is where the body
 * begins, bad the lines that were neither, ended whether an empty line was there. */
struct mail_head {
	const char *p, *end;
	unsigned fields, bad;
	bool ended;
};
/* value: as it stands there, folded, without its last newline. */
bool mail_head_next(struct mail_head *h, struct slice *name, struct slice *value);
bool mail_head_is(struct slice name, const char *want);
/* Longer values are cut, and that is noted: no person wrote them. */
#define MAIL_VALUE_MAX ((size_t)64 << 10)
/* A value unfolded and without white space around it. */
char *mail_unfold(struct slice value, size_t max, struct mail_notes *notes);
/* A value with its encoded words (RFC 2047) decoded, or, where GMime is to take it to
 * pieces first, encoded anew as UTF-8. */
char *mail_words(const char *value, bool encode);
/* A copy that is UTF-8. */
char *mail_clean(const char *s);
/* How GMime is to read values; the first call gets it ready. */
struct _GMimeParserOptions *mail_gmime(void);

/* Content-Type and Content-Disposition of a part, and how it is encoded. */
struct mail_type {
	char *mime;		/* lower case, `text/plain` */
	char *charset;		/* as are all that follow: NULL where there is none */
	char *boundary;
	char *name;		/* of the file; UTF-8 */
	bool attached;		/* Content-Disposition: attachment */
	bool flowed, delsp;	/* RFC 3676 */
	bool sealed;		/* application/pkcs7-mime that is not just signed */
	int encoding;		/* GMimeContentEncoding */
	bool has_type, has_disposition, has_encoding;	/* the first of each counts */
};
/* Take a field of a part's header, if it is one of these. */
void mail_type_field(struct mail_type *t, struct slice name, struct slice value,
    struct mail_notes *notes);
void mail_type_release(struct mail_type *t);

/* Title, time, persons and ids of a message from its header. */
void mail_head_to_doc(struct slice head, struct doc *d, struct mail_notes *notes);

/* --- the tree of parts -------------------------------------------------------- */

enum mail_kind {
	MAIL_LEAF,
	MAIL_MULTI,
	MAIL_MESSAGE,	/* message/rfc822 and its like; its content is a message for itself */
};

struct mail_part {
	enum mail_kind kind;
	char *number;		/* as IMAP counts: `2.1` */
	struct mail_type type;
	unsigned fields;	/* in its header */
	struct slice head;
	struct slice body;	/* still encoded; of a multipart what stands before its parts */
	size_t next;		/* the index behind it and all its parts */
};

/* Parts in the order in which they stand; part 0 is the message itself. */
struct mail_tree {
	struct mail_part *part;
	size_t nr, alloc;
};

/* prefix: the number of the part that raw is, or ""; depth: how deep that one is. */
void mail_tree_parse(struct mail_tree *t, struct slice raw, const char *prefix,
    unsigned depth, struct mail_notes *notes);
void mail_tree_release(struct mail_tree *t);

/* --- bytes -------------------------------------------------------------------- */

/* The content of a part, decoded, in pieces. */
void mail_decode_to(const struct mail_part *p, void (*sink)(void *arg, const char *data, size_t n),
    void *arg);
/* The same at once: its raw bytes where nothing is encoded, else appended to buf. */
struct slice mail_decode(const struct mail_part *p, struct str *buf);
/* One line of uuencode without its newline, appended; false: it is none. */
bool mail_uu_line(struct slice line, struct str *out);

/* --- text --------------------------------------------------------------------- */

/* Newlines of all kinds become \n; appended. */
void mail_add_lines(struct str *out, struct slice text);
/* format=flowed: paragraphs become one line each (RFC 3676); appended. */
void mail_add_flowed(struct str *out, struct slice text, bool delsp);
/* Take each uuencoded file out of text from position `from` on. */
void mail_take_uu(struct str *text, size_t from,
    void (*found)(void *arg, struct slice name, struct str *bytes), void *arg);

/* --- the body ----------------------------------------------------------------- */

/* A part that is not the body. */
struct mail_extra {
	size_t part;		/* index in the tree, or SIZE_MAX: bytes */
	char *number;
	char *name, *mime;
	struct str bytes;	/* of uuencoded text */
};

struct mail_body {
	const struct mail_options *o;
	const struct mail_tree *tree;
	struct doc *doc;
	struct mail_notes *notes;
	struct str attachments;	/* elements of a JSON array */
	struct mail_extra *extra;
	size_t extras, extras_alloc;
	unsigned uu;		/* files found in text */
	bool encrypted;
};
/* Fill the document's text, and the list of the rest. */
int mail_body_read(struct mail_body *b, struct err *err);
void mail_body_release(struct mail_body *b);

#endif
