import pytest

from deeplake_labelbox.sandbox import Sandbox


@pytest.fixture(scope="session")
def box(_short_waits):
    """One sandbox for all tests of the sandbox; each test adds its own projects."""
    with Sandbox() as running:
        yield running
