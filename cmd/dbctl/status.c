/*
 * status.c - dbctl status: the schema's version, tables and roles.
 */
#include "app/schema.h"
#include "cmd/dbctl/dbctl.h"
#include "fmt/json.h"
#include "sql.h"

static int
say_schema(struct dbctl *d, int have, struct err *err)
{
	struct str s = STR_INIT;
	const char *name;
	int pending = 0;

	for (int at = have, next; schema_next(at, &next, &name); at = next)
		pending++;
	str_addc(&s, '{');
	json_put_key_cstr(&s, "type", "schema");
	json_put_key_int(&s, "version", have);
	json_put_key_int(&s, "wanted", schema_wanted());
	json_put_key_int(&s, "pending", pending);
	return dbctl_say(d, &s, err, "schema version %d of %d, %d migration%s pending%s", have,
	    schema_wanted(), pending, pending == 1 ? "" : "s",
	    have == 0 ? " (make it: dbctl init)" : pending ? " (dbctl migrate)" : "");
}

static int
say_table(struct dbctl *d, const struct pg_rows *r, int i, struct err *err)
{
	const char *from = pg_text(r, i, 4), *to = pg_text(r, i, 5);
	struct str s = STR_INIT;

	str_addc(&s, '{');
	json_put_key_cstr(&s, "type", "table");
	json_put_key_cstr(&s, "name", pg_text(r, i, 0));
	json_put_key_int(&s, "rows_estimate", pg_int(r, i, 1));
	json_put_key_int(&s, "bytes", pg_int(r, i, 2));
	json_put_key_int(&s, "partitions", pg_int(r, i, 3));
	if (from)
		json_put_key_cstr(&s, "from", from);
	if (to)
		json_put_key_cstr(&s, "to", to);
	return dbctl_say(d, &s, err, "%-20s %12lld rows %10lld KiB%s%s%s%s", pg_text(r, i, 0),
	    (long long)pg_int(r, i, 1), (long long)(pg_int(r, i, 2) >> 10),
	    from ? "  " : "", from ? from : "", from ? " to " : "", to ? to : "");
}

static int
say_role(struct dbctl *d, const struct pg_rows *r, int i, struct err *err)
{
	bool member = *pg_text(r, i, 1) == 't', usage = *pg_text(r, i, 2) == 't';
	struct str s = STR_INIT;

	str_addc(&s, '{');
	json_put_key_cstr(&s, "type", "role");
	json_put_key_cstr(&s, "name", pg_text(r, i, 0));
	json_put_key(&s, "member");
	str_adds(&s, member ? "true" : "false");
	json_put_key(&s, "usage");
	str_adds(&s, usage ? "true" : "false");
	return dbctl_say(d, &s, err, "role %s%s%s", pg_text(r, i, 0),
	    usage ? "" : ", without rights here (dbctl init --roles)",
	    member ? ", you are a member" : "");
}

static int
say_rows(struct dbctl *d, const char *sql,
    int (*say)(struct dbctl *, const struct pg_rows *, int, struct err *), struct err *err)
{
	struct pg_rows *r;
	int rc = pg_exec(d->db, sql, PG_NONE, &r, err);

	if (rc < 0)
		return -1;
	for (int i = 0; rc == 0 && i < pg_nrows(r); i++)
		rc = say(d, r, i, err);
	pg_free(r);
	return rc;
}

int
status_report(struct dbctl *d, struct err *err)
{
	int have;

	if (schema_version(d->db, &have, err) < 0 || say_schema(d, have, err) < 0)
		return -1;
	if (have == 0)
		return 0;
	if (have > schema_wanted())
		return schema_check_newer(have, err);
	return say_rows(d, sql_schema_tables, say_table, err) < 0 ? -1 :
	    say_rows(d, sql_schema_roles, say_role, err);
}
