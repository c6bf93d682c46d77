"""Transfers through a running refergate between real peers, from live tests: the capture of its recording, and the
scenario beside it, in which refergate plays the gateway again.
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from gateway.regression.suite import scenario_files
from gateway.regression.trial import tried
from gateway.regression.update import update

ROOT = Path(__file__).resolve().parents[2]
_SIP, _ISDN = "tests/live/test_gateway_transfers.py", "tests/live/test_gateway_isdn.py"
_H323 = "tests/live/test_gateway_h323.py"
_OF_THE_RUN = ("records", "store")
"""Keys of its configuration that say nothing of how it behaves."""


@dataclass(frozen=True, slots=True)
class Run:
    """`test` is the live test in which it happens. `flow` is what has to be said, in order: who ("us" is refergate),
    the name of the message, and perhaps a field of it. `gateway` is which of the refergates in the test, by their
    start.
    """

    test: str
    title: str
    flow: tuple[str, ...] = ()
    gateway: int = 1

    @property
    def has_isdn(self) -> bool:
        """Whether libpri plays a part."""
        return self.test.startswith(_ISDN)


_BLIND = ("peer REFER", "us 202 REFER", "us NOTIFY sipfrag=100")
RUNS: dict[str, Run] = {
    "sip_blind": Run(
        f"{_SIP}::test_blind[udp]",
        "Blind transfer: the gateway calls the target itself",
        (*_BLIND, "us INVITE", "peer 200 INVITE", "us NOTIFY sipfrag=200", "peer BYE"),
    ),
    "sip_attended": Run(
        f"{_SIP}::test_attended[udp]",
        "Attended transfer: the gateway joins what remains of two calls",
        (*_BLIND, "us INVITE", "us NOTIFY sipfrag=200", "us BYE"),
    ),
    "sip_attended_tcp": Run(
        f"{_SIP}::test_attended[tcp]",
        "Attended transfer over TCP",
        (*_BLIND, "us INVITE", "us NOTIFY sipfrag=200", "us BYE"),
    ),
    "sip_semi_attended": Run(
        f"{_SIP}::test_semi_attended",
        "The target rings while it is transferred to",
        ("peer 180 INVITE", "peer REFER", "us 202 REFER", "us NOTIFY sipfrag=200", "us 487 INVITE"),
    ),
    "sip_busy": Run(
        f"{_SIP}::test_blind_to_a_busy_phone_and_back_to_the_first_call",
        "The target is busy: NOTIFY 486, and back to the first call",
        (*_BLIND, "us INVITE", "peer 486 INVITE", "us NOTIFY sipfrag=486", "peer INVITE"),
    ),
    "sip_passed": Run(
        f"{_SIP}::test_pass_lets_the_phone_carry_it_out",
        "transfer: pass, the transferee carries it out",
        (
            "peer REFER",
            "us REFER",
            "peer 202 REFER",
            "us 202 REFER",
            "peer NOTIFY sipfrag=200",
            "us NOTIFY sipfrag=200",
        ),
    ),
    "sip_rejected": Run(
        f"{_SIP}::test_reject",
        "transfer: reject, the REFER is refused with 603",
        ("peer REFER", "us 603 REFER", "peer BYE"),
    ),
    "etsi_refer_to_phone": Run(
        f"{_ISDN}::test_refer_of_an_isdn_call_to_another_phone",
        "REFER of a call to the ISDN to another phone",
        (*_BLIND, "us INVITE", "us NOTIFY sipfrag=200", "us FACILITY EctInform"),
    ),
    "etsi_refer_to_isdn": Run(
        f"{_ISDN}::test_refer_of_a_phone_to_the_isdn",
        "Attended: a call to a phone and one to the ISDN are joined",
        (*_BLIND, "us INVITE", "us NOTIFY sipfrag=200", "us BYE"),
    ),
    "etsi_refer_explicit": Run(
        f"{_ISDN}::test_a_refer_becomes_explicit_call_transfer",
        "REFER with Replaces becomes ETSI ECT, explicit linkage",
        (
            *_BLIND,
            "us FACILITY EctLinkIdRequest",
            "peer FACILITY returnResult",
            "us FACILITY ExplicitEctExecute",
            "peer DISCONNECT returnResult",
            "us NOTIFY sipfrag=200",
        ),
    ),
    "etsi_refer_refused": Run(
        f"{_ISDN}::test_a_refer_is_carried_out_here_when_the_network_refuses",
        "ECT is refused twice, the gateway joins the calls itself",
        (
            "peer REFER",
            "us FACILITY ExplicitEctExecute",
            "peer FACILITY returnError 3",
            "us HOLD",
            "us FACILITY EctExecute",
            "peer FACILITY returnError 3",
            "us RETRIEVE",
            "us NOTIFY sipfrag=200",
        ),
    ),
    "etsi_refer_blind": Run(
        f"{_ISDN}::test_a_blind_refer_of_an_isdn_call_to_the_isdn",
        "Blind REFER between ISDN numbers: a second call, then ECT",
        (
            *_BLIND,
            "us SETUP",
            "us FACILITY EctLinkIdRequest",
            "us FACILITY ExplicitEctExecute",
            "us NOTIFY sipfrag=200",
        ),
    ),
    "etsi_explicit": Run(
        f"{_ISDN}::test_libpri_joins_its_two_calls[euroisdn]",
        "libpri asks for ECT, explicit linkage",
        (
            "peer FACILITY EctLinkIdRequest",
            "us FACILITY returnResult",
            "peer FACILITY ExplicitEctExecute",
            "us INVITE",
            "us FACILITY returnResult",
            "us DISCONNECT cause=16",
        ),
    ),
    "etsi_implicit": Run(
        f"{_ISDN}::test_implicit_explicit_call_transfer",
        "EctExecute on the held call",
        (
            "peer HOLD",
            "us HOLD ACKNOWLEDGE",
            "peer FACILITY EctExecute",
            "us INVITE",
            "us FACILITY returnResult",
            "us DISCONNECT cause=16",
        ),
    ),
    "etsi_deflected": Run(
        f"{_ISDN}::test_libpri_deflects[euroisdn]",
        "callRerouteing before answer",
        ("us SETUP", "peer FACILITY callRerouteing", "us INVITE", "us FACILITY returnResult", "us DISCONNECT"),
    ),
    "ni2_tbct": Run(
        f"{_ISDN}::test_libpri_joins_its_two_calls[ni2]",
        "libpri asks for a two B-channel transfer",
        ("peer FACILITY initiateTransfer", "us INVITE", "us FACILITY returnResult", "us DISCONNECT cause=16"),
    ),
    "ni2_refer": Run(
        f"{_ISDN}::test_a_refer_becomes_two_b_channel_transfer[ni2]",
        "REFER becomes a two B-channel transfer",
        (*_BLIND, "us FACILITY initiateTransfer", "peer FACILITY returnResult", "us NOTIFY sipfrag=200"),
    ),
    "dms_rlt": Run(
        f"{_ISDN}::test_libpri_joins_its_two_calls[dms100]",
        "libpri asks for a release link trunk",
        (
            "peer SETUP RLT_OPERATION_IND",
            "us FACILITY returnResult",
            "peer FACILITY RLT_THIRD_PARTY",
            "us INVITE",
            "us FACILITY returnResult",
            "us DISCONNECT cause=16",
        ),
    ),
    "dms_refer": Run(
        f"{_ISDN}::test_a_refer_becomes_release_link_trunk",
        "REFER becomes a release link trunk",
        (*_BLIND, "us FACILITY RLT_THIRD_PARTY", "peer FACILITY returnResult", "us NOTIFY sipfrag=200"),
    ),
    "qsig_refer": Run(
        f"{_ISDN}::test_qsig_ends_hear_of_each_other",
        "REFER becomes callTransferComplete to both ends",
        (*_BLIND, "us FACILITY callTransferComplete", "us FACILITY callTransferComplete", "us NOTIFY sipfrag=200"),
    ),
    "qsig_deflected": Run(
        f"{_ISDN}::test_libpri_deflects[qsig]",
        "callRerouteing of QSIG call diversion",
        ("us SETUP", "peer FACILITY callRerouteing", "us INVITE", "us FACILITY returnResult", "us DISCONNECT"),
    ),
    "h323_blind": Run(
        f"{_H323}::test_blind_transfer_by_h450",
        "REFER becomes callTransferInitiate: the gateway is the transferring endpoint",
        (
            "peer INVITE",
            "us SETUP",
            *_BLIND,
            "us FACILITY callTransferInitiate",
            "peer RELEASE COMPLETE returnResult",
            "us NOTIFY sipfrag=200",
        ),
    ),
    "h323_attended": Run(
        f"{_H323}::test_attended_transfer_by_h450",
        "REFER with Replaces becomes callTransferIdentify and callTransferInitiate",
        (
            *_BLIND,
            "us FACILITY callTransferIdentify",
            "peer FACILITY returnResult",
            "us FACILITY callTransferInitiate",
            "peer RELEASE COMPLETE returnResult",
            "us NOTIFY sipfrag=200",
        ),
    ),
    "h323_transferred": Run(
        f"{_H323}::test_blind_transfer_by_h450",
        "callTransferInitiate for a phone: the gateway calls the target, H.245 beside call signalling",
        (
            "peer FACILITY callTransferInitiate",
            "us SETUP callTransferSetup",
            "peer CONNECT returnResult",
            "us FACILITY callTransferComplete",
            "us RELEASE COMPLETE returnResult",
        ),
        gateway=2,
    ),
    "h323_transferred_to": Run(
        f"{_H323}::test_attended_transfer_by_h450",
        "callTransferSetup takes the place of the call that callTransferIdentify named",
        (
            "peer FACILITY callTransferIdentify",
            "us FACILITY returnResult",
            "peer SETUP callTransferSetup",
            "us CONNECT returnResult",
            "us UPDATE",
            "us RELEASE COMPLETE",
        ),
        gateway=3,
    ),
}
"""By the name of the capture without "gateway_"."""


class _Dumper(yaml.SafeDumper):
    """With lists a step further in than their key, as in our other scenarios."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def record(name: str, capture: Path) -> None:
    """Runs the live test and writes what refergate saw to `capture` (as pcapng), and the scenario beside it."""
    capture = capture.with_suffix(".pcapng")
    with TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", RUNS[name].test]
        subprocess.run(command, check=True, cwd=ROOT, env={**os.environ, "REFERGATE_RECORD": folder})
        recording = sorted(Path(folder).iterdir(), key=_number)[RUNS[name].gateway - 1]
        shutil.copy(recording / "capture.pcapng", capture)
        settings = yaml.safe_load((recording / "gateway.yaml").read_text())
        hosts = yaml.safe_load((recording / "scenario.yaml").read_text())["as"]
    scenario = capture.with_suffix(".yaml")
    scenario.write_text(
        yaml.dump(_scenario(name, capture, settings, hosts), Dumper=_Dumper, sort_keys=False, width=118)
    )
    (renewed,) = update(scenario_files(scenario))
    with scenario.open("a") as file:
        file.write("  flow:\n")
        for step in map(_step, RUNS[name].flow):
            file.write(f"    - {yaml.safe_dump(step, default_flow_style=True, sort_keys=False, width=200)}")
    assert renewed.result.is_green, renewed.result
    assert tried(scenario).is_green, tried(scenario)


def _number(recording: Path) -> int:
    return int(recording.name.rpartition("-")[2])


def _scenario(name: str, capture: Path, settings: dict[str, Any], hosts: list[str]) -> dict[str, Any]:
    run = RUNS[name]
    own = {host.partition(":")[0]: "refergate" for host in hosts if host[0].isdecimal()}
    return {
        "capture": capture.name,
        "title": run.title,
        "recorded_with": {
            "programs": _programs(run),
            "command": f"python -m tests.peers.record gateway_{name}",
        },
        "roles": {**own, **_roles(settings)},
        "as": hosts,
        "configuration": {key: value for key, value in settings.items() if key not in _OF_THE_RUN},
        "expect": {},
    }


def _step(text: str) -> dict[str, Any]:
    by, _, rest = text.partition(" ")
    name, equals, value = rest.partition("=")
    if not equals:
        return {"by": by, "message": name}
    message, _, field = name.rpartition(" ")
    return {"by": by, "message": message, "fields": {field: value}}


def _programs(run: Run) -> list[str]:
    phones = f"PJSIP (pjsua2-python {version('pjsua2-python')})"
    return [f"refergate {version('refergate')}", phones, *(["libpri 1.6.0"] if run.has_isdn else [])]


def _roles(settings: dict[str, Any]) -> dict[str, str]:
    """By address of the peer, or side of the D channel."""
    found = {}
    for trunk in settings["trunks"]:
        if trunk.get("protocol") == "isdn":
            found["network" if trunk["side"] == "user" else "user"] = "libpri"
        elif trunk.get("protocol") == "h323":
            found[trunk["peers"][0].partition(":")[0]] = f"refergate before phone {trunk['name'].removeprefix('to')}"
        elif trunk["name"] == "phone":
            found[trunk["peers"][0].partition(":")[2]] = "phone"
        else:
            found[trunk["peers"][0].split(":")[1]] = f"phone {trunk['name'].removeprefix('t')}"
    return found
