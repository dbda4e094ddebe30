"""The options of the suite itself, which ``.ci/run`` passes."""

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

SKIPS = """
import pytest

def test_unlisted():
    pytest.importorskip("no_such_module")

@pytest.mark.skipif(True, reason="no Chromium here")
def test_marked():
    pass

@pytest.mark.parametrize("reason", ["could not import 'torch': none", "needs torch"])
def test_listed(reason):
    pytest.skip(reason)

@pytest.mark.xfail
def test_expected():
    assert False
"""


@pytest.fixture
def suite(pytester):
    pytester.makeconftest(Path(__file__).with_name("suite_options.py").read_text("utf-8"))
    return pytester


def test_only_listed_skips_are_allowed_in_ci(suite):
    suite.makepyfile(
        test_functions=SKIPS, test_module="import pytest\npytest.importorskip('no_such_module')\n"
    )
    options = ("-p", "no:xdist", "--continue-on-collection-errors", "--no-skips")
    result = suite.runpytest_inprocess(*options)
    assert result.ret == 1
    result.assert_outcomes(failed=1, errors=2, skipped=2, xfailed=1)
    result.stdout.fnmatch_lines(["*ALLOWED_SKIPS does not allow: no Chromium here*"])


def test_a_tenth_is_always_the_same(suite):
    suite.makepyfile(
        test_it="import pytest\n@pytest.mark.parametrize('n', range(40))\ndef test_a(n): pass\n"
    )
    run = suite.runpytest_inprocess("-p", "no:xdist", "--tenth", "-v")
    chosen = [line.split()[0] for line in run.outlines if "PASSED" in line]
    assert chosen == [f"test_it.py::test_a[{n}]" for n in (0, 4, 12, 27)]


def test_with_a_tenth_some_files_run_whole(suite):
    suite.makepyfile(
        test_torch="import json as torch\ndef test_1(): pass\ndef test_2(): pass\n",
        test_others="def test_1(): pass\ndef test_2(): pass\n",
    )
    run = suite.runpytest_inprocess("-p", "no:xdist", "--tenth", "--whole=as torch|/video/")
    run.assert_outcomes(passed=2, deselected=2)
