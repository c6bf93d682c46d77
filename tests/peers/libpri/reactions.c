/* What the peer does by itself when something comes in. */
#include "pri_peer.h"

#include <string.h>
#include <strings.h>

static struct { const char *name; char value[24]; } reactions[REACTIONS] = {
	[ON_RING] = { "answer", "none" },               /* none proceed alert answer */
	[ON_HOLD] = { "hold", "ack" },                  /* none ack rej */
	[ON_RETRIEVE] = { "retrieve", "ack" },          /* none ack rej */
	[ON_TRANSFER] = { "transfer", "none" },         /* none ok fail okclear */
	[ON_REROUTE] = { "reroute", "none" },           /* none, or a name of reroute_code */
	[ON_DISCONNECT] = { "hangup", "on" },           /* on off */
};

const char *reaction(enum reaction which)
{
	return reactions[which].value;
}

int reaction_is(enum reaction which, const char *value)
{
	return !strcmp(reactions[which].value, value);
}

int reaction_set(const char *name, const char *value)
{
	for (int i = 0; i < REACTIONS; i++) {
		if (strcmp(reactions[i].name, name)) {
			continue;
		}
		if (i == ON_REROUTE && strcmp(value, "none") && reroute_code(value) < 0) {
			return -1;
		}
		snprintf(reactions[i].value, sizeof(reactions[i].value), "%s", value);
		return 0;
	}
	return -1;
}

int reroute_code(const char *name)
{
	static const struct { const char *name; int code; } table[] = {
		{ "clear", PRI_REROUTING_RSP_OK_CLEAR },
		{ "retain", PRI_REROUTING_RSP_OK_RETAIN },
		{ "notsubscribed", PRI_REROUTING_RSP_NOT_SUBSCRIBED },
		{ "notavailable", PRI_REROUTING_RSP_NOT_AVAILABLE },
		{ "notallowed", PRI_REROUTING_RSP_NOT_ALLOWED },
		{ "invalidnumber", PRI_REROUTING_RSP_INVALID_NUMBER },
		{ "special", PRI_REROUTING_RSP_SPECIAL_SERVICE_NUMBER },
		{ "toself", PRI_REROUTING_RSP_DIVERSION_TO_SELF },
		{ "max", PRI_REROUTING_RSP_MAX_DIVERSIONS_EXCEEDED },
		{ "resource", PRI_REROUTING_RSP_RESOURCE_UNAVAILABLE },
	};

	for (unsigned i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (!strcasecmp(table[i].name, name)) {
			return table[i].code;
		}
	}
	return -1;
}
