/*
 * dedupe.h - spool-replay --dedupe: an event whose (source, id) was seen
 * before is dropped. Events wait here in groups; one statement a group asks
 * sluice.event_ids, in the segment's own transaction, which of them are new.
 * (CloudEvents 1.0.2: source + id is unique for each distinct event.)
 */
#ifndef APP_DEDUPE_H
#define APP_DEDUPE_H

#include "app/loader.h"

struct dedupe;

struct dedupe *dedupe_new(void);
void dedupe_free(struct dedupe *d);
/* Keep the event (which has an id); full says that dedupe_flush is due. */
void dedupe_add(struct dedupe *d, const struct rec *rec, const char *part, int64_t segment_id,
    bool *full);
/* New events go on to loader_put; the others are counted in l->dup_events. */
int dedupe_flush(struct dedupe *d, struct loader *l, struct err *err);

#endif
