/* The supplementary services inside an event, as JSON, and the automatic answers to them. */
#include "pri_peer.h"

#include <string.h>

static void j_name(const struct pri_party_name *name)
{
	if (name->valid) {
		j_open("name", '{');
		j_str("str", name->str);
		j_int("pres", name->presentation);
		j_int("charset", name->char_set);
		j_close('}');
	}
}

static void j_number(const struct pri_party_number *number)
{
	if (number->valid) {
		j_open("number", '{');
		j_str("str", number->str);
		j_int("pres", number->presentation);
		j_int("plan", number->plan);
		j_close('}');
	}
}

static void j_subaddress(const struct pri_party_subaddress *subaddress)
{
	if (subaddress->valid) {
		j_open("subaddr", '{');
		j_int("type", subaddress->type);
		j_hex("data", subaddress->data, subaddress->length);
		j_close('}');
	}
}

void j_party(const char *key, const struct pri_party_id *party)
{
	if (party->name.valid || party->number.valid || party->subaddress.valid) {
		j_open(key, '{');
		j_name(&party->name);
		j_number(&party->number);
		j_subaddress(&party->subaddress);
		j_close('}');
	}
}

static void j_redirecting(const char *key, const struct pri_party_redirecting *redirecting)
{
	j_open(key, '{');
	j_party("from", &redirecting->from);
	j_party("to", &redirecting->to);
	j_party("orig_called", &redirecting->orig_called);
	j_int("count", redirecting->count);
	j_int("reason", redirecting->reason);
	j_int("orig_reason", redirecting->orig_reason);
	j_close('}');
}

static void j_transfer(const struct pri_subcmd_transfer *transfer)
{
	j_int("invoke_id", transfer->invoke_id);
	j_str("call_1", leg_name(transfer->call_1));
	j_str("call_2", leg_name(transfer->call_2));
	j_int("call_1_held", transfer->is_call_1_held);
	j_int("call_2_held", transfer->is_call_2_held);
}

static void j_rerouting(const struct pri_rerouting_data *rerouting)
{
	j_int("invoke_id", rerouting->invoke_id);
	j_int("subscription_option", rerouting->subscription_option);
	j_party("caller", &rerouting->caller);
	j_redirecting("deflection", &rerouting->deflection);
}

static void j_subcommand(const struct pri_subcommand *sub)
{
	switch (sub->cmd) {
	case PRI_SUBCMD_REDIRECTING:
		j_str("cmd", "REDIRECTING");
		j_redirecting("redirecting", &sub->u.redirecting);
		break;
	case PRI_SUBCMD_CONNECTED_LINE:
		j_str("cmd", "CONNECTED_LINE");
		j_party("party", &sub->u.connected_line.id);
		break;
	case PRI_SUBCMD_REROUTING:
		j_str("cmd", "REROUTING");
		j_rerouting(&sub->u.rerouting);
		break;
	case PRI_SUBCMD_TRANSFER_CALL:
		j_str("cmd", "TRANSFER_CALL");
		j_transfer(&sub->u.transfer);
		break;
	default:
		j_str("cmd", "OTHER");
		j_int("code", sub->cmd);
	}
}

void j_subcommands(const struct pri_subcommands *list)
{
	if (!list || list->counter_subcmd <= 0) {
		return;
	}
	j_open("subcmds", '[');
	for (int i = 0; i < list->counter_subcmd; i++) {
		j_open(NULL, '{');
		j_subcommand(&list->subcmd[i]);
		j_close('}');
	}
	j_close(']');
}

static void tell_answer(const char *did, const char *how, int result)
{
	j_begin("auto");
	j_str("did", did);
	j_str("how", how);
	j_int("rc", result);
	j_end();
}

static void answer_transfer(q931_call *call, const struct pri_subcmd_transfer *transfer)
{
	q931_call *call_1 = transfer->call_1, *call_2 = transfer->call_2;
	const char *how = reaction(ON_TRANSFER);

	if (!strcmp(how, "none")) {
		return;
	}
	tell_answer("transfer_rsp", how, pri_transfer_rsp(peer.pri, call, transfer->invoke_id, !strncmp(how, "ok", 2)));
	if (!strcmp(how, "okclear")) {
		pri_hangup(peer.pri, call_1, PRI_CAUSE_NORMAL_CLEARING);
		pri_hangup(peer.pri, call_2, PRI_CAUSE_NORMAL_CLEARING);
	}
}

static void answer_rerouting(q931_call *call, const struct pri_rerouting_data *rerouting)
{
	const char *how = reaction(ON_REROUTE);

	if (strcmp(how, "none")) {
		tell_answer("rerouting_rsp", how,
			pri_rerouting_rsp(peer.pri, call, rerouting->invoke_id, reroute_code(how)));
	}
}

void react_to_subcommands(q931_call *call, q931_call *subcall, const struct pri_subcommands *list)
{
	q931_call *to = subcall ? subcall : call;

	for (int i = 0; list && i < list->counter_subcmd; i++) {
		const struct pri_subcommand *sub = &list->subcmd[i];

		if (sub->cmd == PRI_SUBCMD_TRANSFER_CALL) {
			answer_transfer(to, &sub->u.transfer);
		} else if (sub->cmd == PRI_SUBCMD_REROUTING) {
			answer_rerouting(to, &sub->u.rerouting);
		}
	}
}
