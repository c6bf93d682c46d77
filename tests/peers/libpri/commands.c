/* One line of stdin is one command: a table of names, the arguments they need, and what they do. */
#include "pri_peer.h"

#include <stdlib.h>
#include <string.h>

#define MAX_ARGUMENTS 24
static char *arguments[MAX_ARGUMENTS + 1];

const char *argument(int n)
{
	return n <= MAX_ARGUMENTS ? arguments[n] : NULL;
}

static int number(int n, int otherwise)
{
	return argument(n) ? (int) strtol(argument(n), NULL, 0) : otherwise;
}

void done(const char *command, const char *id, int result)
{
	j_begin("done");
	j_str("cmd", command);
	j_str_if("id", id);
	j_int("rc", result);
	j_end();
}

static void set(void)
{
	static const struct { const char *name; int *value; } counts[] = {
		{ "frames", &show_frames }, { "droptx", &drop_sent }, { "droprx", &drop_received },
	};

	for (unsigned i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		if (!strcmp(counts[i].name, argument(1))) {
			*counts[i].value = number(2, 0);
			done("set", NULL, 0);
			return;
		}
	}
	if (!strcmp("overlap", argument(1))) {
		pri_set_overlapdial(peer.pri, number(2, 0));
		done("set", NULL, 0);
		return;
	}
	done("set", NULL, reaction_set(argument(1), argument(2)));
}

static void restart(void)
{
	done("restart", NULL, pri_reset(peer.pri, number(1, 1)));
}

static int proceed(struct leg *leg)
{
	return pri_proceeding(peer.pri, leg->call, number(2, leg->channel), 0);
}

static int alert(struct leg *leg)
{
	return pri_acknowledge(peer.pri, leg->call, number(2, leg->channel), 0);
}

static int progress(struct leg *leg)
{
	return pri_progress(peer.pri, leg->call, number(2, leg->channel), 1);
}

static int answer(struct leg *leg)
{
	return pri_answer(peer.pri, leg->call, number(2, leg->channel), 0);
}

static int setup_ack(struct leg *leg)
{
	return pri_setup_ack(peer.pri, leg->call, leg->channel, 0, 0);
}

static int hangup(struct leg *leg)
{
	return pri_hangup(peer.pri, leg->call, number(2, PRI_CAUSE_NORMAL_CLEARING));
}

static int hold(struct leg *leg)
{
	return pri_hold(peer.pri, leg->call);
}

static int hold_ack(struct leg *leg)
{
	return pri_hold_ack(peer.pri, leg->call);
}

static int hold_reject(struct leg *leg)
{
	return pri_hold_rej(peer.pri, leg->call, number(2, PRI_CAUSE_RESOURCE_UNAVAIL_UNSPECIFIED));
}

static int retrieve(struct leg *leg)
{
	return pri_retrieve(peer.pri, leg->call, number(2, leg->channel));
}

static int retrieve_ack(struct leg *leg)
{
	return pri_retrieve_ack(peer.pri, leg->call, number(2, leg->channel));
}

static int retrieve_reject(struct leg *leg)
{
	return pri_retrieve_rej(peer.pri, leg->call, number(2, PRI_CAUSE_REQUESTED_CHAN_UNAVAIL));
}

static int transfer_response(struct leg *leg)
{
	return argument(3) ? pri_transfer_rsp(peer.pri, leg->call, number(2, 0), !strcmp(argument(3), "ok")) : -1;
}

static int reroute_response(struct leg *leg)
{
	int code = argument(3) ? reroute_code(argument(3)) : -1;

	return code < 0 ? -1 : pri_rerouting_rsp(peer.pri, leg->call, number(2, 0), code);
}

static int notify(struct leg *leg)
{
	return pri_notify(peer.pri, leg->call, leg->channel, number(2, 0));
}

static int information(struct leg *leg)
{
	const char *digits = argument(2) ? argument(2) : "";
	int result = 0;

	while (*digits && !result) {
		result = pri_information(peer.pri, leg->call, *digits++);
	}
	return result;
}

static int keypad(struct leg *leg)
{
	return pri_keypad_facility(peer.pri, leg->call, argument(2) ? argument(2) : "");
}

/* What the next message to the other user carries. */
static int user_user(struct leg *leg)
{
	pri_call_set_useruser(leg->call, argument(2) ? argument(2) : "");
	return 0;
}

static const struct { const char *name; int needs; void (*run)(void); } general[] = {
	{ "call", 2, start_call }, { "transfer", 2, start_transfer }, { "facility", 2, send_facility },
	{ "queue", 3, queue_facility }, { "set", 2, set }, { "calls", 0, legs_tell }, { "restart", 0, restart },
};

static const struct { const char *name; int (*run)(struct leg *leg); } on_call[] = {
	{ "proceed", proceed }, { "alert", alert }, { "progress", progress }, { "answer", answer },
	{ "setupack", setup_ack }, { "hangup", hangup }, { "hold", hold }, { "holdack", hold_ack },
	{ "holdrej", hold_reject }, { "retrieve", retrieve }, { "retrieveack", retrieve_ack },
	{ "retrieverej", retrieve_reject }, { "transferrsp", transfer_response },
	{ "reroutersp", reroute_response }, { "notify", notify },
	{ "info", information }, { "keypad", keypad }, { "uui", user_user },
};

static const struct { const char *name; void (*run)(struct leg *leg); } with_parties[] = {
	{ "connected", send_connected }, { "deflect", send_deflection },
};

#define ENTRIES(table) (sizeof(table) / sizeof(table[0]))

static int split(char *line)
{
	char *save = NULL;
	int n = 0;

	for (char *word = strtok_r(line, " \t\r\n", &save); word && n < MAX_ARGUMENTS;
		word = strtok_r(NULL, " \t\r\n", &save)) {
		arguments[n++] = word;
	}
	arguments[n] = NULL;
	return n;
}

static int run_general(int n)
{
	for (unsigned i = 0; i < ENTRIES(general); i++) {
		if (!strcmp(general[i].name, arguments[0])) {
			if (n > general[i].needs) {
				general[i].run();
			} else {
				j_error("%s: arguments are missing", arguments[0]);
			}
			return 1;
		}
	}
	return 0;
}

static void run_on_call(struct leg *leg)
{
	for (unsigned i = 0; i < ENTRIES(on_call); i++) {
		if (!strcmp(on_call[i].name, arguments[0])) {
			done(arguments[0], leg->id, on_call[i].run(leg));
			return;
		}
	}
	for (unsigned i = 0; i < ENTRIES(with_parties); i++) {
		if (!strcmp(with_parties[i].name, arguments[0])) {
			with_parties[i].run(leg);
			return;
		}
	}
	j_error("%s: no such command", arguments[0]);
}

int command(char *line)
{
	int n = split(line);
	struct leg *leg;

	if (!n) {
		return 0;
	}
	if (!strcmp(arguments[0], "quit")) {
		return 1;
	}
	if (run_general(n)) {
		return 0;
	}
	leg = n > 1 ? leg_by_id(arguments[1]) : NULL;
	if (leg && leg->call) {
		run_on_call(leg);
	} else {
		j_error("%s: no such command or call", arguments[0]);
	}
	return 0;
}
