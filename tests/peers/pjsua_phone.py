"""A softphone (PJSIP through the pjsua2 wheel) as a peer: an independent stack with REFER, Replaces and NOTIFY."""

import pytest

from gateway.demonstration.phone import Phone, PhoneKind


class PjsuaPhone(Phone):
    """The phone of the demonstration. Skips the test when the wheel is not installed."""

    def __init__(self, name: str, address: str, port: int, transport: str = "udp", certificate: str = "") -> None:
        if not PhoneKind.PJSIP.is_installed:
            pytest.skip("pjsua2 is not installed (pip install pjsua2-python)")
        super().__init__(name, address, port, transport, certificate)
