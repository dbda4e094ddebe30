"""The command line as a process of its own."""

import itertools
import os
import re
import signal
import subprocess
import sys
from graphlib import TopologicalSorter

import pytest
import typer

from deeplake_labelbox import __version__
from deeplake_labelbox._cli.application import app
from deeplake_labelbox._cli.options import OUTCOME, PANELS

COMMANDS = typer.main.get_group(app).commands
COMMAND = [sys.executable, "-m", "deeplake_labelbox"]


def run_process(*words, cwd, **env):
    return subprocess.run(  # noqa: S603 - our own command
        [*COMMAND, *map(str, words)],
        cwd=cwd,
        env={**os.environ, "COLUMNS": "100", **env},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


@pytest.mark.parametrize(
    "command", ["demo", "export", "create", "annotate", "preview", "show", "stats", "sandbox"]
)
def test_every_command_has_help_with_its_arguments_explained(run, command):
    result = run(command, "--help")
    assert result.exit_code == 0
    assert "Usage: " in result.stdout
    assert f"{command}" in result.stdout
    assert result.stderr == ""


def test_help_lists_the_commands_and_exit_codes(run):
    result = run("--help")
    assert result.exit_code == 0
    for word in ("demo", "export", "create", "preview", "show", "stats", "sandbox", "Exit codes"):
        assert word in result.stdout


@pytest.mark.parametrize("words", [(), ("demo",), ("sync",)])
def test_help_flows_in_a_terminal_of_any_width(run, words):
    for columns in (60, 80, 120):
        told = run(*words, "--help", COLUMNS=str(columns)).stdout
        prose = told.split("\n\n")[1:]
        prose = [part for part in prose if "╭" not in part and "deeplake-labelbox" not in part]
        for paragraph in prose:
            lines = [line.strip() for line in paragraph.strip("\n").splitlines()]
            for line, following in itertools.pairwise(lines):
                assert len(line) + 1 + len(following.split(" ")[0]) > columns - 4


def test_flags_are_not_shown_with_a_value(run):
    for words in ((), ("create",), ("export",)):
        assert "bool" not in run(*words, "--help").stdout


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_commands_are_alike(command):
    """From a source to what is written; the same panels below each other; values have names."""
    context = typer.Context(command, info_name="x")
    params = command.get_params(context)
    arguments = [param.metavar for param in params if param.opts == [param.name]]
    order = ("SOURCE", "PREDICTIONS", "PROJECT_ID_OR_EXPORT", "DATASET", "PROJECT_ID", "COPY")
    known = [argument for argument in arguments if argument in order]
    assert known == sorted(known, key=order.index)
    panels = [getattr(param, "rich_help_panel", None) for param in params]
    shared = [panel for panel in panels if panel in PANELS]
    assert shared == sorted(shared, key=PANELS.index)
    assert panels[len(panels) - len(shared) :] == shared
    for param in params:
        if param.name in {"dry_run", "as_json", "report", "verbose"}:
            assert param.rich_help_panel == OUTCOME
        assert not re.search(r"<(int|float|str|list)", param.get_help_record(context)[0])
    # What takes long to make is not replaced unless that is said.
    options = {option for param in params for option in param.opts}
    assert (
        command.name in {"demo", "convert"} or "--output" not in options or "--overwrite" in options
    )


def test_options_have_the_same_order_in_every_command():
    """What to work on, what to choose, how, what to write, and messages, in each panel."""
    earlier = {}
    for command in COMMANDS.values():
        params = command.get_params(typer.Context(command, info_name="x"))
        options = [(getattr(p, "rich_help_panel", None), max(p.opts, key=len)) for p in params]
        for before, after in itertools.pairwise(options):
            earlier.setdefault(after, set()).add(before)
    TopologicalSorter(earlier).prepare()  # raises CycleError


def test_version(run):
    result = run("--version")
    assert result.exit_code == 0
    assert result.stdout == f"deeplake-labelbox {__version__}\n"


def test_the_key_is_not_shown_in_help(run):
    for command in ("export", "create", "annotate"):
        assert "lb-key" not in run(command, "--help", LABELBOX_API_KEY="lb-key").output


def test_help_starts_without_what_is_slow(tmp_path):
    script = (
        "import sys; from deeplake_labelbox._cli.application import app\n"
        "try: app(['create', '--help'])\n"
        "except SystemExit: pass\n"
        "slow = {'deeplake', 'labelbox', 'lbox', 'av', 'numpy', 'PIL', 'requests', 'uvicorn'}\n"
        "sys.exit(', '.join(slow & set(sys.modules)) or 0)"
    )
    result = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr


def test_demo_and_stats_as_processes_without_unicode(tmp_path):
    plain = {"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "NO_COLOR": "1"}
    result = run_process("demo", cwd=tmp_path, **plain)
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "deeplake-labelbox-demo" / "contact-sheet.png").is_file()
    assert "\x1b" not in result.stdout + result.stderr
    assert "frame/s" not in result.stderr  # no progress bars without a terminal
    assert result.stderr.splitlines()[0] == "Starting a Labelbox sandbox with a sample project"
    assert "Street and harbor > deeplake-labelbox-demo/dataset" in result.stdout
    told = run_process("stats", "deeplake-labelbox-demo/dataset", cwd=tmp_path, **plain)
    assert (told.returncode, told.stderr) == (0, "")
    assert (result.stdout + told.stdout).isascii()
    assert r"h\xe4lt auf die Insel zu, \xe0 demi" in told.stdout
    rows = [line for line in told.stdout.splitlines() if line.startswith(("+--", "| "))]
    assert len({len(row) for row in rows if r"\x" not in row}) == 3, "tables are aligned"


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_sandbox_serves_other_processes_until_it_is_stopped(tmp_path, number):
    sandbox = subprocess.Popen(  # noqa: S603 - our own command
        [*COMMAND, "sandbox"],
        cwd=tmp_path,
        env={**os.environ, "COLUMNS": "60"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    with sandbox:
        try:
            told = ""
            while "Press Ctrl-C" not in told:
                line = sandbox.stdout.readline()
                assert line, sandbox.stderr.read()
                told += line
            env = dict(re.findall(r"^  export (\w+)=(\S+)$", told, re.MULTILINE))
            assert set(env) == {"LABELBOX_ENDPOINT", "LABELBOX_API_KEY"}
            words = re.search(r"deeplake-labelbox (create .*)", told)[1].split()
            if number == signal.SIGINT:
                result = run_process(
                    *words, "--group", "raster-segmentation=mask", cwd=tmp_path, **env
                )
                assert result.returncode == 0, result.stderr
                assert (tmp_path / "sample-dataset").is_dir()
            else:
                words[0:3] = ["export", words[1], "-o", "project.ndjson"]
                result = run_process(*words, cwd=tmp_path, **env)
                assert result.returncode == 0, result.stderr
        finally:
            sandbox.send_signal(number)
        assert sandbox.wait(120) == 0
        assert "The sandbox has ended." in sandbox.stderr.read()


def test_sandbox_says_when_its_port_is_taken(run, box):
    result = run("sandbox", "--port", box.url.rpartition(":")[2])
    assert result.exit_code == 1
    assert re.search(r"Error: Port \d+ of 127\.0\.0\.1 cannot be used", result.stderr)
