"""Matchers: a value, a pattern, one of several, bounds, anything, nothing."""

from typing import Any

import pytest
from pydantic import ValidationError

from gateway.regression.matcher import Matcher


def matcher(written: Any) -> Matcher:
    return Matcher.model_validate(written)


@pytest.mark.parametrize(
    ("written", "fitting", "other"),
    [
        ("blind", ["blind"], ["Blind", None, ""]),
        (486, [486, "486"], [487, "0486", None]),
        (None, [None], ["", 0, False]),
        (True, [True], [1, "True", None]),
        (1, [1, 1.0, "1"], [True, None]),
        ({"regex": "sip:.*@x"}, ["sip:a@x"], ["sip:a@x;y", None]),
        ({"regex": "a.b"}, ["a\nb"], ["a.bc"]),
        ({"one_of": [180, "183", None]}, [180, "180", "183", None], [181]),
        ({"at_least": 2}, [2, 3.5, "2"], [1.9, None, "x"]),
        ({"at_least": 2, "at_most": 3}, [2, 3], [1, 4]),
        ({"any": True}, ["", 0, "x"], [None]),
        ({"absent": True}, [None], ["", 0]),
        ({"equals": "x"}, ["x"], ["y"]),
    ],
)
def test_what_fits(written: Any, fitting: list[Any], other: list[Any]) -> None:
    wanted = matcher(written)
    assert [each for each in fitting if not wanted.fits(each)] == []
    assert [each for each in other if wanted.fits(each)] == []


@pytest.mark.parametrize(
    ("written", "what"),
    [
        ({"regex": "("}, "is no regular expression"),
        ({"regex": "a", "any": True}, "should be a value, or one of"),
        ({}, "should be a value, or one of"),
        ({"any": False}, "True"),
        ([1, 2], "should be one value"),
        ({"like": "a"}, "extra"),
    ],
)
def test_what_is_no_matcher(written: Any, what: str) -> None:
    with pytest.raises(ValidationError, match=what.replace("(", r"\(")):
        matcher(written)


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (486, "486"),
        (None, "nothing"),
        ({"regex": "a+"}, "/a+/"),
        ({"one_of": [1, None]}, "one of 1, nothing"),
        ({"at_least": 1, "at_most": 2.5}, "at least 1 and at most 2.5"),
        ({"any": True}, "anything"),
        ({"absent": True}, "nothing"),
    ],
)
def test_how_it_reads(written: Any, text: str) -> None:
    assert str(matcher(written)) == text
