/*
 * event.h - the events of the pipe and the outbox (sluice-events(5)): one JSON
 * object a line, {"v":1,"type":...,"id":"evt_...","ts":...}.
 */
#ifndef APP_EVENT_H
#define APP_EVENT_H

#include "base/base.h"
#include "base/str.h"

/* Begin an event: `{"v":1,"type":..,"id":..,"ts":..`. The id is made from
 * type, key (a batch_tag or another name of the fact), status and attempt
 * only, so that the same fact always has the same id. */
void event_begin(struct str *out, const char *type, const char *key, const char *status,
    int attempt, int64_t ts_us);
/* `evt_` and 32 hex digits. */
#define EVENT_ID_MAX 40
void event_id(char out[EVENT_ID_MAX], const char *type, const char *key, const char *status,
    int attempt);

#endif
