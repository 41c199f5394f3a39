#include "alg/hash.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "base/enc.h"
#include "base/mem.h"
#include "base/msg.h"

struct sha256 {
	EVP_MD_CTX *ctx;
};

static void
start(struct sha256 *h)
{
	if (EVP_DigestInit_ex(h->ctx, EVP_sha256(), NULL) != 1)
		BUG("libcrypto has no SHA-256");
}

struct sha256 *
sha256_new(void)
{
	struct sha256 *h = xmalloc(sizeof(*h));

	h->ctx = EVP_MD_CTX_new();
	if (!h->ctx)
		msg_oom(sizeof(*h));
	start(h);
	return h;
}

void
sha256_add(struct sha256 *h, const void *data, size_t n)
{
	if (EVP_DigestUpdate(h->ctx, data, n) != 1)
		BUG("EVP_DigestUpdate failed");
}

void
sha256_hex(struct sha256 *h, char out[SHA256_HEX])
{
	unsigned char digest[SHA256_BYTES];

	if (EVP_DigestFinal_ex(h->ctx, digest, NULL) != 1)
		BUG("EVP_DigestFinal_ex failed");
	enc_hex(digest, sizeof(digest), out);
	start(h);
}

void
sha256_free(struct sha256 *h)
{
	if (!h)
		return;
	EVP_MD_CTX_free(h->ctx);
	free(h);
}

void
sha256_of(const void *data, size_t n, char out[SHA256_HEX])
{
	struct sha256 *h = sha256_new();

	sha256_add(h, data, n);
	sha256_hex(h, out);
	sha256_free(h);
}

void
hmac_sha256(const void *key, size_t key_len, const struct slice *part, size_t nr,
    unsigned char out[SHA256_BYTES])
{
	char digest[] = "SHA256";
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
		OSSL_PARAM_construct_end(),
	};
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *ctx = mac ? EVP_MAC_CTX_new(mac) : NULL;
	size_t got;

	/* a NULL key would mean "the one of before" */
	if (!ctx || EVP_MAC_init(ctx, key ? key : "", key_len, params) != 1)
		BUG("libcrypto has no HMAC with SHA-256");
	for (size_t i = 0; i < nr; i++)
		if (part[i].len > 0 && EVP_MAC_update(ctx, (const unsigned char *)part[i].ptr,
		    part[i].len) != 1)
			BUG("EVP_MAC_update failed");
	if (EVP_MAC_final(ctx, out, &got, SHA256_BYTES) != 1 || got != SHA256_BYTES)
		BUG("EVP_MAC_final failed");
	EVP_MAC_CTX_free(ctx);
	EVP_MAC_free(mac);
}

bool
hash_equal(const void *a, const void *b, size_t n)
{
	return CRYPTO_memcmp(a, b, n) == 0;
}

uint64_t
hash64(const void *data, size_t n, uint64_t seed)
{
	const unsigned char *p = data;
	uint64_t h = UINT64_C(0xcbf29ce484222325) ^ seed;

	for (size_t i = 0; i < n; i++)
		h = (h ^ p[i]) * UINT64_C(0x100000001b3);
	h ^= h >> 32;
	h *= UINT64_C(0xd6e8feb86659fd93);
	return h ^ h >> 32;
}
