/*
 * chunktime [-w] [-m] [-s SIZE] [-o OVERLAP] [-r ROUNDS] FILE - how long
 * chunk_split takes for a file: chunks, bytes in their bodies and the best of
 * the rounds in seconds, on one line. -w counts words, -m reads Markdown.
 */
#include "base/base.h"

#include <unistd.h>

#include "alg/chunk.h"
#include "base/num.h"
#include "base/str.h"

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int
main(int argc, char **argv)
{
	struct chunk_options opt = CHUNK_OPTIONS_INIT;
	struct chunks c = CHUNKS_INIT;
	struct err err = ERR_INIT;
	struct str text = STR_INIT;
	uint64_t n, rounds = 3;
	double best = 1e9;
	char buf[65536];
	size_t got;
	FILE *f;
	int o;

	while ((o = getopt(argc, argv, "wms:o:r:")) != -1) {
		if (o == '?' || (optarg && num_uint(optarg, SIZE_MAX, &n) < 0))
			return EXIT_USAGE;
		if (o == 'w')
			opt.unit = CHUNK_WORDS;
		else if (o == 'm')
			opt.markup = CHUNK_MARKDOWN;
		else if (o == 's')
			opt.size = n;
		else if (o == 'o')
			opt.overlap = n;
		else
			rounds = n;
	}
	f = optind < argc ? fopen(argv[optind], "rb") : NULL;
	if (!f)
		return EXIT_USAGE;
	while ((got = fread(buf, 1, sizeof(buf), f)) > 0)
		str_add(&text, buf, got);
	fclose(f);
	while (rounds-- > 0) {
		double from = now();

		if (chunk_split(str_slice(&text), &opt, &c, &err) < 0) {
			fprintf(stderr, "chunktime: %s\n", err.text);
			return err_exit_status(&err);
		}
		best = MIN(best, now() - from);
	}
	printf("%zu %zu %.6f\n", c.nr, text.len, best);
	chunks_release(&c);
	str_release(&text);
	return 0;
}
