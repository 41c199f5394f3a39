#include "fmt/text_private.h"

#include "base/mem.h"

/*
 * Quoted history and signatures of a mail. There is no standard but `> ` and `-- `
 * (RFC 3676); the rest is what programs write, in the languages that they write it in. One
 * pass over the lines, each looking at a few of its neighbours only.
 */
#define INTRO_LINES 4		/* of an attribution */
#define INTRO_GAP 2		/* empty lines after it */
#define HEADER_LINES 10		/* among which the headers of a copied mail are looked for */
#define LINE_MAX_LOOK 400	/* longer lines say nothing of the kind */
#define MOBILE_MAX 100
#define HEADER_MAX 40		/* bytes up to the colon */
#define RULE_MIN 20

struct spans {
	struct doc *d;
	struct slice *line;	/* trimmed at its end */
	size_t *start;		/* one more than lines: of each line in the text */
	size_t lines, alloc, start_alloc;
	size_t done;		/* the first line that no span has */
};

static const char *const verbs[] = {
	"wrote", "writes", "schrieb", "schreibt", "a \xc3\xa9" "crit", "escribi\xc3\xb3", "escribe",
	"ha scritto", "scrive", "schreef", "heeft geschreven", "escreveu", "escreve", "skrev",
	"napisa\xc5\x82", "kirjoitti", "Quoting", "Zitat von", "Citando", NULL,
};
static const char *const openers[] = {
	"On ", "Am ", "Le ", "El ", "Il ", "Op ", "Em ", "Den ", "Dnia ", "W dniu ", "Quoting ",
	"Zitat von ", "Citando ", "No dia ", NULL,
};
static const char *const originals[] = {
	"Original Message", "Original message", "Original Appointment",
	"Urspr\xc3\xbcngliche Nachricht", "Originalnachricht", "Message d'origine",
	"Message d\xe2\x80\x99origine", "Message original", "Mensaje original", "Mensagem original",
	"Messaggio originale", "Oorspronkelijk bericht", "Originele bericht", NULL,
};
/* A mail that is passed on is not history: nobody here has it otherwise. */
static const char *const forwards[] = {
	"orwarded", "eitergeleitet", "ransf\xc3\xa9r", "eenviado", "noltrato", "oorgestuur",
	"ncaminhad", NULL,
};
/* Headers of a copied mail by language: who, when, to whom, what. */
static const char *const headers[][4] = {
	{ "From", "Sent", "To", "Subject" }, { "From", "Date", "To", "Subject" },
	{ "Von", "Gesendet", "An", "Betreff" }, { "Von", "Datum", "An", "Betreff" },
	{ "De", "Envoy\xc3\xa9", "\xc3\x80", "Objet" }, { "De", "Date", "\xc3\x80", "Objet" },
	{ "De", "Enviado", "Para", "Asunto" }, { "De", "Fecha", "Para", "Asunto" },
	{ "De", "Enviado", "Para", "Assunto" }, { "De", "Data", "Para", "Assunto" },
	{ "Da", "Inviato", "A", "Oggetto" }, { "Da", "Data", "A", "Oggetto" },
	{ "Van", "Verzonden", "Aan", "Onderwerp" }, { "Van", "Datum", "Aan", "Onderwerp" },
};
static const char *const mobiles[] = {
	"Sent from my ", "Sent from Mail for ", "Sent from Yahoo", "Sent from Outlook",
	"Sent via ", "Get Outlook for ", "Von meinem ", "Gesendet von ", "Envoy\xc3\xa9 de mon ",
	"Envoy\xc3\xa9 depuis ", "Enviado desde mi ", "Enviado do meu ", "Enviado desde ",
	"Inviato da ", "Verstuurd vanaf ", "Verzonden vanaf ", NULL,
};

static struct slice
rest(struct slice s, size_t n)
{
	return (struct slice){ s.ptr + n, s.len - n };
}

static void
split(struct spans *s)
{
	struct slice text = str_slice(&s->d->text);
	size_t at = 0;

	while (at < text.len) {
		const char *nl = memchr(text.ptr + at, '\n', text.len - at);
		size_t n = nl ? (size_t)(nl - text.ptr) - at : text.len - at;
		struct slice line = { text.ptr + at, n };

		while (line.len > 0 && strchr(" \t\r", line.ptr[line.len - 1]))
			line.len--;
		ALLOC_GROW(s->line, s->lines + 1, s->alloc);
		ALLOC_GROW(s->start, s->lines + 2, s->start_alloc);
		s->start[s->lines] = at;
		s->line[s->lines++] = line;
		at += n + (nl != NULL);
		s->start[s->lines] = at;
	}
}

static bool
empty(const struct spans *s, size_t i)
{
	return s->line[i].len == 0;
}

static bool
has_word(struct slice s, const char *const *words)
{
	for (; *words; words++)
		if (memmem(s.ptr, s.len, *words, strlen(*words)))
			return true;
	return false;
}

static bool
begins(struct slice s, const char *const *words)
{
	for (; *words; words++)
		if (text_starts(s, *words))
			return true;
	return false;
}

static bool
marked(struct slice s)
{
	return s.len > 0 && s.ptr[0] == '>';
}

/* `>From ` alone is what a mailbox makes of a line that begins with `From `. */
static bool
quoted(const struct spans *s, size_t i)
{
	if (!marked(s->line[i]))
		return false;
	if (!text_starts(s->line[i], ">From "))
		return true;
	return (i > s->done && marked(s->line[i - 1])) ||
	    (i + 1 < s->lines && marked(s->line[i + 1]));
}

static bool
ends_with_colon(struct slice s)
{
	return s.len > 0 && (s.ptr[s.len - 1] == ':' ||
	    (s.len >= 3 && memcmp(s.ptr + s.len - 3, "\xef\xbc\x9a", 3) == 0));
}

/* The first line of the attribution whose last one is `last`, or SIZE_MAX when it is none. */
static size_t
attribution(const struct spans *s, size_t last)
{
	bool verb = false;

	if (!ends_with_colon(s->line[last]))
		return SIZE_MAX;
	for (size_t n = 0; n < INTRO_LINES && last >= s->done + n; n++) {
		size_t i = last - n;
		struct slice line = s->line[i];

		if (line.len == 0 || line.len > LINE_MAX_LOOK || marked(line))
			break;
		verb |= has_word(line, verbs);
		if (verb && begins(line, openers))
			return i;
		if (i == 0)
			break;
	}
	/* `Ann Onym <ann@example.org> wrote:` */
	return s->line[last].len <= LINE_MAX_LOOK && has_word(s->line[last], verbs) ? last : SIZE_MAX;
}

/* Where the history begins whose first marked line is i. */
static size_t
introduced(const struct spans *s, size_t i)
{
	size_t found;

	for (size_t gap = 0; gap <= INTRO_GAP && i >= s->done + gap + 1; gap++) {
		if (empty(s, i - gap - 1))
			continue;
		found = attribution(s, i - gap - 1);
		return found == SIZE_MAX ? i : found;
	}
	return i;
}

/* Does a line say `name:`, perhaps with a space before the colon, perhaps in bold? */
static bool
is_header(struct slice s, const char *name)
{
	s.len = MIN(s.len, (size_t)HEADER_MAX);
	while (s.len > 0 && s.ptr[0] == '*')
		s = rest(s, 1);
	if (!text_starts(s, name))
		return false;
	s = rest(s, strlen(name));
	while (s.len > 0 && (s.ptr[0] == '*' || s.ptr[0] == ' '))
		s = rest(s, 1);
	if (s.len >= 2 && memcmp(s.ptr, "\xc2\xa0", 2) == 0)
		s = rest(s, 2);
	return s.len > 0 && s.ptr[0] == ':';
}

static bool
forwarded(const struct spans *s, size_t i)
{
	for (size_t n = 1; n <= 2 && i >= n; n++)
		if (s->line[i - n].len <= LINE_MAX_LOOK && has_word(s->line[i - n], forwards))
			return true;
	return false;
}

/* The headers of a copied mail, at line i. */
static bool
copied(const struct spans *s, size_t i)
{
	size_t end = MIN(s->lines, i + HEADER_LINES);

	for (size_t h = 0; h < countof(headers); h++) {
		unsigned found = 0;

		if (!is_header(s->line[i], headers[h][0]))
			continue;
		for (size_t j = i + 1; j < end && !empty(s, j); j++)
			for (size_t k = 1; k < 4; k++)
				found += is_header(s->line[j], headers[h][k]);
		if (found >= 2)
			return !forwarded(s, i);
	}
	return false;
}

static size_t
rule(struct slice s, char c)
{
	size_t n = 0;

	while (n < s.len && s.ptr[n] == c)
		n++;
	return n;
}

/* The next line after i that is not empty, or lines. */
static size_t
next_line(const struct spans *s, size_t i)
{
	size_t end = MIN(s->lines, i + 4);

	for (i++; i < end; i++)
		if (!empty(s, i))
			return i;
	return s->lines;
}

/* History that goes on to the end begins here. */
static bool
to_the_end(const struct spans *s, size_t i)
{
	struct slice line = s->line[i];
	size_t n = rule(line, '-'), next;

	if (n >= 2 && line.len <= LINE_MAX_LOOK && has_word(rest(line, n), originals))
		return line.ptr[line.len - 1] == '-';
	if (copied(s, i))
		return true;
	if (line.len < RULE_MIN || (rule(line, '_') != line.len && rule(line, '-') != line.len))
		return false;
	next = next_line(s, i);
	return next < s->lines && copied(s, next);
}

/* `On Mon, 3 Jun 2024 at 10:00, Ann <ann@example.org> wrote:` with nothing marked after it:
 * the lines of a page have no marks. */
static bool
unmarked(const struct spans *s, size_t i)
{
	struct slice line = s->line[i];
	size_t last = i, next;
	bool time = false;

	if (line.len > LINE_MAX_LOOK || !begins(line, openers))
		return false;
	while (!ends_with_colon(s->line[last]) && last + 1 < s->lines && last < i + INTRO_LINES - 1 &&
	    !empty(s, last + 1))
		last++;
	if (attribution(s, last) != i)
		return false;
	for (const char *p = line.ptr; p + 2 < s->line[last].ptr + s->line[last].len; p++)
		time |= *p == '@' || (*p == ':' && p > line.ptr && p[-1] >= '0' && p[-1] <= '9' &&
		    p[1] >= '0' && p[1] <= '9');
	next = next_line(s, last);
	return time && next < s->lines && !marked(s->line[next]);
}

/* With its space at the end; without it only near the end of the text. */
static bool
signs(const struct spans *s, size_t i)
{
	struct slice line = s->line[i];

	if (slice_is(line, "--"))
		return s->d->text.buf[s->start[i] + 2] == ' ' || s->lines - i <= 12;
	/* the foot of a mailing list */
	if (line.len >= RULE_MIN && rule(line, '_') == line.len && i + 1 < s->lines)
		return memmem(s->line[i + 1].ptr, s->line[i + 1].len, "mailing list", 12) != NULL;
	return false;
}

static void
add(struct spans *s, const char *kind, size_t from, size_t to)
{
	doc_add_span(s->d, kind, s->start[from], s->start[to]);
	s->done = to;
}

/* The line after the marked lines from i on, and the empty ones between them. */
static size_t
quote_end(const struct spans *s, size_t i)
{
	size_t end = i;

	for (; i < s->lines; i++) {
		if (marked(s->line[i]))
			end = i + 1;
		else if (!empty(s, i))
			break;
	}
	return end;
}

/* A signature goes to the end, or to the history that follows. */
static size_t
signature_end(struct spans *s, size_t i)
{
	size_t end;

	/* what introduces the history is not the mark of the signature */
	s->done = i + 1;
	for (i++; i < s->lines; i++)
		if (quoted(s, i) || to_the_end(s, i) || unmarked(s, i))
			break;
	end = i;
	if (i < s->lines && quoted(s, i))
		end = introduced(s, i);
	return end;
}

void
text_mail_spans(struct doc *d)
{
	struct spans s = { .d = d };

	split(&s);
	for (size_t i = 0; i < s.lines; i = MAX(i + 1, s.done)) {
		if (empty(&s, i))
			continue;
		if (quoted(&s, i))
			add(&s, "quote", introduced(&s, i), quote_end(&s, i));
		else if (to_the_end(&s, i) || unmarked(&s, i))
			add(&s, "quote", i, s.lines);
		else if (signs(&s, i))
			add(&s, "signature", i, signature_end(&s, i));
		else if (s.line[i].len <= MOBILE_MAX && begins(s.line[i], mobiles))
			add(&s, "signature", i, i + 1);
	}
	free(s.line);
	free(s.start);
}
