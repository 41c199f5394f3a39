/* http: what a Retry-After means, which URLs and headers are taken, and whether a wait
 * for descriptors is one. */
#include <check.h>

#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "svc/http_private.h"
#include "sys/sig.h"

/* 1994-11-06T08:49:37Z, the example of RFC 9110 */
#define NOW_US (INT64_C(784111777) * USEC_PER_SEC)
#define MAX_S HTTP_RETRY_AFTER_MAX_S

static const struct {
	const char *value;
	int64_t want;
} retry_after[] = {
	{ "0", 0 }, { "7", 7 }, { " \t7 \r\n", 7 }, { "120", 120 },
	{ "0000000000000000000000120", 120 },
	{ "604800", MAX_S }, { "604801", MAX_S }, { "18446744073709551617", MAX_S },
	{ "99999999999999999999999999999999999999999999999999999999999", MAX_S },
	{ "", -1 }, { " ", -1 }, { "-1", -1 }, { "+1", -1 }, { "1.5", -1 },
	{ "1 2", -1 }, { "1s", -1 }, { "1,2", -1 }, { "soon", -1 }, { "0x10", -1 }, { "\xd9\xa1", -1 },
	{ "Sun, 06 Nov 1994 08:49:37 GMT", 0 }, { "Sun, 06 Nov 1994 08:49:38 GMT", 1 },
	{ "Sun, 06 Nov 1994 08:51:37 GMT", 120 }, { "Sun, 06 Nov 1994 07:49:37 GMT", 0 },
	{ "Sunday, 06-Nov-94 08:51:37 GMT", 120 }, { "Sun Nov  6 08:51:37 1994", 120 },
	{ "Sat Nov 12 08:49:37 1994", 6 * 86400 }, { "Sat Nov 26 08:49:37 1994", MAX_S },
	/* two digits: 50 years ahead at most */
	{ "Sunday, 06-Nov-44 08:49:37 GMT", MAX_S }, { "Sunday, 06-Nov-45 08:49:37 GMT", 0 },
	{ "Fri, 31 Dec 9999 23:59:59 GMT", MAX_S }, { "Sat, 01 Jan 0001 00:00:00 GMT", 0 },
	{ "Sun, 31 Feb 1994 08:49:37 GMT", -1 }, { "Sun, 06 Foo 1994 08:49:37 GMT", -1 },
	{ "Sun, 06 Nov 1994 25:49:37 GMT", -1 }, { "Sun, 06 Nov 1994 08:49:37 GMT+1", -1 },
	{ "Sun, 06 Nov 1994 08:49:37", -1 }, { "Sun, 06 Nov 1994 08:49:37 CET", -1 },
	{ "Sun, -6 Nov 1994 08:49:37 GMT", -1 }, { "Sun, 06 Nov 1994", -1 }, { "Sun", -1 },
	{ "1994-11-06T08:49:37Z", -1 },
};

START_TEST(retry_after_is)
{
	struct slice v = { retry_after[_i].value, strlen(retry_after[_i].value) };

	ck_assert_msg(http_retry_after(v, NOW_US) == retry_after[_i].want, "%s: %lld",
	    retry_after[_i].value, (long long)http_retry_after(v, NOW_US));
}
END_TEST

START_TEST(retry_after_of_a_clock_that_is_off)
{
	struct slice v = SLICE_LIT("Fri, 31 Dec 9999 23:59:59 GMT");

	ck_assert_int_eq(http_retry_after(v, INT64_MIN), MAX_S);
	ck_assert_int_eq(http_retry_after(v, INT64_MAX), 0);
	/* half a second is a second, not none */
	ck_assert_int_eq(http_retry_after(SLICE_LIT("Sun, 06 Nov 1994 08:49:37 GMT"),
	    NOW_US - USEC_PER_SEC / 2), 1);
	ck_assert_int_eq(http_retry_after((struct slice){ "1\0", 2 }, NOW_US), -1);
	ck_assert_int_eq(http_retry_after((struct slice){ "Sun, 06 Nov 1994 08:49:38 GMT\0x", 31 },
	    NOW_US), -1);
}
END_TEST

static const struct {
	const char *url;
	bool good;
} urls[] = {
	{ "http://a", true }, { "https://a.example:8443/x?y#z", true }, { "HTTPS://a/", true },
	{ "http://[::1]:80/", true }, { "http://2130706433/", true },
	{ "", false }, { "a", false }, { "a:80", false }, { "//a/", false }, { "http://", false },
	{ "http://u@a/", false }, { "http://u:p@a/", false }, { "http://:p@a/", false },
	{ "http://@a/", false }, { "ftp://a/", false }, { "file:///etc/passwd", false },
	{ "gopher://a/", false }, { "unix:///x", false }, { "http://a b/", false },
	{ "http://a/\r\nX: y", false }, { "http://a:0x50/", false }, { "http://a:65536/", false },
	{ "http://[::1/", false }, { "javascript:alert(1)", false },
};

START_TEST(url_is)
{
	struct err err = ERR_INIT;
	int rc = http_check_url(urls[_i].url, &err);

	ck_assert_msg(rc == (urls[_i].good ? 0 : -1), "%s: %s", urls[_i].url,
	    err.text ? err.text : "taken");
	if (rc < 0) {
		ck_assert_int_eq(err.kind, ERR_CONFIG);
		/* many hide a secret in the path */
		ck_assert_msg(strstr(err.text, "passwd") == NULL, "%s", err.text);
	}
	err_release(&err);
}
END_TEST

static const struct {
	const char *line;
	bool good;
} header_lines[] = {
	{ "X-A: b", true }, { "X-A:b", true }, { "X-A:", true }, { "X-A: \t", true },
	{ "X: \xc3\xa4\tb", true },
	{ "X-A", false }, { "", false }, { ": b", false }, { "X A: b", false }, { "X-A;", false },
	{ "X: a\nY: b", false }, { "X: a\r\n b", false }, { "X: \x7f", false },
	{ "X: \x01", false },
	{ "Content-Length: 5", false }, { "transfer-encoding: chunked", false },
	{ "Expect: 100-continue", false }, { "Connection: close", false },
	{ "Connectionx: y", true },
};

START_TEST(header_is)
{
	const char *const list[] = { header_lines[_i].line, NULL };
	struct http_request r = { .url = "http://127.0.0.1:1/", .header = list, .timeout_ms = 100 };
	struct err err = ERR_INIT;
	struct http *h = http_new(&err);
	int rc = http_start(h, &r, &err);

	ck_assert_msg(rc == (header_lines[_i].good ? 0 : -1), "%s: %s", header_lines[_i].line,
	    err.text ? err.text : "taken");
	ck_assert_uint_eq(http_running(h), header_lines[_i].good);
	err_release(&err);
	http_free(h);
}
END_TEST

/* A port of loopback where connections are made and nobody answers. */
static int
deaf(char *url, size_t size)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t n = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&a, n), 0);
	ck_assert_int_eq(listen(fd, 16), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&a, &n), 0);
	snprintf(url, size, "http://127.0.0.1:%u/", ntohs(a.sin_port));
	return fd;
}

static int64_t
wait_ms(struct http *h, struct pollfd *fds, size_t nr, int timeout_ms)
{
	struct err err = ERR_INIT;
	int64_t begin = clock_mono_ms();

	ck_assert_msg(http_wait(h, fds, nr, timeout_ms, &err) == 0, "%s", err.text);
	return clock_mono_ms() - begin;
}

#define LONG_MS 900	/* less than a wait is cut to */

/* The same with nothing under way and with a request that hangs. */
START_TEST(wait_sees_descriptors)
{
	struct net_range loopback;
	struct http_request r = { .timeout_ms = 60000, .allow = &loopback, .allow_nr = 1 };
	struct err err = ERR_INIT;
	struct http *h = http_new(&err);
	char url[64], c;
	int listening = deaf(url, sizeof(url)), in[2], out[2];
	struct pollfd fds[3];

	ck_assert_int_eq(net_parse("127.0.0.0/8", &loopback), 0);
	r.url = url;
	if (_i)
		ck_assert_int_eq(http_start(h, &r, &err), 0);
	/* it takes some waits until it is connected and sent */
	for (int64_t end = clock_mono_ms() + 300; _i && clock_mono_ms() < end; )
		wait_ms(h, NULL, 0, 50);
	ck_assert_int_eq(pipe(in), 0);
	ck_assert_int_eq(pipe(out), 0);

	fds[0] = (struct pollfd){ in[0], POLLIN, -1 };
	fds[1] = (struct pollfd){ -1, POLLIN, -1 };
	fds[2] = (struct pollfd){ out[1], 0, -1 };
	ck_assert_int_ge(wait_ms(h, fds, 3, 60), 50);
	ck_assert_int_eq(fds[0].revents | fds[1].revents | fds[2].revents, 0);

	fds[2].events = POLLOUT;
	ck_assert_int_lt(wait_ms(h, fds, 3, LONG_MS), LONG_MS - 100);
	ck_assert_int_eq(fds[2].revents, POLLOUT);
	fds[2].events = 0;

	ck_assert_int_eq(write(in[1], "x", 1), 1);
	ck_assert_int_lt(wait_ms(h, fds, 3, LONG_MS), LONG_MS - 100);
	ck_assert_int_eq(fds[0].revents, POLLIN);
	ck_assert_int_eq(fds[2].revents, 0);
	ck_assert_int_eq(read(in[0], &c, 1), 1);

	close(out[0]);	/* the reader of our output goes away, asked for or not */
	ck_assert_int_lt(wait_ms(h, fds, 3, LONG_MS), LONG_MS - 100);
	ck_assert_int_eq(fds[0].revents, 0);
	ck_assert_int_eq(fds[2].revents, POLLERR);
	fds[2].fd = -1;

	close(in[1]);	/* the end of the input */
	ck_assert_int_lt(wait_ms(h, fds, 3, LONG_MS), LONG_MS - 100);
	ck_assert_int_eq(fds[0].revents, POLLHUP);
	ck_assert_uint_eq(http_running(h), (size_t)_i);
	http_free(h);
	close(in[0]);
	close(out[1]);
	close(listening);
}
END_TEST

START_TEST(a_stop_that_came_before_ends_a_wait)
{
	struct net_range loopback;
	struct http_request r = { .timeout_ms = 60000, .allow = &loopback, .allow_nr = 1 };
	struct err err = ERR_INIT;
	struct http *h = http_new(&err);
	char url[64];
	int listening = deaf(url, sizeof(url)), in[2];
	struct pollfd fd;

	ck_assert_int_eq(net_parse("127.0.0.0/8", &loopback), 0);
	r.url = url;
	ck_assert_int_eq(pipe(in), 0);
	fd = (struct pollfd){ in[0], POLLIN, 0 };
	if (_i)
		ck_assert_int_eq(http_start(h, &r, &err), 0);
	for (int64_t end = clock_mono_ms() + 300; _i && clock_mono_ms() < end; )
		wait_ms(h, NULL, 0, 50);
	sig_init();
	raise(SIGTERM);
	ck_assert_int_lt(wait_ms(h, &fd, 1, LONG_MS), LONG_MS - 100);
	ck_assert_int_eq(fd.revents, 0);
	/* what is there is still seen */
	ck_assert_int_eq(write(in[1], "x", 1), 1);
	wait_ms(h, &fd, 1, 0);
	ck_assert_int_eq(fd.revents, POLLIN);
	http_free(h);
	close(in[0]);
	close(in[1]);
	close(listening);
}
END_TEST

START_TEST(an_answer_waits_until_it_is_taken)
{
	struct net_range loopback;
	struct http_request r = { .timeout_ms = 50, .allow = &loopback, .allow_nr = 1 };
	struct err err = ERR_INIT;
	struct http *h = http_new(&err);
	struct http_answer a;
	char url[64];
	int listening = deaf(url, sizeof(url));

	ck_assert_int_eq(net_parse("127.0.0.0/8", &loopback), 0);
	r.url = url;
	r.arg = url;
	ck_assert_int_eq(http_start(h, &r, &err), 0);
	ck_assert(!http_next(h, &a));
	for (int64_t end = clock_mono_ms() + 300; clock_mono_ms() < end; )
		wait_ms(h, NULL, 0, 50);
	ck_assert_uint_eq(http_running(h), 1);
	ck_assert_int_lt(wait_ms(h, NULL, 0, LONG_MS), LONG_MS - 100);
	ck_assert(http_next(h, &a));
	ck_assert_ptr_eq(a.arg, url);
	ck_assert_int_eq(a.status, 0);
	ck_assert_int_eq(a.retry_after_s, -1);
	ck_assert_str_eq(a.why, "no answer within 50 ms");
	ck_assert(!http_next(h, &a));
	ck_assert_uint_eq(http_running(h), 0);
	http_free(h);
	http_free(NULL);
	close(listening);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("http");
	TCase *t = tcase_create("http");
	SRunner *sr;
	int failed;

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, retry_after_is, 0, (int)countof(retry_after));
	tcase_add_test(t, retry_after_of_a_clock_that_is_off);
	tcase_add_loop_test(t, url_is, 0, (int)countof(urls));
	tcase_add_loop_test(t, header_is, 0, (int)countof(header_lines));
	tcase_add_loop_test(t, wait_sees_descriptors, 0, 2);
	tcase_add_loop_test(t, a_stop_that_came_before_ends_a_wait, 0, 2);
	tcase_add_test(t, an_answer_waits_until_it_is_taken);
	suite_add_tcase(s, t);
	sr = srunner_create(s);
	srunner_set_tap(sr, "-");
	srunner_run_all(sr, CK_SILENT);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
