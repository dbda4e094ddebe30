"""Completion in the shell, as a user installs it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = Path(sys.executable).parent / "deeplake-labelbox"

# What bash does when Tab is pressed behind the words that it is given.
PRESS_TAB = """
source ~/.bashrc
words=$(complete -p deeplake-labelbox) && words=${words##*-F } && function=${words%% *}
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
"$function" "$1"
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture
def press_tab(tmp_path):
    bash = shutil.which("bash")
    if bash is None or not COMMAND.is_file():
        pytest.skip("needs bash, and the package installed")
    path = f"{COMMAND.parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "HOME": str(tmp_path), "PATH": path}

    def run(*words):
        return subprocess.run(  # noqa: S603 - our own command, and bash
            words, env=environment, capture_output=True, text=True, check=True
        ).stdout.split()

    # It looks for the shell among the processes above it, where a command of its own would be none.
    run(bash, "-c", "deeplake-labelbox --install-completion && true")
    return lambda *words: run(bash, "-c", PRESS_TAB, "bash", "deeplake-labelbox", *words)


def test_commands_options_and_their_values_are_completed(press_tab):
    assert {"sync", "stats", "sandbox", "show"} == set(press_tab("s"))
    assert press_tab("preview", "clips", "--max") == ["--max-mb"]
    assert press_tab("import", "gt.txt", "project", "--as", "p") == ["pre-labels"]
    assert not press_tab("create", "proj")  # left to bash: file names
