/* The signatures of web hooks (alg/webhook.h). */
#include <check.h>

#include "alg/webhook.h"
#include "base/enc.h"

/* The vector of the specification's reference libraries. */
#define SECRET "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define ID "msg_p5jXN8AQM9LWM0D4loKWxJek"
#define STAMP 1614265330
#define BODY "{\"test\": 2432232314}"
#define SIGNATURE "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
/* Another: the base64 of `the new secret of the endpoint!!` */
#define OTHER "whsec_dGhlIG5ldyBzZWNyZXQgb2YgdGhlIGVuZHBvaW50ISE="

static struct webhook_keys keys;
static struct err err;

static struct slice
sl(const char *s)
{
	return (struct slice){ s, strlen(s) };
}

static void
setup(void)
{
	webhook_keys_wipe(&keys);
	ck_assert_int_eq(webhook_keys_add(&keys, sl(SECRET), &err), 0);
}

static void
teardown(void)
{
	err_release(&err);
}

/* Verify the vector with some of it changed; NULL: as it is. */
static int
verify(const char *id, const char *stamp, const char *list, int64_t now_s)
{
	return webhook_verify(&keys, sl(id ? id : ID), sl(stamp ? stamp : "1614265330"),
	    sl(list ? list : SIGNATURE), sl(BODY), now_s, WEBHOOK_TOLERANCE_S, &err);
}

static void
refused(int got, const char *why)
{
	ck_assert_int_eq(got, 0);
	ck_assert_int_eq(err.kind, ERR_DATA);
	ck_assert_msg(strstr(err.text, why), "%s", err.text);
	err_release(&err);
}

START_TEST(test_vector)
{
	struct str out = STR_INIT;

	str_adds(&out, "x: ");
	webhook_sign(&keys, ID, STAMP, sl(BODY), &out);
	ck_assert_str_eq(out.buf, "x: " SIGNATURE);
	ck_assert_int_eq(verify(NULL, NULL, NULL, STAMP), 1);
	ck_assert_int_eq(err.kind, ERR_NONE);
	str_release(&out);
}
END_TEST

START_TEST(test_rotation)
{
	struct webhook_keys both = WEBHOOK_KEYS_INIT, new = WEBHOOK_KEYS_INIT;
	struct str out = STR_INIT, alone = STR_INIT;

	ck_assert_int_eq(webhook_keys_add(&both, sl("\n " OTHER "\r\n\t" SECRET "\n"), &err), 0);
	ck_assert_uint_eq(both.nr, 2);
	ck_assert_int_eq(webhook_keys_add(&new, sl(OTHER), &err), 0);
	webhook_sign(&both, ID, STAMP, sl(BODY), &out);
	webhook_sign(&new, ID, STAMP, sl(BODY), &alone);
	/* the new one first */
	ck_assert_uint_eq(out.len, 2 * strlen(SIGNATURE) + 1);
	ck_assert_int_eq(strncmp(out.buf, alone.buf, alone.len), 0);
	ck_assert_str_eq(out.buf + alone.len, " " SIGNATURE);
	/* what two keys signed, a receiver with either verifies; and the other way */
	ck_assert_int_eq(verify(NULL, NULL, out.buf, STAMP), 1);
	keys = new;
	ck_assert_int_eq(verify(NULL, NULL, out.buf, STAMP), 1);
	refused(verify(NULL, NULL, SIGNATURE, STAMP), "by the secret");
	keys = both;
	ck_assert_int_eq(verify(NULL, NULL, SIGNATURE, STAMP), 1);
	ck_assert_int_eq(verify(NULL, NULL, alone.buf, STAMP), 1);
	refused(verify(ID "x", NULL, out.buf, STAMP), "by any of the secrets");
	str_release(&out);
	str_release(&alone);
}
END_TEST

/* Does a text hold any six bytes of the secret, beyond its prefix? */
static bool
leaks(const char *text, struct slice secret)
{
	char piece[7] = "";

	if (!text)
		return false;
	for (size_t i = 0; i + 6 <= secret.len; i++) {
		memcpy(piece, secret.ptr + i, 6);
		if (!strstr(" whsec_ whsk_ whpk_ ", piece) && strlen(piece) == 6 &&
		    strstr(text, piece))
			return true;
	}
	return false;
}

START_TEST(test_bad_secrets)
{
	static const struct {
		const char *text, *why;
	} bad[] = {
		{ "", "there is no webhook secret" }, { " \n\t\r ", "there is no webhook secret" },
		{ "whsec_", "1 is too short" }, { "whsec", "1 does not begin with whsec_" },
		{ "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "does not begin" },
		{ "WHSEC_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "does not begin" },
		{ "\"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\"", "does not begin" },
		{ "whsk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "asymmetric" },
		{ "whpk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "asymmetric" },
		{ "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS", "no base64" },
		{ "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa-w", "no base64" },
		{ "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa_w", "no base64" },
		{ "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS=", "no base64" },	/* unused bits set */
		{ "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaQ=", "too short" },
		{ "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaL===", "no base64" },
		{ "whsec_=fKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "no base64" },
		{ "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwAB==", "no base64" },
		{ "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw,", "no base64" },
		{ OTHER " MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "2 does not begin" },
		{ OTHER " " OTHER " whsec_MfKQ9r8G", "3 is too short" },
		{ SECRET " " SECRET " " SECRET " " SECRET, "4 is one too many" },
	};
	struct webhook_keys before = keys;

	for (size_t i = 0; i < countof(bad); i++) {
		ck_assert_int_eq(webhook_keys_add(&keys, sl(bad[i].text), &err), -1);
		ck_assert_int_eq(err.kind, ERR_CONFIG);
		ck_assert_msg(strstr(err.text, bad[i].why), "%s: %s", bad[i].text, err.text);
		ck_assert_msg(!leaks(err.text, sl(bad[i].text)) &&
		    !leaks(err.hint, sl(bad[i].text)), "%s: %s", bad[i].text, err.text);
		/* all or nothing, and nothing is left behind */
		ck_assert_mem_eq(&keys, &before, sizeof(keys));
		err_release(&err);
	}
	ck_assert_int_eq(webhook_keys_add(&keys, (struct slice){ SECRET "\0", sizeof(SECRET) },
	    &err), -1);
	ck_assert_mem_eq(&keys, &before, sizeof(keys));
}
END_TEST

START_TEST(test_key_lengths)
{
	unsigned char bytes[100];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(255 - i);
	for (size_t n = 0; n <= sizeof(bytes); n++) {
		struct webhook_keys k = WEBHOOK_KEYS_INIT;
		struct str text = STR_INIT;

		str_adds(&text, "whsec_");
		enc_base64(&text, bytes, n);
		if (n < 24 || n > 64) {
			ck_assert_int_eq(webhook_keys_add(&k, str_slice(&text), &err), -1);
			ck_assert_ptr_nonnull(strstr(err.text, n < 24 ? "too short" : "too long"));
			ck_assert(!leaks(err.text, str_slice(&text)));
			ck_assert_uint_eq(k.nr, 0);
			err_release(&err);
		} else {
			ck_assert_int_eq(webhook_keys_add(&k, str_slice(&text), &err), 0);
			ck_assert_uint_eq(k.nr, 1);
			ck_assert_uint_eq(k.key[0].len, n);
			ck_assert_mem_eq(k.key[0].byte, bytes, n);
		}
		str_release(&text);
	}
}
END_TEST

START_TEST(test_wipe)
{
	static const struct webhook_keys zero;
	struct str out = STR_INIT;

	ck_assert_int_eq(webhook_keys_add(&keys, sl(OTHER), &err), 0);
	webhook_keys_wipe(&keys);
	ck_assert_mem_eq(&keys, &zero, sizeof(keys));
	/* without a key nothing is signed and nothing is right */
	webhook_sign(&keys, ID, STAMP, sl(BODY), &out);
	ck_assert_uint_eq(out.len, 0);
	refused(verify(NULL, NULL, NULL, STAMP), "no signature is right");
	str_release(&out);
}
END_TEST

START_TEST(test_ids)
{
	char id[WEBHOOK_ID_MAX + 2];

	memset(id, 'a', sizeof(id));
	ck_assert(!webhook_id_ok((struct slice){ id, 0 }));
	ck_assert(!webhook_id_ok((struct slice)SLICE_INIT));
	ck_assert(webhook_id_ok((struct slice){ id, 1 }));
	ck_assert(webhook_id_ok((struct slice){ id, WEBHOOK_ID_MAX }));
	ck_assert(!webhook_id_ok((struct slice){ id, WEBHOOK_ID_MAX + 1 }));
	for (int c = 0; c < 256; c++) {
		bool good = c && strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		    "0123456789_-", c);

		id[3] = (char)c;
		ck_assert_int_eq(webhook_id_ok((struct slice){ id, 5 }), good);
		ck_assert_int_eq(webhook_id_ok((struct slice){ id, 4 }), good);
	}
	refused(verify("", NULL, NULL, STAMP), "webhook-id");
	/* a dot would let bytes move between id and timestamp */
	refused(verify("msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330", NULL, NULL, STAMP), "webhook-id");
	refused(verify("msg_p5jXN8AQM9LWM0D4loKWxJel", NULL, NULL, STAMP), "no signature is right");
}
END_TEST

START_TEST(test_timestamps)
{
	static const char *const none[] = {
		"", " ", "x", "1614265330 ", " 1614265330", "+1614265330", "-1614265330", "1614265330.0",
		"1614265330x", "0x60377632", "1.614265330e9", "9223372036854775808",
		"99999999999999999999999999999999", "1614265330\n", "2021-02-25T15:02:10Z",
	};
	static const char *const far[] = { "0", "1614265630", "1614265629", "1614265030",
		"9223372036854775807", "01614265330" };

	for (int64_t off = -310; off <= 310; off++) {
		int got = verify(NULL, NULL, NULL, STAMP + off);

		if (off >= -300 && off <= 300)
			ck_assert_int_eq(got, 1);
		else
			refused(got, "is more than 300 s from");
	}
	for (size_t i = 0; i < countof(none); i++)
		refused(verify(NULL, none[i], NULL, STAMP), "is not a number of seconds");
	/* another one: either too far away, or not what was signed */
	for (size_t i = 0; i < countof(far); i++)
		refused(verify(NULL, far[i], NULL, STAMP), "");
	refused(verify(NULL, NULL, NULL, INT64_MAX), "300 s");
	refused(verify(NULL, NULL, NULL, INT64_MIN), "300 s");
	refused(verify(NULL, "0", NULL, INT64_MIN), "300 s");
	refused(verify(NULL, "9223372036854775807", NULL, INT64_MIN), "300 s");
	ck_assert_int_eq(webhook_verify(&keys, sl(ID), sl("1614265330"), sl(SIGNATURE), sl(BODY),
	    STAMP, 0, &err), 1);
	refused(webhook_verify(&keys, sl(ID), sl("1614265330"), sl(SIGNATURE), sl(BODY), STAMP + 1,
	    0, &err), "0 s");
}
END_TEST

START_TEST(test_lists)
{
	static const char bad[] = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OF=";
	static const char *const right[] = {
		"v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg== "
		SIGNATURE,
		SIGNATURE " v1a,x", "  " SIGNATURE "  ", "v2,x " SIGNATURE " v3,y", "v1 v1, " SIGNATURE,
		SIGNATURE " " SIGNATURE, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OF= " SIGNATURE,
	};
	static const char *const wrong[] = {
		"v1,", "v1,=", "v1,x", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE",
		SIGNATURE "=", SIGNATURE "," SIGNATURE, "v1,v1," "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlN",
		"v1,G0HM9SSE+OTPJTGT/TMIKTSYZLE3UFJELVLNIOLJ1OE=",
		"v1,g0hM9SsE-OTPJTGt_tmIKtSyZlE3uFJELVlNIOLJ1OE=",
		"v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
	};
	static const char *const none[] = {
		"", " ", "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", "v1", "v1=x",
		"v1a,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", "v10,x",
		"V1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
		"v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
	};
	struct str many = STR_INIT;

	for (size_t i = 0; i < countof(right); i++)
		ck_assert_msg(verify(NULL, NULL, right[i], STAMP) == 1, "%s", right[i]);
	for (size_t i = 0; i < countof(wrong); i++)
		refused(verify(NULL, NULL, wrong[i], STAMP), "no signature is right");
	for (size_t i = 0; i < countof(none); i++)
		refused(verify(NULL, NULL, none[i], STAMP), "has no v1 signature");
	/* each character counts, in each bit */
	for (size_t i = strlen("v1,"); i < strlen(SIGNATURE); i++)
		for (int bit = 0; bit < 8; bit++) {
			char list[] = SIGNATURE;

			list[i] = (char)(list[i] ^ 1 << bit);
			refused(webhook_verify(&keys, sl(ID), sl("1614265330"),
			    (struct slice){ list, sizeof(list) - 1 }, sl(BODY), STAMP, 300, &err),
			    "no signature is right");
		}
	for (int i = 0; i < 100000; i++) {
		str_adds(&many, bad);
		str_addc(&many, ' ');
	}
	refused(verify(NULL, NULL, many.buf, STAMP), "no signature is right");
	str_adds(&many, SIGNATURE);
	ck_assert_int_eq(verify(NULL, NULL, many.buf, STAMP), 1);
	str_release(&many);
}
END_TEST

START_TEST(test_bodies)
{
	static const size_t lengths[] = { 0, 1, 20, 63, 64, 65, 1000, 1 << 20 };

	for (size_t n = 0; n < countof(lengths); n++) {
		struct str body = STR_INIT, list = STR_INIT;

		for (size_t i = 0; i < lengths[n]; i++)
			str_addc(&body, (char)(i * 7 % 256));
		webhook_sign(&keys, ID, STAMP, str_slice(&body), &list);
		ck_assert_int_eq(webhook_verify(&keys, sl(ID), sl("1614265330"), str_slice(&list),
		    str_slice(&body), STAMP, 300, &err), 1);
		for (size_t i = 0; i < body.len; i += 1 + body.len / 100) {
			for (int bit = 0; bit < 8; bit += body.len > 1000 ? 7 : 1) {
				body.buf[i] = (char)(body.buf[i] ^ 1 << bit);
				refused(webhook_verify(&keys, sl(ID), sl("1614265330"),
				    str_slice(&list), str_slice(&body), STAMP, 300, &err),
				    "no signature is right");
				body.buf[i] = (char)(body.buf[i] ^ 1 << bit);
			}
			if (body.len > 1000 && i > 0)
				break;
		}
		/* a byte more, a byte less */
		str_addc(&body, '\0');
		refused(webhook_verify(&keys, sl(ID), sl("1614265330"), str_slice(&list),
		    str_slice(&body), STAMP, 300, &err), "no signature is right");
		str_release(&body);
		str_release(&list);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("webhook");
	TCase *t = tcase_create("webhook");
	SRunner *sr;
	int bad;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, test_vector);
	tcase_add_test(t, test_rotation);
	tcase_add_test(t, test_bad_secrets);
	tcase_add_test(t, test_key_lengths);
	tcase_add_test(t, test_wipe);
	tcase_add_test(t, test_ids);
	tcase_add_test(t, test_timestamps);
	tcase_add_test(t, test_lists);
	tcase_add_test(t, test_bodies);
	suite_add_tcase(s, t);
	sr = srunner_create(s);
	srunner_set_tap(sr, "-");
	srunner_run_all(sr, CK_SILENT);
	bad = srunner_ntests_failed(sr);
	srunner_free(sr);
	return bad != 0;
}
