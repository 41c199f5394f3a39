#include "alg/chunk.h"

#include "alg/chunk_private.h"
#include "alg/grapheme.h"
#include "base/mem.h"

#define MAX_DEPTH 6	/* of headings */

void
chunks_release(struct chunks *c)
{
	free(c->v);
	free(c->headings);
	*c = (struct chunks)CHUNKS_INIT;
}

static int
check(struct slice text, const struct chunk_options *opt, size_t overlap, struct err *err)
{
	size_t at = 0;

	if (opt->size == 0)
		return err_set(err, ERR_USAGE, "the size of a chunk must be at least 1");
	if (overlap >= opt->size) {
		err_set(err, ERR_USAGE, "the overlap (%zu) must be less than the size of a chunk "
		    "(%zu)", overlap, opt->size);
		return err_hint(err, "take a smaller overlap, or 0 for none");
	}
	for (size_t i = 0; i < opt->nr_borders; i++) {
		const struct chunk_span *b = &opt->borders[i];

		if (b->start < at || b->end < b->start || b->end > text.len)
			return err_set(err, ERR_DATA, "border %zu [%zu, %zu) is out of order or "
			    "outside of the text of %zu bytes", i, b->start, b->end, text.len);
		at = b->end;
	}
	return 0;
}

/* Edge number i of the borders, at the beginning of its code point. */
static size_t
edge(struct slice text, const struct chunk_options *opt, size_t i)
{
	const struct chunk_span *b = &opt->borders[i / 2];
	const char *p = text.ptr + (i % 2 ? b->end : b->start);

	return (size_t)(grapheme_cp_floor(text.ptr, p, text.ptr + text.len) - text.ptr);
}

/* Cut at every section and every edge of a border. */
static void
split(struct chunker *k, struct slice text, const struct chunk_options *opt)
{
	const struct chunk_marks *m = k->marks;
	size_t at = 0, s = 1, i = 0;
	int32_t heading = m->sections[0].heading;

	while (at < text.len) {
		size_t to = s < m->nr ? m->sections[s].pos : text.len;

		while (i < 2 * opt->nr_borders && edge(text, opt, i) <= at)
			i++;
		if (i < 2 * opt->nr_borders)
			to = MIN(to, edge(text, opt, i));
		chunk_segment(k, at, to, heading);
		at = to;
		for (; s < m->nr && m->sections[s].pos <= at; s++)
			heading = m->sections[s].heading;
	}
}

int
chunk_split(struct slice text, const struct chunk_options *opt, struct chunks *out,
    struct err *err)
{
	struct chunk_section whole = { 0, -1 };
	struct chunk_marks plain = { .sections = &whole, .nr = 1 }, found = { 0 };
	struct chunker k = { .text = text.ptr, .size = opt->size, .overlap = opt->overlap,
		.unit = opt->unit, .lang = opt->lang, .out = out, .marks = &plain };

	/* 15 % of size, which may be large, rounded down */
	if (opt->overlap == CHUNK_OVERLAP_DEFAULT)
		k.overlap = opt->size / 100 * CHUNK_OVERLAP_PERCENT +
		    opt->size % 100 * CHUNK_OVERLAP_PERCENT / 100;
	if (check(text, opt, k.overlap, err) < 0)
		return -1;
	out->nr = out->nr_headings = 0;
	out->text = text;
	out->title = opt->title;
	if (text.len == 0 || chunk_is_white(text.ptr, 0, text.len))
		return 0;
	if (opt->markup == CHUNK_MARKDOWN) {
		chunk_mark_markdown(text, out, &found);
		k.marks = &found;
	}
	split(&k, text, opt);
	free(k.win);
	free(found.sections);
	free(found.code);
	return 0;
}

/* One part of a path, its white space collapsed; a cluster is not cut. */
static void
add_part(struct str *out, size_t from, struct slice s)
{
	const char *p = s.len ? s.ptr : "", *end = p + s.len;
	size_t begin, fit;
	int n;

	while ((n = grapheme_white(p, end)))
		p += n;
	if (p >= end)
		return;
	if (out->len > from)
		str_adds(out, " > ");
	begin = out->len;
	/* 4 more: the code point behind the limit must be whole */
	while (p < end && out->len - begin < CHUNK_TITLE_MAX + 4) {
		if (!grapheme_white(p, end)) {
			str_addc(out, *p++);
			continue;
		}
		while ((n = grapheme_white(p, end)))
			p += n;
		if (p < end)
			str_addc(out, ' ');
	}
	fit = grapheme_fit(out->buf + begin, out->len - begin, CHUNK_TITLE_MAX);
	if (fit == 0)
		fit = (size_t)(grapheme_cp_floor(out->buf + begin, out->buf + begin +
		    CHUNK_TITLE_MAX, out->buf + out->len) - out->buf) - begin;
	str_truncate(out, begin + fit);
}

void
chunk_heading(const struct chunks *c, const struct chunk *chunk, struct str *out)
{
	int32_t path[MAX_DEPTH];
	size_t from = out->len;
	int n = 0;

	add_part(out, from, c->title);
	for (int32_t h = chunk->heading; h >= 0 && n < MAX_DEPTH; h = c->headings[h].up)
		path[n++] = h;
	while (n-- > 0) {
		const struct chunk_heading *h = &c->headings[path[n]];

		add_part(out, from, (struct slice){ c->text.ptr + h->start, h->end - h->start });
	}
}
