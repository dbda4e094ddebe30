"""What the README shows works as it stands there."""

import importlib.util
import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner
from video_files import write_video

from deeplake_labelbox._cli.application import app
from deeplake_labelbox.sandbox import Sandbox
from deeplake_labelbox.sandbox.sample import sample_ontology

README = (Path(__file__).parent.parent / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)


def test_the_python_of_the_readme_runs(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    Path("day").mkdir()
    for name, frames in (("one", 4), ("two", 5)):
        write_video(Path("day") / f"{name}.mp4", frames=frames)
    with Sandbox(sample=True) as box:
        monkeypatch.setenv("LABELBOX_API_KEY", box.api_key)
        monkeypatch.setenv("LABELBOX_ENDPOINT", box.endpoint)
        names = {"PROJECT_ID": box.sample.project_id, "ONTOLOGY": sample_ontology()}
        assert len(BLOCKS) == 8
        for block in BLOCKS:
            if "torch" in block and importlib.util.find_spec("torch") is None:
                continue
            exec(compile(block, "README.md", "exec"), names)  # noqa: S102 - the README's own code
    printed = capsys.readouterr().out
    assert "0 gaps" in printed
    assert Path("import.json").is_file()
    assert len(names["made"].data_rows) == 2


@pytest.mark.parametrize(
    "line",
    re.findall(r"^\| `(.*?)` \| (?!what)", README.partition("## Command line")[2], re.MULTILINE),
)
def test_every_command_of_the_readme_is_there(line):
    command = shlex.split(line)[0]
    result = CliRunner().invoke(app, [command, "--help"])
    assert result.exit_code == 0, result.output
    for option in re.findall(r"--[a-z-]+", line):
        assert option in result.output
