/*
 * enc.h - bytes as text: hexadecimal, base64 (RFC 4648, section 4), and a
 * random token from the kernel.
 */
#ifndef BASE_ENC_H
#define BASE_ENC_H

#include "base/base.h"
#include "base/str.h"

/* 2n digits and a NUL, lower case. */
void enc_hex(const unsigned char *data, size_t n, char *out);
/* n bytes from exactly 2n digits of either case; -1 when they are not. */
int enc_unhex(const char *s, unsigned char *out, size_t n);
void enc_base64(struct str *out, const void *data, size_t n);
/* Decodes the padded standard alphabet, nothing else; -1 when it is not. */
int enc_unbase64(struct str *out, const char *s, size_t len);
/* 2n hex digits of kernel randomness and a NUL. */
void enc_random_hex(char *out, size_t n);

#endif
