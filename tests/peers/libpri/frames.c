/* The wire: LAPD frames over UDP, shown as events and written to a capture (LINUX_LAPD, link type 177). */
#include "pri_peer.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

/* libpri counts two octets more than the frame has, where an FCS would be. */
#define FCS_LENGTH 2
#define LINUX_LAPD 177
#define ARPHRD_LAPD 8445
#define ETH_P_LAPD 0x0030

int show_frames;
int drop_sent, drop_received;
static FILE *capture;

static void put16(unsigned char *at, unsigned value)
{
	at[0] = (value >> 8) & 0xff;
	at[1] = value & 0xff;
}

void capture_open(const char *name)
{
	uint32_t header[6] = { 0xa1b2c3d4u, 0x00040002u, 0, 0, 65535, LINUX_LAPD };

	capture = fopen(name, "wb");
	if (!capture) {
		perror(name);
		exit(2);
	}
	fwrite(header, sizeof(header), 1, capture);
	fflush(capture);
}

void capture_close(void)
{
	if (capture) {
		fclose(capture);
	}
}

static void capture_frame(int sent, const unsigned char *frame, int n)
{
	unsigned char sll[16] = { 0 };
	struct timeval now;
	uint32_t header[4];

	if (!capture) {
		return;
	}
	gettimeofday(&now, NULL);
	header[0] = (uint32_t) now.tv_sec;
	header[1] = (uint32_t) now.tv_usec;
	header[2] = header[3] = (uint32_t) (n + (int) sizeof(sll));
	put16(sll, sent ? 4 : 0);                       /* outgoing, or to us */
	put16(sll + 2, ARPHRD_LAPD);
	put16(sll + 4, 1);                              /* address length */
	sll[6] = peer.node == PRI_NETWORK;              /* are we the network? */
	put16(sll + 14, ETH_P_LAPD);
	fwrite(header, sizeof(header), 1, capture);
	fwrite(sll, sizeof(sll), 1, capture);
	fwrite(frame, (size_t) n, 1, capture);
	fflush(capture);
}

static const char *message_name(int type)
{
	static const struct { int type; const char *name; } table[] = {
		{ 0x01, "ALERTING" }, { 0x02, "CALL PROCEEDING" }, { 0x03, "PROGRESS" }, { 0x05, "SETUP" },
		{ 0x07, "CONNECT" }, { 0x0d, "SETUP ACK" }, { 0x0f, "CONNECT ACK" }, { 0x24, "HOLD" },
		{ 0x28, "HOLD ACK" }, { 0x30, "HOLD REJECT" }, { 0x31, "RETRIEVE" }, { 0x33, "RETRIEVE ACK" },
		{ 0x37, "RETRIEVE REJECT" }, { 0x45, "DISCONNECT" }, { 0x46, "RESTART" }, { 0x4d, "RELEASE" },
		{ 0x4e, "RESTART ACK" }, { 0x5a, "RELEASE COMPLETE" }, { 0x62, "FACILITY" }, { 0x64, "REGISTER" },
		{ 0x6e, "NOTIFY" }, { 0x75, "STATUS ENQUIRY" }, { 0x7b, "INFORMATION" }, { 0x7d, "STATUS" },
	};
	static char other[8];

	for (unsigned i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (table[i].type == type) {
			return table[i].name;
		}
	}
	snprintf(other, sizeof(other), "0x%02x", type);
	return other;
}

struct q931 {
	int reference, flag, type;
	const unsigned char *elements, *end;
};

/* The Q.931 message in an I or UI frame of SAPI 0; 0 when there is none. */
static int q931_in(const unsigned char *frame, int n, struct q931 *message)
{
	const unsigned char *at, *end = frame + n;
	int length;

	if (n < 4 || (frame[0] >> 2) != 0) {
		return 0;
	}
	if (frame[2] & 0x01) {
		if ((frame[2] & 0xef) != 0x03) {
			return 0;
		}
		at = frame + 3;
	} else {
		at = frame + 4;
	}
	if (end - at < 3 || at[0] != 0x08 || end - at < 3 + (length = at[1] & 0x0f)) {
		return 0;
	}
	message->flag = length ? at[2] >> 7 : 0;
	message->reference = 0;
	for (int i = 0; i < length; i++) {
		message->reference = message->reference << 8 | (i ? at[2 + i] : at[2] & 0x7f);
	}
	message->type = at[2 + length];
	message->elements = at + 3 + length;
	message->end = end;
	return 1;
}

static void tell_facility(const char *direction, const struct q931 *message, int codeset, const unsigned char *element)
{
	j_begin("facility_ie");
	j_str("dir", direction);
	j_str("msg", message_name(message->type));
	j_int("cr", message->reference);
	j_int("crflag", message->flag);
	if (codeset) {
		j_int("codeset", codeset);
	}
	j_hex("ie", element, 2 + element[1]);
	j_end();
}

static void tell_facilities(const char *direction, const struct q931 *message)
{
	int codeset = 0, locked = 0;
	const unsigned char *at = message->elements;

	while (at < message->end) {
		if (*at & 0x80) {
			if ((*at & 0xf0) == 0x90) {
				codeset = *at & 7;
				locked = !(*at & 8);
			}
			at++;
			continue;
		}
		if (message->end - at < 2 || message->end - at < 2 + at[1]) {
			return;
		}
		if (*at == 0x1c && (codeset == 0 || codeset == 6)) {
			tell_facility(direction, message, codeset, at);
		}
		at += 2 + at[1];
		codeset = locked ? codeset : 0;
	}
}

static void tell_frame(const char *event, const char *direction, const unsigned char *frame, int n)
{
	j_begin(event);
	j_str("dir", direction);
	j_hex("hex", frame, n);
	j_end();
}

static void tell_message(const char *direction, const struct q931 *message)
{
	j_begin("q931");
	j_str("dir", direction);
	j_str("msg", message_name(message->type));
	j_int("cr", message->reference);
	j_int("crflag", message->flag);
	j_end();
}

static void tell(const char *direction, const unsigned char *frame, int n)
{
	struct q931 message;

	if (show_frames) {
		tell_frame("frame", direction, frame, n);
	}
	if (!q931_in(frame, n, &message)) {
		return;
	}
	if (show_frames) {
		tell_message(direction, &message);
	}
	tell_facilities(direction, &message);
}

int frame_read(struct pri *pri, void *buffer, int length)
{
	struct sockaddr_in from;
	socklen_t from_length = sizeof(from);
	unsigned char *frame = buffer;
	int n = (int) recvfrom(peer.socket, frame, (size_t) (length - FCS_LENGTH), MSG_DONTWAIT,
		(struct sockaddr *) &from, &from_length);

	(void) pri;
	if (n <= 0) {
		return 0;                               /* nothing there, or ICMP refused */
	}
	if (peer.learn_remote) {
		peer.remote = from;
	}
	if (drop_received > 0) {
		drop_received--;
		tell_frame("dropped", "rx", frame, n);
		return 0;
	}
	capture_frame(0, frame, n);
	tell("rx", frame, n);
	frame[n] = frame[n + 1] = 0;
	return n + FCS_LENGTH;
}

int frame_write(struct pri *pri, void *buffer, int length)
{
	int n = length - FCS_LENGTH;

	(void) pri;
	if (drop_sent > 0) {
		drop_sent--;
		tell_frame("dropped", "tx", buffer, n);
		return length;
	}
	capture_frame(1, buffer, n);
	tell("tx", buffer, n);
	if (peer.remote.sin_port) {
		/* A lost datagram is a lost frame: LAPD repairs it. */
		(void) !sendto(peer.socket, buffer, (size_t) n, MSG_DONTWAIT,
			(struct sockaddr *) &peer.remote, sizeof(peer.remote));
	}
	return length;
}
