"""How much one process takes on, and for how long."""

from pydantic import Field

from gateway.tables import Table


class Limits(Table):
    """What one process takes on before it answers 503 with Retry-After, and how large things may be."""

    message_octets: int = Field(default=65_535, ge=1_000, le=1_000_000)
    header_fields: int = Field(default=200, ge=20)
    connections: int = Field(default=2_000, ge=1)
    transactions: int = Field(default=50_000, ge=10)
    calls: int = Field(default=20_000, ge=1)
    retry_after: int = Field(default=10, ge=1)


class Timing(Table):
    """Seconds. T1, T2, T4 of RFC 3261; session timers of RFC 4028; guards of a transfer."""

    t1: float = Field(default=0.5, gt=0)
    t2: float = Field(default=4.0, gt=0)
    t4: float = Field(default=5.0, gt=0)
    session_expires: int = Field(default=1800, ge=90)
    min_se: int = Field(default=90, ge=90)
    ring: float = Field(default=180.0, gt=0)
    transfer: float = Field(default=200.0, gt=0)
    bye_guard: float = Field(default=10.0, gt=0)
    options: float = Field(default=30.0, ge=0)
