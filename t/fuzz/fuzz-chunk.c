/* fuzz-chunk: four bytes of options, then a text. All that alg/chunk.h promises
 * holds, twice the same, and heading paths are bounded. */
#include "alg/chunk.h"

#include "t/unit/chunk-test.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(bool good)
{
	if (!good)
		abort();
}

static void
read_options(struct chunk_options *opt, struct chunk_span *span, const uint8_t *data, size_t len)
{
	static const char *const langs[] = { "", "en", "de", "fr", "it", "ru", "ar", "el" };

	opt->size = 1 + (data[0] < 128 ? data[0] : (size_t)(data[0] - 127) * 16);
	opt->overlap = data[1] == 255 ? CHUNK_OVERLAP_DEFAULT : opt->size * data[1] / 255;
	opt->unit = data[2] & 1 ? CHUNK_WORDS : CHUNK_BYTES;
	opt->markup = (enum chunk_markup)(data[2] >> 1 & 3) % 3;
	opt->lang = langs[data[2] >> 3 & 7];
	opt->title = data[2] >> 6 & 1 ? (struct slice)SLICE_LIT("Title") : (struct slice)SLICE_INIT;
	if (data[3]) {	/* a border in the text */
		span->start = len * data[3] / 256;
		span->end = span->start + (len - span->start) * data[2] / 256;
		opt->borders = span;
		opt->nr_borders = 1;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct chunk_options opt = CHUNK_OPTIONS_INIT;
	struct chunks c = CHUNKS_INIT, again = CHUNKS_INIT;
	struct err err = ERR_INIT;
	struct str path = STR_INIT;
	struct chunk_span span;
	unsigned char *place;
	struct slice t;
	int line = 0;

	if (size < 4)
		return 0;
	t = (struct slice){ (const char *)data + 4, size - 4 };
	read_options(&opt, &span, data, t.len);
	if (chunk_split(t, &opt, &c, &err) < 0) {
		check(err.kind == ERR_USAGE && err.text && opt.overlap >= opt.size);
		err_release(&err);
		return 0;
	}
	place = mark_places(t, &opt);
	if (broken_chunk(t, &opt, &c, place, &line) != c.nr) {
		fprintf(stderr, "broken: chunk-test.h:%d\n", line);
		abort();
	}
	free(place);
	check(chunk_split(t, &opt, &again, &err) == 0 && again.nr == c.nr);
	for (size_t i = 0; i < c.nr; i++) {
		check(again.v[i].start == c.v[i].start && again.v[i].end == c.v[i].end &&
		    again.v[i].body_start == c.v[i].body_start &&
		    again.v[i].heading == c.v[i].heading && again.v[i].blank == c.v[i].blank);
		str_reset(&path);
		chunk_heading(&c, &c.v[i], &path);
		check(path.len <= 7 * (CHUNK_TITLE_MAX + strlen(" > ")));
		check(!utf8_ok(t.ptr, t.len) || utf8_ok(path.buf, path.len));
	}
	str_release(&path);
	chunks_release(&c);
	chunks_release(&again);
	return 0;
}
