import pytest

from gateway.interworking.translation import translator
from gateway.model.errors import GatewayError, MappingError


@pytest.mark.parametrize("profile", ["nope", "../causes/rfc3398", "names", ""])
def test_a_profile_that_nobody_has_is_refused_before_anything_is_translated(profile: str) -> None:
    with pytest.raises(GatewayError) as raised:
        translator(profile)
    assert raised.value.what.startswith(f"no cause profile {profile!r}; known: ")


def test_a_trunks_own_table_has_to_be_there() -> None:
    with pytest.raises(MappingError) as raised:
        translator("trunk-nowhere.yaml")
    assert str(raised.value) == "trunk-nowhere.yaml: no such file"
