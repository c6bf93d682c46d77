"""The command line: arguments in, rendering out, no logic.

Every command imports what it needs when it runs, so that `refergate --help` is there at once.
Exit codes: 0 fine, 1 an expectation did not hold, 2 bad usage or bad input (one line on stderr).
"""

import re
import sys
from pathlib import Path
from typing import Any, NoReturn

import click


class DialectName(click.ParamType[str]):
    """A dialect of the registry, ours or an outside package's."""

    name = "dialect"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The name itself; a usage error when no dialect has it."""
        from gateway.translators import dialect_names

        if value not in dialect_names():
            self.fail(f"no dialect {value!r}; there are {', '.join(dialect_names())}", param, ctx)
        return str(value)


AS_JSON = click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout and nothing else.")
PROFILE = click.option("--profile", default="rfc3398", show_default=True, help="Cause map, as in mappings/causes/.")
DIALECT = DialectName()


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
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

    translation = single_message.translate(_input(message), source, target, **settings)
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
    """Show what is in one message: Facility element, Q.931, H.225.0, H.450 APDU or SIP."""
    from gateway.engine import single_message

    document = single_message.decode(_input(message), kind, variant)
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
def cause(  # noqa: PLR0917 - click hands them over by name
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


@refergate.command()
@click.argument("capture", type=click.Path(path_type=Path))
@click.option("--to", "target", type=DIALECT, help="Also write each transfer in this dialect.")
@click.option("--write", "output", type=click.Path(path_type=Path), help="Capture file for what --to writes.")
@PROFILE
@AS_JSON
def replay(capture: Path, target: str | None, output: Path | None, profile: str, as_json: bool) -> None:
    """Find every transfer in a capture (pcap or pcapng), its legs, its kind, its outcome and its latency."""
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


@refergate.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@AS_JSON
def check(files: tuple[Path, ...], as_json: bool) -> None:
    """Check mappings/ and any further table FILES; each finding names file, line and key."""
    from gateway.interworking.lint import lint
    from gateway.resources import folder

    findings = lint(folder("mappings"), files)
    if as_json:
        _print_json({"findings": [str(finding) for finding in findings]})
    else:
        for finding in findings:
            click.echo(str(finding))
        if not findings:
            click.echo("all tables are well-formed and complete")
    sys.exit(2 if findings else 0)


@refergate.command()
@click.option("--capture", type=click.Path(path_type=Path), help="Another capture than the bundled one.")
def demo(capture: Path | None) -> None:
    """Replay a bundled capture and show the transfer on every side."""
    from gateway.console import demonstration

    demonstration.show(capture)


def _input(argument: str) -> str:
    """The text of standard input (-), of the file of that name, or the argument itself when it is hex."""
    if argument == "-":
        octets = sys.stdin.buffer.read()
    elif not Path(argument).exists() and re.fullmatch(r"[0-9a-fA-F:\s]+", argument):
        return argument
    else:
        octets = Path(argument).read_bytes()
    return octets.decode("utf-8", "surrogateescape")


def _print_json(document: Any) -> None:
    import json

    click.echo(json.dumps(document, indent=2, ensure_ascii=False))


def _fail(line: str) -> NoReturn:
    click.echo(f"refergate: {line}", err=True)
    sys.exit(2)


def main() -> None:
    """The console script: errors become one line on stderr and exit code 2."""
    from gateway.model.errors import GatewayError

    try:
        refergate.main(standalone_mode=False, prog_name="refergate")
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        sys.exit(2)
    except click.ClickException as error:
        _fail(" ".join(error.format_message().split()))
    except click.Abort:
        _fail("interrupted")
    except GatewayError as error:
        _fail(" ".join(str(error).split()))
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except OSError as error:
        _fail(f"{error.filename}: {error.strerror}" if error.filename else str(error))


if __name__ == "__main__":
    main()
