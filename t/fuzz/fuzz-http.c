/*
 * fuzz-http: any bytes as what a receiver sends back, over a real connection on
 * loopback, and as a Retry-After. One answer in our own words in time, never a crash.
 * The first byte says how they are sent: bit 0 in small pieces, bit 1 the end is an RST,
 * bit 2 behind `HTTP/1.1 200 OK`, bit 3 behind a status and chunked, bits 4 to 6 two
 * requests on the connection.
 */
#include "base/base.h"

#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "svc/http_private.h"

#define TIMEOUT_MS 100
#define PATIENCE_MS 10	/* of the server, for a second request */
#define PIECE 7
#define NOW_US INT64_C(1795000000000000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int listening = -1;
static char url[64];
/* what to send; written before a request is started */
static struct {
	pthread_mutex_t lock;
	uint8_t how;
	char *data;
	size_t size;
} reply = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void
send_all(int fd, const char *p, size_t n, size_t piece)
{
	while (n > 0) {
		ssize_t got = send(fd, p, MIN(n, piece), MSG_NOSIGNAL);

		if (got <= 0)
			return;
		p += got;
		n -= (size_t)got;
	}
}

static void
serve(int fd)
{
	static const char plain[] = "HTTP/1.1 200 OK\r\n";
	static const char chunked[] = "HTTP/1.1 503 No\r\nTransfer-Encoding: chunked\r\n\r\n";
	struct linger rst = { 1, 0 };
	char buf[4096];

	for (int i = 0; i < 2; i++) {
		/* a request comes in one segment, or nobody minds */
		if (recv(fd, buf, sizeof(buf), 0) <= 0)
			return;
		pthread_mutex_lock(&reply.lock);
		if (reply.how & 4)
			send_all(fd, plain, sizeof(plain) - 1, sizeof(plain));
		else if (reply.how & 8)
			send_all(fd, chunked, sizeof(chunked) - 1, sizeof(chunked));
		send_all(fd, reply.data, reply.size, reply.how & 1 ? PIECE : reply.size);
		i += !(reply.how & 0x70);
		if (reply.how & 2)
			setsockopt(fd, SOL_SOCKET, SO_LINGER, &rst, sizeof(rst));
		pthread_mutex_unlock(&reply.lock);
	}
}

static void *
server(void *arg)
{
	for (;;) {
		int fd = accept(listening, NULL, NULL), one = 1;
		struct timeval patience = { 0, PATIENCE_MS * 1000 };

		if (fd < 0)
			continue;
		setsockopt(fd, IPPROTO_TCP, 1 /* TCP_NODELAY */, &one, sizeof(one));
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
		serve(fd);
		close(fd);
	}
	return arg;
}

static void
start(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t n = sizeof(a);
	pthread_t thread;

	listening = socket(AF_INET, SOCK_STREAM, 0);
	if (bind(listening, (struct sockaddr *)&a, n) < 0 || listen(listening, 64) < 0 ||
	    getsockname(listening, (struct sockaddr *)&a, &n) < 0 ||
	    pthread_create(&thread, NULL, server, NULL) != 0)
		abort();
	pthread_detach(thread);
	snprintf(url, sizeof(url), "http://127.0.0.1:%u/", ntohs(a.sin_port));
}

static void
check(const struct http_answer *a)
{
	char want[32];

	snprintf(want, sizeof(want), "HTTP %d", a->status);
	if (a->status != 0 && (a->status < 200 || strcmp(a->why, want) != 0))
		abort();
	if (a->retry_after_s < -1 || a->retry_after_s > HTTP_RETRY_AFTER_MAX_S)
		abort();
	if (!a->why[0] || strnlen(a->why, sizeof(a->why)) == sizeof(a->why))
		abort();
	for (const char *p = a->why; *p; p++)
		if (*p < ' ' || *p > '~')
			abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const header[] = { "X-Secret: canary", NULL };
	struct net_range loopback;
	struct http_request r = { .header = header, .body = SLICE_LIT("{}"),
		.timeout_ms = TIMEOUT_MS, .allow = &loopback, .allow_nr = 1 };
	struct err err = ERR_INIT;
	struct http *h;
	struct http_answer a;
	int64_t s = http_retry_after((struct slice){ (const char *)data, size }, NOW_US);
	unsigned answers = 0;

	if (s < -1 || s > HTTP_RETRY_AFTER_MAX_S)
		abort();
	if (size == 0)
		return 0;
	if (listening < 0)
		start();
	pthread_mutex_lock(&reply.lock);
	free(reply.data);
	reply.how = data[0];
	reply.size = size - 1;
	reply.data = malloc(size);
	if (!reply.data)
		abort();
	memcpy(reply.data, data + 1, size - 1);
	pthread_mutex_unlock(&reply.lock);

	h = http_new(&err);
	if (!h || net_parse("127.0.0.0/8", &loopback) < 0)
		abort();
	r.url = url;
	for (int i = 0; i < (data[0] & 0x70 ? 2 : 1); i++) {
		if (http_start(h, &r, &err) < 0)
			abort();
		while (http_running(h) > 0) {
			if (http_wait(h, NULL, 0, TIMEOUT_MS, &err) < 0)
				abort();
			while (http_next(h, &a)) {
				check(&a);
				answers++;
			}
		}
	}
	if (answers != (data[0] & 0x70 ? 2 : 1))
		abort();
	http_free(h);
	err_release(&err);
	return 0;
}
