/*
 * mailtree FILE... - the parts of a mail as lib/fmt sees them, one line of JSON
 * each: {"file","depth","kind","number","mime","name","fields","bytes_b64"}; bytes
 * are a leaf's, decoded. With -d the documents that mail_parse makes instead,
 * with -m those of a mailbox, and the number of its messages at the end.
 */
#include "fmt/mail_private.h"

#include <errno.h>

#include "base/enc.h"
#include "fmt/json.h"

static struct str out = STR_INIT;

static void
flush(void)
{
	if (fwrite(out.buf, 1, out.len, stdout) != out.len)
		exit(EXIT_IO);
	str_reset(&out);
}

static void
print_tree(const char *file, struct slice raw, const char *prefix, unsigned depth)
{
	static const char *const kinds[] = { "leaf", "multipart", "message" };
	struct mail_tree t = { 0 };
	struct mail_notes notes = { STR_INIT, 0 };

	mail_tree_parse(&t, raw, prefix, depth, &notes);
	for (size_t i = 0; i < t.nr; i++) {
		const struct mail_part *p = &t.part[i];
		unsigned inside = depth;
		struct str buf = STR_INIT;
		struct slice bytes = mail_decode(p, &buf);

		for (size_t k = 0; k < i; k++)
			inside += t.part[k].next > i;
		str_addc(&out, '{');
		json_put_key_cstr(&out, "file", file);
		json_put_key_int(&out, "depth", inside);
		json_put_key_cstr(&out, "kind", kinds[p->kind]);
		json_put_key_cstr(&out, "number", p->number);
		json_put_key_cstr(&out, "mime", p->type.mime);
		json_put_key_cstr(&out, "name", p->type.name ? p->type.name : "");
		json_put_key_int(&out, "fields", p->fields);
		if (p->kind == MAIL_LEAF) {
			json_put_key(&out, "bytes_b64");
			str_addc(&out, '"');
			enc_base64(&out, bytes.ptr, bytes.len);
			str_addc(&out, '"');
		}
		str_adds(&out, "}\n");
		flush();
		if (p->kind == MAIL_MESSAGE && inside < MAIL_MAX_DEPTH)
			print_tree(file, bytes, p->number, inside + 1);
		str_release(&buf);
	}
	mail_tree_release(&t);
	str_release(&notes.json);
}

static int
emit(void *arg, struct doc *d, struct err *err UNUSED)
{
	(void)arg;
	doc_put(d, &out);
	flush();
	return 0;
}

static int
attachment(void *arg, struct slice bytes, const char *mime, const char *name, const char *uri,
    const char *parent, struct err *err UNUSED)
{
	(void)arg, (void)bytes, (void)mime, (void)name, (void)uri, (void)parent;
	return 0;
}

static int
html(void *arg, struct slice text, struct str *to, struct err *err UNUSED)
{
	(void)arg;
	doc_clean(to, text);
	return 0;
}

static bool
parse(const char *uri, struct slice raw)
{
	struct mail_options o = { .source = "mail", .uri = uri, .attachment = attachment,
		.html = html, .emit = emit };
	struct err err = ERR_INIT;

	if (mail_parse(raw, &o, &err) == 0)
		return true;
	fprintf(stderr, "%s: %s\n", uri, err.text);
	err_release(&err);
	return false;
}

static bool
parse_mbox(const char *file, struct slice text)
{
	unsigned nr = 0;
	size_t n, skip;
	bool good = true;

	while ((n = mbox_next(text, true, MBOX_STRICT, &skip))) {
		if (n > skip) {
			good &= parse(file, (struct slice){ text.ptr + skip,
			    mbox_trim(text.ptr + skip, n - skip) });
			nr++;
		}
		text = (struct slice){ text.ptr + n, text.len - n };
	}
	printf("%u messages in %s\n", nr, file);
	return good;
}

static int
count(void *arg, struct doc *d, struct err *err UNUSED)
{
	uint64_t *counts = arg;

	doc_put(d, &out);
	counts[1]++;
	counts[2] += out.len;
	str_reset(&out);
	return 0;
}

static void
count_message(const char *file, struct slice raw, uint64_t counts[3])
{
	struct mail_options o = { .source = "mail", .uri = file, .attachment = attachment,
		.html = html, .emit = count, .arg = counts };
	struct err err = ERR_INIT;

	counts[0]++;
	if (mail_parse(raw, &o, &err) < 0)
		fprintf(stderr, "%s: %s\n", file, err.text);
	err_release(&err);
}

#define PIECE ((size_t)1 << 20)

static int
stream_mbox(const char *file)
{
	FILE *f = fopen(file, "rb");
	struct str buf = STR_INIT;
	uint64_t counts[3] = { 0 };
	size_t n, at = 0, skip, want = PIECE;
	bool eof = false;

	if (!f) {
		fprintf(stderr, "mailtree: could not open \"%s\": %s\n", file, strerror(errno));
		return -1;
	}
	while (!eof || at < buf.len) {
		memmove(buf.buf, buf.buf + at, buf.len - at);
		str_truncate(&buf, buf.len - at);
		str_grow(&buf, want - buf.len);
		n = fread(buf.buf + buf.len, 1, want - buf.len, f);
		eof = n < want - buf.len;
		buf.len += n;
		at = 0;
		while ((n = mbox_next((struct slice){ buf.buf + at, buf.len - at }, eof,
		    MBOX_STRICT, &skip))) {
			const char *message = buf.buf + at + skip;

			if (n > skip)
				count_message(file, (struct slice){ message,
				    mbox_trim(message, n - skip) }, counts);
			at += n;
		}
		want = at > 0 ? PIECE : want * 2;
		want = MAX(want, buf.len - at + PIECE);
	}
	fclose(f);
	str_release(&buf);
	printf("%ju messages %ju documents %ju bytes\n", (uintmax_t)counts[0],
	    (uintmax_t)counts[1], (uintmax_t)counts[2]);
	return 0;
}

static int
read_file(const char *path, struct str *data)
{
	FILE *f = fopen(path, "rb");
	char buf[65536];
	size_t n;

	if (!f) {
		fprintf(stderr, "mailtree: could not open \"%s\": %s\n", path, strerror(errno));
		return -1;
	}
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
		str_add(data, buf, n);
	fclose(f);
	return 0;
}

int
main(int argc, char **argv)
{
	int first = argc > 1 && argv[1][0] == '-' ? 2 : 1, status = EXIT_OK;
	char how = first == 2 ? argv[1][1] : 't';

	for (int i = first; i < argc; i++) {
		struct str data = STR_INIT;

		if (how == 's') {
			if (stream_mbox(argv[i]) < 0)
				return EXIT_IO;
			continue;
		}
		if (read_file(argv[i], &data) < 0)
			return EXIT_IO;
		if (how == 't')
			print_tree(argv[i], str_slice(&data), "", 0);
		else if (!(how == 'm' ? parse_mbox : parse)(argv[i], str_slice(&data)))
			status = EXIT_PARTIAL;
		str_release(&data);
	}
	str_release(&out);
	return status;
}
