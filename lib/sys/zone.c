#include "sys/zone.h"

#include "base/clock.h"
#include "base/msg.h"

/* An absolute path: of a relative one the C library would look into $TZDIR. */
#define TZ_DIR "TZ=:/usr/share/zoneinfo/"
#define TZ_PATH (sizeof("TZ=:") - 1)	/* where the path begins in it */
#define NAME_MAX_BYTES 64	/* the longest there is has 38 */
#define MIN_PER_DAY (24 * 60)

/* The default has to work where no tz database is installed. */
static bool
is_utc(const char *name)
{
	return strcmp(name, "UTC") == 0;
}

/* Words of letters, digits, + - _, with single slashes between. No dot: neither
 * .. nor the database's tables. right/ has clocks that count leap seconds. */
static bool
is_name(const char *name)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "0123456789+-_/";
	size_t len = strlen(name);

	return len > 0 && len <= NAME_MAX_BYTES && strspn(name, allowed) == len &&
	    name[0] != '/' && !strstr(name, "//") && strncmp(name, "right/", strlen("right/")) != 0;
}

bool
zone_ok(const char *name)
{
	char path[sizeof(TZ_DIR) + NAME_MAX_BYTES], magic[4];
	bool good;
	FILE *f;

	if (is_utc(name))
		return true;
	if (!is_name(name))
		return false;
	snprintf(path, sizeof(path), "%s%s", TZ_DIR, name);
	f = fopen(path + TZ_PATH, "re");
	if (!f)
		return false;
	/* a directory opens, but cannot be read */
	good = fread(magic, sizeof(magic), 1, f) == 1 && memcmp(magic, "TZif", sizeof(magic)) == 0;
	fclose(f);
	return good;
}

/* Make it the zone of localtime_r(3). */
static void
set_zone(const char *name)
{
	static char var[sizeof(TZ_DIR) + NAME_MAX_BYTES] = TZ_DIR;
	static bool in_place;

	if (strcmp(var + strlen(TZ_DIR), name) != 0)
		memcpy(var + strlen(TZ_DIR), name, strlen(name) + 1);
	if (!in_place && putenv(var) != 0)
		msg_oom(sizeof(var));
	in_place = true;
	/* localtime_r looks at TZ only once; this looks whether it has changed */
	tzset();
}

int
zone_minute(const char *name, int64_t us)
{
	int64_t s = us / USEC_PER_SEC - (us % USEC_PER_SEC < 0);
	time_t t = s;
	struct tm tm;

	if (is_utc(name)) {
		int64_t minute = s / 60 - (s % 60 < 0);

		return (int)((minute % MIN_PER_DAY + MIN_PER_DAY) % MIN_PER_DAY);
	}
	if (!is_name(name))
		BUG("\"%s\" is no name of a zone", name);
	set_zone(name);
	if (!localtime_r(&t, &tm))
		BUG("no local time at %lld s", (long long)s);
	return tm.tm_hour * 60 + tm.tm_min;
}
