/*
 * schema.c - see schema.h.
 */
#include "app/schema.h"

#include "base/mem.h"
#include "sql.h"

#define OLDEST_SERVER 150000

int
schema_wanted(void)
{
	return SQL_SCHEMA_VERSION;
}

int
schema_version(struct pg *db, int *version, struct err *err)
{
	struct pg_rows *rows;
	bool exists;

	if (pg_exec(db, sql_schema_exists, PG_NONE, &rows, err) < 0)
		return -1;
	exists = strcmp(pg_text(rows, 0, 0), "t") == 0;
	if (pg_int(rows, 0, 1) < OLDEST_SERVER) {
		err_set(err, ERR_CONFIG, "the server is PostgreSQL %s, sluice needs 15 or later",
		    pg_text(rows, 0, 2));
		pg_free(rows);
		return -1;
	}
	pg_free(rows);
	*version = 0;
	if (!exists)
		return 0;
	if (pg_exec(db, sql_schema_version, PG_NONE, &rows, err) < 0)
		return -1;
	*version = (int)pg_int(rows, 0, 0);
	pg_free(rows);
	return 0;
}

static const struct sql_migration *
migration_after(int version)
{
	for (size_t i = 0; i < countof(sql_migrations); i++)
		if (sql_migrations[i].version > version)
			return &sql_migrations[i];
	return NULL;
}

bool
schema_next(int version, int *next, const char **name)
{
	const struct sql_migration *m = migration_after(version);

	if (m == NULL)
		return false;
	*next = m->version;
	*name = m->name;
	return true;
}

static int
apply(struct pg *db, const struct sql_migration *m, struct err *err)
{
	char *number = xasprintf("%d", m->version);
	int rc = pg_exec_script(db, m->text, err);

	if (rc < 0)
		err_wrap(err, "migration %s", m->name);
	else
		rc = pg_exec(db, sql_schema_applied, PG_PARAMS(number, m->name), NULL, err);
	free(number);
	return rc;
}

int
schema_apply_next(struct pg *db, int version, struct err *err)
{
	const struct sql_migration *m = migration_after(version);
	int now, rc = -1;

	if (m == NULL)
		return 0;
	if (pg_begin(db, err) < 0)
		return -1;
	/* Only what is read under the lock counts. */
	if (pg_exec(db, sql_schema_lock, PG_NONE, NULL, err) < 0 ||
	    schema_version(db, &now, err) < 0)
		goto out;
	if (now >= m->version) {
		rc = 0;
		goto out;
	}
	if (apply(db, m, err) < 0 || pg_commit(db, err) < 0)
		goto out;
	return 1;
out:
	pg_rollback(db);
	return rc;
}

int
schema_check_newer(int version, struct err *err)
{
	if (version <= SQL_SCHEMA_VERSION)
		return 0;
	err_set(err, ERR_CONFIG, "the schema is version %d, this program knows %d and older",
	    version, SQL_SCHEMA_VERSION);
	return err_hint(err, "install the newer sluice that made it");
}
