/*
 * fuzz-zio: any bytes as a plain or zstd file. Never a crash, never more than
 * the cap; however it ends, the hash is that of the bytes; and the size of the
 * reads changes nothing of what comes out.
 */
#include "fmt/zio.h"

#include <sys/mman.h>
#include <unistd.h>

#include "alg/hash.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The hash of what comes out in reads of piece bytes. */
static void
read_in_pieces(int fd, size_t size, size_t piece, bool *torn, char out[SHA256_HEX],
    char in[SHA256_HEX])
{
	static char buf[65536];
	struct err err = ERR_INIT;
	struct sha256 *h = sha256_new();
	struct zin *z;
	uint64_t bytes;
	ssize_t n;

	if (lseek(fd, 0, SEEK_SET) != 0)
		abort();
	z = zin_new(fd, "fuzz", true);
	while ((n = zin_read(z, buf, piece, &err)) > 0)
		sha256_add(h, buf, (size_t)n);
	if (n < 0 && err.kind != ERR_DATA)
		abort();
	*torn = zin_torn(z);
	if (*torn && n == 0)
		abort();
	err_release(&err);
	if (zin_finish(z, in, &bytes, &err) < 0 || bytes != size)
		abort();
	sha256_hex(h, out);
	sha256_free(h);
	zin_free(z);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char in[SHA256_HEX], whole[SHA256_HEX], pieces[SHA256_HEX], want[SHA256_HEX];
	bool torn, torn_too;
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	sha256_of(data, size, want);
	read_in_pieces(fd, size, 65536, &torn, whole, in);
	if (strcmp(in, want) != 0)
		abort();
	read_in_pieces(fd, size, 509, &torn_too, pieces, in);
	if (torn != torn_too || (torn && strcmp(whole, pieces) != 0))
		abort();
	close(fd);
	return 0;
}
