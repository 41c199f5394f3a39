/*
 * piidump [-k KIND[,KIND]] [-m MIN_SCORE] [-l] [-b ROUNDS] [FILE]
 *
 * What the scanner finds in a file (stdin), a line each: kind, start, end, score,
 * v or -. -l takes each line as a text of its own and puts its number in front.
 * -b prints the bytes, findings and nanoseconds of the fastest of so many rounds.
 */
#include "alg/pii.h"

#include <unistd.h>

#include "base/str.h"

static struct pii_options opt;

static void
die(const char *what)
{
	fprintf(stderr, "piidump: %s\n", what);
	exit(64);
}

static unsigned
kinds(char *list)
{
	unsigned bits = 0;
	char *save, *name;
	enum pii_kind k;

	for (name = strtok_r(list, ",", &save); name; name = strtok_r(NULL, ",", &save)) {
		if (pii_kind_parse((struct slice){ name, strlen(name) }, &k) < 0)
			die("no such kind");
		bits |= PII_BIT(k);
	}
	return bits;
}

static void
dump(struct slice text, size_t line, struct pii_findings *f)
{
	pii_scan(text, &opt, f);
	for (size_t i = 0; i < f->nr; i++) {
		if (line)
			printf("%zu\t", line);
		printf("%s\t%zu\t%zu\t%u\t%c\n", pii_kind_name(f->v[i].kind), f->v[i].start,
		       f->v[i].end, f->v[i].score, f->v[i].validated ? 'v' : '-');
	}
}

static void
bench(struct slice text, int rounds, struct pii_findings *f)
{
	int64_t best = INT64_MAX;

	while (rounds-- > 0) {
		struct timespec a, b;
		int64_t ns;

		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
		pii_scan(text, &opt, f);
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
		ns = (b.tv_sec - a.tv_sec) * INT64_C(1000000000) + b.tv_nsec - a.tv_nsec;
		best = MIN(best, ns);
	}
	printf("%zu\t%zu\t%lld\n", text.len, f->nr, (long long)best);
}

int
main(int argc, char **argv)
{
	struct str in = STR_INIT;
	struct pii_findings f = PII_FINDINGS_INIT;
	bool lines = false;
	int c, rounds = 0;
	FILE *file = stdin;
	char buf[65536];
	size_t n;

	while ((c = getopt(argc, argv, "k:m:b:l")) != -1) {
		if (c == 'k')
			opt.kinds = kinds(optarg);
		else if (c == 'm')
			opt.min_score = (unsigned)strtoul(optarg, NULL, 10);
		else if (c == 'b')
			rounds = (int)strtol(optarg, NULL, 10);
		else if (c == 'l')
			lines = true;
		else
			die("usage: piidump [-k KINDS] [-m MIN_SCORE] [-l] [-b ROUNDS] [FILE]");
	}
	if (argv[optind] && !(file = fopen(argv[optind], "rb")))
		die("could not open the file");
	while ((n = fread(buf, 1, sizeof(buf), file)) > 0)
		str_add(&in, buf, n);
	fclose(file);
	if (rounds > 0) {
		bench(str_slice(&in), rounds, &f);
	} else if (!lines) {
		dump(str_slice(&in), 0, &f);
	} else {
		size_t line = 0;

		for (const char *p = in.buf, *end = in.buf + in.len; p < end;) {
			const char *nl = memchr(p, '\n', (size_t)(end - p));

			dump((struct slice){ p, (size_t)((nl ? nl : end) - p) }, ++line, &f);
			p = nl ? nl + 1 : end;
		}
	}
	str_release(&in);
	pii_findings_release(&f);
	return ferror(stdout) ? 74 : 0;
}
