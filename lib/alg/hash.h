/*
 * hash.h - SHA-256 (FIPS 180-4, by libcrypto), HMAC with it (RFC 2104), and a
 * fast seeded 64-bit hash for tables. Pure computation over bytes.
 */
#ifndef ALG_HASH_H
#define ALG_HASH_H

#include "base/base.h"

#define SHA256_BYTES 32
#define SHA256_HEX 65	/* with the NUL */

struct sha256;	/* opaque; owned by the caller, freed by sha256_free */

struct sha256 *sha256_new(void);
void sha256_add(struct sha256 *h, const void *data, size_t n);
/* The digest so far as lower-case hex; the state starts anew. */
void sha256_hex(struct sha256 *h, char out[SHA256_HEX]);
void sha256_free(struct sha256 *h);

void sha256_of(const void *data, size_t n, char out[SHA256_HEX]);
/* The HMAC of the parts, one after the other: nothing need be put together. */
void hmac_sha256(const void *key, size_t key_len, const struct slice *part, size_t nr,
    unsigned char out[SHA256_BYTES]);
/* Are n bytes equal? The time it takes does not say where they differ. */
bool hash_equal(const void *a, const void *b, size_t n);
/* FNV-1a with a final mix; not for hostile keys without a check after it. */
uint64_t hash64(const void *data, size_t n, uint64_t seed);

#endif
