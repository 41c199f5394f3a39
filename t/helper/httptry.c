/*
 * httptry.c - POST `{}` to URLs as notify would, and say what came back.
 *
 *	httptry [-a CIDR]... [-t MS] [-n COUNT] [-j PARALLEL] [-c CA] [-H 'Name: value']... URL...
 *
 * COUNT requests to each URL, PARALLEL at once. One line for each answer, in the order of
 * their coming: `STATUS RETRY_AFTER WHY`. -w FD: wait for that descriptor too, and say
 * `fd REVENTS` when something is up. -p MS: pause before each request but the first.
 * `allow=CIDR` and `allow=` among the URLs change what
 * the URLs behind it allow.
 */
#include "base/base.h"

#include <getopt.h>
#include <unistd.h>

#include "base/err.h"
#include "base/num.h"
#include "svc/http.h"
#include "sys/sig.h"

#define MAX_ALLOW 16
#define MAX_HEADERS 16
#define STATUS_TROUBLE 125

static struct net_range allow[MAX_ALLOW];
static const char *headers[MAX_HEADERS + 1];
static struct pollfd watched = { -1, POLLIN, 0 };

static int
trouble(struct err *err, const char *what)
{
	printf("trouble: %s\n", err && err->text ? err->text : what);
	exit(STATUS_TROUBLE);
}

static uint64_t
number(const char *s)
{
	uint64_t n;

	if (num_uint(s, 1000000, &n) < 0)
		trouble(NULL, "a number is wanted");
	return n;
}

/* Wait until fewer than most are under way. */
static void
drain(struct http *h, size_t most)
{
	struct err err = ERR_INIT;
	struct http_answer a;

	while (http_running(h) >= most && http_running(h) > 0 && !sig_stopped()) {
		if (http_wait(h, &watched, watched.fd >= 0, 60000, &err) < 0)
			trouble(&err, "wait");
		if (watched.revents) {
			printf("fd%s%s%s\n", watched.revents & POLLIN ? " in" : "",
			    watched.revents & POLLHUP ? " hup" : "",
			    watched.revents & POLLERR ? " err" : "");
			fflush(stdout);
			watched = (struct pollfd){ -1, 0, 0 };
		}
		while (http_next(h, &a))
			printf("%d %lld %s\n", a.status, (long long)a.retry_after_s, a.why);
		fflush(stdout);
	}
}

int
main(int argc, char **argv)
{
	struct err err = ERR_INIT;
	struct http_request r = { .body = SLICE_LIT("{}"), .timeout_ms = 5000, .allow = allow,
		.header = headers };
	size_t nr_headers = 0, count = 1, parallel = 1, started = 0;
	uint64_t pause_ms = 0;
	struct http *h = http_new(&err);
	int opt;

	sig_init();
	while ((opt = getopt(argc, argv, "a:c:H:j:n:p:t:w:")) != -1) {
		switch (opt) {
		case 'a':
			if (r.allow_nr == MAX_ALLOW || net_parse(optarg, &allow[r.allow_nr++]) < 0)
				trouble(NULL, "bad -a");
			break;
		case 'c': r.ca_file = optarg; break;
		case 'H':
			if (nr_headers == MAX_HEADERS)
				trouble(NULL, "too many -H");
			headers[nr_headers++] = optarg;
			break;
		case 'j': parallel = number(optarg); break;
		case 'n': count = number(optarg); break;
		case 'p': pause_ms = number(optarg); break;
		case 't': r.timeout_ms = number(optarg); break;
		case 'w': watched.fd = (int)number(optarg); break;
		default: return EXIT_USAGE;
		}
	}
	if (!h)
		trouble(&err, "no http");
	for (int i = optind; i < argc; i++) {
		struct net_range *one;

		if (strncmp(argv[i], "allow=", 6) == 0) {
			/* what was started borrows the list that it was given */
			drain(h, 1);
			one = &allow[MAX_ALLOW - 1];
			r.allow = one;
			r.allow_nr = argv[i][6] != '\0';
			if (r.allow_nr && net_parse(argv[i] + 6, one) < 0)
				trouble(NULL, "bad allow=");
			continue;
		}
		r.url = argv[i];
		for (size_t n = 0; n < count; n++) {
			drain(h, parallel);
			if (pause_ms && started++)
				usleep((useconds_t)pause_ms * 1000);
			if (http_check_url(r.url, &err) < 0 || http_start(h, &r, &err) < 0)
				trouble(&err, "start");
		}
	}
	drain(h, 1);
	http_free(h);
	return sig_stopped() ? 128 + sig_stopped() : 0;
}
