/*
 * fuzz-pii: any bytes as a text. The findings are sorted, within it and apart; a mask
 * has the text's length and changes nothing outside of them; each kind that is found
 * among all is one that was asked for. The first byte, if odd, switches all kinds on.
 */
#include "alg/pii.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(struct slice text, const struct pii_options *opt)
{
	struct pii_findings f = PII_FINDINGS_INIT;
	struct str out = STR_INIT;
	size_t at = 0;

	pii_scan(text, opt, &f);
	pii_mask(text, &f, &out);
	if (out.len != text.len)
		abort();
	for (size_t i = 0; i < f.nr; i++) {
		const struct pii_finding *v = &f.v[i];

		if (v->start < at || v->start >= v->end || v->end > text.len ||
		    v->score < opt->min_score || v->score > PII_SCORE_MAX)
			abort();
		if (opt->kinds && !(opt->kinds & PII_BIT(v->kind)))
			abort();
		if (memcmp(out.buf + at, text.ptr + at, v->start - at) != 0)
			abort();
		at = v->end;
	}
	if (at < text.len && memcmp(out.buf + at, text.ptr + at, text.len - at) != 0)
		abort();
	str_release(&out);
	pii_findings_release(&f);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pii_options opt = { 0, 0 };

	if (size > 0 && !(data[0] & 1)) {
		opt.kinds = PII_BIT(data[0] / 2 % PII_KIND_NR);
		opt.min_score = data[0] / 2;
	}
	check((struct slice){ (const char *)data, size }, &opt);
	return 0;
}
