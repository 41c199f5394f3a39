/*
 * webhook.h - the signatures of Standard Webhooks 1.0.0, symmetric (`v1`).
 *
 * Signed are the bytes `<id>.<timestamp>.<body>`, with HMAC-SHA256 (RFC 2104) by
 * the key that `whsec_` + base64 stands for. The header `webhook-signature` is
 * a list, separated by spaces, of `v1,` + base64: with two keys (the new one
 * first) a receiver verifies with either while the secret is being changed.
 */
#ifndef ALG_WEBHOOK_H
#define ALG_WEBHOOK_H

#include "base/err.h"
#include "base/str.h"

#define WEBHOOK_KEYS_MAX 4
#define WEBHOOK_KEY_MIN 24	/* bytes, as the specification says */
#define WEBHOOK_KEY_MAX 64
#define WEBHOOK_TOLERANCE_S 300	/* of the reference libraries, both ways */
#define WEBHOOK_ID_MAX 128

struct webhook_keys {
	struct {
		unsigned char byte[WEBHOOK_KEY_MAX];
		size_t len;
	} key[WEBHOOK_KEYS_MAX];
	size_t nr;
};
#define WEBHOOK_KEYS_INIT { .nr = 0 }

/* Secrets as a person keeps them: words separated by white space, each `whsec_`
 * and base64. ERR_CONFIG; the text of the error never holds any of the secret. */
int webhook_keys_add(struct webhook_keys *k, struct slice text, struct err *err);
/* Overwrite the keys. */
void webhook_keys_wipe(struct webhook_keys *k);

/* May it be a webhook-id: 1 to WEBHOOK_ID_MAX of [A-Za-z0-9_-]? */
bool webhook_id_ok(struct slice id);

/* The value of `webhook-signature`, one entry for each key, appended to out. */
void webhook_sign(const struct webhook_keys *k, const char *id, int64_t timestamp_s,
    struct slice body, struct str *out);

/* 1 when one of the signatures is right by one of the keys (compared in constant
 * time) and the timestamp is within the tolerance of now, both ways. 0 with err
 * saying why not (ERR_DATA), for a person, not for the sender. Entries of
 * another version than v1 are passed over. */
int webhook_verify(const struct webhook_keys *k, struct slice id, struct slice timestamp,
    struct slice signatures, struct slice body, int64_t now_s, int64_t tolerance_s,
    struct err *err);

#endif
