/*
 * hex.h - bytes as the tables of the msgpack tests write them.
 */
#ifndef T_UNIT_HEX_H
#define T_UNIT_HEX_H

#include "base/str.h"
#include "t/unit/data.h"

/* Hex digits to bytes; "-" and " " are passed over, "91 x32" repeats a byte. */
static inline void
unhex(struct slice hex, struct str *out)
{
	str_reset(out);
	for (size_t i = 0; i < hex.len;) {
		char digits[3] = "";
		long times;

		if (hex.ptr[i] == ' ' || hex.ptr[i] == '-') {
			i++;
		} else if (hex.ptr[i] == 'x') {
			times = strtol(hex.ptr + i + 1, NULL, 10);
			while (times-- > 1)
				str_addc(out, out->buf[out->len - 1]);
			for (i++; i < hex.len && hex.ptr[i] >= '0' && hex.ptr[i] <= '9'; i++)
				;
		} else {
			memcpy(digits, hex.ptr + i, 2);
			str_addc(out, (char)strtoul(digits, NULL, 16));
			i += 2;
		}
	}
}

#endif
