"""Results as JUnit XML, which every continuous integration server reads.

No times, hosts or machine names: the same suite gives the same file, wherever it ran.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

from gateway.regression.trial import Result

_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write(results: Sequence[Result], suite: str, path: Path) -> None:
    """Writes the report of the suite of that name. Raises OSError."""
    path.write_bytes(document(results, suite))


def document(results: Sequence[Result], suite: str) -> bytes:
    """The XML document."""
    counts = {
        "tests": str(len(results)),
        "failures": str(sum(1 for each in results if each.word == "failed")),
        "errors": str(sum(1 for each in results if each.word == "error")),
        "skipped": "0",
    }
    root = ET.Element("testsuites", {"name": "refergate", **counts})
    parent = ET.SubElement(root, "testsuite", {"name": _text(suite), **counts})
    for result in results:
        _case(parent, result)
    ET.indent(root)
    octets: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return octets + b"\n"


def _case(parent: ET.Element, result: Result) -> None:
    folder, _, file = result.name.rpartition("/")
    name = re.sub(r"(\.scenario)?\.ya?ml$", "", file)
    classname = ".".join(("refergate", *filter(None, folder.split("/"))))
    case = ET.SubElement(parent, "testcase", {"classname": _text(classname), "name": _text(name)})
    if result.error:
        ET.SubElement(case, "error", {"message": _text(result.error), "type": "scenario"}).text = _text(result.error)
    elif result.unmet:
        lines = [str(each) for each in result.unmet]
        more = f" (and {len(lines) - 1} more)" if lines[1:] else ""
        failure = ET.SubElement(case, "failure", {"message": _text(lines[0] + more), "type": "expectation"})
        failure.text = _text("\n".join(lines))


def _text(text: str) -> str:
    """With what XML cannot carry as U+FFFD."""
    return _NO_XML.sub("\ufffd", text)
