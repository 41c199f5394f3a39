# sql2c.awk - SQL files as C: sql/q/NAME.sql becomes the string sql_NAME,
# sql/NNNN-name.sql one row of sql_migrations. Comment lines are left out.
function quote(line,    i, c, out) {
	out = ""
	for (i = 1; i <= length(line); i++) {
		c = substr(line, i, 1)
		if (c == "\\" || c == "\"")
			out = out "\\"
		out = out c
	}
	return "\t\"" out "\\n\"\n"
}
FNR == 1 {
	name = FILENAME
	sub(/.*\//, "", name)
	sub(/\.sql$/, "", name)
	migration = FILENAME !~ /\/q\//
	if (migration)
		migrations[++nr] = name
	else
		queries[++nq] = name
}
/^[ \t]*--/ && !migration { next }
/^[ \t]*$/ { next }
{ body[name] = body[name] quote($0) }
END {
	print "/* made by scripts/sql2c.awk */"
	print "#ifndef GEN_SQL_H\n#define GEN_SQL_H"
	for (i = 1; i <= nq; i++) {
		c = queries[i]
		gsub(/-/, "_", c)
		printf "static const char sql_%s[] __attribute__((unused)) =\n%s\t;\n", c, body[queries[i]]
	}
	print "static const struct sql_migration { int version; const char *name, *text; }"
	print "sql_migrations[] __attribute__((unused)) = {"
	for (i = 1; i <= nr; i++)
		printf "{ %d, \"%s\",\n%s},\n", substr(migrations[i], 1, 4) + 0, migrations[i], body[migrations[i]]
	print "};"
	printf "#define SQL_SCHEMA_VERSION %d\n", nr ? substr(migrations[nr], 1, 4) + 0 : 0
	print "#endif"
}
