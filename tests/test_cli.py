"""The command line as a script sees it: documents, exit codes, one line for each error."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gateway.resources import folder
from gateway.translators import dialect_names

REFER = """REFER sip:+15550102@gw.example.net SIP/2.0
Via: SIP/2.0/TCP 192.0.2.7;branch=z9hG4bK776
From: "Alice" <sip:+15550101@example.net>;tag=a1
To: <sip:+15550102@gw.example.net>;tag=b1
Call-ID: 1@example.net
CSeq: 7 REFER
Contact: <sip:alice@192.0.2.7>
Refer-To: <sip:+15550103@example.net>
Referred-By: <sip:+15550101@example.net>
Max-Forwards: 70
Content-Length: 0

"""
CT_COMPLETE = (
    "08020001621c319faa068001008201008b0100a12302010102010c301b0a0100a016a1110a0101120c3434313633323936303132330a0103"
)


ROOT = Path(__file__).parents[1]
PROGRAM = (sys.executable, str(ROOT / "cli.py"))


def run(*words: str, stdin: str = "", env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """The program in a process of its own, as a user starts it."""
    return subprocess.run(
        [*PROGRAM, *words], input=stdin, capture_output=True, text=True, env=env, timeout=60, check=False
    )


def in_shell(line: str, *words: str) -> subprocess.CompletedProcess[str]:
    """The program as "$@" of a line of shell."""
    return subprocess.run(
        ["sh", "-c", line, *PROGRAM, *words], capture_output=True, text=True, timeout=60, check=False
    )


def document(*words: str, stdin: str = "") -> Any:
    """The JSON document that a command prints; nothing else may be there."""
    done = run(*words, "--json", stdin=stdin)
    assert done.stderr == ""
    assert done.returncode == 0
    return json.loads(done.stdout)


def refused(*words: str, stdin: str = "") -> str:
    """The one line of a command that fails with exit code 2."""
    done = run(*words, stdin=stdin)
    assert done.returncode == 2
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    return line


@pytest.fixture
def refer(tmp_path: Path) -> str:
    path = tmp_path / "refer.sip"
    path.write_text(REFER)
    return str(path)


@pytest.mark.parametrize("target", dialect_names())
def test_a_blind_refer_has_a_form_in_every_dialect(refer: str, target: str) -> None:
    translation = document("translate", refer, "--to", target)
    assert translation["messages"]
    for message in translation["messages"]:
        assert (message["hex"] is None) is (message["protocol"] == "sip")
    assert translation["model"]["kind"] == "blind"
    assert all(lost["what"] and lost["why"] for lost in translation["lost"])


def test_translate_reads_standard_input_and_hex() -> None:
    from_stdin = document("translate", "-", "--to", "qsig-ssct", stdin=REFER)
    assert from_stdin["messages"][0]["message"] == "FACILITY"
    back = document("translate", from_stdin["messages"][0]["hex"], "--to", "sip")
    assert back["messages"][0]["text"].startswith("REFER sip:")
    assert "\r\nRefer-To: <sip:+15550103@" in back["messages"][0]["text"]


def test_translate_takes_call_references_and_invoke_id(refer: str) -> None:
    words = ("--call-reference", "7", "--invoke-id", "33")
    (message,) = document("translate", refer, "--to", "qsig-ssct", *words)["messages"]
    assert message["hex"].startswith("08020007621c")
    assert "020121020163" in message["hex"]


def test_decode_spells_names_as_the_standard() -> None:
    text = json.dumps(document("decode", CT_COMPLETE))
    for name in ("callTransferComplete", "invokeId", "endDesignation", "redirectionNumber", "callStatus"):
        assert f'"{name}"' in text


@pytest.mark.parametrize(
    ("hexadecimal", "kind"),
    [
        ("91a10b0201020606040082710104", "facility"),
        ("a10b0201020606040082710104", "facility"),
        (CT_COMPLETE, "q931"),
        ("0001000001000107", "h450"),
        ("0300002a08020001621c007e001c0528100100118012011000011000030001090700000101808884" + "0100", "h225"),
    ],
)
def test_decode_recognises_what_it_is_given(hexadecimal: str, kind: str) -> None:
    assert document("decode", hexadecimal)["kind"] == kind


def test_decode_by_variant() -> None:
    local_six = "91a106020101020106"
    assert "EctExecute" in json.dumps(document("decode", local_six))
    assert "pathReplaceRetain" in json.dumps(document("decode", local_six, "--variant", "qsig"))


def test_decode_of_a_sip_file(refer: str) -> None:
    assert document("decode", refer)["kind"] == "sip"


def test_cause_between_two_sides() -> None:
    mapped = document("cause", "--from", "sip", "--to", "q850", "486", "--profile", "rfc3398")
    assert mapped == {"code": 17, "name": "user busy", "source": "RFC 3398 8.2.6.1"}
    by_location = document("cause", "--from", "q850", "--to", "sip", "21", "--profile", "rfc4497", "--location", "U")
    assert by_location["code"] == 603


def test_cause_short_form_gives_every_mapping() -> None:
    assert set(document("cause", "sip", "486")) == {"q850", "h225", "rose", "h450"}


def test_number_in_its_forms() -> None:
    assert document("number", "+49 30 1234567", "--to", "tel")["value"] == "tel:+49301234567"
    national = document("number", "030 1234567", "--to", "e164", "--country", "DE")
    assert national["value"] == "+49301234567"


def test_replay_of_a_bundled_capture_and_what_it_writes(tmp_path: Path) -> None:
    capture = folder("pcaps") / "sip_blind_busy.pcap"
    output = tmp_path / "out.pcap"
    found = document("replay", str(capture), "--to", "h4502", "--write", str(output))
    (transfer,) = found["transfers"]
    assert (transfer["outcome"], transfer["status"], transfer["cause"]) == ("failed", 486, 17)
    assert found["messages"]["sip"]["REFER"] == 1
    again = document("replay", str(output))
    assert sum(again["messages"]["h225"].values()) == len(transfer["written"]) > 0


def test_check_is_content_with_our_tables() -> None:
    assert document("check") == {"findings": []}


def test_check_names_file_line_and_key(tmp_path: Path) -> None:
    table = tmp_path / "trunk.yaml"
    table.write_text("based_on: rfc3398\nq850_to_sip:\n  17: {status: 999}\n")
    done = run("check", str(table))
    assert done.returncode == 2
    assert f"{table}:3: q850_to_sip.17" in done.stdout


def test_demo_on_a_recording_shows_every_dialect() -> None:
    done = run("demo", "--recorded")
    assert done.returncode == 0
    assert all(f"in {name}" in done.stdout for name in dialect_names() if name not in ("sip", "teams"))


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("translate", "nowhere.sip", "--to", "qsig"), "nowhere.sip: No such file or directory"),
        (("translate", "-", "--to", "morse"), "no dialect 'morse'"),
        (("translate", "-", "--to", "qsig"), "neither a SIP message nor hex digits"),
        (("translate", "0802000105", "--to", "sip"), "no transfer in this message"),
        (("translate", "91a1ff", "--to", "sip"), ""),
        (("decode", "08"), ""),
        (("decode", "9"), "odd number of hex digits (1)"),
        (("decode", "91" * 200), "BER length"),
        (("decode", ""), "neither a SIP message nor hex digits"),
        (("decode", "-", "--as", "q931"), "standard input: neither a SIP message nor hex digits"),
        (("cause", "sip", "999"), "999"),
        (("cause", "486"), "give one code and its kind"),
        (("cause", "sip", "486", "--profile", "nobody"), "nobody"),
        (("number", "not a number!", "--to", "e164"), ""),
        (("replay", "README.md"), "README.md"),
        (("replay", "README.md", "--profile", "nope"), "nope"),
        (("replay", "pcaps/sip_blind_busy.pcap", "--profile", "mappings/teams.yaml"), "mappings/teams.yaml:"),
        (("replay", "nowhere.pcap"), "nowhere.pcap: No such file or directory"),
        (("replay", "x.pcap", "--write", "y.pcap"), "--write needs --to"),
        (("demo", "--capture", "nowhere.pcap"), "nowhere.pcap: No such file or directory"),
        (("demo", "--phones", "tin cans"), "tin cans"),
        (("demo", "--keep", "README.md"), "README.md: File exists"),
        (("nonsense",), "No such command 'nonsense'"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(words: tuple[str, ...], reason: str) -> None:
    assert reason in refused(*words)


def test_bad_input_with_json_leaves_stdout_empty() -> None:
    assert "odd number" in refused("decode", "123", "--json")


def test_no_colour_codes_in_a_pipe(refer: str) -> None:
    assert "\x1b[" not in run("translate", refer, "--to", "qsig", env=dict(os.environ)).stdout


def test_no_color_is_honoured_where_colour_is_forced(refer: str) -> None:
    forced = dict(os.environ) | {"FORCE_COLOR": "1"}
    assert "\x1b[" in run("translate", refer, "--to", "qsig", env=forced).stdout
    plain = run("translate", refer, "--to", "qsig", env=forced | {"NO_COLOR": "1"}).stdout
    assert not re.search(r"\x1b\[[0-9;]*[34][0-7]m", plain)


def test_an_error_in_a_file_names_the_file(tmp_path: Path) -> None:
    broken = tmp_path / "broken.hex"
    broken.write_text("0x08, 0x02, 0x00")
    assert refused("decode", str(broken)) == f"refergate: {broken}: octet 1: call reference length 0x02"


def test_help_is_what_a_bare_call_is_for() -> None:
    done = run()
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Usage: refergate")


LATIN_1 = REFER.replace("Referred-By: ", 'Referred-By: "caf\udce9" ')
"""A display name whose é is not in UTF-8 but in ISO 8859-1: one octet, E9."""

LOCALES = {
    "C": {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
    "strict ASCII": {"PYTHONIOENCODING": "ascii:strict"},
    "strict UTF-8": {"PYTHONIOENCODING": "utf-8:strict"},
}


@pytest.fixture
def latin_1(tmp_path: Path) -> str:
    path = tmp_path / "latin1.sip"
    path.write_text(LATIN_1, "utf-8", "surrogateescape")
    return str(path)


@pytest.mark.parametrize("locale", LOCALES)
def test_json_is_utf_8_in_every_locale(latin_1: str, locale: str) -> None:
    program = [*PROGRAM, "translate", latin_1, "--to", "sip", "--json"]
    done = subprocess.run(program, capture_output=True, env=os.environ | LOCALES[locale], timeout=60, check=True)
    translation = json.loads(done.stdout.decode("utf-8"))
    assert translation["model"]["transferor"]["name"] == "caf\ufffd"
    assert 'Referred-By: "caf\ufffd" <sip:' in translation["messages"][0]["text"]


def test_a_name_that_is_no_utf_8_goes_into_qsig_and_onto_any_terminal(latin_1: str) -> None:
    done = run("translate", latin_1, "--to", "qsig-ssct", env=os.environ | LOCALES["strict ASCII"])
    assert (done.returncode, done.stderr) == (0, "")
    assert "8004636166e9" in done.stdout


def test_replay_of_a_damaged_capture_is_utf_8(tmp_path: Path) -> None:
    octets = (folder("pcaps") / "sip_blind_busy.pcap").read_bytes()
    damaged = tmp_path / "damaged.pcap"
    damaged.write_bytes(re.sub(rb"(?<=Referred-By: )(.{3,12}?)(?=sip|<)|(?<=sip:)[a-z]", b"\xe9", octets))
    found = document("replay", str(damaged), "--to", "qsig-ssct")
    assert "\ufffd" in json.dumps(found, ensure_ascii=False)
    assert found["messages"]["sip"]["REFER"] == 1


def test_closed_standard_input_is_one_line() -> None:
    done = in_shell('"$0" "$@" <&-', "decode", "-")
    assert (done.returncode, done.stderr) == (2, "refergate: standard input is closed\n")


def test_a_full_disk_is_one_line() -> None:
    done = in_shell('"$0" "$@" >/dev/full', "decode", CT_COMPLETE, "--json")
    assert (done.returncode, done.stderr) == (2, "refergate: No space left on device\n")


@pytest.mark.parametrize(
    "words", [("demo", "--recorded"), ("replay", str(folder("pcaps") / "sip_blind_busy.pcap"), "--json")]
)
def test_whoever_closes_the_pipe_has_read_enough(words: tuple[str, ...]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer) as closed:
        done = subprocess.run([*PROGRAM, *words], stdout=closed, stderr=subprocess.PIPE, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


INTERRUPT = "os.kill(os.getpid(), signal.SIGINT)"
FINDER = f"types.SimpleNamespace(find_spec=lambda name, *_: {INTERRUPT} if name == 'click' else None)"
IMPORTING = f"sys.meta_path.insert(0, {FINDER}); import cli"
WAITING = f"sys.argv[1:] = 'decode', '-'; import cli; threading.Timer(0.2, lambda: {INTERRUPT}).start(); cli.main()"


@pytest.mark.parametrize("moment", [IMPORTING, WAITING], ids=["importing", "waiting"])
def test_an_interruption_is_one_line_and_exit_code_130(moment: str) -> None:
    # Where tests run in the background, the signal is ignored; a program that a user starts does not begin so.
    start = "import os, signal, sys, threading, types; signal.signal(signal.SIGINT, signal.default_int_handler); "
    program = [sys.executable, "-c", start + moment]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stderr is not None
        assert process.stderr.read() == "refergate: interrupted\n"
    assert process.returncode == 130


def test_a_ladder_fits_a_narrow_terminal() -> None:
    capture = str(folder("pcaps") / "sip_attended_udp.pcap")
    done = run("replay", capture, "--to", "qsig", env=os.environ | {"COLUMNS": "80"})
    lines = done.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert any(re.match(r"│ +0\.000 .*REFER", line) for line in lines)
