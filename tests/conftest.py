"""Sandboxes that many tests share, each started once, and the options of the suite."""

import os

# Each worker of pytest-xdist, and each process that a test starts, has one core to itself: more
# threads of PyTorch and NumPy only wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest
from sdk_pace import name_callers_quickly, wait_shortly
from suite_options import (  # noqa: F401 - hooks, which pytest finds here
    pytest_addoption,
    pytest_collection_modifyitems,
    pytest_make_collect_report,
    pytest_runtest_makereport,
)

from deeplake_labelbox.sandbox import Sandbox

name_callers_quickly()


@pytest.fixture(scope="session")
def _short_waits():
    wait_shortly()  # imports the SDK, which is slow


@pytest.fixture(scope="session")
def box(_short_waits):
    """A sandbox to which tests add projects of their own."""
    with Sandbox() as running:
        yield running


@pytest.fixture(scope="session")
def sample_box(_short_waits):
    """A sandbox with the sample project; leave it as it is."""
    with Sandbox(sample=True) as running:
        yield running


@pytest.fixture(scope="session")
def creds():
    """Credentials of an S3 on this machine, where each test has datasets at paths of its own."""
    from local_s3 import local_s3  # noqa: PLC0415 - slow to import

    with local_s3() as found:
        yield found


@pytest.fixture(scope="session")
def client(box):
    return box.client()


@pytest.fixture(scope="session")
def sample_client(sample_box):
    return sample_box.client()
