"""Sandboxes that many tests share, each started once, and the options of the suite."""

import inspect
import sys
import types

import lbox.call_info
import pytest
from suite_options import (  # noqa: F401 - hooks, which pytest finds here
    pytest_addoption,
    pytest_collection_modifyitems,
    pytest_make_collect_report,
    pytest_runtest_makereport,
)

from deeplake_labelbox.sandbox import Sandbox


def _stack():
    """What the SDK reads of `inspect.stack()`, which looks for the source file of every frame."""
    frames = []
    frame = sys._getframe(1)
    while frame is not None:
        code = frame.f_code
        frames.append(
            inspect.FrameInfo(frame, code.co_filename, frame.f_lineno, code.co_name, None, None)
        )
        frame = frame.f_back
    return frames


# The SDK tells in a header of each request which of its methods was called. Where many modules are
# loaded, finding the source files for that takes longer than all the rest of the request.
lbox.call_info.inspect = types.SimpleNamespace(stack=_stack)


@pytest.fixture(scope="session")
def box():
    """A sandbox to which tests add projects of their own."""
    with Sandbox() as running:
        yield running


@pytest.fixture(scope="session")
def sample_box():
    """A sandbox with the sample project; leave it as it is."""
    with Sandbox(sample=True) as running:
        yield running


@pytest.fixture(scope="session")
def client(box):
    return box.client()


@pytest.fixture(scope="session")
def sample_client(sample_box):
    return sample_box.client()
