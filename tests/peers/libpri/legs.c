/* Calls by the name the driver gave them; incoming ones are in1, in2, … */
#include "pri_peer.h"

#include <string.h>

#define MAX_LEGS 64
static struct leg legs[MAX_LEGS];

struct leg *leg_by_id(const char *id)
{
	for (struct leg *leg = legs; leg < legs + MAX_LEGS; leg++) {
		if (leg->id[0] && !strcmp(leg->id, id)) {
			return leg;
		}
	}
	return NULL;
}

struct leg *leg_by_call(q931_call *call)
{
	for (struct leg *leg = legs; call && leg < legs + MAX_LEGS; leg++) {
		if (leg->id[0] && leg->call == call) {
			return leg;
		}
	}
	return NULL;
}

struct leg *leg_new(const char *id)
{
	for (struct leg *leg = legs; leg < legs + MAX_LEGS; leg++) {
		if (!leg->id[0]) {
			memset(leg, 0, sizeof(*leg));
			snprintf(leg->id, sizeof(leg->id), "%s", id);
			return leg;
		}
	}
	return NULL;
}

struct leg *leg_incoming(q931_call *call)
{
	static int sequence;
	struct leg *leg = leg_by_call(call);
	char id[24];

	if (leg) {
		return leg;
	}
	snprintf(id, sizeof(id), "in%d", ++sequence);
	leg = leg_new(id);
	if (leg) {
		leg->call = call;
		leg->incoming = leg->setup_sent = 1;
	}
	return leg;
}

const char *leg_name(q931_call *call)
{
	struct leg *leg = leg_by_call(call);

	if (leg) {
		return leg->id;
	}
	if (!call) {
		return "";
	}
	return pri_is_dummy_call(call) ? "(dummy)" : "(unknown)";
}

void leg_free(struct leg *leg)
{
	if (leg) {
		memset(leg, 0, sizeof(*leg));
	}
}

void legs_tell(void)
{
	int mode;

	j_begin("calls");
	j_open("list", '[');
	for (struct leg *leg = legs; leg < legs + MAX_LEGS; leg++) {
		if (leg->id[0]) {
			j_open(NULL, '{');
			j_str("id", leg->id);
			j_int("chan", leg->channel & 0xff);
			j_int("crv", leg->call ? pri_get_crv(peer.pri, leg->call, &mode) : -1);
			j_int("incoming", leg->incoming);
			j_close('}');
		}
	}
	j_close(']');
	j_end();
}

/* Channels are bookkeeping only; 16 is the D channel of an E1. */
int channel_take(void)
{
	static int last;

	do {
		last = last >= peer.channels ? 1 : last + 1;
	} while (peer.channels == 31 && last == 16);
	return last;
}
