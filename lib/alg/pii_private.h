/*
 * pii_private.h - what the parts of the scanner share. Each matcher is called at
 * a byte that may begin or be within a value of its kind, looks at most some dozens
 * of bytes to both sides, and adds what it finds.
 */
#ifndef ALG_PII_PRIVATE_H
#define ALG_PII_PRIVATE_H

#include "alg/pii.h"

enum {
	PIIC_DIGIT = 1,
	PIIC_ALPHA = 2,		/* ASCII letters */
	PIIC_HEX = 4,
	PIIC_HIGH = 8,		/* not ASCII */
	PIIC_STOP = 16,		/* the scan looks closer: digits @ : - . */
	PIIC_ATOM = 32,		/* of an email's local part in running text */
	PIIC_WORD = 64,		/* letter, digit, underscore */
};
extern const unsigned char pii_class[256];

/* Signs around a value that are not a kind: bits beside those of the kinds. */
#define PIIX_NUMBER (1u << 16)	/* "number", which is a phone's more often than not */
#define PIIX_ID (1u << 17)	/* "order", "isbn": a number of something else, near by */
#define PIIX_VERSION (1u << 18)	/* "version", "section" */
#define PIIX_MESSAGE_ID (1u << 19)
#define PIIX_PHONE (1u << 20)	/* a word that means a telephone and nothing else */

struct pii_scan {
	const unsigned char *s;
	size_t n;
	unsigned kinds, min_score;
	struct pii_findings *out;
	size_t context_at;	/* the place of the last answer of pii_context */
	unsigned context;
	size_t colon_done;	/* up to here colons were looked at */
	size_t colon_label;	/* the one behind a word, `addr:2001:db8::1` */
};

/* The byte at i, 0 outside of the text; i may have wrapped below zero. */
static inline unsigned char
pii_at(const struct pii_scan *sc, size_t i)
{
	return i < sc->n ? sc->s[i] : 0;
}

static inline bool
pii_is(const struct pii_scan *sc, size_t i, unsigned classes)
{
	return pii_class[pii_at(sc, i)] & classes;
}

static inline bool
pii_wants(const struct pii_scan *sc, unsigned bits)
{
	return sc->kinds & bits;
}

static inline bool
pii_blank_at(const struct pii_scan *sc, size_t i)
{
	return pii_at(sc, i) == ' ' || pii_at(sc, i) == '\t';
}

void pii_add(struct pii_scan *sc, enum pii_kind kind, size_t start, size_t end, unsigned score,
	     bool validated);
/* Bits of the kinds, and PIIX_ bits, that the words before `start` speak of. */
unsigned pii_context(struct pii_scan *sc, size_t start);
unsigned pii_raise(unsigned score);
/* The score of a value of that kind that begins at start, raised if the words say so. */
unsigned pii_score(struct pii_scan *sc, enum pii_kind kind, size_t start, unsigned score);

/* --- digits in groups ----------------------------------------------------- */

#define PII_GROUPS 8
#define PII_DIGITS 24

enum pii_sep {
	SEP_NONE,
	SEP_BLANK,	/* one blank, also the no-break ones */
	SEP_DASH,	/* - and U+2010..2013 */
	SEP_DOT,
	SEP_SLASH,
	SEP_OPEN,	/* ( with or without a blank or dash before it */
	SEP_CLOSE,	/* ) likewise after it */
	SEP_WIDE,	/* a dash or slash between blanks */
};

struct pii_group {
	size_t start, end;
	enum pii_sep sep;	/* before it */
	unsigned digits;	/* of the run up to its end */
	bool open;		/* behind it a bracket is still open */
};

/* The groups that begin at one group of digits, as far as they belong together.
 * It ends before a group that would make it longer than PII_DIGITS. */
struct pii_run {
	struct pii_group g[PII_GROUPS];
	unsigned nr;
	char digit[PII_DIGITS];
};

static inline unsigned
pii_group_len(const struct pii_run *r, unsigned i)
{
	return (unsigned)(r->g[i].end - r->g[i].start);
}

/* What touches a number. */
enum pii_touch {
	TOUCH_NONE,
	TOUCH_BLANK,	/* a blank, then more digits */
	TOUCH_COMMA,	/* a comma, then more digits */
	TOUCH_GLUED,	/* it is part of something longer */
};

void pii_run_read(const struct pii_scan *sc, size_t start, struct pii_run *r);
/* Do these separators (bits), and no other, stand between the first k groups? */
bool pii_run_only(const struct pii_run *r, unsigned k, unsigned seps);
/* The value of a group of nine digits at most. */
unsigned pii_run_value(const struct pii_run *r, unsigned i);
/* 2026-11-21, 21.11.2026, 20261121 or 1999-2026, whatever follows it. */
bool pii_run_is_date(const struct pii_run *r);
/* 01 02 03 04 05 */
bool pii_run_counts(const struct pii_run *r, unsigned k);
enum pii_touch pii_touch_left(const struct pii_scan *sc, size_t start);
enum pii_touch pii_touch_right(const struct pii_scan *sc, size_t end);
bool pii_luhn(const char *digits, unsigned n, unsigned sum);

/* --- the matchers --------------------------------------------------------- */

void pii_number(struct pii_scan *sc, const struct pii_run *r);	/* card, ssn, itin, aba, npi */
void pii_phone(struct pii_scan *sc, const struct pii_run *r);
/* At the first of the two check digits; where to go on, `at` when it is no IBAN. */
size_t pii_iban(struct pii_scan *sc, size_t at);
void pii_ipv4(struct pii_scan *sc, size_t start);
/* At a colon; where to go on, `at` when there is none. */
size_t pii_ipv6(struct pii_scan *sc, size_t at);
/* At a colon, dash or dot, the first within the address. */
void pii_mac(struct pii_scan *sc, size_t at);
void pii_email(struct pii_scan *sc, size_t at);

/* --- tables --------------------------------------------------------------- */

/* The structure of the country's account numbers behind the check digits, such as
 * `4a14n` (a letters, n digits, c either), or NULL. Letters of either case. */
const char *pii_iban_structure(unsigned char c1, unsigned char c2);
/* How many digits of a number that starts with a country's code the code has, and how
 * long the rest may be; 0 when it is no code. */
unsigned pii_country_code(const char *digits, unsigned n, unsigned *min, unsigned *max);

#endif
