/*
 * endpoint.h - where notifications go: the section `endpoints` of
 * sluice.yaml(5), checked, with its secrets read.
 *
 * Secrets (token, webhook keys) live in this struct only; nothing prints it.
 */
#ifndef APP_ENDPOINT_H
#define APP_ENDPOINT_H

#include "alg/net.h"
#include "alg/rate.h"
#include "alg/webhook.h"
#include "app/quiet.h"
#include "base/err.h"
#include "base/str.h"
#include "svc/conf.h"

#define ENDPOINT_RETRIES_MAX 32

struct endpoint {
	const char *name;	/* borrowed from the settings, as url, ca_file, zone */
	const char *url;
	const char *ca_file;
	const char *template;	/* a file, or a directory; NULL: the standard body */
	char **pattern;		/* of events; owned, NULL-terminated */
	char **header;		/* extra ones, `Name: value`; owned, NULL-terminated */
	char *token;		/* bearer; owned, wiped; NULL: none */
	struct webhook_keys keys;
	struct net_range *allow;
	size_t allow_nr;
	uint64_t timeout_ms;
	uint64_t retry_ms[ENDPOINT_RETRIES_MAX];	/* delays before attempts 2, 3 ... */
	size_t retry_nr;
	struct rate rate;
	uint64_t dedupe_ms;	/* an id is not sent again within this */
	struct quiet quiet;
};

struct endpoints {
	struct endpoint *item;
	size_t nr;
};
#define ENDPOINTS_INIT { NULL, 0 }

/* All endpoints of the settings, in their order. ERR_CONFIG names the key. A file
 * of secrets that others can read is refused. */
int endpoints_load(struct endpoints *e, const struct conf *c, struct err *err);
void endpoints_release(struct endpoints *e);
const struct endpoint *endpoints_find(const struct endpoints *e, const char *name);

/* The webhook secrets in a file, as `secret_file` names one: refused (ERR_CONFIG) when
 * others can read it. */
int endpoint_secrets(const char *path, struct webhook_keys *out, struct err *err);

/* Does a pattern match? `gate.*` matches the type (fnmatch(3)); with a colon,
 * `gate.done:failed`, type and status. status may be NULL. */
bool endpoint_wants(const struct endpoint *e, const char *type, const char *status);

/* The body for an event (one line of JSON): by the endpoint's template, or
 * {"type","timestamp","data"} of Standard Webhooks, where data is the event. A
 * template whose name ends in .json.tmpl must make JSON. *content_type is a
 * literal. ERR_CONFIG, ERR_DATA, or I/O. */
int endpoint_body(const struct endpoint *e, struct slice event, const char *type,
    struct str *body, const char **content_type, struct err *err);

/* The delay after attempt number n (from 1) failed, with up to a tenth of jitter
 * more, asked_s being the other side's Retry-After or -1: it counts between once
 * and twice the schedule's delay. -1: that was the last attempt. Microseconds. */
int64_t endpoint_delay(const struct endpoint *e, unsigned n, int64_t asked_s);

/* The longest that endpoint_delay can give. Microseconds. */
int64_t endpoint_longest(const struct endpoint *e);

#endif
