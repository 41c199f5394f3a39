/*
 * zone.h - wall clocks of named time zones, by the C library and the system's
 * tz database.
 *
 * The C library knows one zone at a time, TZ. zone_minute changes it in place
 * (the variable's own bytes, put into the environment once), so that a resolver
 * thread that reads the environment meanwhile never sees it move. Only one
 * thread may call these.
 */
#ifndef SYS_ZONE_H
#define SYS_ZONE_H

#include "base/base.h"

/* `Europe/Berlin`, `UTC`: is there such a zone in the tz database here ($TZDIR
 * is not looked at)? Names that could leave its directory are none. */
bool zone_ok(const char *name);
/* The minute of the day, 0 to 1439, that the zone's clocks show at us. The name
 * is one that zone_ok knows. */
int zone_minute(const char *name, int64_t us);

#endif
