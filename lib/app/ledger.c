#include "app/ledger.h"

#include "base/mem.h"
#include "sql.h"

void
ledger_files_release(struct ledger_files *l)
{
	for (size_t i = 0; i < l->nr; i++) {
		free(l->file[i].name);
		free(l->file[i].error);
	}
	free(l->file);
	*l = (struct ledger_files)LEDGER_FILES_INIT;
}

static void
add_row(struct ledger_files *l, const struct pg_rows *r, int i)
{
	const char *name = pg_text(r, i, 0), *sha = pg_text(r, i, 1), *error = pg_text(r, i, 4);
	struct ledger_file *f;

	if (!name || !sha)
		return;
	ALLOC_GROW(l->file, l->nr + 1, l->alloc);
	f = &l->file[l->nr++];
	*f = (struct ledger_file){ .name = xstrdup(name), .error = error ? xstrdup(error) : NULL };
	snprintf(f->sha256, sizeof(f->sha256), "%s", sha);
	f->bytes = (uint64_t)pg_int(r, i, 2);
	f->missing = pg_int(r, i, 3) != 0;
	if (!pg_text(r, i, 5))
		return;
	f->segment_id = pg_int(r, i, 5);
	f->metrics = pg_int(r, i, 6);
	f->events = pg_int(r, i, 7);
	f->rejected = pg_int(r, i, 8);
	f->mine = pg_text(r, i, 9) && pg_int(r, i, 9);
}

int
ledger_files_load(struct pg *db, int64_t batch_id, struct ledger_files *out, struct err *err)
{
	struct pg_rows *rows = NULL;
	char id[24];

	snprintf(id, sizeof(id), "%lld", (long long)batch_id);
	ledger_files_release(out);
	if (pg_exec(db, sql_manifest_ledger, PG_PARAMS(id), &rows, err) < 0)
		return -1;
	for (int i = 0; i < pg_nrows(rows); i++)
		add_row(out, rows, i);
	pg_free(rows);
	return 0;
}

const struct ledger_file *
ledger_files_find(const struct ledger_files *l, const char *name)
{
	for (size_t i = 0; i < l->nr; i++)
		if (strcmp(l->file[i].name, name) == 0)
			return &l->file[i];
	return NULL;
}

int
ledger_knows(struct pg *db, const char *sha256, uint64_t bytes, struct err *err)
{
	struct pg_rows *rows = NULL;
	char n[24];
	int known;

	snprintf(n, sizeof(n), "%llu", (unsigned long long)bytes);
	if (pg_exec(db, sql_ledger_find, PG_PARAMS(sha256, n), &rows, err) < 0)
		return -1;
	known = pg_nrows(rows) > 0;
	pg_free(rows);
	return known;
}
