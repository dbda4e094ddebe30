import pytest

from deeplake_labelbox.sandbox import Sandbox


@pytest.fixture(scope="session")
def box(_short_waits):
    """One sandbox for the tests of the sandbox; each of them adds projects of its own."""
    with Sandbox() as running:
        yield running
