/* HMAC-SHA256 and the comparison of digests (alg/hash.h). */
#include <check.h>

#include "alg/hash.h"
#include "base/enc.h"

START_TEST(test_hmac)
{
	/* RFC 4231, cases 1 to 4, 6 and 7 */
	static const struct {
		size_t key_len, data_len;
		int key_byte, data_byte;	/* -1: counted up from 1; -2: the text */
		const char *key, *data, *mac;
	} v[] = {
		{ 20, 0, 0x0b, -2, NULL, "Hi There",
			"b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
		{ 0, 0, -2, -2, "Jefe", "what do ya want for nothing?",
			"5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
		{ 20, 50, 0xaa, 0xdd, NULL, NULL,
			"773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe" },
		{ 25, 50, -1, 0xcd, NULL, NULL,
			"82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b" },
		{ 131, 0, 0xaa, -2, NULL, "Test Using Larger Than Block-Size Key - Hash Key First",
			"60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54" },
		{ 131, 0, 0xaa, -2, NULL, "This is a test using a larger than block-size key and "
			"a larger than block-size data. The key needs to be hashed before being "
			"used by the HMAC algorithm.",
			"9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2" },
	};

	for (size_t i = 0; i < countof(v); i++) {
		size_t key_len = v[i].key ? strlen(v[i].key) : v[i].key_len;
		size_t len = v[i].data ? strlen(v[i].data) : v[i].data_len;
		unsigned char key[140], mac[SHA256_BYTES];
		char data[200], hex[SHA256_HEX];

		for (size_t k = 0; k < key_len; k++)
			key[k] = (unsigned char)(v[i].key ? v[i].key[k] : v[i].key_byte == -1 ?
			    (int)k + 1 : v[i].key_byte);
		for (size_t k = 0; k < len; k++)
			data[k] = (char)(v[i].data ? v[i].data[k] : v[i].data_byte);
		/* in three parts, cut anywhere, one of which may be empty */
		for (size_t cut = 0; cut <= len; cut++) {
			struct slice part[] = { { data, cut / 2 }, { data + cut / 2, cut - cut / 2 },
				{ data + cut, len - cut } };

			hmac_sha256(key, key_len, part, countof(part), mac);
			enc_hex(mac, sizeof(mac), hex);
			ck_assert_str_eq(hex, v[i].mac);
		}
	}
}
END_TEST

START_TEST(test_hmac_of_nothing)
{
	struct slice empty = SLICE_INIT;
	unsigned char mac[SHA256_BYTES], again[SHA256_BYTES];
	char hex[SHA256_HEX];

	hmac_sha256(NULL, 0, NULL, 0, mac);
	enc_hex(mac, sizeof(mac), hex);
	ck_assert_str_eq(hex, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
	hmac_sha256("", 0, &empty, 1, again);
	ck_assert(hash_equal(mac, again, sizeof(mac)));
	for (size_t i = 0; i < sizeof(mac); i++) {
		again[i] ^= 1;
		ck_assert(!hash_equal(mac, again, sizeof(mac)));
		ck_assert(hash_equal(mac, again, i));
		again[i] ^= 1;
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("hash");
	TCase *t = tcase_create("hash");
	SRunner *sr;
	int bad;

	tcase_add_test(t, test_hmac);
	tcase_add_test(t, test_hmac_of_nothing);
	suite_add_tcase(s, t);
	sr = srunner_create(s);
	srunner_set_tap(sr, "-");
	srunner_run_all(sr, CK_SILENT);
	bad = srunner_ntests_failed(sr);
	srunner_free(sr);
	return bad != 0;
}
