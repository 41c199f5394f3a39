#include "alg/chunk_private.h"

#include "alg/grapheme.h"
#include "base/mem.h"

/* The run that holds pos begins: code, or text up to the next code. */
static void
run_start(struct chunker *k, size_t pos)
{
	const struct chunk_marks *m = k->marks;

	while (k->code < m->nr_code && m->code[k->code].end <= pos)
		k->code++;
	k->run_from = pos;
	k->run_to = k->to;
	k->run_code = false;
	k->run_new = true;
	if (k->code < m->nr_code && m->code[k->code].start <= pos) {
		k->run_code = true;
		k->run_to = MIN(k->to, m->code[k->code].end);
	} else if (k->code < m->nr_code) {
		k->run_to = MIN(k->to, m->code[k->code].start);
	}
	sentence_init(&k->it, (struct slice){ k->text + pos, k->run_to - pos }, k->lang);
}

void
chunk_read_start(struct chunker *k)
{
	k->head = k->nr = 0;
	run_start(k, k->from);
}

/* The next line that is not blank of a run of code. */
static bool
read_line(struct chunker *k, struct chunk_piece *piece)
{
	const char *end = k->text + k->run_to;

	piece->para = false;
	while (k->run_from < k->run_to) {
		const char *p = k->text + k->run_from, *nl, *trim;

		nl = memchr(p, '\n', (size_t)(end - p));
		nl = nl ? nl + 1 : end;
		trim = grapheme_trim(p, nl);
		k->run_from = (size_t)(nl - k->text);
		if (trim > p) {
			piece->start = (size_t)(p - k->text);
			piece->end = (size_t)(trim - k->text);
			return true;
		}
		piece->para = true;
	}
	return false;
}

static bool
read_sentence(struct chunker *k, struct chunk_piece *piece)
{
	const char *begin = k->text + k->run_from, *p, *q;
	struct sentence s;

	if (!sentence_next(&k->it, &s))
		return false;
	for (p = begin + s.start; p > begin; p = q) {
		q = grapheme_cp_before(begin, p);
		if (*q == '\n' || *q == '\r')
			break;
		if (grapheme_white(q, p) != p - q) {
			p = begin + s.start;
			break;
		}
	}
	piece->start = (size_t)(p - k->text);
	piece->end = k->run_from + s.end;
	piece->para = s.para;
	return true;
}

void
chunk_read(struct chunker *k, size_t from, size_t pos)
{
	/* what ends before the last chunk is of no use any more */
	while (k->head < k->nr && k->win[k->head].end <= from)
		k->head++;
	if (k->head > k->nr / 2) {
		memmove(k->win, k->win + k->head, (k->nr - k->head) * sizeof(*k->win));
		k->nr -= k->head;
		k->head = 0;
	}
	while (k->nr == k->head || k->win[k->nr - 1].start <= pos) {
		struct chunk_piece piece;

		while (!(k->run_code ? read_line(k, &piece) : read_sentence(k, &piece))) {
			if (k->run_to == k->to)
				return;
			run_start(k, k->run_to);
		}
		/* where code begins or ends, so does a paragraph */
		piece.para |= k->run_new;
		k->run_new = false;
		ALLOC_GROW(k->win, k->nr + 1, k->alloc);
		k->win[k->nr++] = piece;
	}
}
