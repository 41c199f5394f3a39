/*
 * tcpcut.c - a proxy in front of PostgreSQL that cuts both sides after an
 * exact message, counted over both directions and all connections.
 *
 *	tcpcut --listen DIR/.s.PGSQL.5432 --to /run/pg/.s.PGSQL.5432 --cut 17
 *	tcpcut --listen 54321 --to 5432 --cut 17 --once
 *
 * A path with a slash is a Unix socket, a number is a port of 127.0.0.1.
 * Message 17 is passed on whole, then the line is dead: when it was COMMIT,
 * the server commits and its answer is lost. After the cut nobody is let in
 * any more; with --once everybody is, uncut. Prints `ready` when it listens;
 * SIGTERM ends it and --count FILE then holds the number of messages seen.
 * --cut 0 only counts.
 */
#include "base/base.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define MAX_PAIRS 64
#define BUF_SIZE ((size_t)64 << 10)
#define IDLE_MAX_S 600		/* nobody waits for a forgotten proxy */
#define CODE_SSL 80877103U
#define CODE_GSS 80877104U

/* Where one direction is in its stream of messages. */
struct flow {
	int from, to;
	bool untyped;		/* the first message of a client has no type byte */
	unsigned char head[8];
	size_t head_len;
	uint64_t left;		/* bytes of the current message to go */
};

struct pair {
	bool used;
	struct flow flow[2];	/* 0: client to server */
};

struct proxy {
	int listener;
	const char *to, *count_file;
	long cut, seen;
	bool once, cut_done;
	struct pair pair[MAX_PAIRS];
};

static volatile sig_atomic_t ended;

static void
on_term(UNUSED int sig)
{
	ended = 1;
}

static NORETURN void
trouble(const char *what)
{
	fprintf(stderr, "tcpcut: %s: %s\n", what, strerror(errno));
	exit(125);
}

static NORETURN void
usage(void)
{
	fputs("usage: tcpcut --listen PATH|PORT --to PATH|PORT [--cut N] [--once] [--count FILE]\n",
	    stderr);
	exit(64);
}

/* A socket with its address, loopback only. */
static int
address(const char *text, struct sockaddr_storage *ss, socklen_t *len)
{
	struct sockaddr_un *un = (struct sockaddr_un *)ss;
	struct sockaddr_in *in = (struct sockaddr_in *)ss;
	int fd;

	memset(ss, 0, sizeof(*ss));
	if (strchr(text, '/') != NULL) {
		if (strlen(text) >= sizeof(un->sun_path)) {
			errno = ENAMETOOLONG;
			trouble(text);
		}
		un->sun_family = AF_UNIX;
		memcpy(un->sun_path, text, strlen(text) + 1);
		*len = sizeof(*un);
	} else {
		in->sin_family = AF_INET;
		in->sin_port = htons((uint16_t)strtoul(text, NULL, 10));
		in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		*len = sizeof(*in);
	}
	fd = socket(ss->ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		trouble("socket");
	return fd;
}

static void
pair_close(struct pair *p)
{
	if (!p->used)
		return;
	close(p->flow[0].from);
	close(p->flow[0].to);
	p->used = false;
}

static void
proxy_accept(struct proxy *x)
{
	struct sockaddr_storage ss;
	struct pair *p = NULL;
	socklen_t len;
	int client, server;

	client = accept4(x->listener, NULL, NULL, SOCK_CLOEXEC);
	if (client < 0)
		return;
	for (size_t i = 0; i < MAX_PAIRS && p == NULL; i++)
		if (!x->pair[i].used)
			p = &x->pair[i];
	if (p == NULL || (x->cut_done && !x->once)) {
		close(client);
		return;
	}
	server = address(x->to, &ss, &len);
	if (connect(server, (struct sockaddr *)&ss, len) < 0) {
		close(server);
		close(client);
		return;
	}
	*p = (struct pair){ .used = true, .flow = {
		{ .from = client, .to = server, .untyped = true },
		{ .from = server, .to = client } } };
}

static int
write_all(int fd, const unsigned char *data, size_t n)
{
	while (n > 0) {
		ssize_t put = send(fd, data, n, MSG_NOSIGNAL);

		if (put < 0 && errno == EINTR && !ended)
			continue;
		if (put < 0)
			return -1;
		data += put;
		n -= (size_t)put;
	}
	return 0;
}

static uint32_t
be32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Take one byte of a message's head. True when the head is complete, with the
 * rest's length in left. The first message: length and code, no type. */
static bool
flow_head(struct flow *f, unsigned char c)
{
	size_t want = f->untyped ? 8 : 5, type = f->untyped ? 0 : 1;
	uint32_t len;

	f->head[f->head_len++] = c;
	if (f->head_len < want)
		return false;
	len = be32(f->head + type);
	f->left = len + type > want ? len + type - want : 0;
	return true;
}

/* Encryption would hide the messages: say no in the server's place. */
static bool
flow_refuses(struct flow *f)
{
	uint32_t code = f->untyped ? be32(f->head + 4) : 0;

	if (code != CODE_SSL && code != CODE_GSS)
		return false;
	f->head_len = 0;
	write_all(f->from, (const unsigned char *)"N", 1);
	return true;
}

/* Pass n bytes on, message by message; false when the pair is to be closed. */
static bool
flow_pass(struct proxy *x, struct flow *f, const unsigned char *p, size_t n)
{
	while (n > 0) {
		if (f->left > 0) {
			size_t take = MIN((uint64_t)n, f->left);

			if (write_all(f->to, p, take) < 0)
				return false;
			p += take;
			n -= take;
			f->left -= take;
		} else {
			n--;
			if (!flow_head(f, *p++) || flow_refuses(f))
				continue;
			if (write_all(f->to, f->head, f->head_len) < 0)
				return false;
		}
		if (f->left > 0)
			continue;
		f->head_len = 0;
		f->untyped = false;
		x->seen++;
		if (x->seen == x->cut && !x->cut_done) {
			x->cut_done = true;
			return false;
		}
	}
	return true;
}

static void
proxy_step(struct proxy *x)
{
	static unsigned char buf[BUF_SIZE];
	struct pollfd fds[1 + 2 * MAX_PAIRS];
	int nr = 0, at = 1;

	fds[nr++] = (struct pollfd){ x->listener, POLLIN, 0 };
	for (size_t i = 0; i < MAX_PAIRS; i++)
		for (int d = 0; d < 2; d++)
			fds[nr++] = (struct pollfd){ x->pair[i].used ? x->pair[i].flow[d].from : -1,
			    POLLIN, 0 };
	if (poll(fds, (nfds_t)nr, -1) < 0)
		return;
	for (size_t i = 0; i < MAX_PAIRS; i++)
		for (int d = 0; d < 2; d++, at++) {
			struct pair *p = &x->pair[i];
			ssize_t got;

			if (fds[at].revents == 0 || !p->used)
				continue;
			got = read(p->flow[d].from, buf, sizeof(buf));
			if (got > 0 && flow_pass(x, &p->flow[d], buf, (size_t)got))
				continue;
			pair_close(p);
			for (size_t j = 0; x->cut_done && !x->once && j < MAX_PAIRS; j++)
				pair_close(&x->pair[j]);
		}
	if (fds[0].revents != 0)
		proxy_accept(x);
}

static void
proxy_listen(struct proxy *x, const char *where)
{
	struct sockaddr_storage ss;
	socklen_t len;
	int on = 1;

	x->listener = address(where, &ss, &len);
	if (ss.ss_family == AF_UNIX)
		unlink(where);
	else
		setsockopt(x->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(x->listener, (struct sockaddr *)&ss, len) < 0 || listen(x->listener, MAX_PAIRS) < 0)
		trouble(where);
}

int
main(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "listen", required_argument, NULL, 'l' }, { "to", required_argument, NULL, 't' },
		{ "cut", required_argument, NULL, 'n' }, { "count", required_argument, NULL, 'c' },
		{ "once", no_argument, NULL, 'o' }, { NULL, 0, NULL, 0 },
	};
	static struct proxy x;
	struct sigaction sa = { .sa_handler = on_term };
	const char *where = NULL;
	FILE *f;
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (c) {
		case 'l': where = optarg; break;
		case 't': x.to = optarg; break;
		case 'n': x.cut = strtol(optarg, NULL, 10); break;
		case 'c': x.count_file = optarg; break;
		case 'o': x.once = true; break;
		default: usage();
		}
	}
	if (where == NULL || x.to == NULL || optind != argc)
		usage();
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGALRM, &sa, NULL);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	alarm(IDLE_MAX_S);
	proxy_listen(&x, where);
	puts("ready");
	fflush(stdout);
	while (!ended)
		proxy_step(&x);
	if (x.count_file != NULL) {
		f = fopen(x.count_file, "w");
		if (f == NULL || fprintf(f, "%ld\n", x.seen) < 0 || fclose(f) != 0)
			trouble(x.count_file);
	}
	return x.cut_done || x.cut == 0 ? 0 : 1;
}
