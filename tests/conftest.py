"""What holds for all tests."""

from hypothesis import settings

# How long an example takes says more about what else the machine does than about us; `bench/` measures.
settings.register_profile("refergate", deadline=None)
settings.load_profile("refergate")
