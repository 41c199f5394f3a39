/*
 * partition.c - see partition.h.
 */
#include "app/partition.h"

#include "base/clock.h"
#include "base/mem.h"
#include "sql.h"
#include "sys/sig.h"

#define DAY_US (INT64_C(86400) * USEC_PER_SEC)
#define BACK_DAYS 3653	/* ten years */
#define AHEAD_DAYS 30

const char *const partmap_table_name[PARTMAP_TABLES] = { "metrics", "events" };

void
partmap_release(struct partmap *map)
{
	for (int t = 0; t < PARTMAP_TABLES; t++) {
		for (size_t i = 0; i < map->table[t].nr; i++)
			free(map->table[t].part[i].name);
		free(map->table[t].part);
	}
	memset(map, 0, sizeof(*map));
}

static void
map_add(struct partmap *map, const struct pg_rows *rows, int row)
{
	int t = strcmp(pg_text(rows, row, 0), "metrics") == 0 ? PARTMAP_METRICS : PARTMAP_EVENTS;
	const char *name = pg_text(rows, row, 1);
	struct partmap_part *p;

	if (name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_")] != '\0')
		return;
	ALLOC_GROW(map->table[t].part, map->table[t].nr + 1, map->table[t].alloc);
	p = &map->table[t].part[map->table[t].nr++];
	p->name = xstrdup(name);
	p->from_us = pg_int(rows, row, 2);
	p->to_us = pg_int(rows, row, 3);
}

int
partmap_load(struct pg *db, struct partmap *map, struct err *err)
{
	struct pg_rows *rows;

	if (pg_exec(db, sql_partition_list, PG_NONE, &rows, err) < 0)
		return -1;
	partmap_release(map);
	for (int i = 0; i < pg_nrows(rows); i++)
		map_add(map, rows, i);
	pg_free(rows);
	return 0;
}

/* The first partition that ends after ts_us, or nr. */
static size_t
first_after(const struct partmap *map, enum partmap_table t, int64_t ts_us)
{
	size_t lo = 0, hi = map->table[t].nr;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (map->table[t].part[mid].to_us > ts_us)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

const struct partmap_part *
partmap_part(const struct partmap *map, enum partmap_table t, int64_t ts_us)
{
	size_t i = first_after(map, t, ts_us);

	if (i == map->table[t].nr || map->table[t].part[i].from_us > ts_us)
		return NULL;
	return &map->table[t].part[i];
}

const char *
partmap_find(const struct partmap *map, enum partmap_table t, int64_t ts_us)
{
	const struct partmap_part *p = partmap_part(map, t, ts_us);

	return p == NULL ? NULL : p->name;
}

static int64_t
floor_to(int64_t v, int64_t unit)
{
	int64_t rest = v % unit;

	return v - (rest < 0 ? rest + unit : rest);
}

void
partition_range(const char *interval, int64_t ts_us, int64_t *from_us, int64_t *to_us)
{
	struct civil c;
	bool december;

	if (strcmp(interval, "month") != 0) {
		*from_us = floor_to(ts_us, DAY_US);
		*to_us = *from_us + DAY_US;
		return;
	}
	clock_civil(ts_us, &c);
	december = c.month == 12;
	*from_us = clock_days(c.year, c.month, 1) * DAY_US;
	*to_us = clock_days(c.year + december, december ? 1 : c.month + 1, 1) * DAY_US;
}

void
partmap_range(const struct partmap *map, enum partmap_table t, const char *interval,
    int64_t ts_us, int64_t *from_us, int64_t *to_us)
{
	size_t i;

	partition_range(interval, ts_us, from_us, to_us);
	i = first_after(map, t, *from_us);
	if (i < map->table[t].nr && map->table[t].part[i].from_us < *to_us)
		partition_range("day", ts_us, from_us, to_us);
}

void
partition_window(int64_t now_us, int64_t *from_us, int64_t *to_us)
{
	int64_t today = floor_to(now_us, DAY_US);

	*from_us = today - BACK_DAYS * DAY_US;
	*to_us = today + (AHEAD_DAYS + 1) * DAY_US;
}

bool
partition_allowed(int64_t ts_us, int64_t now_us)
{
	int64_t from, to;

	partition_window(now_us, &from, &to);
	return ts_us >= from && ts_us < to;
}

static int
make_once(struct pg *db, const char *table, const char *from, const char *to, struct err *err)
{
	struct pg_rows *rows = NULL;
	int made = -1;

	if (pg_begin(db, err) < 0)
		return -1;
	if (pg_exec(db, sql_partition_lock_timeout, PG_NONE, NULL, err) < 0 ||
	    pg_exec(db, sql_partition_make, PG_PARAMS(table, from, to), &rows, err) < 0)
		goto out;
	made = pg_text(rows, 0, 0) != NULL;
	if (pg_commit(db, err) < 0)
		made = -1;
out:
	pg_free(rows);
	if (made < 0)
		pg_rollback(db);
	return made;
}

int
partition_make(struct pg *db, const char *table, int64_t from_us, int64_t to_us,
    struct err *err)
{
	char *from = xasprintf("%lld", (long long)from_us);
	char *to = xasprintf("%lld", (long long)to_us);
	struct err last = ERR_INIT;
	int rc = -1;

	for (int i = 0; i < PARTITION_TRIES; i++) {
		rc = make_once(db, table, from, to, &last);
		/* A loader holds DEFAULT, or two of us met: let it pass. */
		if (rc >= 0 || pg_broken(db) || pg_last_class(db) != PG_RETRY || sig_stopped())
			break;
	}
	if (rc < 0) {
		err_move(err, &last);
		err_wrap(err, "could not make a partition of %s", table);
	}
	err_release(&last);
	free(from);
	free(to);
	return rc;
}
