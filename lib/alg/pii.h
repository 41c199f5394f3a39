/*
 * pii.h - personal data in text: what kind, where, and how sure.
 *
 *	struct pii_findings f = PII_FINDINGS_INIT;
 *	struct pii_options opt = { .min_score = PII_SCORE_LIKELY };
 *	pii_scan(text, &opt, &f);
 *	for (size_t i = 0; i < f.nr; i++) ... f.v[i].start, f.v[i].end
 *	pii_findings_release(&f);
 *
 * The text may be any bytes. Offsets are bytes, ranges are [start, end), scores
 * are whole hundredths (95 is 0.95). After pii_scan and pii_settle the findings are
 * sorted by start, within the text, not empty, and none overlaps another; the same
 * text and options give the same findings. One pass; the time is linear in the
 * length of any input, because no matcher looks farther than a fixed number of bytes
 * from where it began.
 *
 * `validated` says that a check digit or a grammar vouches for the value: Luhn
 * (card, NPI), mod 97 (IBAN), 3-7-1 (ABA), and that an address can be nothing else
 * (email, IP, MAC). Of overlapping findings the validated one stays, then the
 * longest, then the earliest; of several kinds for one and the same range first the
 * one with the highest score. Digits that are part of a longer number, GUID, hash
 * or version are no finding. Words that name a kind, within five words before the
 * value, raise its score by PII_SCORE_CONTEXT to PII_SCORE_CONTEXT_MIN at least.
 *
 * What is found, and the source of each rule:
 *	email		RFC 5321 and 6531 as they are met in text: dot-atoms, quoted local
 *			parts, two labels or more, IDN
 *	phone		ITU-T E.164 with the lengths of each country's numbers; the usual
 *			national forms; bare digits only after a word such as "phone"
 *	credit_card	ISO/IEC 7812: brand prefix and length, Luhn; blanks and dashes
 *	iban		ISO 13616, SWIFT's registry 101: country, structure, mod 97
 *	us_ssn us_itin	SSA and IRS ranges of area and group
 *	aba		routing prefix and 3-7-1 sum
 *	ip		RFC 4291 and 5952, zones of RFC 4007, a prefix length behind it
 *	mac		IEEE 802, pairs with colons or dashes, or three groups with dots
 *	npi		CMS: Luhn with 80840 in front
 *	person		only named here: its findings come from outside (pii_findings_add)
 *
 * Nothing here copies or prints a value.
 */
#ifndef ALG_PII_H
#define ALG_PII_H

#include "base/base.h"
#include "base/str.h"

enum pii_kind {
	PII_EMAIL,
	PII_PHONE,
	PII_CREDIT_CARD,
	PII_IBAN,
	PII_US_SSN,
	PII_US_ITIN,
	PII_ABA,
	PII_IP,
	PII_MAC,
	PII_NPI,
	PII_PERSON,
	PII_KIND_NR
};

#define PII_BIT(kind) (1u << (kind))
#define PII_ALL (PII_BIT(PII_KIND_NR) - 1)

#define PII_SCORE_MAX 100
/* Below this it has only the shape: nine digits that could be anything. */
#define PII_SCORE_LIKELY 30
#define PII_SCORE_CONTEXT 35
#define PII_SCORE_CONTEXT_MIN 40

struct pii_finding {
	size_t start, end;	/* bytes of the text */
	enum pii_kind kind;
	unsigned score;		/* 0..PII_SCORE_MAX */
	bool validated;
};

struct pii_findings {
	struct pii_finding *v;
	size_t nr, alloc;
};

#define PII_FINDINGS_INIT { NULL, 0, 0 }

struct pii_options {
	unsigned kinds;		/* PII_BIT of each; 0 is all */
	unsigned min_score;	/* what scores less is not there, for overlaps neither */
};

/* `credit_card` and so on, as they stand in a record. */
const char *pii_kind_name(enum pii_kind kind);
/* 0, or -1 when it names none. */
int pii_kind_parse(struct slice name, enum pii_kind *out);

/* Replace what out holds by what is in the text. opt may be NULL: all kinds, any score. */
void pii_scan(struct slice text, const struct pii_options *opt, struct pii_findings *out);

/* Findings from elsewhere: add them, then settle once. */
void pii_findings_add(struct pii_findings *out, const struct pii_finding *f);
/* Sort, and resolve overlaps by the rule above. Empty ranges go. */
void pii_settle(struct pii_findings *f);
void pii_findings_release(struct pii_findings *f);

/*
 * Append the text to out with every letter and digit of a finding as `*`, a byte for
 * a byte, so that every offset still holds; separators stay. The findings are settled;
 * what of them lies beyond the text is not looked at.
 */
void pii_mask(struct slice text, const struct pii_findings *f, struct str *out);

#endif
