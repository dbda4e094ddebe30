"""Run Labelbox's own tests of its SDK against the sandbox.

The tests are those of the SDK's source distribution, in the version that is installed; pip brings
it by its name. Only fixtures are changed, to those of video projects; no test is.

    python tests/labelbox_sdk/run.py              # what bears on video projects: selection.txt
    python tests/labelbox_sdk/run.py NODE...      # only these, by their paths in the distribution
    python tests/labelbox_sdk/run.py --optional   # ends well where pip cannot download

Tests that are expected to fail stand in expected_failures.toml with their reasons. A test that
fails without standing there fails the run, and so does one that stands there and passes.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).parent
# What the suite imports beyond the development requirements; kept beside them.
EXTRA = (
    "pytest-snapshot",
    "pytest-timeout",
    "faker",
    "opencv-python-headless",
    "shapely",
    "pyproj",
    "pygeotile",
    "typeguard",
    "imagesize",
)
SECONDS_A_TEST = 300


class DownloadError(Exception):
    """Pip could not bring something."""


def main() -> int:
    """Run the suite; returns the exit code of pytest."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("nodes", nargs="*", help="tests, instead of the selection")
    parser.add_argument(
        "--optional", action="store_true", help="end well where the suite cannot be downloaded"
    )
    parser.add_argument("--workers", default="2", help="processes that run tests (default: 2)")
    parser.add_argument(
        "--work",
        type=Path,
        default=Path(tempfile.gettempdir()) / "deeplake-labelbox-sdk-tests",
        help="folder for downloads",
    )
    given = parser.parse_args()
    given.work.mkdir(parents=True, exist_ok=True)
    try:
        source = source_distribution(given.work)
        extra = extra_packages(given.work)
    except DownloadError as error:
        sys.stderr.write(f"Labelbox's tests were not run: {error}\n")
        return 0 if given.optional else 1
    suite = prepare(source, given.work / "suite")
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(HERE), str(extra)]),
        "LABELBOX_SDK_WORK": str(given.work.resolve()),
        "LABELBOX_SDK_WHOLE": "" if given.nodes else "yes",
    }
    command = [
        *(sys.executable, "-m", "pytest", "-p", "live_suite", "-p", "no:cacheprovider"),
        *("-p", "no:warnings", "-q", "--tb=short", "--timeout", str(SECONDS_A_TEST)),
        *("-n", given.workers, *(given.nodes or selection())),
    ]
    return subprocess.run(command, cwd=suite, env=environment, check=False).returncode  # noqa: S603 - our own words


def source_distribution(work: Path) -> Path:
    """The unpacked source distribution of the SDK that is installed.

    Raises:
        DownloadError: Pip could not bring it.
    """
    name = f"labelbox-{version('labelbox')}"
    if not (work / name).is_dir():
        pip("download", "--no-deps", "--no-binary", "labelbox", name.replace("-", "=="), "-d", work)
        with tarfile.open(work / f"{name}.tar.gz") as archive:
            archive.extractall(work, filter="data")
    return work / name


def extra_packages(work: Path) -> Path:
    """A folder with the packages that only the suite needs.

    Raises:
        DownloadError: Pip could not bring them.
    """
    folder = work / "extra"
    if not (folder / "shapely").is_dir():
        pip("install", "--no-deps", "--target", folder, *EXTRA)
    return folder


def pip(*words: str | Path) -> None:
    """Run pip.

    Raises:
        DownloadError: It failed.
    """
    command = [sys.executable, "-m", "pip", "-q", "--disable-pip-version-check", *map(str, words)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 - our own words
    if done.returncode:
        raise DownloadError(done.stderr.strip().rpartition("\n")[2] or "pip failed")


def prepare(source: Path, suite: Path) -> Path:
    """Copy the tests, and make their fixtures those of video projects."""
    shutil.rmtree(suite, ignore_errors=True)
    shutil.copytree(source / "tests", suite / "tests")
    (suite / "pytest.ini").write_text("[pytest]\nmarkers =\n    slow\n    order\n")
    # The tests import from each other as packages; the source distribution leaves these out.
    for folder in (suite / "tests", *(suite / "tests").rglob("*/")):
        if any(folder.glob("*.py")) or any(folder.glob("*/*.py")):
            (folder / "__init__.py").touch()
    box = '"bbox": {"top": 20, "left": 20, "height": 50, "width": 50}'
    for name in ("conftest.py", "integration/conftest.py", "data/export/conftest.py"):
        file = suite / "tests" / name
        text = file.read_text().replace("MediaType.Image", "MediaType.Video")
        key_frame = f'"segments": [{{"keyframes": [{{"frame": 1, {box}}}]}}],'
        file.write_text(text.replace(f"{box},", key_frame))
    return suite


def selection() -> list[str]:
    """The tests that bear on video projects."""
    lines = (HERE / "selection.txt").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


if __name__ == "__main__":
    sys.exit(main())
