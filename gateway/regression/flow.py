"""Messages that are wanted: one after the other, anywhere, or never."""

from collections.abc import Container, Iterator
from typing import NamedTuple

from gateway.regression.conversation import Conversation
from gateway.regression.matcher import shown
from gateway.regression.message import Message
from gateway.regression.scenario import Expectations, Step


class Missed(NamedTuple):
    """A step that was not met. `frame` is 0 when there is none to look at."""

    place: str
    wanted: str
    came: str
    frame: int


class Walk:
    """Goes through the messages of a conversation. Positions are indexes into them; `before` is the time of the
    message of the step before, None where no time counts.
    """

    def __init__(self, found: Conversation) -> None:
        self.messages = found.messages
        self._found = found
        self._all = range(len(self.messages))

    def unmet(self, expect: Expectations) -> Iterator[Missed]:
        """The steps that were not met, flow before anywhere before never."""
        yield from self._in_order(expect.flow)
        taken: set[int] = set()
        for index, step in enumerate(expect.anywhere):
            at = self.elsewhere(step, taken)
            if at is None:
                yield self._missed(f"anywhere.{index}", step, 0, None, taken)
            else:
                taken.add(at)
        for index, step in enumerate(expect.never):
            at = self.elsewhere(step, ())
            if at is not None:
                yield Missed(f"never.{index}", f"no {described(step)}", self._named(at), self._frame(at))

    def behind(self, step: Step, start: int, before: float) -> int | None:
        """The first message from `start` on that is what the step wants."""
        return next((at for at in self._all[start:] if not self.wrong(step, at, before)), None)

    def elsewhere(self, step: Step, taken: Container[int]) -> int | None:
        """The first message that is what the step wants, and not taken yet."""
        return next((at for at in self._all if at not in taken and not self.wrong(step, at)), None)

    def nearest(self, step: Step, start: int, before: float | None, taken: Container[int] = ()) -> int | None:
        """The message of that name, from `start` on and not taken yet, in which least is not as wanted."""
        free = (at for at in self._all[start:] if at not in taken)
        named = [at for at in free if is_called(self.messages[at], step.message)]
        return min(named, key=lambda at: len(self.wrong(step, at, before)), default=None)

    def _in_order(self, steps: tuple[Step, ...]) -> Iterator[Missed]:
        """Each step takes the first message that fits behind the one before. A step that finds none leaves the next
        one where it stood itself, so that one missing message is one line.
        """
        start, before = 0, 0.0
        for index, step in enumerate(steps):
            at = self.behind(step, start, before)
            if at is None:
                yield self._missed(f"flow.{index}", step, start, before)
                continue
            start, before = at + 1, self.messages[at].time

    def _missed(self, place: str, step: Step, start: int, before: float | None, taken: Container[int] = ()) -> Missed:
        at = self.nearest(step, start, before, taken)
        if at is None:
            last = f" behind {self._named(start - 1)}" if start else ""
            return Missed(place, described(step), f"none{last}", self._frame(start - 1) if start else 0)
        came = f"{self._named(at)} with {'; '.join(self.wrong(step, at, before))}"
        return Missed(place, described(step), came, self._frame(at))

    def wrong(self, step: Step, at: int, before: float | None = None) -> list[str]:
        """Everything in which a message is not what the step wants."""
        message = self.messages[at]
        if not is_called(message, step.message):
            return [message.name]
        wrong = [*self._wrong_place(step, message)]
        if before is not None:
            wrong += _wrong_time(step, message.time - before)
        for name, matcher in step.fields.items():
            value = message.field(name)
            if not matcher.fits(value):
                wrong.append(f"{name} {shown(value)}")
        return wrong

    def _wrong_place(self, step: Step, message: Message) -> Iterator[str]:
        if step.protocol is not None and step.protocol != message.protocol:
            yield f"protocol {message.protocol}"
        if step.by is not None and (step.by == "us") is not self._found.is_ours(message):
            yield f"sender {'peer' if step.by == 'us' else 'us'}"
        if step.source is not None and not step.source.fits(message.source):
            yield f"source {message.source}"
        if step.destination is not None and not step.destination.fits(message.destination):
            yield f"destination {message.destination}"

    def _named(self, at: int) -> str:
        message = self.messages[at]
        return f"{message.name} from {message.source} at {message.time:.3f} s"

    def _frame(self, at: int) -> int:
        return self._found.frame(self.messages[at])


def is_called(message: Message, name: str) -> bool:
    """Whether a message goes by that name, or by one that begins with it: 180 INVITE is a 180."""
    return f"{message.name} ".startswith(f"{name} ")


def described(step: Step) -> str:
    """A step in a line."""
    words = [step.message]
    words += [f"by {step.by}"] if step.by else []
    words += [f"from {step.source}"] if step.source else []
    words += [f"to {step.destination}"] if step.destination else []
    words += [f"after {step.after:g} s"] if step.after is not None else []
    words += [f"within {step.within:g} s"] if step.within is not None else []
    fields = ", ".join(f"{name} {matcher}" for name, matcher in step.fields.items())
    return " ".join(words) + (f" with {fields}" if fields else "")


def _wrong_time(step: Step, seconds: float) -> list[str]:
    early = step.after is not None and seconds < step.after
    late = step.within is not None and seconds > step.within
    return [f"{seconds:.3f} s between"] if early or late else []
