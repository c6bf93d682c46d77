"""Number and subaddress elements; H.225.0 has them too, hence they stand in the model."""

from gateway.model.number_elements import (
    Redirecting,
    decode_called,
    decode_party,
    decode_redirecting,
    decode_subaddress,
    encode_called,
    encode_party,
    encode_redirecting,
    encode_subaddress,
)

__all__ = [
    "Redirecting",
    "decode_called",
    "decode_party",
    "decode_redirecting",
    "decode_subaddress",
    "encode_called",
    "encode_party",
    "encode_redirecting",
    "encode_subaddress",
]
