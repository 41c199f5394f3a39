#include "app/archive.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"
#include "sys/sig.h"

const char *const file_place_name[] = { "archive", "failed", "processing", "incoming",
	"missing", "elsewhere" };

struct walk {
	const struct spool *sp;
	archive_fn fn;
	void *arg;
	uint64_t date[3];	/* year, month, day of the folder we are in */
};

static bool
in_folder(char *folder, const char *name)
{
	char *path = xasprintf("%s/%s", folder, name);
	bool there = fs_exists(path);

	free(path);
	free(folder);
	return there;
}

enum file_place
file_place_of(const struct spool *sp, const char *tag, int64_t created_us, bool finished,
    const char *name)
{
	if (in_folder(spool_archive_path(sp, tag, created_us), name))
		return PLACE_ARCHIVE;
	if (in_folder(spool_batch_path(sp, "failed", tag), name))
		return PLACE_FAILED;
	if (in_folder(spool_batch_path(sp, "processing", tag), name))
		return PLACE_PROCESSING;
	if (!finished && in_folder(spool_path(sp, "incoming"), name))
		return PLACE_INCOMING;
	return PLACE_NOWHERE;
}

static int
visit_tags(struct walk *w, const char *dir, const struct fs_names *tags, struct err *err)
{
	for (size_t i = 0; i < tags->nr; i++) {
		char *path;
		struct archive_folder f;
		int rc;

		if (!spool_is_tag(tags->name[i]))
			continue;
		if (sig_stopped())
			return err_set(err, ERR_STOPPED, "stopped by a signal");
		path = xasprintf("%s/%s", dir, tags->name[i]);
		f = (struct archive_folder){ tags->name[i], path,
			clock_days((int64_t)w->date[0], (int)w->date[1], (int)w->date[2]) * 86400 *
			USEC_PER_SEC };
		rc = w->fn(w->arg, &f, err);
		free(path);
		if (rc < 0)
			return -1;
	}
	return 0;
}

/* Levels 0, 1 and 2 are year, month and day. */
static int
walk_level(struct walk *w, const char *dir, int level, struct err *err)
{
	static const uint64_t max[] = { 9999, 12, 31 };
	struct fs_names names = FS_NAMES_INIT;
	int rc = fs_scan(dir, &names, err);

	if (rc == 0 && level == 3)
		rc = visit_tags(w, dir, &names, err);
	for (size_t i = 0; rc == 0 && level < 3 && i < names.nr; i++) {
		char *path;

		if (num_uint(names.name[i], max[level], &w->date[level]) < 0)
			continue;
		path = xasprintf("%s/%s", dir, names.name[i]);
		rc = walk_level(w, path, level + 1, err);
		free(path);
	}
	fs_names_release(&names);
	return rc;
}

int
archive_walk(const struct spool *sp, archive_fn fn, void *arg, struct err *err)
{
	struct walk w = { .sp = sp, .fn = fn, .arg = arg };
	char *dir = spool_path(sp, "archive");
	int rc = walk_level(&w, dir, 0, err);

	free(dir);
	return rc;
}

bool
is_rejects_name(const char *name)
{
	static const char end[] = ".rejects.ndjson";
	size_t len = strlen(name);

	return len >= sizeof(end) && strcmp(name + len - (sizeof(end) - 1), end) == 0;
}

int
folder_has_segments(const char *path, bool rejects, struct err *err)
{
	struct fs_names names = FS_NAMES_INIT;
	int rc = fs_scan(path, &names, err);

	for (size_t i = 0; rc == 0 && i < names.nr; i++)
		if (spool_is_segment(names.name[i]) && (rejects || !is_rejects_name(names.name[i])))
			rc = 1;
	fs_names_release(&names);
	return rc;
}
