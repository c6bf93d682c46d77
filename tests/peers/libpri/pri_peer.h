/*
 * pri_peer: one libpri endpoint (network or user side) on a UDP socket.
 *
 * One UDP datagram carries one LAPD (Q.921) frame from the address octet to the last information octet: no flags,
 * no FCS. Commands come on stdin, one per line; every event goes to stdout as one JSON object per line.
 * README.md lists both.
 */
#ifndef PRI_PEER_H
#define PRI_PEER_H

#include <netinet/in.h>
#include <stdio.h>

#include <libpri.h>

/* ---- peer.c: what the whole program shares */

struct endpoint {
	struct pri *pri;
	int node;                       /* PRI_NETWORK or PRI_CPE */
	int switch_type;
	int channels;                   /* 31 on E1, 23 on T1, 2 on BRI */
	int socket;
	struct sockaddr_in remote;
	int learn_remote;               /* answer to whoever sent last */
};

extern struct endpoint peer;

/* ---- json.c: one event per line */

void j_begin(const char *event);
void j_end(void);
void j_key(const char *key);
void j_str(const char *key, const char *value);
void j_str_if(const char *key, const char *value);      /* left out when empty */
void j_int(const char *key, long value);
void j_hex(const char *key, const unsigned char *octets, int n);
void j_open(const char *key, char bracket);             /* key may be NULL inside a list */
void j_close(char bracket);
void j_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ---- frames.c: the wire */

extern int show_frames;                                  /* every frame as an event */
extern int drop_sent, drop_received;                     /* frames still to be lost on purpose */
int frame_read(struct pri *pri, void *buffer, int length);
int frame_write(struct pri *pri, void *buffer, int length);
void capture_open(const char *name);
void capture_close(void);

/* ---- legs.c: calls by name */

struct leg {
	char id[24];
	q931_call *call;
	int channel;
	int incoming;
	int setup_sent;
};

struct leg *leg_by_id(const char *id);
struct leg *leg_by_call(q931_call *call);
struct leg *leg_new(const char *id);
struct leg *leg_incoming(q931_call *call);
const char *leg_name(q931_call *call);
void leg_free(struct leg *leg);
void legs_tell(void);
int channel_take(void);

/* ---- events.c: what libpri reports */

void on_event(pri_event *event);

/* ---- subcommands.c: the supplementary services inside an event */

void j_party(const char *key, const struct pri_party_id *party);
void j_subcommands(const struct pri_subcommands *list);
void react_to_subcommands(q931_call *call, q931_call *subcall, const struct pri_subcommands *list);

/* ---- reactions.c: what the peer does by itself, changed with "set" */

enum reaction { ON_RING, ON_HOLD, ON_RETRIEVE, ON_TRANSFER, ON_REROUTE, ON_DISCONNECT, REACTIONS };
const char *reaction(enum reaction which);
int reaction_is(enum reaction which, const char *value);
int reaction_set(const char *name, const char *value);
int reroute_code(const char *name);                      /* -1: no such answer */

/* ---- commands.c: one line of stdin; nonzero means quit */

int command(char *line);

/* ---- calling.c: the commands with many parameters */

void start_call(void);
void send_facility(void);
void queue_facility(void);
void send_connected(struct leg *leg);
void send_deflection(struct leg *leg);
void start_transfer(void);
const char *argument(int n);                             /* NULL when there is none */
void done(const char *command, const char *id, int result);

#endif
