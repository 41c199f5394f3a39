#include "fmt/mail_private.h"

#include <gmime/gmime.h>

#include "base/mem.h"
#include "fmt/json.h"

#define ADDRESSES_MAX ((size_t)1 << 20)
#define IDS_MAX 1000
#define GROUP_DEPTH 4
#define COLONS_MAX 500
#define DATE_MAX 200

struct _GMimeParserOptions *
mail_gmime(void)
{
	static GMimeParserOptions *o;

	if (!o) {
		const char *charsets[] = { "utf-8", "windows-1252", NULL };

		g_mime_init();
		o = g_mime_parser_options_new();
		g_mime_parser_options_set_allow_addresses_without_domain(o, TRUE);
		g_mime_parser_options_set_fallback_charsets(o, charsets);
	}
	return o;
}

/* Where the field's name at p ends and its value begins (RFC 5322 with the blanks of
 * RFC 822 before the colon), or NULL. */
static const char *
field_value(const char *p, const char *end, struct slice *name)
{
	const char *q = p;

	while (q < end && *q > ' ' && *q < 0x7f && *q != ':')
		q++;
	*name = (struct slice){ p, (size_t)(q - p) };
	while (q < end && (*q == ' ' || *q == '\t'))
		q++;
	return name->len > 0 && q < end && *q == ':' ? q + 1 : NULL;
}

static const char *
line_end(const char *p, const char *end)
{
	const char *nl = memchr(p, '\n', (size_t)(end - p));

	return nl ? nl + 1 : end;
}

static bool
is_from_line(const char *p, const char *end)
{
	return (end - p >= 5 && memcmp(p, "From ", 5) == 0) ||
	    (end - p >= 6 && memcmp(p, ">From ", 6) == 0);
}

/*
 * A line that is no field: mailboxes leave `From ` here, and programs break long
 * fields. It is passed over when a field follows. Else nobody wrote the empty line,
 * and the body begins with it.
 */
bool
mail_head_next(struct mail_head *h, struct slice *name, struct slice *value)
{
	struct slice other;

	while (h->p < h->end) {
		const char *line = h->p, *next = line_end(line, h->end), *v;

		if (*line == '\n' || (*line == '\r' && next - line == 2)) {
			h->p = next;
			h->ended = true;
			return false;
		}
		v = field_value(line, next, name);
		if (v) {
			while (next < h->end && (*next == ' ' || *next == '\t'))
				next = line_end(next, h->end);
			h->p = next;
			if (next > v && next[-1] == '\n')
				next--;
			if (next > v && next[-1] == '\r')
				next--;
			*value = (struct slice){ v, (size_t)(next - v) };
			h->fields++;
			return true;
		}
		if (!is_from_line(line, next)) {
			if (next == h->end || !field_value(next, line_end(next, h->end), &other))
				return false;
			h->bad++;
		}
		h->p = next;
	}
	return false;
}

bool
mail_head_is(struct slice name, const char *want)
{
	return name.len == strlen(want) && strncasecmp(name.ptr, want, name.len) == 0;
}

/* Unfolded and without white space around it. */
char *
mail_unfold(struct slice value, size_t max, struct mail_notes *notes)
{
	struct str out = STR_INIT;

	if (value.len > max) {
		mail_note(notes, "a field of more than %zu bytes was cut", max);
		value.len = max;
	}
	str_grow(&out, value.len);
	for (size_t i = 0; i < value.len; i++) {
		char c = value.ptr[i];

		if (c == '\r' || c == '\n')
			continue;
		if (c == '\t' || c == '\0')
			c = ' ';
		if (c != ' ' || out.len > 0)
			str_addc(&out, c);
	}
	while (out.len > 0 && out.buf[out.len - 1] == ' ')
		str_truncate(&out, out.len - 1);
	return str_detach(&out);
}

char *
mail_clean(const char *s)
{
	struct str out = STR_INIT;

	doc_clean(&out, (struct slice){ s, strlen(s) });
	return str_detach(&out);
}

static unsigned
add_addresses(struct doc *d, const char *role, InternetAddressList *list, unsigned depth)
{
	int n = internet_address_list_length(list);
	unsigned found = 0;

	for (int i = 0; i < n; i++) {
		InternetAddress *a = internet_address_list_get_address(list, i);
		const char *name = internet_address_get_name(a), *email = "";
		InternetAddressList *list_in;

		found++;
		if (INTERNET_ADDRESS_IS_GROUP(a)) {
			list_in = internet_address_group_get_members(INTERNET_ADDRESS_GROUP(a));
			if (depth < GROUP_DEPTH)
				add_addresses(d, role, list_in, depth + 1);
			continue;
		}
		if (INTERNET_ADDRESS_IS_MAILBOX(a))
			email = internet_address_mailbox_get_addr(INTERNET_ADDRESS_MAILBOX(a));
		name = name ? name : "";
		email = email ? email : "";
		doc_add_person(d, role, (struct slice){ name, strlen(name) },
		    (struct slice){ email, strlen(email) });
	}
	return found;
}

/* GMime reads a group in a group by recursion, as deep as there are colons. */
static void
limit_groups(char *text, struct mail_notes *notes)
{
	unsigned colons = 0;

	for (; (text = strchr(text, ':')); text++)
		if (++colons > COLONS_MAX)
			*text = ' ';
	if (colons > COLONS_MAX)
		mail_note(notes, "more than %d colons in an address list", COLONS_MAX);
}

static void
take_persons(struct doc *d, const char *role, struct slice value, struct mail_notes *notes)
{
	char *raw = mail_unfold(value, ADDRESSES_MAX, notes), *text = mail_words(raw, true);
	InternetAddressList *list;

	limit_groups(text, notes);
	list = *text ? internet_address_list_parse(mail_gmime(), text) : NULL;
	if (*text && (!list || add_addresses(d, role, list, 0) == 0))
		mail_note(notes, "no address in %s", role);
	if (list)
		g_object_unref(list);
	free(text);
	free(raw);
}

static void
take_title(struct doc *d, struct slice value, struct mail_notes *notes)
{
	char *text = mail_unfold(value, MAIL_VALUE_MAX, notes), *title = mail_words(text, false);

	doc_clean(&d->title, (struct slice){ title, strlen(title) });
	free(title);
	free(text);
}

static void
take_date(struct doc *d, struct slice value, struct mail_notes *notes)
{
	char *text = mail_unfold(value, DATE_MAX, notes);
	GDateTime *t = g_mime_utils_header_decode_date(text);

	if (t) {
		d->has_ts = true;
		d->ts_us = g_date_time_to_unix(t) * 1000000;
		g_date_time_unref(t);
	} else {
		mail_note(notes, "the date is none");
	}
	free(text);
}

/* One id, without its brackets. */
static void
take_id(struct doc *d, const char *key, struct slice value, struct mail_notes *notes)
{
	char *text = mail_unfold(value, MAIL_VALUE_MAX, notes), *id;

	id = g_mime_utils_decode_message_id(text);
	if (id && *id)
		doc_meta_text(d, key, (struct slice){ id, strlen(id) });
	else if (*text)
		doc_meta_text(d, key, (struct slice){ text, strlen(text) });
	g_free(id);
	free(text);
}

static void
take_references(struct doc *d, struct slice value, struct mail_notes *notes)
{
	char *text = mail_unfold(value, MAIL_VALUE_MAX, notes);
	GMimeReferences *refs = g_mime_references_parse(mail_gmime(), text);
	int n = refs ? g_mime_references_length(refs) : 0;
	struct str *out = doc_meta(d, "references");

	str_addc(out, '[');
	for (int i = 0; i < MIN(n, IDS_MAX); i++) {
		char *id = mail_clean(g_mime_references_get_message_id(refs, i));

		if (i)
			str_addc(out, ',');
		json_put_cstr(out, id);
		free(id);
	}
	str_addc(out, ']');
	if (refs)
		g_mime_references_free(refs);
	free(text);
}

/* `en-GB, de`: the first one's language. */
static void
take_lang(struct doc *d, struct slice value)
{
	size_t i = 0, n;

	while (i < value.len && (unsigned char)value.ptr[i] <= ' ')
		i++;
	n = i;
	while (n < value.len && (value.ptr[n] | 0x20) >= 'a' && (value.ptr[n] | 0x20) <= 'z')
		n++;
	if (n - i < 2 || n - i > 3)
		return;
	for (; i < n; i++)
		str_addc(&d->lang, (char)(value.ptr[i] | 0x20));
}

static const struct {
	const char *field, *role;
} roles[] = {
	{ "from", "from" }, { "sender", "sender" }, { "reply-to", "reply-to" },
	{ "to", "to" }, { "cc", "cc" }, { "bcc", "bcc" },
};

/* Ids, title and date: the first of each; of address fields all (RFC 5322 forbids it,
 * programs do it). */
void
mail_head_to_doc(struct slice head, struct doc *d, struct mail_notes *notes)
{
	static const char *const single[] = {
		"subject", "date", "message-id", "in-reply-to", "references", "content-language",
	};
	struct mail_head h = { .p = head.ptr, .end = head.ptr + head.len };
	struct slice name, value;
	bool seen[countof(single)] = { false };

	while (mail_head_next(&h, &name, &value)) {
		size_t i = 0;

		for (size_t k = 0; k < countof(roles); k++)
			if (mail_head_is(name, roles[k].field))
				take_persons(d, roles[k].role, value, notes);
		while (i < countof(single) && !mail_head_is(name, single[i]))
			i++;
		if (i == countof(single) || seen[i])
			continue;
		seen[i] = true;
		switch (i) {
		case 0: take_title(d, value, notes); break;
		case 1: take_date(d, value, notes); break;
		case 2: take_id(d, "message_id", value, notes); break;
		case 3: take_id(d, "in_reply_to", value, notes); break;
		case 4: take_references(d, value, notes); break;
		default: take_lang(d, value); break;
		}
	}
}
