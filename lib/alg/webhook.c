#include "alg/webhook.h"

#include "alg/hash.h"
#include "base/enc.h"

#define PREFIX "whsec_"
#define KEY_TEXT_MAX ((WEBHOOK_KEY_MAX + 2) / 3 * 4)
#define MAC_TEXT ((SHA256_BYTES + 2) / 3 * 4)	/* bytes of a signature's base64 */
#define SPACE " \t\r\n\v\f"

static bool
is_space(char c)
{
	return c && strchr(SPACE, c);
}

/* The next word of *rest, cut off from it; an empty one at the end. */
static struct slice
next_word(struct slice *rest)
{
	struct slice word;

	while (rest->len > 0 && is_space(*rest->ptr)) {
		rest->ptr++;
		rest->len--;
	}
	word = (struct slice){ rest->ptr, 0 };
	while (word.len < rest->len && !is_space(rest->ptr[word.len]))
		word.len++;
	if (word.len > 0)
		rest->ptr += word.len;
	rest->len -= word.len;
	return word;
}

static bool
begins(struct slice s, const char *with)
{
	return s.len >= strlen(with) && memcmp(s.ptr, with, strlen(with)) == 0;
}

/* NULL, or what is wrong with the word: nothing of the word itself. */
static const char *
add_key(struct webhook_keys *k, struct slice word)
{
	const size_t skip = strlen(PREFIX);
	struct str bytes = STR_INIT;
	const char *why = NULL;

	if (begins(word, "whsk_") || begins(word, "whpk_"))
		return "is an asymmetric key, which is not known here";
	if (!begins(word, PREFIX))
		return "does not begin with " PREFIX;
	if (k->nr == WEBHOOK_KEYS_MAX)
		return "is one too many";
	if (word.len - skip > KEY_TEXT_MAX)
		return "is too long";
	/* at once all the memory it needs: moving would leave a copy behind */
	str_grow(&bytes, KEY_TEXT_MAX);
	if (enc_unbase64(&bytes, word.ptr + skip, word.len - skip) < 0) {
		why = "is no base64 after " PREFIX;
	} else if (bytes.len < WEBHOOK_KEY_MIN) {
		why = "is too short";
	} else if (bytes.len > WEBHOOK_KEY_MAX) {
		why = "is too long";
	} else {
		memcpy(k->key[k->nr].byte, bytes.buf, bytes.len);
		k->key[k->nr++].len = bytes.len;
	}
	explicit_bzero(bytes.buf, bytes.alloc);
	str_release(&bytes);
	return why;
}

int
webhook_keys_add(struct webhook_keys *k, struct slice text, struct err *err)
{
	const size_t before = k->nr;
	size_t nr = 0;

	for (;;) {
		struct slice word = next_word(&text);
		const char *why;

		if (word.len == 0)
			break;
		nr++;
		why = add_key(k, word);
		if (!why)
			continue;
		explicit_bzero(&k->key[before], (k->nr - before) * sizeof(k->key[0]));
		k->nr = before;
		err_set(err, ERR_CONFIG, "webhook secret %zu %s", nr, why);
		return err_hint(err, "a secret is " PREFIX " and the base64 of %d to %d bytes; "
		    "there are up to %d, the new one first", WEBHOOK_KEY_MIN, WEBHOOK_KEY_MAX,
		    WEBHOOK_KEYS_MAX);
	}
	if (nr == 0)
		return err_set(err, ERR_CONFIG, "there is no webhook secret in it");
	return 0;
}

void
webhook_keys_wipe(struct webhook_keys *k)
{
	explicit_bzero(k, sizeof(*k));
}

bool
webhook_id_ok(struct slice id)
{
	if (id.len < 1 || id.len > WEBHOOK_ID_MAX)
		return false;
	for (size_t i = 0; i < id.len; i++) {
		char c = id.ptr[i];

		if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
		    (c >= 'a' && c <= 'z') || c == '_' || c == '-'))
			return false;
	}
	return true;
}

/* The base64 of the signature by key number i, appended. */
static void
add_mac(const struct webhook_keys *k, size_t i, struct slice id, struct slice timestamp,
    struct slice body, struct str *out)
{
	const struct slice part[] = { id, SLICE_LIT("."), timestamp, SLICE_LIT("."), body };
	unsigned char mac[SHA256_BYTES];

	hmac_sha256(k->key[i].byte, k->key[i].len, part, countof(part), mac);
	enc_base64(out, mac, sizeof(mac));
}

void
webhook_sign(const struct webhook_keys *k, const char *id, int64_t timestamp_s,
    struct slice body, struct str *out)
{
	char stamp[24];
	int len = snprintf(stamp, sizeof(stamp), "%lld", (long long)timestamp_s);

	for (size_t i = 0; i < k->nr; i++) {
		str_adds(out, i > 0 ? " v1," : "v1,");
		add_mac(k, i, (struct slice){ id, strlen(id) },
		    (struct slice){ stamp, (size_t)len }, body, out);
	}
}

/* Digits only, as Unix seconds are written. */
static int
read_stamp(struct slice s, int64_t *out)
{
	int64_t v = 0;

	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] < '0' || s.ptr[i] > '9' || __builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, s.ptr[i] - '0', &v))
			return -1;
	*out = v;
	return s.len > 0 ? 0 : -1;
}

static int
check_stamp(struct slice timestamp, int64_t now_s, int64_t tolerance_s, struct err *err)
{
	int64_t then, age;

	if (read_stamp(timestamp, &then) < 0)
		return err_set(err, ERR_DATA, "webhook-timestamp is not a number of seconds");
	if (__builtin_sub_overflow(now_s, then, &age) || age > tolerance_s || age < -tolerance_s)
		return err_set(err, ERR_DATA, "webhook-timestamp %lld is more than %lld s from %lld, "
		    "which it is now", (long long)then, (long long)tolerance_s, (long long)now_s);
	return 0;
}

int
webhook_verify(const struct webhook_keys *k, struct slice id, struct slice timestamp,
    struct slice signatures, struct slice body, int64_t now_s, int64_t tolerance_s,
    struct err *err)
{
	struct str want = STR_INIT;
	size_t known = 0;
	bool right = false;

	if (!webhook_id_ok(id)) {
		err_set(err, ERR_DATA, "webhook-id is not 1 to %d of A-Z a-z 0-9 _ -",
		    WEBHOOK_ID_MAX);
		return 0;
	}
	if (check_stamp(timestamp, now_s, tolerance_s, err) < 0)
		return 0;
	/* once for each key, however many entries a stranger sends */
	for (size_t i = 0; i < k->nr; i++)
		add_mac(k, i, id, timestamp, body, &want);
	for (;;) {
		struct slice entry = next_word(&signatures);

		if (entry.len == 0)
			break;
		if (!begins(entry, "v1,"))
			continue;
		known++;
		if (entry.len != strlen("v1,") + MAC_TEXT)
			continue;
		for (size_t i = 0; i < k->nr; i++)
			right |= hash_equal(entry.ptr + strlen("v1,"), want.buf + i * MAC_TEXT,
			    MAC_TEXT);
	}
	str_release(&want);
	if (right)
		return 1;
	if (known == 0)
		err_set(err, ERR_DATA, "webhook-signature has no v1 signature");
	else
		err_set(err, ERR_DATA, "no signature is right by %s", k->nr == 1 ?
		    "the secret" : "any of the secrets");
	return 0;
}
