/*
 * sockcat - standard input to a socket, its answers to standard output.
 *
 *	sockcat /path/of/socket | HOST PORT
 *
 * At the end of the input the sending side is closed, then it reads until the
 * other side closes. An answer line is written as soon as it is there.
 */
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int
connect_unix(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (fd < 0 || strlen(path) >= sizeof(a.sun_path))
		return -1;
	memcpy(a.sun_path, path, strlen(path));
	return connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0 ? fd : -1;
}

static int
connect_tcp(const char *host, const char *port)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *ai;
	int fd;

	if (getaddrinfo(host, port, &hints, &ai) != 0)
		return -1;
	fd = socket(ai->ai_family, ai->ai_socktype, ai->ai_protocol);
	if (fd >= 0 && connect(fd, ai->ai_addr, ai->ai_addrlen) < 0)
		fd = -1;
	freeaddrinfo(ai);
	return fd;
}

static int
write_all(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t got = write(fd, p, n);

		if (got < 0)
			return -1;
		p += got;
		n -= (size_t)got;
	}
	return 0;
}

int
main(int argc, char **argv)
{
	static char buf[65536];
	int sock = argc == 2 ? connect_unix(argv[1]) : argc == 3 ? connect_tcp(argv[1], argv[2]) : -1;
	struct pollfd p[2] = { { .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = sock, .events = POLLIN } };

	if (sock < 0) {
		perror("sockcat: could not connect");
		return 74;
	}
	for (;;) {
		ssize_t n;

		if (poll(p, 2, -1) < 0)
			return 74;
		if (p[1].revents) {
			n = read(sock, buf, sizeof(buf));
			if (n <= 0)
				return n < 0 ? 74 : 0;
			if (write_all(STDOUT_FILENO, buf, (size_t)n) < 0)
				return 74;
		} else if (p[0].revents) {
			n = read(STDIN_FILENO, buf, sizeof(buf));
			if (n < 0 || (n > 0 && write_all(sock, buf, (size_t)n) < 0))
				return 74;
			if (n == 0) {
				shutdown(sock, SHUT_WR);
				p[0].fd = -1;
			}
		}
	}
}
