#include "alg/hash.h"

#include <openssl/evp.h>

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
