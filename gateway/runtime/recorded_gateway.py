"""A gateway of which everything that goes in and out is written down: the run can be repeated octet for octet.

Its random numbers come from a seed that stands in the recording: for laboratories, and for as long as a fault is
looked for.
"""

from collections.abc import Callable, Iterable
from typing import Any

from gateway.configuration import Configuration
from gateway.engine.gateway import Found, Gateway
from gateway.model.errors import GatewayError
from gateway.regression.journal import INPUTS, NETWORK_OUTPUTS, NETWORK_QUESTIONS, OUTPUTS, QUESTIONS, written
from gateway.runtime.recorder import Recorder
from gateway.sip.flow import Flow


class RecordedGateway(Gateway):
    """Takes what a Gateway takes, and a recorder."""

    def __init__(self, configuration: Configuration, *, recorder: Recorder, **surroundings: Any) -> None:
        self._recorder = recorder
        kept = {name: call for name, call in surroundings.items() if call is not None}
        for name in OUTPUTS & kept.keys():
            kept[name] = self.told(name, kept[name])
        for name in QUESTIONS & kept.keys():
            kept[name] = self.answered(name, kept[name])
        kept["locate"] = self._located(kept["locate"])
        if "network" in kept:
            kept["network"] = RecordedNetwork(kept["network"], self)
        kept["token"], kept["wall"] = recorder.tokens, recorder.wall
        super().__init__(configuration, **kept)
        for name in INPUTS:
            setattr(self, name, self._noted(name, getattr(self, name)))

    def reload(self, configuration: Configuration, now: float) -> None:
        """See Gateway.reload."""
        self._recorder.reload(configuration, now)
        super().reload(configuration, now)

    def restore(self, snapshots: Iterable[tuple[str, dict[str, object]]], now: float) -> tuple[str, ...]:
        """See Gateway.restore."""
        rows = list(snapshots)
        self._recorder.restore(rows, now)
        return super().restore(rows, now)

    def _noted(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        recorder = self._recorder

        def noted(*arguments: Any) -> Any:
            *told, now = arguments
            if name == "advance" and not self._is_due(now):
                return None
            recorder.input(name, told, now)
            return method(*arguments)

        return noted

    def _is_due(self, now: float) -> bool:
        due = self.next_due()
        return due is not None and due <= now

    def told(self, name: str, send: Callable[..., None]) -> Callable[..., None]:
        """`send`, with what is sent written down."""
        recorder = self._recorder

        def told(*arguments: Any) -> None:
            recorder.output(name, arguments)
            send(*arguments)

        return told

    def answered(self, name: str, ask: Callable[..., Any]) -> Callable[..., Any]:
        """`ask`, with question and answer written down."""
        recorder = self._recorder

        def answered(*question: Any) -> Any:
            try:
                found = ask(*question)
            except GatewayError as error:
                recorder.answer(name, question, {"error": str(error)})
                raise
            recorder.answer(name, question, written(found))
            return found

        return answered

    def _located(self, locate: Callable[[str, Found], None]) -> Callable[[str, Found], None]:
        recorder = self._recorder

        def located(uri: str, done: Found) -> None:
            question = recorder.question(uri)

            def answered(flows: tuple[Flow, ...], now: float) -> None:
                question.answered(flows, now)
                done(flows, now)

            locate(uri, answered)
            question.asked()

        return located


class RecordedNetwork:
    """The network of H.323 trunks, with what goes over it and what it answers written down."""

    def __init__(self, network: Any, gateway: RecordedGateway) -> None:
        for name in NETWORK_OUTPUTS:
            setattr(self, name, gateway.told(f"network.{name}", getattr(network, name)))
        for name in NETWORK_QUESTIONS:
            setattr(self, name, gateway.answered(f"network.{name}", getattr(network, name)))
