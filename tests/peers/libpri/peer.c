/* Options, the socket, and the loop over stdin, the socket and libpri's timers. */
#include "pri_peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

struct endpoint peer = { .node = PRI_CPE, .switch_type = -1, .socket = -1 };

static struct {
	int local, debug, bri;
	const char *bind, *off, *capture;
	const char *sets[16];
	int n_sets;
} options = { .bri = -1, .bind = "127.0.0.1" };

static const struct { const char *name; int type, channels; } switches[] = {
	{ "euroisdn_e1", PRI_SWITCH_EUROISDN_E1, 31 }, { "euroisdn_t1", PRI_SWITCH_EUROISDN_T1, 23 },
	{ "qsig", PRI_SWITCH_QSIG, 31 }, { "ni2", PRI_SWITCH_NI2, 23 }, { "ni1", PRI_SWITCH_NI1, 23 },
	{ "dms100", PRI_SWITCH_DMS100, 23 }, { "lucent5e", PRI_SWITCH_LUCENT5E, 23 },
	{ "att4ess", PRI_SWITCH_ATT4ESS, 23 },
};

static void usage(void)
{
	fprintf(stderr, "usage: pri_peer --node network|cpe --switch TYPE --local PORT --remote HOST:PORT|learn\n"
		"  [--bind ADDRESS] [--bri ptp|ptmp] [--pcap FILE] [--debug MASK] [--off FEATURE,…] [--set NAME=VALUE]…\n");
	exit(2);
}

static void set_switch(const char *name)
{
	for (unsigned i = 0; i < sizeof(switches) / sizeof(switches[0]); i++) {
		if (!strcmp(switches[i].name, name)) {
			peer.switch_type = switches[i].type;
			peer.channels = switches[i].channels;
		}
	}
}

static void set_remote(const char *value)
{
	const char *colon = strrchr(value, ':');
	char host[64];

	if (!strcmp(value, "learn")) {
		peer.learn_remote = 1;
		return;
	}
	if (!colon || (size_t) (colon - value) >= sizeof(host)) {
		usage();
	}
	snprintf(host, sizeof(host), "%.*s", (int) (colon - value), value);
	peer.remote.sin_family = AF_INET;
	peer.remote.sin_port = htons((uint16_t) atoi(colon + 1));
	if (inet_pton(AF_INET, host, &peer.remote.sin_addr) != 1) {
		usage();
	}
}

static void set_option(const char *name, const char *value)
{
	if (!strcmp(name, "--node")) {
		peer.node = !strcmp(value, "network") ? PRI_NETWORK : PRI_CPE;
	} else if (!strcmp(name, "--switch")) {
		set_switch(value);
	} else if (!strcmp(name, "--local")) {
		options.local = atoi(value);
	} else if (!strcmp(name, "--bind")) {
		options.bind = value;
	} else if (!strcmp(name, "--remote")) {
		set_remote(value);
	} else if (!strcmp(name, "--bri")) {
		options.bri = !strcmp(value, "ptp");
	} else if (!strcmp(name, "--pcap")) {
		options.capture = value;
	} else if (!strcmp(name, "--debug")) {
		options.debug = (int) strtol(value, NULL, 0);
	} else if (!strcmp(name, "--off")) {
		options.off = value;
	} else if (!strcmp(name, "--set") && options.n_sets < 16) {
		options.sets[options.n_sets++] = value;
	} else {
		usage();
	}
}

static void read_options(int count, char **values)
{
	for (int i = 1; i < count; i += 2) {
		if (i + 1 >= count) {
			usage();
		}
		set_option(values[i], values[i + 1]);
	}
	if (peer.switch_type < 0 || !options.local || (!peer.remote.sin_port && !peer.learn_remote)) {
		usage();
	}
}

static void open_socket(void)
{
	struct sockaddr_in local = { .sin_family = AF_INET, .sin_port = htons((uint16_t) options.local) };

	peer.socket = socket(AF_INET, SOCK_DGRAM, 0);
	if (inet_pton(AF_INET, options.bind, &local.sin_addr) != 1
		|| bind(peer.socket, (struct sockaddr *) &local, sizeof(local))) {
		perror("bind");
		exit(2);
	}
}

static void on_text(const char *kind, const char *text)
{
	char line[1024];

	snprintf(line, sizeof(line), "%.*s", (int) strcspn(text, "\r\n"), text);
	j_begin("log");
	j_str("kind", kind);
	j_str("msg", line);
	j_end();
}

static void on_message(struct pri *pri, char *text)
{
	(void) pri;
	on_text("message", text);
}

static void on_complaint(struct pri *pri, char *text)
{
	(void) pri;
	on_text("error", text);
}

static int feature(const char *name)
{
	char list[256], *save = NULL;

	snprintf(list, sizeof(list), "%s", options.off ? options.off : "");
	for (char *off = strtok_r(list, ",", &save); off; off = strtok_r(NULL, ",", &save)) {
		if (!strcmp(off, name)) {
			return 0;
		}
	}
	return 1;
}

static void enable_features(void)
{
	if (feature("facility")) {
		pri_facility_enable(peer.pri);
	}
	pri_transfer_enable(peer.pri, feature("transfer"));
	pri_reroute_enable(peer.pri, feature("reroute"));
	pri_hold_enable(peer.pri, feature("hold"));
	pri_hangup_fix_enable(peer.pri, 1);
	pri_persistent_layer2_option(peer.pri, PRI_L2_PERSISTENCE_KEEP_UP);
}

static void set_reactions(void)
{
	for (int i = 0; i < options.n_sets; i++) {
		char line[64], *equals;

		snprintf(line, sizeof(line), "set %s", options.sets[i]);
		equals = strchr(line, '=');
		if (equals) {
			*equals = ' ';
		}
		command(line);
	}
}

static void start(void)
{
	pri_set_message(on_message);
	pri_set_error(on_complaint);
	if (options.bri >= 0) {
		peer.channels = 2;
		peer.pri = pri_new_bri_cb(peer.socket, options.bri, peer.node, peer.switch_type, frame_read, frame_write, NULL);
	} else {
		peer.pri = pri_new_cb(peer.socket, peer.node, peer.switch_type, frame_read, frame_write, NULL);
	}
	if (!peer.pri) {
		j_error("libpri refused node or switch type");
		exit(1);
	}
	pri_set_debug(peer.pri, options.debug);
	enable_features();
	set_reactions();
	j_begin("ready");
	j_str("libpri", pri_get_version());
	j_str("node", pri_node2str(peer.node));
	j_str("switch", pri_switch2str(peer.switch_type));
	j_end();
}

/* libpri sends its SABME when it is created: only after "start", when the other end is listening as well. */
static void await_start(void)
{
	char c = 0;

	j_begin("bound");
	j_end();
	while (c != '\n') {
		if (read(0, &c, 1) <= 0) {
			exit(0);
		}
	}
}

/* pri_check_event() takes one frame per call. */
static void take_frames(void)
{
	struct pollfd waiting = { peer.socket, POLLIN, 0 };

	do {
		pri_event *event = pri_check_event(peer.pri);

		if (event) {
			on_event(event);
		}
	} while (poll(&waiting, 1, 0) > 0);
}

static int until_next_timer(void)
{
	struct timeval *next = pri_schedule_next(peer.pri), now;
	long ms;

	if (!next) {
		return 1000;
	}
	gettimeofday(&now, NULL);
	ms = (next->tv_sec - now.tv_sec) * 1000 + (next->tv_usec - now.tv_usec) / 1000 + 1;
	return ms < 0 ? 0 : ms > 1000 ? 1000 : (int) ms;
}

static void run_timers(void)
{
	pri_event *event;

	for (int i = 0; i < 64 && (event = pri_schedule_run(peer.pri)); i++) {
		on_event(event);
	}
}

/* Nonzero at the end of stdin or at "quit". */
static int take_commands(void)
{
	static char text[8192];
	static size_t held;
	ssize_t n = read(0, text + held, sizeof(text) - 1 - held);
	char *line = text, *end;

	if (n <= 0) {
		return 1;
	}
	text[held + (size_t) n] = '\0';
	while ((end = strchr(line, '\n'))) {
		*end = '\0';
		if (command(line)) {
			return 1;
		}
		line = end + 1;
	}
	held = strlen(line);
	memmove(text, line, held);
	return held == sizeof(text) - 1;
}

int main(int count, char **values)
{
	int over = 0;

	read_options(count, values);
	open_socket();
	if (options.capture) {
		capture_open(options.capture);
	}
	await_start();
	start();
	while (!over) {
		struct pollfd waiting[2] = { { peer.socket, POLLIN, 0 }, { 0, POLLIN, 0 } };

		if (poll(waiting, 2, until_next_timer()) < 0 && errno != EINTR) {
			break;
		}
		run_timers();
		if (waiting[0].revents) {
			take_frames();
		}
		over = waiting[1].revents && take_commands();
	}
	capture_close();
	return 0;
}
