"""The options of the suite itself, which ``.ci/run`` passes: hooks that conftest.py takes over."""

import re
import zlib
from itertools import compress
from operator import not_

import pytest

# What may be skipped with ``--no-skips``, and why nothing is lost by it.
ALLOWED_SKIPS = {
    # .ci/run has PyTorch on the oldest Python, where all tests that use it run.
    r"could not import 'torch'": "PyTorch is not installed on every Python",
    r"could not import 'ray'": "the same with Ray",
    r"^needs torch$": "the same, for the notebooks",
    # PyPI's torchvision is built for CUDA; all but its compiled operators works with a PyTorch for
    # CPUs.
    r"the compiled part of torchvision cannot be loaded": "it belongs to another build",
}


def pytest_addoption(parser):
    parser.addoption("--tenth", action="store_true", help="run every tenth test, always the same")
    parser.addoption(
        "--whole",
        metavar="REGEX",
        help="with --tenth, run all tests of a file in whose path or source this is found",
    )
    parser.addoption(
        "--no-skips",
        action="store_true",
        help="fail tests that are skipped for a reason that is not in ALLOWED_SKIPS",
    )


def pytest_collection_modifyitems(config, items):
    if not config.getoption("--tenth"):
        return
    pattern = config.getoption("--whole")
    files = {item.path for item in items if pattern is not None}
    whole = {path for path in files if re.search(pattern, f"{path}\n{path.read_text('utf-8')}")}
    # By a hash, so that each worker and each machine chooses the same ones.
    is_kept = [item.path in whole or zlib.crc32(item.nodeid.encode()) % 10 == 0 for item in items]
    config.hook.pytest_deselected(items=[*compress(items, map(not_, is_kept))])
    items[:] = compress(items, is_kept)


def _refuse_skip(config, report):
    if not config.getoption("--no-skips") or not report.skipped or hasattr(report, "wasxfail"):
        return
    reason = report.longrepr[2].removeprefix("Skipped: ")
    if not any(re.search(allowed, reason) for allowed in ALLOWED_SKIPS):
        report.outcome = "failed"
        report.longrepr = f"Skipped, which ALLOWED_SKIPS does not allow: {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    report = yield
    _refuse_skip(item.config, report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    report = yield
    _refuse_skip(collector.config, report)
    return report
