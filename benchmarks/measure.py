"""One measurement, in a process of its own: time, peak memory, bytes written.

``python -m benchmarks.measure JSON`` is the process; `measure` starts it.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.sides import SIDES


@dataclass(frozen=True, slots=True)
class Measurement:
    """What one run took.

    Attributes:
        seconds: Wall time of the work, without what prepares it.
        cpu_seconds: CPU time of the process meanwhile, over all of its threads.
        peak_mb: Peak resident memory of the process, in MiB.
        rows: Rows of the dataset, or frames.
        written_mb: Size of the dataset on disk, in MiB.
    """

    seconds: float
    cpu_seconds: float
    peak_mb: float
    rows: int
    written_mb: float


def measure(work: str, side: str, settings: dict[str, Any]) -> Measurement:
    """Run one side of one piece of work in a new process."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.measure", json.dumps([work, side, settings])],
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise SystemExit(f"{work} with {side} failed:\n{done.stderr[-4000:]}")
    return Measurement(**json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    """Do what the argument says, and print the measurement as the last line."""
    # The peak that was inherited from the parent does not count.
    Path("/proc/self/clear_refs").write_text("5")
    work, side, settings = json.loads(sys.argv[1])
    with contextlib.redirect_stdout(sys.stderr):
        do = SIDES[work, side](settings)
        begun, cpu_begun = time.perf_counter(), time.process_time()
        result = do()
        seconds, cpu_seconds = time.perf_counter() - begun, time.process_time() - cpu_begun
    status = Path("/proc/self/status").read_text()
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    folder = Path(settings["path"])
    written = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    measurement = Measurement(
        seconds=seconds,
        cpu_seconds=cpu_seconds,
        peak_mb=int(peak.split()[1]) / 1024,
        rows=len(result),
        written_mb=written / 2**20,
    )
    sys.stdout.write(
        json.dumps({name: getattr(measurement, name) for name in Measurement.__slots__}) + "\n"
    )


if __name__ == "__main__":
    main()
