import pytest

from deeplake_labelbox.sandbox import Sandbox


@pytest.fixture(scope="session")
def box():
    """One sandbox for all tests; each of them adds projects of its own."""
    with Sandbox() as running:
        yield running
