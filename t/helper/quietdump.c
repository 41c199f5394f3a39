/*
 * quietdump.c - lib's pure parts, for comparison with other implementations.
 *
 *	quietdump quiet ZONE WINDOWS FROM STEP COUNT
 *	    quiet_until of COUNT instants, a line each, in microseconds
 *	quietdump net
 *	    of each address on stdin: `public`, or the special range it lies in
 *	quietdump sign
 *	    of each line on stdin, `SECRETS<TAB>ID<TAB>SECONDS<TAB>BODY IN BASE64`:
 *	    the value of webhook-signature, verified again
 *
 * What is refused gives status 78 (zone, windows, secrets) or 65 and a line on stdout.
 */
#include "base/base.h"

#include <inttypes.h>

#include "alg/net.h"
#include "alg/webhook.h"
#include "app/quiet.h"
#include "base/enc.h"
#include "sys/zone.h"

static int
refuse(int status, const char *what)
{
	printf("refused: %s\n", what);
	return status;
}

static int
quiet(char **arg)
{
	struct quiet q = QUIET_INIT;
	struct err err = ERR_INIT;
	int64_t from = strtoll(arg[2], NULL, 10), step = strtoll(arg[3], NULL, 10);
	int64_t count = strtoll(arg[4], NULL, 10);
	int status = 0;

	q.zone = arg[0];
	if (!zone_ok(q.zone))
		status = refuse(78, "zone");
	else if (quiet_parse(&q, arg[1], &err) < 0)
		status = refuse(78, err.text);
	for (int64_t i = 0; status == 0 && i < count; i++)
		printf("%" PRId64 "\n", quiet_until(&q, from + i * step));
	err_release(&err);
	return status;
}

static int
net(char *line)
{
	struct net_range r;
	const char *name;

	if (net_parse(line, &r) < 0 || r.bits != 128)
		return refuse(65, line);
	name = net_special(&r.addr);
	puts(name ? name : "public");
	return 0;
}

static int
sign(char *line)
{
	struct webhook_keys keys = WEBHOOK_KEYS_INIT;
	struct str body = STR_INIT, list = STR_INIT;
	struct err err = ERR_INIT;
	char *field[4];
	int64_t stamp;
	int status = 65;

	for (int i = 0; i < 4; i++)
		field[i] = strsep(&line, "\t");
	if (!field[3] || enc_unbase64(&body, field[3], strlen(field[3])) < 0)
		return refuse(65, "line");
	stamp = strtoll(field[2], NULL, 10);
	if (webhook_keys_add(&keys, (struct slice){ field[0], strlen(field[0]) }, &err) < 0) {
		status = refuse(78, err.text);
		goto out;
	}
	webhook_sign(&keys, field[1], stamp, str_slice(&body), &list);
	if (webhook_verify(&keys, (struct slice){ field[1], strlen(field[1]) },
	    (struct slice){ field[2], strlen(field[2]) }, str_slice(&list), str_slice(&body),
	    stamp, WEBHOOK_TOLERANCE_S, &err) != 1) {
		status = refuse(65, err.text);
		goto out;
	}
	puts(list.buf);
	status = 0;
out:
	webhook_keys_wipe(&keys);
	str_release(&body);
	str_release(&list);
	err_release(&err);
	return status;
}

int
main(int argc, char **argv)
{
	int (*each)(char *) = NULL;
	char *line = NULL;
	size_t alloc = 0;
	int status = 0;
	ssize_t len;

	if (argc == 7 && strcmp(argv[1], "quiet") == 0)
		return quiet(argv + 2);
	if (argc == 2)
		each = strcmp(argv[1], "net") == 0 ? net : strcmp(argv[1], "sign") == 0 ? sign : NULL;
	if (!each) {
		fputs("usage: quietdump quiet ZONE WINDOWS FROM STEP COUNT | net | sign\n", stderr);
		return 64;
	}
	while (status == 0 && (len = getline(&line, &alloc, stdin)) > 0) {
		line[len - 1] = '\0';
		status = each(line);
	}
	free(line);
	return status;
}
