/*
 * upkeep.c - dbctl partition and dbctl retain.
 */
#include "app/partition.h"
#include "app/retain.h"
#include "base/clock.h"
#include "base/mem.h"
#include "cmd/dbctl/dbctl.h"
#include "fmt/json.h"
#include "sql.h"
#include "sys/sig.h"

#define MS_US INT64_C(1000)

static void
put_range(struct str *s, const char *type, const char *table, const char *name,
    int64_t from_us, int64_t to_us)
{
	char buf[CLOCK_BUF];

	str_addc(s, '{');
	json_put_key_cstr(s, "type", type);
	json_put_key_cstr(s, "table", table);
	json_put_key_cstr(s, "name", name);
	json_put_key_cstr(s, "from", clock_format(from_us, buf));
	json_put_key_cstr(s, "to", clock_format(to_us, buf));
}

/* Make one partition and tell; rows is what waits for it in DEFAULT. */
static int
make(struct dbctl *d, const char *table, int64_t from_us, int64_t to_us, int64_t rows,
    struct err *err)
{
	struct str s = STR_INIT;
	struct civil c;
	char *name;
	int rc = d->dry_run ? 1 : partition_make(d->db, table, from_us, to_us, err);

	if (rc <= 0)
		return rc;
	clock_civil(from_us, &c);
	name = xasprintf("%s_%04d%02d%02d", table, (int)c.year, c.month, c.day);
	put_range(&s, "partition", table, name, from_us, to_us);
	json_put_key_int(&s, "rows_moved", rows);
	json_put_key(&s, "made");
	str_adds(&s, d->dry_run ? "false" : "true");
	rc = dbctl_say(d, &s, err, "%s %s, %lld rows moved out of the default partition",
	    d->dry_run ? "would make" : "made", name, (long long)rows);
	free(name);
	return rc;
}

/* The one of now and so many after it. */
static int
ahead(struct dbctl *d, const struct partmap *map, enum partmap_table t, const char *interval,
    struct err *err)
{
	uint64_t count = conf_uint(d->conf, "partition.ahead") + 1;
	int64_t now = clock_now_us(), ts = now, from, to;

	for (uint64_t i = 0; i < count && !sig_stopped(); i++) {
		const struct partmap_part *p = partmap_part(map, t, ts);

		if (p) {
			ts = p->to_us;
			continue;
		}
		partmap_range(map, t, interval, ts, &from, &to);
		if (make(d, partmap_table_name[t], from, to, 0, err) < 0)
			return -1;
		ts = to;
	}
	return 0;
}

/* Days of rows in DEFAULT that partitions are allowed for, into ranges. */
static int
drain(struct dbctl *d, struct partmap *map, enum partmap_table t, const char *interval,
    struct err *err)
{
	const char *sql = t == PARTMAP_METRICS ? sql_partition_default_metrics :
	    sql_partition_default_events;
	int64_t window_from, window_to;
	char *a, *b;
	struct pg_rows *days = NULL;
	int rc, i = 0;

	partition_window(clock_now_us(), &window_from, &window_to);
	a = xasprintf("%lld", (long long)window_from);
	b = xasprintf("%lld", (long long)window_to);
	rc = pg_exec(d->db, sql, PG_PARAMS(a, b), &days, err);
	while (rc == 0 && i < pg_nrows(days) && !sig_stopped()) {
		int64_t from, to, rows = 0;

		/* All days of one range together. */
		partmap_range(map, t, interval, pg_int(days, i, 0), &from, &to);
		for (; i < pg_nrows(days) && pg_int(days, i, 0) < to; i++)
			rows += pg_int(days, i, 1);
		rc = make(d, partmap_table_name[t], from, to, rows, err);
		if (rc == 0 && !d->dry_run)
			rc = partmap_load(d->db, map, err);
	}
	pg_free(days);
	free(a);
	free(b);
	return rc;
}

int
upkeep_partition(struct dbctl *d, bool drain_default, struct err *err)
{
	const char *interval = conf_str(d->conf, "partition.interval");
	struct partmap map = PARTMAP_INIT;
	int rc = 0;

	for (int t = 0; rc == 0 && t < PARTMAP_TABLES; t++) {
		rc = partmap_load(d->db, &map, err);
		/* What rows wait for first: then it is told with their number. */
		if (rc == 0 && drain_default)
			rc = drain(d, &map, (enum partmap_table)t, interval, err);
		if (rc == 0)
			rc = ahead(d, &map, (enum partmap_table)t, interval, err);
	}
	partmap_release(&map);
	return rc;
}

static int
drop(struct dbctl *d, const char *table, const struct partmap_part *p, struct err *err)
{
	struct str s = STR_INIT;
	int64_t rows, bytes;
	int rc = retain_measure(d->db, p->name, &rows, &bytes, err);

	if (rc == 0)
		rc = d->dry_run ? 1 : retain_drop(d->db, table, p, err);
	if (rc <= 0)
		return rc;
	put_range(&s, "retain", table, p->name, p->from_us, p->to_us);
	json_put_key_int(&s, "rows_estimate", rows);
	json_put_key_int(&s, "bytes", bytes);
	json_put_key(&s, "dropped");
	str_adds(&s, d->dry_run ? "false" : "true");
	return dbctl_say(d, &s, err, "%s %s, about %lld rows, %lld KiB",
	    d->dry_run ? "would drop" : "dropped", p->name, (long long)rows,
	    (long long)(bytes >> 10));
}

static int
retain_outbox_rows(struct dbctl *d, struct err *err)
{
	struct str s = STR_INIT;
	int64_t rows;

	if (retain_outbox(d->db, conf_ms(d->conf, "outbox.keep"), d->dry_run, &rows, err) < 0)
		return -1;
	if (rows == 0)
		return 0;
	str_addc(&s, '{');
	json_put_key_cstr(&s, "type", "retain");
	json_put_key_cstr(&s, "table", "outbox");
	json_put_key_int(&s, "rows", rows);
	json_put_key(&s, "dropped");
	str_adds(&s, d->dry_run ? "false" : "true");
	return dbctl_say(d, &s, err, "%s %lld delivered rows of outbox",
	    d->dry_run ? "would delete" : "deleted", (long long)rows);
}

int
upkeep_retain(struct dbctl *d, struct err *err)
{
	static const char *const key[PARTMAP_TABLES] = { "retain.metrics", "retain.events" };
	struct partmap map = PARTMAP_INIT;
	int rc = partmap_load(d->db, &map, err);

	for (int t = 0; rc == 0 && t < PARTMAP_TABLES; t++) {
		/* Unset and 0 mean for ever: a slip must not drop everything. */
		uint64_t age_ms = conf_is_set(d->conf, key[t]) ? conf_ms(d->conf, key[t]) : 0;
		int64_t cutoff = clock_now_us();

		if (age_ms == 0 || age_ms > (uint64_t)(cutoff / MS_US))
			continue;
		cutoff -= (int64_t)age_ms * MS_US;
		for (size_t i = 0; rc == 0 && i < map.table[t].nr && !sig_stopped(); i++)
			if (map.table[t].part[i].to_us <= cutoff)
				rc = drop(d, partmap_table_name[t], &map.table[t].part[i], err);
	}
	partmap_release(&map);
	return rc == 0 ? retain_outbox_rows(d, err) : rc;
}
