/*
 * The words before a value. A name of a field is split into its words: phoneNumber,
 * user_ssn.
 */
#include "alg/pii_private.h"

#define WORDS 5
#define WINDOW 72	/* bytes looked at: five words of a longer kind */
#define WORD_MAX 20
#define NEAR 2		/* words within which a number is said to be of something else */

#define EMAIL PII_BIT(PII_EMAIL)
#define PHONE PII_BIT(PII_PHONE)
#define TEL (PHONE | PIIX_PHONE)
#define CARD PII_BIT(PII_CREDIT_CARD)
#define IBAN PII_BIT(PII_IBAN)
#define SSN PII_BIT(PII_US_SSN)
#define ITIN PII_BIT(PII_US_ITIN)
#define ABA PII_BIT(PII_ABA)
#define IP PII_BIT(PII_IP)
#define MAC PII_BIT(PII_MAC)
#define NPI PII_BIT(PII_NPI)

/* Sorted by bytes. Lower case, also that of Latin-1, Greek and Cyrillic letters. */
static const struct {
	char word[WORD_MAX + 4];
	unsigned bits;
} words[] = {
	{ "aba", ABA },
	{ "account", IBAN | PIIX_ID },
	{ "ach", ABA },
	{ "address", EMAIL | IP | MAC },
	{ "adresse", EMAIL | IP },
	{ "amex", CARD },
	{ "anruf", TEL },
	{ "appel", TEL },
	{ "article", PIIX_ID },
	{ "bank", IBAN | ABA },
	{ "bankverbindung", IBAN },
	{ "bssid", MAC },
	{ "bug", PIIX_ID },
	{ "build", PIIX_ID | PIIX_VERSION },
	{ "call", PHONE },
	{ "called", PHONE },
	{ "card", CARD },
	{ "carta", CARD },
	{ "carte", CARD },
	{ "cartão", CARD },
	{ "case", PIIX_ID },
	{ "cc", CARD },
	{ "cell", PHONE },
	{ "cellphone", TEL },
	{ "cellular", TEL },
	{ "celular", TEL },
	{ "chapter", PIIX_VERSION },
	{ "client", IP },
	{ "commit", PIIX_ID },
	{ "compte", IBAN },
	{ "contact", EMAIL | PHONE },
	{ "conto", IBAN },
	{ "correo", EMAIL },
	{ "courriel", EMAIL },
	{ "credit", CARD },
	{ "cuenta", IBAN },
	{ "debit", CARD },
	{ "dial", PHONE },
	{ "diners", CARD },
	{ "discover", CARD },
	{ "doi", PIIX_ID },
	{ "dst", IP },
	{ "durchwahl", TEL },
	{ "ean", PIIX_ID },
	{ "ein", PIIX_ID },
	{ "email", EMAIL },
	{ "emails", EMAIL },
	{ "ethernet", MAC },
	{ "fax", TEL },
	{ "festnetz", TEL },
	{ "fijo", TEL },
	{ "fon", TEL },
	{ "fone", TEL },
	{ "gateway", IP },
	{ "gsm", TEL },
	{ "handy", PHONE },
	{ "hardware", MAC },
	{ "host", IP },
	{ "hotline", TEL },
	{ "hwaddr", MAC },
	{ "iban", IBAN },
	{ "id", PIIX_ID },
	{ "inet", IP },
	{ "invoice", PIIX_ID },
	{ "ip", IP },
	{ "ips", IP },
	{ "ipv", IP },		/* ipv4, ipv6: digits end a word */
	{ "isbn", PIIX_ID },
	{ "issn", PIIX_ID },
	{ "issue", PIIX_ID },
	{ "item", PIIX_ID },
	{ "itin", ITIN },
	{ "jcb", CARD },
	{ "karte", CARD },
	{ "konto", IBAN },
	{ "kontonummer", IBAN },
	{ "kreditkarte", CARD },
	{ "landline", TEL },
	{ "local", IP },
	{ "mac", MAC },
	{ "maestro", CARD },
	{ "mail", EMAIL },
	{ "mailto", EMAIL },
	{ "mastercard", CARD },
	{ "medicare", NPI },
	{ "message", PIIX_MESSAGE_ID },
	{ "mobil", TEL },
	{ "mobile", TEL },
	{ "movil", TEL },
	{ "móvil", TEL },
	{ "npi", NPI },
	{ "number", PIIX_NUMBER },
	{ "numero", PIIX_NUMBER },
	{ "nummer", PIIX_NUMBER },
	{ "numéro", PIIX_NUMBER },
	{ "número", PIIX_NUMBER },
	{ "order", PIIX_ID },
	{ "page", PIIX_ID },
	{ "pages", PIIX_ID },
	{ "pan", CARD },
	{ "part", PIIX_ID },
	{ "patent", PIIX_ID },
	{ "phone", TEL },
	{ "phones", TEL },
	{ "physical", MAC },
	{ "physician", NPI },
	{ "pid", PIIX_ID },
	{ "portable", PHONE },
	{ "provider", NPI },
	{ "receipt", PIIX_ID },
	{ "ref", PIIX_ID },
	{ "reference", PIIX_ID },
	{ "references", PIIX_MESSAGE_ID },
	{ "rekening", IBAN },
	{ "release", PIIX_VERSION },
	{ "released", PIIX_VERSION },
	{ "reply", PIIX_MESSAGE_ID },
	{ "rev", PIIX_ID | PIIX_VERSION },
	{ "revision", PIIX_ID | PIIX_VERSION },
	{ "rfc", PIIX_VERSION },
	{ "ring", PHONE },
	{ "routing", ABA },
	{ "rtn", ABA },
	{ "rufnummer", TEL },
	{ "sec", PIIX_VERSION },
	{ "section", PIIX_VERSION },
	{ "security", SSN },
	{ "serial", PIIX_ID },
	{ "server", IP },
	{ "sku", PIIX_ID },
	{ "sms", PHONE },
	{ "social", SSN },
	{ "src", IP },
	{ "ssid", MAC },
	{ "ssn", SSN },
	{ "ssns", SSN },
	{ "subnet", IP },
	{ "tarjeta", CARD },
	{ "tax", ITIN },
	{ "taxpayer", ITIN },
	{ "tel", TEL },
	{ "telefax", TEL },
	{ "telefon", TEL },
	{ "telefone", TEL },
	{ "telefono", TEL },
	{ "telefoon", TEL },
	{ "telephone", TEL },
	{ "teléfono", TEL },
	{ "ticket", PIIX_ID },
	{ "tin", ITIN },
	{ "tracking", PIIX_ID },
	{ "transaction", PIIX_ID },
	{ "téléphone", TEL },
	{ "unspecified", IP },
	{ "unstable", PIIX_VERSION },
	{ "update", PIIX_VERSION },
	{ "updated", PIIX_VERSION },
	{ "upgrade", PIIX_VERSION },
	{ "upgraded", PIIX_VERSION },
	{ "ver", PIIX_VERSION },
	{ "version", PIIX_VERSION },
	{ "versions", PIIX_VERSION },
	{ "visa", CARD },
	{ "whatsapp", TEL },
	{ "wire", ABA },
	{ "wlan", MAC },
	{ "zip", PIIX_ID },
	{ "τηλέφωνο", TEL },
	{ "карта", CARD },
	{ "номер", PIIX_NUMBER },
	{ "почта", EMAIL },
	{ "счет", IBAN },
	{ "тел", TEL },
	{ "телефон", TEL },
	{ "факс", TEL },
};

/* Found anywhere in a word: these languages write no blanks. */
static const struct {
	char word[WORD_MAX + 4];
	unsigned bits;
} parts[] = {
	{ "电话", TEL }, { "電話", TEL }, { "手机", TEL }, { "手機", TEL },
	{ "携帯", TEL }, { "전화", TEL }, { "휴대폰", TEL }, { "โทร", TEL },
	{ "邮箱", EMAIL }, { "信用卡", CARD }, { "カード", CARD }, { "هاتف", TEL },
	{ "फ़ोन", TEL }, { "फोन", TEL },
};

static int
compare(const char *word, const unsigned char *s, size_t n)
{
	size_t len = strlen(word);
	int c = memcmp(word, s, MIN(len, n));

	return c ? c : len < n ? -1 : len > n;
}

static unsigned
lookup(const unsigned char *s, size_t n)
{
	size_t lo = 0, hi = countof(words);

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		int c = compare(words[mid].word, s, n);

		if (c == 0)
			return words[mid].bits;
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return 0;
}

/* Copy a word in lower case. Of letters of two bytes only the frequent ones are folded. */
static void
fold(unsigned char *out, const unsigned char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = s[i], d;

		out[i] = c >= 'A' && c <= 'Z' ? c | 0x20 : c;
		if (i + 1 >= n)
			continue;
		d = s[i + 1];
		if (c == 0xc3 && d >= 0x80 && d <= 0x9e) {
			out[++i] = d + 0x20;
		} else if (c == 0xd0 && d >= 0x90 && d <= 0x9f) {
			out[++i] = d + 0x20;
		} else if (c == 0xd0 && d >= 0xa0 && d <= 0xaf) {
			out[i] = 0xd1;
			out[++i] = d - 0x20;
		}
	}
}

static unsigned
word_bits(const unsigned char *s, size_t n)
{
	unsigned char w[WINDOW];
	unsigned bits = 0;

	if (n <= WORD_MAX) {
		fold(w, s, n);
		bits = lookup(w, n);
	}
	for (size_t i = 0; s[0] >= 0xd8 && i < countof(parts); i++)
		if (memmem(s, n, parts[i].word, strlen(parts[i].word)))
			bits |= parts[i].bits;
	return bits;
}

static bool
is_letter(unsigned char c)
{
	return pii_class[c] & (PIIC_ALPHA | PIIC_HIGH);
}

static bool
is_upper(unsigned char c)
{
	return c >= 'A' && c <= 'Z';
}

unsigned
pii_context(struct pii_scan *sc, size_t start)
{
	size_t floor = start > WINDOW ? start - WINDOW : 0, i = start;
	unsigned bits = 0;

	if (sc->context_at == start)
		return sc->context;
	for (unsigned nr = 0; nr < WORDS && i > floor; nr++) {
		size_t end;
		unsigned b;

		while (i > floor && !is_letter(sc->s[i - 1]))
			i--;
		end = i;
		while (i > floor && is_letter(sc->s[i - 1])) {
			i--;
			if (is_upper(sc->s[i]) && end - i > 1 && !is_upper(sc->s[i + 1]) &&
			    !is_upper(pii_at(sc, i - 1)))
				break;	/* the N of phoneNumber */
		}
		if (end == i)
			break;
		b = word_bits(sc->s + i, end - i);
		if (nr >= NEAR)
			b &= ~PIIX_ID;
		bits |= b;
	}
	sc->context_at = start;
	sc->context = bits;
	return bits;
}
