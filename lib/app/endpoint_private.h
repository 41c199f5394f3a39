/*
 * endpoint_private.h - a bearer token from its file, for endpoint.c.
 */
#ifndef APP_ENDPOINT_PRIVATE_H
#define APP_ENDPOINT_PRIVATE_H

#include "app/endpoint.h"

/* May it follow `Bearer`? Printable ASCII without blanks. */
bool endpoint_token_ok(const char *s, size_t n);
/* The one line of a file of secrets; *out is owned, to be wiped. */
int endpoint_token(const char *path, char **out, struct err *err);

#endif
