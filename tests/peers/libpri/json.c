/* Events on stdout: one JSON object per line, `ev` and `t` (seconds since start) first. */
#include "pri_peer.h"

#include <stdarg.h>
#include <time.h>

static int first;

static double since_start(void)
{
	static struct timespec start;
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (!start.tv_sec) {
		start = now;
	}
	return (now.tv_sec - start.tv_sec) + (now.tv_nsec - start.tv_nsec) / 1e9;
}

void j_begin(const char *event)
{
	printf("{\"ev\":\"%s\",\"t\":%.3f", event, since_start());
	first = 0;
}

void j_end(void)
{
	printf("}\n");
	fflush(stdout);
}

static void comma(void)
{
	if (!first) {
		putchar(',');
	}
	first = 0;
}

void j_key(const char *key)
{
	comma();
	printf("\"%s\":", key);
}

void j_str(const char *key, const char *value)
{
	const unsigned char *c;

	j_key(key);
	putchar('"');
	for (c = (const unsigned char *) (value ? value : ""); *c; c++) {
		if (*c < 0x20 || *c >= 0x7f || *c == '"' || *c == '\\') {
			printf("\\u%04x", *c);
		} else {
			putchar(*c);
		}
	}
	putchar('"');
}

void j_str_if(const char *key, const char *value)
{
	if (value && *value) {
		j_str(key, value);
	}
}

void j_int(const char *key, long value)
{
	j_key(key);
	printf("%ld", value);
}

void j_hex(const char *key, const unsigned char *octets, int n)
{
	j_key(key);
	putchar('"');
	while (n-- > 0) {
		printf("%02x", *octets++);
	}
	putchar('"');
}

void j_open(const char *key, char bracket)
{
	if (key) {
		j_key(key);
	} else {
		comma();
	}
	putchar(bracket);
	first = 1;
}

void j_close(char bracket)
{
	putchar(bracket);
	first = 0;
}

void j_error(const char *format, ...)
{
	char what[512];
	va_list list;

	va_start(list, format);
	vsnprintf(what, sizeof(what), format, list);
	va_end(list);
	j_begin("error");
	j_str("msg", what);
	j_end();
}
