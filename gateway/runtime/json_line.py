"""One JSON document in one line, for logs and records."""

import json
import re
from collections.abc import Mapping

_NO_TEXT = re.compile("[\ud800-\udfff]")


def json_line(document: Mapping[str, object]) -> str:
    """`document` as one line of valid JSON with its line end. An octet that is no text in a string is U+FFFD; a value
    that JSON does not have stands as its text.
    """
    text = json.dumps(document, ensure_ascii=False, default=str, separators=(",", ":"))
    return (text if text.isprintable() else _NO_TEXT.sub("\ufffd", text)) + "\n"
