#include "app/event.h"

#include "alg/hash.h"
#include "base/clock.h"
#include "fmt/json.h"

/* As many of the digest's digits as an id shows: 128 bits. */
#define ID_DIGITS 32

void
event_id(char out[EVENT_ID_MAX], const char *type, const char *key, const char *status,
    int attempt)
{
	struct str fact = STR_INIT;
	char hex[SHA256_HEX];

	/* a NUL between the parts, so that no two facts give one text */
	str_add(&fact, type, strlen(type) + 1);
	str_add(&fact, key ? key : "", key ? strlen(key) + 1 : 1);
	str_add(&fact, status ? status : "", status ? strlen(status) + 1 : 1);
	str_addf(&fact, "%d", attempt);
	sha256_of(fact.buf, fact.len, hex);
	snprintf(out, EVENT_ID_MAX, "evt_%.*s", ID_DIGITS, hex);
	str_release(&fact);
}

void
event_begin(struct str *out, const char *type, const char *key, const char *status,
    int attempt, int64_t ts_us)
{
	char id[EVENT_ID_MAX], ts[CLOCK_BUF];

	event_id(id, type, key, status, attempt);
	str_addc(out, '{');
	json_put_key_int(out, "v", 1);
	json_put_key_cstr(out, "type", type);
	json_put_key_cstr(out, "id", id);
	json_put_key_cstr(out, "ts", clock_format(ts_us, ts));
}
