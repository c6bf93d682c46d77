/* What libpri reports: each event told as JSON, then answered as the reactions say. */
#include "pri_peer.h"

#include <string.h>

static void tell(const char *name, q931_call *call, int channel)
{
	j_begin(name);
	j_str("id", leg_name(call));
	j_int("chan", channel == -1 ? -1 : channel & 0xff);
	if (channel != -1 && channel & 0x10000) {
		j_int("interface", channel >> 8 & 0x7f);
	}
}

static void told(q931_call *call, q931_call *subcall, const struct pri_subcommands *subcommands)
{
	j_subcommands(subcommands);
	j_end();
	react_to_subcommands(call, subcall, subcommands);
}

static void on_ring(const pri_event_ring *ring)
{
	struct leg *leg = leg_incoming(ring->call);
	int channel = ring->channel == -1 ? channel_take() : ring->channel;

	if (leg) {
		leg->channel = channel;
	}
	tell("ring", ring->call, ring->channel);
	j_int("cref", ring->cref & 0x7fff);
	j_int("complete", ring->complete);
	j_str("called", ring->callednum);
	j_int("calledplan", ring->calledplan);
	j_str_if("callingnum", ring->callingnum);
	j_str_if("callingname", ring->callingname);
	j_str_if("redirectingnum", ring->redirectingnum);
	j_str_if("origcallednum", ring->origcallednum);
	j_str_if("uui", ring->useruserinfo);
	j_party("calling", &ring->calling);
	told(ring->call, NULL, ring->subcmds);
	if (reaction_is(ON_RING, "none")) {
		return;
	}
	pri_proceeding(peer.pri, ring->call, channel, 0);
	if (reaction_is(ON_RING, "proceed")) {
		return;
	}
	pri_acknowledge(peer.pri, ring->call, channel, 0);
	if (reaction_is(ON_RING, "answer")) {
		pri_answer(peer.pri, ring->call, channel, 0);
	}
}

/* After HANGUP and HANGUP_ACK libpri destroys the call; only HANGUP still wants the release. */
static void on_hangup(int event, const pri_event_hangup *hangup)
{
	struct leg *leg = leg_by_call(hangup->call);

	tell(event == PRI_EVENT_HANGUP ? "hangup" : event == PRI_EVENT_HANGUP_REQ ? "hangup_req" : "hangup_ack",
		hangup->call, hangup->channel);
	j_int("cause", hangup->cause);
	j_str("cause_text", pri_cause2str(hangup->cause));
	j_str_if("uui", hangup->useruserinfo);
	if (hangup->call_held && hangup->call_active) {
		j_str("call_held", leg_name(hangup->call_held));
		j_str("call_active", leg_name(hangup->call_active));
	}
	told(hangup->call, NULL, hangup->subcmds);
	if (event == PRI_EVENT_HANGUP || (event == PRI_EVENT_HANGUP_REQ && reaction_is(ON_DISCONNECT, "on"))) {
		pri_hangup(peer.pri, hangup->call, hangup->cause > 0 ? hangup->cause : -1);
	}
	if (event != PRI_EVENT_HANGUP_REQ) {
		leg_free(leg);
	}
}

static void on_hold(const struct pri_event_hold *hold)
{
	tell("hold", hold->call, hold->channel);
	told(hold->call, NULL, hold->subcmds);
	if (reaction_is(ON_HOLD, "ack")) {
		pri_hold_ack(peer.pri, hold->call);
	} else if (reaction_is(ON_HOLD, "rej")) {
		pri_hold_rej(peer.pri, hold->call, PRI_CAUSE_RESOURCE_UNAVAIL_UNSPECIFIED);
	}
}

/* The peer that retrieves may leave the channel to us: it gets the old one back. */
static void on_retrieve(const struct pri_event_retrieve *retrieve)
{
	struct leg *leg = leg_by_call(retrieve->call);
	int channel = retrieve->channel & 0xff;

	tell("retrieve", retrieve->call, retrieve->channel);
	j_end();
	if (reaction_is(ON_RETRIEVE, "ack") && leg) {
		leg->channel = channel == 0 || channel == 0xff ? leg->channel : channel;
		pri_retrieve_ack(peer.pri, retrieve->call, leg->channel);
	} else if (reaction_is(ON_RETRIEVE, "rej")) {
		pri_retrieve_rej(peer.pri, retrieve->call, PRI_CAUSE_REQUESTED_CHAN_UNAVAIL);
	}
}

static void tell_cause(const char *name, q931_call *call, int cause)
{
	tell(name, call, -1);
	j_int("cause", cause);
	j_end();
}

static void on_other(pri_event *event)
{
	j_begin("other");
	j_int("code", event->e);
	j_str("name", pri_event2str(event->e));
	j_end();
}

void on_event(pri_event *event)
{
	switch (event->e) {
	case PRI_EVENT_DCHAN_UP:
	case PRI_EVENT_DCHAN_DOWN:
		j_begin(event->e == PRI_EVENT_DCHAN_UP ? "dchan_up" : "dchan_down");
		j_end();
		break;
	case PRI_EVENT_RING:
		on_ring(&event->ring);
		break;
	case PRI_EVENT_RINGING:
		tell("alerting", event->ringing.call, event->ringing.channel);
		j_str_if("uui", event->ringing.useruserinfo);
		told(event->ringing.call, NULL, event->ringing.subcmds);
		break;
	case PRI_EVENT_ANSWER:
		tell("answer", event->answer.call, event->answer.channel);
		j_str_if("uui", event->answer.useruserinfo);
		told(event->answer.call, NULL, event->answer.subcmds);
		break;
	case PRI_EVENT_CONNECT_ACK:
		tell("connect_ack", event->connect_ack.call, event->connect_ack.channel);
		told(event->connect_ack.call, NULL, event->connect_ack.subcmds);
		break;
	case PRI_EVENT_PROCEEDING:
	case PRI_EVENT_PROGRESS:
		tell(event->e == PRI_EVENT_PROCEEDING ? "proceeding" : "progress",
			event->proceeding.call, event->proceeding.channel);
		told(event->proceeding.call, NULL, event->proceeding.subcmds);
		break;
	case PRI_EVENT_INFO_RECEIVED:
		tell("info", event->ring.call, event->ring.channel);
		j_str("digits", event->ring.callednum);
		j_int("complete", event->ring.complete);
		told(event->ring.call, NULL, event->ring.subcmds);
		break;
	case PRI_EVENT_KEYPAD_DIGIT:
		tell("keypad", event->digit.call, event->digit.channel);
		j_str("digits", event->digit.digits);
		told(event->digit.call, NULL, event->digit.subcmds);
		break;
	case PRI_EVENT_SETUP_ACK:
		tell("setup_ack", event->setup_ack.call, event->setup_ack.channel);
		told(event->setup_ack.call, NULL, event->setup_ack.subcmds);
		break;
	case PRI_EVENT_NOTIFY:
		tell("notify", event->notify.call, event->notify.channel);
		j_int("info", event->notify.info);
		told(event->notify.call, NULL, event->notify.subcmds);
		break;
	case PRI_EVENT_FACILITY:
		tell("facility", event->facility.call, event->facility.channel);
		told(event->facility.call, event->facility.subcall, event->facility.subcmds);
		break;
	case PRI_EVENT_HANGUP:
	case PRI_EVENT_HANGUP_REQ:
	case PRI_EVENT_HANGUP_ACK:
		on_hangup(event->e, &event->hangup);
		break;
	case PRI_EVENT_HOLD:
		on_hold(&event->hold);
		break;
	case PRI_EVENT_HOLD_ACK:
		tell("hold_ack", event->hold_ack.call, event->hold_ack.channel);
		told(event->hold_ack.call, NULL, event->hold_ack.subcmds);
		break;
	case PRI_EVENT_HOLD_REJ:
		tell_cause("hold_rej", event->hold_rej.call, event->hold_rej.cause);
		break;
	case PRI_EVENT_RETRIEVE:
		on_retrieve(&event->retrieve);
		break;
	case PRI_EVENT_RETRIEVE_ACK:
		tell("retrieve_ack", event->retrieve_ack.call, event->retrieve_ack.channel);
		told(event->retrieve_ack.call, NULL, event->retrieve_ack.subcmds);
		break;
	case PRI_EVENT_RETRIEVE_REJ:
		tell_cause("retrieve_rej", event->retrieve_rej.call, event->retrieve_rej.cause);
		break;
	default:
		on_other(event);
	}
}
