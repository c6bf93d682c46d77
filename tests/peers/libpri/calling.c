/* The commands with many parameters: calls, Facility IEs, party updates, deflection, transfer. */
#include "pri_peer.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/*
 * Not in libpri.h, but exported by the shared object: they put a ready made APDU on a call's next message, or
 * force one transfer procedure. With a libpri that hides them those commands answer with an error.
 */
extern int pri_call_apdu_queue(q931_call *call, int message, const unsigned char *apdu, int length, void *response)
	__attribute__((weak));
extern int q931_facility(struct pri *pri, q931_call *call) __attribute__((weak));
extern int eect_initiate_transfer(struct pri *pri, q931_call *a, q931_call *b) __attribute__((weak));
extern int rlt_initiate_transfer(struct pri *pri, q931_call *a, q931_call *b) __attribute__((weak));

#define FACILITY 0x62

static const char *option(const char *key)
{
	size_t n = strlen(key);

	for (int i = 1; argument(i); i++) {
		if (!strncmp(argument(i), key, n) && argument(i)[n] == '=') {
			return argument(i) + n + 1;
		}
	}
	return NULL;
}

static int option_int(const char *key, int otherwise)
{
	const char *value = option(key);

	return value ? (int) strtol(value, NULL, 0) : otherwise;
}

static const char *joined(const char *prefix, const char *suffix)
{
	static char key[40];

	snprintf(key, sizeof(key), "%s%s", prefix, suffix);
	return key;
}

static void option_number(const char *prefix, struct pri_party_number *number)
{
	const char *value = option(prefix);

	if (value) {
		number->valid = 1;
		snprintf(number->str, sizeof(number->str), "%s", value);
		number->plan = option_int(joined(prefix, "plan"), PRI_TON_UNKNOWN << 4 | PRI_NPI_E163_E164);
		number->presentation = option_int(joined(prefix, "pres"), PRES_ALLOWED_USER_NUMBER_NOT_SCREENED);
	}
}

/* In names `_` stands for a blank. */
static void option_name(const char *prefix, struct pri_party_name *name)
{
	const char *value = option(joined(prefix, "name"));

	if (value) {
		name->valid = 1;
		name->char_set = PRI_CHAR_SET_ISO8859_1;
		name->presentation = option_int(joined(prefix, "pres"), PRI_PRES_ALLOWED);
		snprintf(name->str, sizeof(name->str), "%s", value);
		for (char *c = name->str; *c; c++) {
			*c = *c == '_' ? ' ' : *c;
		}
	}
}

static struct pri_party_id option_party(const char *prefix)
{
	struct pri_party_id party;

	memset(&party, 0, sizeof(party));
	option_number(prefix, &party.number);
	option_name(prefix, &party.name);
	return party;
}

static struct pri_party_redirecting option_redirecting(int reason, int count)
{
	struct pri_party_redirecting redirecting;

	memset(&redirecting, 0, sizeof(redirecting));
	redirecting.from = option_party("from");
	redirecting.to = option_party("to");
	redirecting.orig_called = option_party("orig");
	redirecting.count = option_int("count", count);
	redirecting.reason = option_int("reason", reason);
	redirecting.orig_reason = PRI_REDIR_UNKNOWN;
	return redirecting;
}

static struct leg *leg_to_set_up(void)
{
	struct leg *leg = leg_by_id(argument(1));

	if (leg && leg->setup_sent) {
		return NULL;
	}
	leg = leg ? leg : leg_new(argument(1));
	if (leg && !leg->call) {
		leg->call = pri_new_call(peer.pri);
	}
	return leg && leg->call ? leg : NULL;
}

static void fill_setup(struct pri_sr *setup, struct leg *leg)
{
	struct pri_party_id caller = option_party("calling");
	struct pri_party_redirecting redirecting = option_redirecting(PRI_REDIR_UNCONDITIONAL, 1);
	int law = peer.channels == 23 ? PRI_LAYER_1_ULAW : PRI_LAYER_1_ALAW;

	leg->channel = option("chan") ? option_int("chan", 1) : channel_take();
	pri_sr_set_channel(setup, leg->channel, option_int("excl", 1), 0);
	pri_sr_set_bearer(setup, PRI_TRANS_CAP_SPEECH, law);
	pri_sr_set_called(setup, (char *) argument(2), option_int("plan", PRI_NPI_E163_E164), option_int("complete", 0));
	if (caller.number.valid || caller.name.valid) {
		pri_sr_set_caller_party(setup, &caller);
	}
	if (option("uui")) {
		pri_sr_set_useruser(setup, option("uui"));
	}
	if (redirecting.from.number.valid) {
		pri_sr_set_redirecting_parties(setup, &redirecting);
	}
}

void start_call(void)
{
	struct leg *leg = leg_to_set_up();
	struct pri_sr *setup;
	int result;

	if (!leg) {
		j_error("call: %s is in use", argument(1));
		return;
	}
	setup = pri_sr_new();
	fill_setup(setup, leg);
	leg->setup_sent = 1;
	result = pri_setup(peer.pri, leg->call, setup);
	pri_sr_free(setup);
	done("call", leg->id, result);
	if (result) {
		leg_free(leg);
	}
}

static int message_type(const char *name)
{
	static const struct { const char *name; int type; } table[] = {
		{ "facility", FACILITY }, { "setup", 0x05 }, { "alerting", 0x01 }, { "proceeding", 0x02 },
		{ "progress", 0x03 }, { "connect", 0x07 }, { "disconnect", 0x45 }, { "release", 0x4d },
		{ "releasecomplete", 0x5a }, { "register", 0x64 }, { "hold", 0x24 }, { "notify", 0x6e },
	};

	for (unsigned i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (!strcmp(table[i].name, name)) {
			return table[i].type;
		}
	}
	return -1;
}

static int unhex(const char *text, unsigned char *octets, int room)
{
	int n = 0;
	unsigned octet;

	while (*text) {
		if (n >= room || !isxdigit((unsigned char) text[0]) || sscanf(text, "%2x", &octet) != 1 || !text[1]) {
			return -1;
		}
		octets[n++] = (unsigned char) octet;
		text += 2;
	}
	return n;
}

static int queue_apdu(struct leg *leg, int message, const char *hex)
{
	unsigned char apdu[256];
	int n = unhex(hex, apdu, sizeof(apdu));

	if (!pri_call_apdu_queue || !q931_facility || n <= 0 || message < 0) {
		j_error("%s", n <= 0 ? "bad hex" : message < 0 ? "no such message" : "libpri hides its APDU queue");
		return -1;
	}
	return pri_call_apdu_queue(leg->call, message, apdu, n, NULL);
}

/* facility ID HEX: a FACILITY with these contents of the Facility IE, through libpri's layers 2 and 3. */
void send_facility(void)
{
	struct leg *leg = leg_by_id(argument(1));
	int result;

	if (!leg || !leg->call) {
		j_error("facility: no call %s", argument(1));
		return;
	}
	result = queue_apdu(leg, FACILITY, argument(2));
	done("facility", leg->id, result ? result : q931_facility(peer.pri, leg->call));
}

/* queue ID MESSAGE HEX: the same on that call's next message of that type; an unused ID is for a later `call`. */
void queue_facility(void)
{
	struct leg *leg = leg_by_id(argument(1));

	leg = leg ? leg : leg_to_set_up();
	if (!leg || !leg->call) {
		j_error("queue: no call %s", argument(1));
		return;
	}
	done("queue", leg->id, queue_apdu(leg, message_type(argument(2)), argument(3)));
}

void send_connected(struct leg *leg)
{
	struct pri_party_connected_line connected;

	memset(&connected, 0, sizeof(connected));
	connected.id = option_party("party");
	done("connected", leg->id, pri_connected_line_update(peer.pri, leg->call, &connected));
}

void send_deflection(struct leg *leg)
{
	struct pri_party_redirecting redirecting = option_redirecting(PRI_REDIR_DEFLECTION, 1);
	struct pri_party_id caller = option_party("caller");

	if (!redirecting.to.number.valid) {
		j_error("usage: deflect ID to=NUMBER [from= orig= caller= reason=]");
		return;
	}
	done("deflect", leg->id, pri_reroute_call(peer.pri, leg->call, caller.number.valid ? &caller : NULL,
		&redirecting, 0));
}

/* transfer ID ID [via=eect|rlt]: what the switch type does, or that procedure whatever the switch type. */
void start_transfer(void)
{
	struct leg *a = leg_by_id(argument(1)), *b = leg_by_id(argument(2));
	const char *via = option("via");
	int result = -1;

	if (!a || !b || !a->call || !b->call) {
		j_error("transfer: no such calls");
		return;
	}
	if (!via) {
		result = pri_channel_bridge(a->call, b->call);
	} else if (!strcmp(via, "eect") && eect_initiate_transfer) {
		result = eect_initiate_transfer(peer.pri, a->call, b->call);
	} else if (!strcmp(via, "rlt") && rlt_initiate_transfer) {
		result = rlt_initiate_transfer(peer.pri, a->call, b->call);
	}
	done("transfer", a->id, result);
}
