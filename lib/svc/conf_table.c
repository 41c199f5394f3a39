#include "svc/conf.h"

#include "base/num.h"
#include "svc/conf_private.h"

#define ANY 0, INT64_MAX
#define MS_PER_MINUTE UINT64_C(60000)
#define MS_PER_DAY UINT64_C(86400000)
/* So that a time plus a duration never leaves an int64_t. */
#define TIME_MAX_YEARS 1000
#define TIME_MAX_MS (TIME_MAX_YEARS * 365 * MS_PER_DAY)
#define ANY_TIME 0, TIME_MAX_MS
#define POLL_MIN_MS 10
#define POLL_MAX_MS MS_PER_DAY
#define TIMEOUT_MIN_MS 100
#define TIMEOUT_MAX_MS (5 * MS_PER_MINUTE)

const struct conf_key conf_keys[] = {
	{ "spool", CONF_PATH, NULL, ANY, NULL, "the directory of the spool" },
	{ "database", CONF_STR, NULL, ANY, NULL, "connection string of libpq" },

	{ "write.max_bytes", CONF_SIZE, "64MiB", 1, INT64_MAX, NULL,
	    "close a segment at this size of its records, before compression" },
	{ "write.max_records", CONF_UINT, "25000", ANY, NULL,
	    "close a segment at this many records; 0: no limit" },
	{ "write.max_age", CONF_TIME, "10s", ANY_TIME, NULL,
	    "close a segment this long after its first record; 0: no limit" },
	{ "write.level", CONF_UINT, "3", 0, 19, NULL, "zstd level; 0: plain" },
	{ "write.format", CONF_ENUM, "same", ANY, "same|ndjson|msgpack",
	    "format of the segments" },
	{ "write.max_spool", CONF_SIZE, "0", ANY, NULL,
	    "write no more while the spool holds this much to load; 0: no limit" },
	{ "write.wait", CONF_TIME, "0", ANY_TIME, NULL,
	    "how long to wait for room in the spool; 0: fail at once" },

	{ "gate.min_count", CONF_UINT, NULL, ANY, NULL, "open at this many segments" },
	{ "gate.min_bytes", CONF_SIZE, NULL, ANY, NULL, "open at this size in total" },
	{ "gate.max_age", CONF_TIME, NULL, ANY_TIME, NULL,
	    "open when the oldest segment has waited this long" },
	{ "gate.max_files", CONF_UINT, "10000", 1, 1000000, NULL,
	    "segments in one batch at most" },
	{ "gate.min_free", CONF_SIZE, NULL, ANY, NULL,
	    "stay shut with less room on the file system; unset: 5 %, at most 64 MiB" },
	{ "gate.interval", CONF_TIME, "1s", POLL_MIN_MS, POLL_MAX_MS, NULL,
	    "how often --watch looks" },

	{ "replay.jobs", CONF_UINT, "1", 1, 64, NULL, "segments loaded at once" },
	{ "replay.on_bad", CONF_ENUM, "reject", ANY, "reject|replace|strict",
	    "what to do with a bad record" },
	{ "replay.dedupe", CONF_BOOL, "false", ANY, NULL,
	    "load an event whose id is known no second time" },

	{ "partition.interval", CONF_ENUM, "month", ANY, "day|month",
	    "the time that one partition holds" },
	{ "partition.ahead", CONF_UINT, "2", 0, 366, NULL, "partitions made ahead" },
	{ "retain.metrics", CONF_TIME, NULL, ANY_TIME, NULL, "keep metrics this long; unset: for ever" },
	{ "retain.events", CONF_TIME, NULL, ANY_TIME, NULL, "keep events this long; unset: for ever" },

	{ "outbox.keep", CONF_TIME, "7d", ANY_TIME, NULL, "keep delivered outbox rows this long" },
	{ "outbox.interval", CONF_TIME, "1s", POLL_MIN_MS, POLL_MAX_MS, NULL,
	    "how often outbox-relay looks" },

	{ "notify.wait", CONF_TIME, "2s", 0, MS_PER_MINUTE, NULL,
	    "how long to stay for attempts under way once the input has ended" },
	{ "notify.keep", CONF_TIME, "76h", ANY_TIME, NULL, "keep the ids of what was sent this long" },
	{ "notify.connections", CONF_UINT, "8", 1, 64, NULL, "attempts at once for one endpoint" },

	{ "endpoints.NAME.url", CONF_STR, NULL, ANY, NULL, "where to post to, http or https" },
	{ "endpoints.NAME.events", CONF_WORDS, "*", ANY, NULL,
	    "patterns of the types of event to send, or type:status" },
	{ "endpoints.NAME.template", CONF_PATH, NULL, ANY, NULL,
	    "template of the body, or a directory of them; unset: the standard body" },
	{ "endpoints.NAME.headers", CONF_LINES, NULL, ANY, NULL, "more headers, `Name: value`" },
	{ "endpoints.NAME.token_file", CONF_PATH, NULL, ANY, NULL, "file of the bearer token" },
	{ "endpoints.NAME.token", CONF_SECRET, NULL, ANY, NULL, "bearer token" },
	{ "endpoints.NAME.secret_file", CONF_PATH, NULL, ANY, NULL,
	    "file of the signing secrets, one a line, the new one first" },
	{ "endpoints.NAME.secret", CONF_SECRET, NULL, ANY, NULL, "signing secrets" },
	{ "endpoints.NAME.timeout", CONF_TIME, "15s", TIMEOUT_MIN_MS, TIMEOUT_MAX_MS, NULL,
	    "time for one attempt" },
	{ "endpoints.NAME.retry", CONF_WORDS, "5s 5m 30m 2h 5h 10h 14h 20h 24h", ANY, NULL,
	    "delays before the second attempt and those after it" },
	{ "endpoints.NAME.allow_net", CONF_WORDS, NULL, ANY, NULL,
	    "private ranges that may be dialled, in CIDR notation" },
	{ "endpoints.NAME.rate", CONF_STR, NULL, ANY, NULL,
	    "attempts in a time at most, such as 60/m; unset: no limit" },
	{ "endpoints.NAME.dedupe", CONF_TIME, "76h", ANY_TIME, NULL,
	    "send an id no second time within this" },
	{ "endpoints.NAME.quiet", CONF_WORDS, NULL, ANY, NULL,
	    "hours in which nothing is sent, such as 22:00-07:00" },
	{ "endpoints.NAME.zone", CONF_STR, "UTC", ANY, NULL, "time zone of the quiet hours" },
	{ "endpoints.NAME.ca_file", CONF_PATH, NULL, ANY, NULL,
	    "certificates to trust, PEM; unset: those of the system" },
};
const size_t conf_keys_nr = countof(conf_keys);

const char *
conf_type_name(const struct conf_key *k)
{
	switch (k->type) {
	case CONF_STR:
		return "text";
	case CONF_PATH:
		return "path";
	case CONF_UINT:
		return "number";
	case CONF_SIZE:
		return "size";
	case CONF_TIME:
		return "duration";
	case CONF_BOOL:
		return "true|false";
	case CONF_ENUM:
		return k->words;
	case CONF_WORDS:
		return "words";
	case CONF_LINES:
		return "lines";
	case CONF_SECRET:
		return "secret";
	}
	return "";
}

static bool
is_word(const char *words, const char *text)
{
	size_t n = strlen(text);

	while (*words) {
		size_t len = strcspn(words, "|");

		if (len == n && memcmp(words, text, n) == 0)
			return true;
		words += len + (words[len] == '|');
	}
	return false;
}

static int
parse_bool(const char *text, uint64_t *number)
{
	*number = is_word("true|yes|on|1", text);
	return *number || is_word("false|no|off|0", text) ? 0 : -1;
}

static int
parse_number(const struct conf_key *k, const char *text, uint64_t *n, struct str *why)
{
	bool time = k->type == CONF_TIME;

	if (k->type == CONF_UINT && num_uint(text, INT64_MAX, n) < 0) {
		str_adds(why, "a whole number");
		return -1;
	}
	if (k->type == CONF_SIZE && num_size(text, n) < 0) {
		str_adds(why, "a size such as 64KiB or 2GiB");
		return -1;
	}
	if (time && num_duration(text, n) < 0) {
		str_adds(why, "a duration such as 500ms, 10s or 7d");
		return -1;
	}
	if (*n >= k->min && *n <= k->max)
		return 0;
	if (k->max == INT64_MAX)
		str_addf(why, "at least %llu", (unsigned long long)k->min);
	else if (k->max == TIME_MAX_MS)
		str_addf(why, "at most %d years", TIME_MAX_YEARS);
	else
		str_addf(why, "between %llu%s and %llu%s", (unsigned long long)k->min,
		    time ? "ms" : "", (unsigned long long)k->max, time ? "ms" : "");
	return -1;
}

int
conf_parse(const struct conf_key *k, const char *text, uint64_t *number, struct str *why)
{
	*number = 0;
	switch (k->type) {
	case CONF_STR:
	case CONF_WORDS:
	case CONF_LINES:
	case CONF_SECRET:
		return 0;
	case CONF_PATH:
		if (*text)
			return 0;
		str_adds(why, "a path");
		return -1;
	case CONF_ENUM:
		if (is_word(k->words, text))
			return 0;
		str_addf(why, "one of %s", k->words);
		return -1;
	case CONF_BOOL:
		if (parse_bool(text, number) == 0)
			return 0;
		str_adds(why, "true or false");
		return -1;
	case CONF_UINT:
	case CONF_SIZE:
	case CONF_TIME:
		return parse_number(k, text, number, why);
	}
	return -1;
}

void
conf_normal(const struct conf_key *k, const char *text, struct str *out)
{
	const char *between = k->type == CONF_WORDS ? " \t\n\v\f\r" : "\n";

	if (k->type != CONF_WORDS && k->type != CONF_LINES) {
		str_adds(out, text);
		return;
	}
	while (*(text += strspn(text, between))) {
		size_t n = strcspn(text, between);

		if (out->len)
			str_addc(out, *between);
		str_add(out, text, n);
		text += n;
	}
}
