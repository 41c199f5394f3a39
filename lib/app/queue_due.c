#include "app/queue.h"

#include "app/queue_private.h"
#include "base/mem.h"

struct due {
	int64_t at;
	char *name;	/* owned */
};

/* The max that are due the longest: a heap with the least urgent on top, so that a
 * directory of any size needs memory for max. */
struct due_heap {
	const struct queue *queue;
	struct due *item;
	size_t nr, alloc, max;
	int64_t now_us;
	queue_want want;
	void *arg;
};

int64_t
queue_due_at(const struct queue *q, const struct stat *st, int64_t now_us)
{
	int64_t at = queue_mtime(st);

	return q->longest_us > 0 && at - now_us > q->longest_us ? now_us : at;
}

static bool
is_later(int64_t at, const char *name, const struct due *b)
{
	return at != b->at ? at > b->at : strcmp(name, b->name) > 0;
}

static void
sift_up(struct due_heap *h, size_t i)
{
	struct due x = h->item[i];

	for (; i > 0 && is_later(x.at, x.name, &h->item[(i - 1) / 2]); i = (i - 1) / 2)
		h->item[i] = h->item[(i - 1) / 2];
	h->item[i] = x;
}

static void
sift_down(struct due_heap *h)
{
	struct due x = h->item[0];
	size_t i = 0, c;

	while ((c = 2 * i + 1) < h->nr) {
		if (c + 1 < h->nr && is_later(h->item[c + 1].at, h->item[c + 1].name, &h->item[c]))
			c++;
		if (!is_later(h->item[c].at, h->item[c].name, &x))
			break;
		h->item[i] = h->item[c];
		i = c;
	}
	h->item[i] = x;
}

static int
on_waiting(void *arg, const char *name, const struct stat *st, struct err *err UNUSED)
{
	struct due_heap *h = arg;
	int64_t at = queue_due_at(h->queue, st, h->now_us);

	if (at > h->now_us || h->max == 0 || (h->want && !h->want(h->arg, name)) ||
	    (h->nr == h->max && is_later(at, name, &h->item[0])))
		return 0;
	if (h->nr < h->max) {
		ALLOC_GROW(h->item, h->nr + 1, h->alloc);
		h->item[h->nr] = (struct due){ at, xstrdup(name) };
		sift_up(h, h->nr++);
		return 0;
	}
	free(h->item[0].name);
	h->item[0] = (struct due){ at, xstrdup(name) };
	sift_down(h);
	return 0;
}

static int
by_due(const void *a, const void *b)
{
	const struct due *x = a;

	return is_later(x->at, x->name, b) ? 1 : -1;
}

int
queue_due(struct queue *q, int64_t now_us, size_t max, queue_want want, void *arg,
    struct fs_names *out, struct err *err)
{
	struct due_heap h = { .queue = q, .max = max, .now_us = now_us, .want = want, .arg = arg };
	int rc = q->pending_nr > 0 ? queue_sync(q, err) : 0;

	if (rc == 0)
		rc = queue_walk(q, QUEUE_NEW, false, on_waiting, &h, err);
	if (h.nr > 1)
		qsort(h.item, h.nr, sizeof(*h.item), by_due);
	for (size_t i = 0; i < h.nr; i++) {
		if (rc < 0) {
			free(h.item[i].name);
			continue;
		}
		ALLOC_GROW(out->name, out->nr + 1, out->alloc);
		out->name[out->nr++] = h.item[i].name;
	}
	free(h.item);
	return rc;
}
