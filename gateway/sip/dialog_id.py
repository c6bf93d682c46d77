"""Header fields that name a dialog: Replaces (RFC 3891), Join (RFC 3911) and Target-Dialog (RFC 4538)."""

import re
from dataclasses import dataclass

from gateway.model.errors import DecodeError
from gateway.sip.parameters import Parameters

_KNOWN = re.compile(r";\s*(?:(?:to|from|local|remote)-tag\s*=|early-only\b)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class DialogId:
    """A Call-ID with two tags, as seen by the one who receives the header field (RFC 3891 §3, RFC 4538 §3).

    A tag of "0" also stands for no tag (RFC 3891 §6.1).
    """

    call_id: str
    parameters: Parameters

    @classmethod
    def named(cls, call_id: str, to_tag: str, from_tag: str, *, early_only: bool = False) -> "DialogId":
        """The value of a Replaces or Join."""
        flags = (("early-only", None),) if early_only else ()
        return cls(call_id, Parameters((("to-tag", to_tag or "0"), ("from-tag", from_tag or "0"), *flags)))

    @classmethod
    def parse(cls, value: str) -> "DialogId":
        """A `;` that is no parameter's belongs to the Call-ID: seen in the field. Raises DecodeError without one."""
        value = value.strip()
        known = _KNOWN.search(value)
        end = known.start() if known else len(value.partition(";")[0])
        call_id, parameters = value[:end], value[end + 1 :]
        if not call_id.strip():
            raise DecodeError(f"no Call-ID in {value[:80]!r}")
        return cls(call_id.strip(), Parameters.parse(parameters))

    @classmethod
    def replaced(cls, value: str) -> "DialogId":
        """The value of a Replaces or Join. Raises DecodeError without exactly one to-tag and one from-tag."""
        named = cls.parse(value)
        names = [name.lower() for name, _ in named.parameters.items]
        if names.count("to-tag") != 1 or names.count("from-tag") != 1:
            raise DecodeError(f"not exactly one to-tag and one from-tag in {value[:120]!r}")
        return named

    @property
    def to_tag(self) -> str:
        """Replaces and Join: the receiver's own tag."""
        return self.parameters.get("to-tag") or ""

    @property
    def from_tag(self) -> str:
        """Replaces and Join: the tag of the receiver's peer."""
        return self.parameters.get("from-tag") or ""

    @property
    def local_tag(self) -> str:
        """Target-Dialog: the receiver's own tag."""
        return self.parameters.get("local-tag") or ""

    @property
    def remote_tag(self) -> str:
        """Target-Dialog: the tag of the receiver's peer."""
        return self.parameters.get("remote-tag") or ""

    @property
    def early_only(self) -> bool:
        """Replaces: only while the dialog is early."""
        return "early-only" in self.parameters

    def __str__(self) -> str:
        return f"{self.call_id}{self.parameters}"
