#include "app/batch.h"

#include "app/event.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "fmt/json.h"

#define ERROR_NOTE_MAX 4096
#define EVENT_FILES 100	/* an event names so many files, then counts */

void
batch_release(struct batch *b)
{
	for (size_t i = 0; i < b->nr; i++) {
		free(b->file[i].name);
		free(b->file[i].error);
	}
	free(b->file);
	*b = (struct batch)BATCH_INIT;
}

struct batch_file *
batch_add(struct batch *b, const char *name, const char *sha256, uint64_t bytes)
{
	struct batch_file *f;

	ALLOC_GROW(b->file, b->nr + 1, b->alloc);
	f = &b->file[b->nr++];
	*f = (struct batch_file){ .name = xstrdup(name), .bytes = bytes };
	snprintf(f->sha256, sizeof(f->sha256), "%s", sha256);
	return f;
}

bool
batch_finished(const struct batch *b)
{
	return strcmp(b->status, "open") != 0 && strcmp(b->status, "processing") != 0;
}

static void
put_file(struct str *out, const struct batch_file *f)
{
	if (out->buf[out->len - 1] == '}')
		str_addc(out, ',');
	str_addc(out, '{');
	json_put_key_cstr(out, "name", f->name);
	json_put_key_int(out, "bytes", (int64_t)f->bytes);
	json_put_key_cstr(out, "sha256", f->sha256);
	if (f->missing)
		str_adds(out, ",\"missing\":true");
	if (f->error)
		json_put_key_cstr(out, "error", f->error);
	str_addc(out, '}');
}

void
batch_put_files(struct str *out, const struct batch *b, size_t max)
{
	str_addc(out, '[');
	for (size_t i = 0; i < b->nr && i < max; i++)
		put_file(out, &b->file[i]);
	str_addc(out, ']');
}

void
batch_put_ids(struct str *out, const struct batch *b)
{
	json_put_key_int(out, "batch_id", b->id);
	json_put_key_cstr(out, "batch_tag", b->tag);
	json_put_key_int(out, "attempt", b->attempt);
}

void
batch_end_event(struct str *out, const struct batch *b)
{
	json_put_key(out, "files");
	batch_put_files(out, b, EVENT_FILES);
	if (b->nr > EVENT_FILES)
		json_put_key_int(out, "files_omitted", (int64_t)(b->nr - EVENT_FILES));
	str_adds(out, "}\n");
}

void
batch_open_event(const struct batch *b, struct str *out)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < b->nr; i++)
		bytes += b->file[i].bytes;
	event_begin(out, "gate.open", b->tag, "open", b->attempt, b->created_us);
	batch_put_ids(out, b);
	str_addf(out, ",\"totals\":{\"files\":%zu,\"bytes\":%llu}", b->nr,
	    (unsigned long long)bytes);
	batch_end_event(out, b);
}

int
batch_rehash(struct batch *b, const char *dir, struct err *err)
{
	for (size_t i = 0; i < b->nr; i++) {
		struct batch_file *f = &b->file[i];
		char sha[65];
		uint64_t bytes;
		int there = spool_hash(dir, f->name, true, sha, &bytes, err);

		if (there < 0)
			return -1;
		if (there > 0)
			continue;
		memcpy(f->sha256, sha, sizeof(sha));
		f->bytes = bytes;
	}
	return 0;
}

/* A reason may quote a path of any bytes; the manifest takes UTF-8 only. */
static void
make_utf8(struct str *s)
{
	size_t at = 0;

	while ((at += utf8_valid_prefix(s->buf + at, s->len - at)) < s->len)
		s->buf[at] = '?';
}

void
batch_look_for_files(const struct spool *sp, struct batch *b)
{
	char *archive = spool_archive_path(sp, b->tag, b->created_us);

	for (size_t i = 0; i < b->nr; i++) {
		struct batch_file *f = &b->file[i];
		char *failed = xasprintf("%s/failed/%s/%s", sp->root, b->tag, f->name);
		char *note = xasprintf("%s" SPOOL_ERROR_NOTE, failed);
		char *done = xasprintf("%s/%s", archive, f->name);
		struct str why = STR_INIT;
		struct err ignored = ERR_INIT;

		free(f->error);
		f->error = NULL;
		f->missing = !fs_exists(done) && !fs_exists(failed);
		if (f->missing)
			f->error = xstrdup("listed, but found nowhere");
		else if (fs_exists(failed) &&
		    fs_read(note, ERROR_NOTE_MAX, &why, &ignored) == 0) {
			make_utf8(&why);
			f->error = str_detach(&why);
		}
		str_release(&why);
		err_release(&ignored);
		free(done);
		free(note);
		free(failed);
	}
	free(archive);
}

/* Both lists are in the order of names but for what was adopted: the search
 * goes on where the one before it ended. */
static bool
is_listed(const struct batch *b, size_t listed, const char *name, size_t *at)
{
	for (size_t i = 0; i < listed; i++) {
		size_t k = (*at + i) % listed;

		if (strcmp(b->file[k].name, name) == 0) {
			*at = k + 1;
			return true;
		}
	}
	return false;
}

/* Files in the folder that the row does not list belong to the batch too. */
int
batch_adopt(struct batch *b, const char *dir, struct err *err)
{
	struct fs_names names = FS_NAMES_INIT;
	size_t listed = b->nr, at = 0;
	int rc = fs_scan(dir, &names, err);

	for (size_t i = 0; rc == 0 && i < names.nr; i++) {
		char sha[65];
		uint64_t bytes;

		if (!spool_is_segment(names.name[i]) || is_listed(b, listed, names.name[i], &at))
			continue;
		rc = spool_hash(dir, names.name[i], true, sha, &bytes, err);
		if (rc == 0)
			batch_add(b, names.name[i], sha, bytes);
		rc = MIN(rc, 0);
	}
	fs_names_release(&names);
	return rc;
}
