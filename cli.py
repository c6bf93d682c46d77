"""The command line: arguments in, rendering out, no logic.

Every command imports what it needs when it runs, so that `refergate --help` is there at once.
Exit codes: 0 fine (also when the reader of a pipe has seen enough), 1 an expectation did not hold, 2 bad usage or bad
input (one line on stderr), 130 interrupted. JSON is UTF-8 in every locale; an octet that is no text in any of its
strings is U+FFFD there.
"""

# ruff: noqa: E402 - what Ctrl-C does is settled before the imports that take their time

import atexit
import os
import signal


def _interrupted(*_: object) -> None:
    """Ctrl-C: what is open is closed, a line says so, the exit code is the shell's; a second one ends at once."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    atexit.register(os.write, 2, b"refergate: interrupted\n")
    raise SystemExit(130)


# In the background of a script the signal is ignored, and stays so.
if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, _interrupted)

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import click


class DialectName(click.ParamType[str]):
    """A dialect of the registry, ours or an outside package's."""

    name = "dialect"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The name itself; a usage error when no dialect has it."""
        from gateway.translators import dialect_names, is_dialect

        if not is_dialect(value):
            self.fail(f"no dialect {value!r}; there are {', '.join(dialect_names())}", param, ctx)
        return str(value)


AS_JSON = click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout and nothing else.")
PROFILE = click.option("--profile", default="rfc3398", show_default=True, help="Cause map, as in mappings/causes/.")
DIALECT = DialectName()


class Program(click.Group):
    """A group whose output may go into a pipe that somebody closes."""

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command. Whoever closes the pipe has read enough, which is no error."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            _discard_output()
            raise click.exceptions.Exit(0) from None
        return result


EXIT_CODES = "Exit codes: 0 fine, 1 an expectation did not hold, 2 bad usage or bad input, 130 interrupted."


@click.group(cls=Program, context_settings={"help_option_names": ["-h", "--help"]}, epilog=EXIT_CODES)
@click.version_option(package_name="refergate", message="%(prog)s %(version)s")
def refergate() -> None:
    """Carries call transfers between SIP (Microsoft Teams too), ISDN and H.323."""


@refergate.command()
@click.argument("message", metavar="IN")
@click.option("--to", "target", type=DIALECT, required=True, help="Dialect to write.")
@click.option("--from", "source", type=DIALECT, help="Dialect of IN; recognised when left out.")
@click.option("--call-reference", type=click.IntRange(0, 0x7FFF), default=1, show_default=True, help="Primary call.")
@click.option("--secondary-call-reference", type=click.IntRange(0, 0x7FFF), default=2, show_default=True)
@click.option("--invoke-id", type=click.IntRange(0, 0x7FFF), default=1, show_default=True)
@click.option("--plan", default="default", show_default=True, help="Number plan, as in mappings/numbers/.")
@PROFILE
@AS_JSON
def translate(message: str, source: str | None, target: str, as_json: bool, **settings: Any) -> None:
    """Translate one message into another dialect.

    IN is a file or - for standard input: a SIP message as text, or hex of a Q.931, Facility, H.225.0 or H.450
    message.
    """
    from gateway.engine import single_message

    with _text(message) as text:
        translation = single_message.translate(text, source, target, **settings)
    if as_json:
        _print_json(translation.as_document())
    else:
        from gateway.console import render

        render.translation(translation, target)


@refergate.command()
@click.argument("message", metavar="HEX|FILE|-")
@click.option("--as", "kind", type=click.Choice(("sip", "q931", "facility", "h450", "h225")), help="What it is.")
@click.option("--variant", type=click.Choice(("etsi", "qsig", "ni2", "dms100")), help="Whose local operation values.")
@AS_JSON
def decode(message: str, kind: str | None, variant: str | None, as_json: bool) -> None:
    """Show what is in one message: Facility element, Q.931, H.225.0, H.450 APDU or SIP.

    Hex may have 0x, blanks, colons, dashes or commas between its octets.
    """
    from gateway.engine import single_message

    with _text(message) as text:
        document = single_message.decode(text, kind, variant)
    if as_json:
        _print_json(document)
    else:
        from gateway.console import render

        render.tree(document)


@refergate.command()
@click.argument("words", nargs=-1, required=True, metavar="[sip|q850|h225|rose|h450] CODE")
@click.option("--from", "source", type=click.Choice(("sip", "q850", "h225", "rose", "h450")))
@click.option("--to", "target", type=click.Choice(("sip", "q850", "h225", "rose", "h450")))
@click.option("--location", help="Q.850 location: U, LPN, LN, TN, RLN, RPN, INTL, BI or 0..15.")
@PROFILE
@AS_JSON
def cause(
    words: tuple[str, ...], source: str | None, target: str | None, location: str | None, profile: str, as_json: bool
) -> None:
    """Look up a cause: what CODE is on the other side, and which clause says so.

    `cause sip 486` prints every mapping, `cause --from sip --to q850 486` one.
    """
    from gateway.interworking import causes

    kind, code = (words if len(words) == 2 else (source, words[0])) if len(words) < 3 else (None, "")
    if kind is None or (source and source != kind):
        raise click.UsageError("give one code and its kind: `cause sip 486` or `cause --from sip 486`")
    if target:
        document: dict[str, Any] = dict(causes.convert(kind, target, code, profile, location).document())
    else:
        every = causes.every_mapping(kind, code, profile, location)
        document = {side: mapped.document() for side, mapped in every.items()}
    if as_json:
        _print_json(document)
    else:
        from gateway.console import render

        render.mappings(document)


@refergate.command()
@click.argument("value")
@click.option("--to", "target", type=click.Choice(("e164", "isdn", "sip", "tel", "teams", "h323")), required=True)
@click.option("--country", metavar="CC", help="Country of the trunk, such as DE, for numbers without +.")
@click.option("--plan", default="default", show_default=True, help="Number plan, as in mappings/numbers/.")
@AS_JSON
def number(value: str, target: str, country: str | None, plan: str, as_json: bool) -> None:
    """Show VALUE (number, URI, alias) as it is written on another side."""
    from gateway.interworking import addresses

    document = addresses.convert(value, target, country, plan).document()
    if as_json:
        _print_json(document)
    else:
        from gateway.console import render

        render.tree(document)


def _show_schema(ctx: click.Context, _: click.Parameter, is_wanted: bool) -> None:
    if is_wanted:
        from gateway.regression.scenario import schema

        _print_json(schema())
        ctx.exit()


_SCHEMA_HELP = "Print the JSON schema of scenario files and end."


@refergate.command()
@click.argument("capture", type=click.Path(path_type=Path), metavar="CAPTURE|SUITE")
@click.option("--to", "target", type=DIALECT, help="Also write each transfer in this dialect.")
@click.option("--write", "output", type=click.Path(path_type=Path), help="Capture file for what --to writes.")
@click.option("--as", "hosts", metavar="HOST[,HOST…]", help="Play them: address, address:port, side of a D channel.")
@click.option(
    "-c", "--configuration", "settings", type=click.Path(path_type=Path), help="--as: gateway.yaml; else deduced."
)
@click.option("--show-configuration", is_flag=True, help="--as: print the configuration that is deduced and end.")
@click.option("--seed", type=int, default=0, help="--as: where identifiers of ours begin.")
@click.option("-j", "jobs", type=click.IntRange(1, 256), help="Suite: processes side by side; else all processors.")
@click.option("--junit", type=click.Path(path_type=Path), help="Suite: file for a JUnit report.")
@click.option("--update", is_flag=True, help="Suite: write what came into the scenarios, and show the difference.")
@click.option("--engine", type=click.Choice(("local", "dask")), help="Suite: where scenarios are tried; else local.")
@click.option("--cluster", metavar="ADDRESS", help="Suite: the scheduler of the Dask cluster.")
@click.option("--schema", is_flag=True, is_eager=True, expose_value=False, callback=_show_schema, help=_SCHEMA_HELP)
@PROFILE
@AS_JSON
def replay(
    capture: Path,
    target: str | None,
    output: Path | None,
    hosts: str | None,
    settings: Path | None,
    show_configuration: bool,
    seed: int,
    profile: str,
    as_json: bool,
    **suite: Any,
) -> None:
    """Find every transfer in a capture (pcap or pcapng), its legs, its kind, its outcome and its latency.

    With --as the gateway takes the place of a host in the capture, and what it sends is compared with what that host
    sent: exit code 1 when a message is different, missing or extra.

    SUITE is a folder of scenarios or one scenario file (docs/scenarios.md): each is tried against its expectations.
    """
    if capture.is_dir() or capture.suffix in (".yaml", ".yml"):
        if target or output:
            raise click.UsageError("--to and --write are for one capture, not for a suite")
        if hosts is not None or settings:
            raise click.UsageError("--as and -c are for one capture: a scenario has its own")
        _replay_suite(capture, as_json, **suite)
    if any(suite.values()):
        names = ", ".join(f"--{name}" if name != "jobs" else "-j" for name, value in suite.items() if value)
        raise click.UsageError(f"{names}: only for a suite, which is a folder or a scenario file (*.yaml)")
    if hosts is not None:
        if target or output:
            raise click.UsageError("--to and --write find transfers, --as plays a host: not both")
        if not all(map(str.strip, hosts.split(","))):
            raise click.UsageError(f"--as: a host is missing in {hosts!r}")
        _replay_as(capture, hosts.split(","), settings, show_configuration, seed, as_json)
    if settings or show_configuration or seed:
        raise click.UsageError("-c, --show-configuration and --seed need --as: which host shall be played?")
    if output is not None and target is None:
        raise click.UsageError("--write needs --to: which dialect shall be written?")
    from gateway.console.progress import reading

    with reading(capture) as progress:
        from gateway.capture.replay import replay as replay_capture

        report = replay_capture(capture, target=target, output=output, profile=profile, progress=progress)
    if as_json:
        _print_json(report.as_document())
    else:
        from gateway.console import render

        render.replay(report)


_UNTIL_THE_END: list[object] = []
"""What takes long to be taken apart, and need not be: the process ends soon."""


@refergate.command()
@click.argument("capture", type=click.Path(path_type=Path))
@click.option("--html", "page_file", type=click.Path(path_type=Path), help="File for a page with all of it.")
@AS_JSON
def diagnose(capture: Path, page_file: Path | None, as_json: bool) -> None:
    """Say what went wrong in each transfer of a capture (pcap or pcapng): findings with frames, and its media.

    Exit code 1 when a finding is an error.
    """
    import gc

    from gateway.console.progress import reading

    gc.disable()  # the process ends with the answer, and there is much to look through and no cycle in it
    with reading(capture) as progress:
        from gateway.diagnosis.examination import diagnose as diagnose_capture

        result = diagnose_capture(capture, progress, _UNTIL_THE_END.append)
    if page_file is not None:
        from gateway.console import diagnosis as written

        written.write_page(result, page_file)
    if as_json:
        _print_json(result.as_document())
    else:
        from gateway.console import diagnosis as shown

        shown.diagnosis(result)
    if result.has_errors:
        raise click.exceptions.Exit(1)


@refergate.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "-c", "--configuration", "settings", type=click.Path(path_type=Path), help="Check this gateway.yaml too."
)
@AS_JSON
def check(files: tuple[Path, ...], settings: Path | None, as_json: bool) -> None:
    """Check mappings/ and any further table FILES; each finding names file, line and key."""
    from gateway.interworking.lint import lint, lint_configuration
    from gateway.resources import folder

    findings = lint(folder("mappings"), files)
    if settings is not None:
        findings += lint_configuration(settings)
    if as_json:
        _print_json({"findings": [str(finding) for finding in findings]})
    else:
        for finding in findings:
            click.echo(str(finding))
        if not findings:
            click.echo("all tables are well-formed and complete")
    sys.exit(2 if findings else 0)


@refergate.command()
@click.option("--recorded", is_flag=True, help="Show a bundled capture on every side instead; no process is started.")
@click.option("--capture", type=click.Path(path_type=Path), help="Show this capture on every side instead.")
@click.option(
    "--phones", type=click.Choice(("pjsip", "built-in")), help="What the phones are; else PJSIP if it works."
)
@click.option("--keep", type=click.Path(path_type=Path), help="Folder for configuration, capture, records and log.")
@click.option("--isdn", is_flag=True, help="One phone and an ISDN exchange: libpri where it is installed.")
@click.option("--h323", is_flag=True, help="One phone, and two behind another gateway that is reached over H.323.")
def demo(recorded: bool, capture: Path | None, phones: str | None, keep: Path | None, isdn: bool, h323: bool) -> None:
    """Make calls through a running gateway and transfer them.

    The gateway and three softphones are started on loopback: 1001 calls 1002 and transfers it to 1003, first blind,
    then attended. With --isdn it calls two numbers of the ISDN, which the exchange then joins. What went over the
    wire is drawn, and the records of the transfers are shown.
    """
    if recorded or capture is not None:
        from gateway.console import demonstration

        demonstration.show(capture)
        return
    from gateway.console import live_demonstration
    from gateway.demonstration.phone import PhoneKind

    wrong = live_demonstration.show(PhoneKind(phones) if phones else None, keep, isdn=isdn, h323=h323)
    if wrong:
        _fail(wrong, 1)


@refergate.command()
@click.option("-c", "--configuration", type=click.Path(path_type=Path), required=True, help="gateway.yaml.")
@click.option("--workers", type=click.IntRange(1, 64), help="Processes that share the ports; else as configured.")
@click.option("--log", "form", type=click.Choice(("json", "console")), help="Form of the log on stderr.")
@click.option("--log-level", "level", type=click.Choice(("debug", "info", "warning", "error")), default="info")
@click.option("--capture", type=click.Path(path_type=Path), help="Capture file (pcapng) for all signalling.")
@click.option("--record", type=click.Path(path_type=Path), help="Folder for a recording to be played again.")
def serve(
    configuration: Path, workers: int | None, form: str | None, level: str, capture: Path | None, record: Path | None
) -> None:
    """Stand between SIP trunks and carry out every transfer.

    Prints `ready` when all listeners are bound. SIGTERM or Ctrl-C: no new calls, and an end when there are none any
    more; a second one ends at once. SIGHUP reads the configuration again, SIGUSR1 logs statistics.
    """
    from gateway.runtime import serve as server

    shape = form or ("console" if sys.stderr.isatty() else "json")
    sys.exit(server.serve(server.Options(configuration, workers or 0, level, shape, capture, record)))


@refergate.group()
def trunk() -> None:
    """Ask a running server about its trunks."""


@trunk.command()
@click.option(
    "-c", "--configuration", type=click.Path(path_type=Path), default=Path("gateway.yaml"), show_default=True
)
@AS_JSON
def status(configuration: Path, as_json: bool) -> None:
    """Show links, channels and calls of the server that runs with this configuration; it has a `control` socket."""
    from gateway.runtime.control import trunk_status

    document = trunk_status(configuration)
    if as_json:
        _print_json(document)
    else:
        from gateway.console import trunk_tables

        trunk_tables.show(document["trunks"])


def _replay_as(
    capture: Path, hosts: list[str], settings: Path | None, show_configuration: bool, seed: int, as_json: bool
) -> NoReturn:
    """Plays the hosts and ends with 1 when the gateway did otherwise than they."""
    from gateway.configuration import configuration
    from gateway.regression import playing

    if show_configuration:
        from gateway.regression.deduction import as_yaml

        found = playing.configuration_of(capture, hosts)
        if as_json:
            _print_json(found)
        else:
            sys.stdout.buffer.write(_utf8(as_yaml(found)))
        sys.exit(0)
    result = playing.play(capture, hosts, configuration(settings) if settings else None, seed=seed)
    if as_json:
        _print_json(result.as_document())
    else:
        from gateway.console import played

        played.played(result)
    sys.exit(0 if result.agrees else 1)


def _replay_suite(
    where: Path, as_json: bool, engine: str | None, cluster: str | None, update: bool, **more: Any
) -> NoReturn:
    """Tries the scenarios and ends with 1 when an expectation does not hold, 2 when one could not be tried."""
    if cluster and engine != "dask":
        raise click.UsageError("--cluster needs --engine dask")
    if update and engine == "dask":
        raise click.UsageError("--update writes files, which is done here: not with --engine dask")
    from gateway.console import suite

    options = suite.Options(
        where, update=update, engine=engine or "local", cluster=cluster or "", is_quiet=as_json, **more
    )
    document, code = suite.replay(options)
    if as_json:
        _print_json(document)
    else:
        suite.summary(document)
    sys.exit(code)


@contextmanager
def _text(argument: str) -> Iterator[str]:
    """The text of standard input (-), of the file of that name, or the argument itself when it is hex.

    An error in it names where it came from.
    """
    from gateway.model.errors import DecodeError, UntranslatableError

    text, name = _input(argument)
    try:
        yield text
    except (DecodeError, UntranslatableError) as error:
        error.where = ": ".join(filter(None, (name, error.where)))
        raise


def _input(argument: str) -> tuple[str, str]:
    """The text and the name of what it was read from, "" for the argument itself."""
    from gateway.engine.recognition import is_hex

    try:
        name, octets = ("standard input", _standard_input()) if argument == "-" else (argument, _file(argument))
    except OSError:
        if argument and not is_hex(argument):
            raise
        return argument, ""
    return octets.decode("utf-8", "surrogateescape"), name


def _file(name: str) -> bytes:
    return Path(name).read_bytes()


def _standard_input() -> bytes:
    from gateway.model.errors import GatewayError

    if sys.stdin is None:
        raise GatewayError("standard input is closed")
    return sys.stdin.buffer.read()


def _print_json(document: Any) -> None:
    import json

    # Indenting takes Python's slow encoder, and a document for a program may be large.
    indent = 2 if sys.stdout.isatty() else None
    text = json.dumps(document, indent=indent, ensure_ascii=False) + "\n"
    sys.stdout.buffer.write(_utf8(text))


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        return re.sub("[\ud800-\udfff]", "\ufffd", text).encode()


def _prepare_output() -> None:
    """Nothing that is printed can fail: what the locale has not shows as ?, and a closed stream takes everything."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name) or Path(os.devnull).open("w")  # noqa: SIM115 - it stays
        stream.reconfigure(errors="replace")
        setattr(sys, name, stream)


def _discard_output() -> None:
    """What is still to be flushed would fail once more when the process ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _leave(code: int) -> NoReturn:
    """Ends at once: to give memory back piece by piece takes a good part of the time that a large capture takes."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _fail(line: str, code: int = 2) -> NoReturn:
    click.echo(f"refergate: {' '.join(line.split())}", err=True)
    sys.exit(code)


def main() -> None:
    """The console script: errors become one line on stderr and exit code 2."""
    from gateway.model.errors import GatewayError

    _prepare_output()
    try:
        _leave(refergate.main(standalone_mode=False, prog_name="refergate") or 0)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
    except click.ClickException as error:
        _fail(error.format_message())
    except GatewayError as error:
        _fail(str(error))
    except OSError as error:
        _discard_output()
        _fail(f"{error.filename}: {error.strerror}" if error.filename else error.strerror or str(error))


if __name__ == "__main__":
    main()
