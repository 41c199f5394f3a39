#include "app/queue.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "app/queue_private.h"
#include "base/clock.h"
#include "base/enc.h"
#include "base/mem.h"
#include "sys/sig.h"

/* Of the name of a foreign file that is kept when it is put aside. */
#define FOREIGN_NAME_KEPT 200

void
delivery_release(struct delivery *d)
{
	if (d->fd >= 0)
		close(d->fd);
	free(d->endpoint);
	free(d->id);
	free(d->type);
	free(d->content_type);
	free(d->last_error);
	str_release(&d->body);
	*d = (struct delivery)DELIVERY_INIT;
}

/* After what decided about it: the lock goes. */
static void
let_go(struct delivery *d)
{
	if (d->fd >= 0)
		close(d->fd);
	d->fd = -1;
}

/* What is no file of ours leaves new/, whatever it is. Keeps err, unless that fails. */
static int
put_aside(struct queue *q, const char *name, struct err *err)
{
	struct err own = ERR_INIT;
	int rc = fs_move(q->new_fd, name, q->dead_fd, name, &own);

	if (rc == FS_EXISTS) {
		char random[2 * QUEUE_TEMP_RANDOM + 1], *other;

		enc_random_hex(random, QUEUE_TEMP_RANDOM);
		other = xasprintf("%.*s-%s", FOREIGN_NAME_KEPT, name, random);
		rc = fs_move(q->new_fd, name, q->dead_fd, other, &own);
		free(other);
	}
	if (rc < 0) {
		err_move(err, &own);
		return -1;
	}
	q->dirty |= 1u << QUEUE_NEW | 1u << QUEUE_DEAD;
	err_hint(err, "it was moved to \"%s/dead\"", q->root);
	return -1;
}

int
queue_take(struct queue *q, const char *name, int64_t now_us, struct delivery *out,
    struct err *err)
{
	struct delivery d = DELIVERY_INIT;
	struct stat st;
	char *path;
	int rc;

	/* no entry of a directory has such a name */
	if (!*name || *name == '.' || strchr(name, '/'))
		return 0;
	path = queue_path(q, QUEUE_NEW, name);
	rc = queue_lock(q, QUEUE_NEW, name, &d.fd, &st, err);

	if (rc > 0 && queue_due_at(q, &st, now_us) > now_us)
		rc = 0;
	if (rc > 0 && !queue_split(name, &d))
		rc = err_set(err, ERR_DATA, "\"%s\" is no notification: its name is not ENDPOINT.ID", path);
	if (rc > 0 && queue_read(d.fd, path, true, &d, err) < 0)
		rc = -1;
	if (rc < 0 && err->kind == ERR_DATA)
		put_aside(q, name, err);
	if (rc > 0) {
		d.due_us = queue_mtime(&st);
		delivery_release(out);
		*out = d;
	} else {
		delivery_release(&d);
	}
	free(path);
	return rc;
}

/* A taken file changes its part. What is there is overwritten: an older marker of the
 * same id, which is why this is not fs_move. ENOENT: somebody removed it meanwhile. */
static int
move_taken(struct queue *q, const char *key, enum queue_part to, struct err *err)
{
	char *path;

	q->dirty |= 1u << QUEUE_NEW | 1u << to;
	if (renameat(q->new_fd, key, queue_part_fd(q, to), key) == 0 || errno == ENOENT)
		return 0;
	path = queue_path(q, QUEUE_NEW, key);
	err_setno(err, "could not move \"%s\" to \"%s\"", path, queue_part_name[to]);
	queue_full(err);
	free(path);
	return -1;
}

int
queue_sent(struct queue *q, struct delivery *d, int64_t now_us, struct err *err)
{
	char *key = queue_key(d);
	int rc = 0;

	if (queue_set_mtime(d->fd, now_us) < 0) {
		rc = err_setno(err, "could not set the time of \"%s/new/%s\"", q->root, key);
		queue_full(err);
	}
	if (rc == 0)
		rc = move_taken(q, key, QUEUE_SENT, err);
	if (rc == 0)
		let_go(d);
	free(key);
	return rc;
}

int
queue_defer(struct queue *q, struct delivery *d, int64_t due_us, struct err *err)
{
	struct queue_temp t;
	char *key;
	int rc;

	if (queue_temp_write(q, QUEUE_NEW, d, MAX(due_us, 0), &t, err) < 0)
		return -1;
	key = queue_key(d);
	rc = queue_temp_replace(q, QUEUE_NEW, &t, key, err);
	queue_temp_drop(q, QUEUE_NEW, &t);
	if (rc == 0) {
		d->due_us = due_us;
		let_go(d);
	}
	free(key);
	return rc;
}

int
queue_dead(struct queue *q, struct delivery *d, struct err *err)
{
	struct queue_temp t;
	char *key;
	int rc;

	if (queue_temp_write(q, QUEUE_NEW, d, -1, &t, err) < 0)
		return -1;
	key = queue_key(d);
	/* first in its place, where a crash leaves it to be tried once more: in dead/
	 * already and not yet gone from new/, it would be both */
	rc = queue_temp_replace(q, QUEUE_NEW, &t, key, err);
	if (rc == 0)
		rc = move_taken(q, key, QUEUE_DEAD, err);
	queue_temp_drop(q, QUEUE_NEW, &t);
	if (rc == 0)
		let_go(d);
	free(key);
	return rc;
}

/* 1: it is in new/ again; 0: not this one. */
static int
redrive_one(struct queue *q, const char *name, const struct delivery *key, int64_t now_us,
    struct err *err)
{
	struct delivery d = DELIVERY_INIT;
	struct queue_temp t = { .fd = -1 };
	char *path = queue_path(q, QUEUE_DEAD, name);
	struct stat st;
	int rc = queue_lock(q, QUEUE_DEAD, name, &d.fd, &st, err);

	if (rc <= 0)
		goto out;
	d.endpoint = xstrdup(key->endpoint);
	d.id = xstrdup(key->id);
	rc = -1;
	if (queue_read(d.fd, path, true, &d, err) < 0)
		goto out;
	d.attempts = 0;
	/* as in queue_dead: anew in its place, locked, and then the move */
	if (queue_temp_write(q, QUEUE_DEAD, &d, now_us, &t, err) < 0 ||
	    queue_temp_replace(q, QUEUE_DEAD, &t, name, err) < 0)
		goto out;
	rc = fs_move(q->dead_fd, name, q->new_fd, name, err);
	if (rc < 0)
		queue_full(err);
	else
		rc = rc == FS_MOVED;
	q->dirty |= 1u << QUEUE_NEW;
out:
	if (rc < 0 && err->kind == ERR_DATA) {
		/* what was put aside because it is no notification stays there */
		err_release(err);
		rc = 0;
	}
	queue_temp_drop(q, QUEUE_DEAD, &t);
	delivery_release(&d);
	free(path);
	return rc;
}

int64_t
queue_redrive(struct queue *q, const char *endpoint, const char *id, int64_t now_us,
    struct err *err)
{
	struct fs_names names = FS_NAMES_INIT;
	char *path = queue_path(q, QUEUE_DEAD, "");
	int64_t nr = 0;
	int rc = fs_scan(path, &names, err);

	for (size_t i = 0; rc >= 0 && i < names.nr; i++) {
		struct delivery key = DELIVERY_INIT;

		if (sig_stopped()) {
			rc = err_set(err, ERR_STOPPED, "stopped by a signal");
			break;
		}

		if (queue_split(names.name[i], &key) &&
		    (!endpoint || strcmp(endpoint, key.endpoint) == 0) &&
		    (!id || strcmp(id, key.id) == 0)) {
			rc = redrive_one(q, names.name[i], &key, now_us, err);
			nr += rc > 0;
		}
		delivery_release(&key);
	}
	if (rc >= 0)
		rc = queue_sync(q, err);
	fs_names_release(&names);
	free(path);
	return rc < 0 ? -1 : nr;
}

/* 1 and its head; 0: it is gone. What cannot be read is told in its last_error. */
static int
read_head(const struct queue *q, enum queue_part part, const char *name, struct delivery *d,
    struct err *err)
{
	char *path = queue_path(q, part, name);
	int fd = -1, rc = 0;
	struct stat st;

	if (fstatat(queue_part_fd(q, part), name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		goto out;
	d->due_us = queue_mtime(&st);
	if (!S_ISREG(st.st_mode)) {
		rc = err_set(err, ERR_DATA, "\"%s\" is no regular file", path);
		goto out;
	}
	fd = openat(queue_part_fd(q, part), name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd >= 0)
		rc = queue_read(fd, path, false, d, err) < 0 ? -1 : 1;
	else if (errno != ENOENT)
		rc = err_setno(err, "could not open \"%s\"", path);
out:
	if (rc < 0 && err->kind == ERR_DATA) {
		free(d->type);
		free(d->content_type);
		free(d->last_error);
		d->type = xstrdup("");
		d->content_type = xstrdup("");
		d->last_error = xstrdup(err->text);
		str_reset(&d->body);
		err_release(err);
		rc = 1;
	}
	if (fd >= 0)
		close(fd);
	free(path);
	return rc;
}

int
queue_each(struct queue *q, const char *part,
    int (*fn)(void *arg, const struct delivery *d, struct err *err), void *arg, struct err *err)
{
	enum queue_part which = strcmp(part, "dead") == 0 ? QUEUE_DEAD : QUEUE_NEW;
	struct fs_names names = FS_NAMES_INIT;
	char *path = queue_path(q, which, "");
	int rc = fs_scan(path, &names, err);

	for (size_t i = 0; rc >= 0 && i < names.nr; i++) {
		struct delivery d = DELIVERY_INIT;

		if (queue_split(names.name[i], &d)) {
			rc = read_head(q, which, names.name[i], &d, err);
			if (rc > 0)
				rc = fn(arg, &d, err);
		}
		delivery_release(&d);
	}
	fs_names_release(&names);
	free(path);
	return rc < 0 ? -1 : 0;
}
