#include "fmt/mail_private.h"

#include <gmime/gmime.h>

#include "base/mem.h"

void
mail_type_release(struct mail_type *t)
{
	free(t->mime);
	free(t->charset);
	free(t->boundary);
	free(t->name);
	*t = (struct mail_type){ 0 };
}

/* `type/subtype` in lower case; what is no such thing is text (RFC 2045, 5.2). */
static char *
parse_mime(const char *text, struct mail_notes *notes)
{
	size_t n = strcspn(text, "; \t"), slash = strcspn(text, "/");
	char *mime;

	if (slash == 0 || slash + 1 >= n) {
		mail_note(notes, "bad content type");
		return xstrdup("text/plain");
	}
	mime = xstrndup(text, n);
	for (char *p = mime; *p; p++) {
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p | 0x20);
		else if (*p <= ' ' || *p == '"' || *p >= 0x7f)
			*p = '?';
	}
	return mime;
}

static void
type_params(struct mail_type *t, GMimeParamList *list)
{
	int n = list ? g_mime_param_list_length(list) : 0;

	for (int i = 0; i < n; i++) {
		GMimeParam *p = g_mime_param_list_get_parameter_at(list, i);
		const char *key = g_mime_param_get_name(p), *value = g_mime_param_get_value(p);
		bool smime = strcmp(t->mime, "application/pkcs7-mime") == 0 ||
		    strcmp(t->mime, "application/x-pkcs7-mime") == 0;

		if (!key || !value)
			continue;
		if (strcasecmp(key, "charset") == 0 && !t->charset)
			t->charset = mail_clean(value);
		else if (strcasecmp(key, "boundary") == 0 && !t->boundary)
			t->boundary = xstrdup(value);
		else if (strcasecmp(key, "name") == 0 && !t->name)
			t->name = mail_clean(value);
		else if (strcasecmp(key, "format") == 0)
			t->flowed = strcasecmp(value, "flowed") == 0;
		else if (strcasecmp(key, "delsp") == 0)
			t->delsp = strcasecmp(value, "yes") == 0;
		else if (strcasecmp(key, "smime-type") == 0 && smime)
			t->sealed = strcasecmp(value, "enveloped-data") == 0 ||
			    strcasecmp(value, "authEnveloped-data") == 0;
	}
}

/* Windows writes paths between quotes and means its backslashes. */
static char *
keep_backslashes(const char *text)
{
	struct str out = STR_INIT;

	for (; *text; text++) {
		str_addc(&out, *text);
		if (*text != '\\')
			continue;
		if (text[1] == '"' || text[1] == '\\')
			str_addc(&out, *++text);
		else
			str_addc(&out, '\\');
	}
	return str_detach(&out);
}

static GMimeParamList *
parse_params(const char *text)
{
	const char *from = strchr(text, ';');
	char *params = from ? keep_backslashes(from + 1) : NULL;
	GMimeParamList *list = params ? g_mime_param_list_parse(mail_gmime(), params) : NULL;

	free(params);
	return list;
}

static void
take_type(struct mail_type *t, const char *text, struct mail_notes *notes)
{
	GMimeParamList *list = parse_params(text);

	t->mime = parse_mime(text, notes);
	t->sealed = strstr(t->mime, "pkcs7-mime") != NULL;
	type_params(t, list);
	if (list)
		g_object_unref(list);
}

static void
take_disposition(struct mail_type *t, const char *text)
{
	GMimeParamList *list = parse_params(text);
	const char *name = NULL;
	GMimeParam *p = list ? g_mime_param_list_get_parameter(list, "filename") : NULL;

	t->attached = strncasecmp(text, "attachment", 10) == 0;
	if (p)
		name = g_mime_param_get_value(p);
	if (name && *name) {
		free(t->name);
		t->name = mail_clean(name);
	}
	if (list)
		g_object_unref(list);
}

static void
take_encoding(struct mail_type *t, const char *text, struct mail_notes *notes)
{
	char *word = xstrndup(text, strcspn(text, " ;(\t"));

	t->encoding = (int)g_mime_content_encoding_from_string(word);
	if (t->encoding == GMIME_CONTENT_ENCODING_DEFAULT && *word)
		mail_note(notes, "unknown transfer encoding");
	free(word);
}

void
mail_type_field(struct mail_type *t, struct slice name, struct slice value,
    struct mail_notes *notes)
{
	bool *had = mail_head_is(name, "content-type") ? &t->has_type :
	    mail_head_is(name, "content-disposition") ? &t->has_disposition :
	    mail_head_is(name, "content-transfer-encoding") ? &t->has_encoding : NULL;
	char *raw, *text;

	if (!had)
		return;
	if (*had) {
		mail_note(notes, "a second %.*s", (int)name.len, name.ptr);
		return;
	}
	*had = true;
	raw = mail_unfold(value, MAIL_VALUE_MAX, notes);
	text = mail_words(raw, true);
	if (had == &t->has_type) {
		char *file = t->name;

		t->name = NULL;
		take_type(t, text, notes);
		if (file) {	/* that of Content-Disposition, which came first */
			free(t->name);
			t->name = file;
		}
	} else if (had == &t->has_disposition) {
		take_disposition(t, text);
	} else {
		take_encoding(t, text, notes);
	}
	free(text);
	free(raw);
}
