"""What the README shows works as it stands there."""

import importlib
import re
import shlex
from pathlib import Path

import pytest
import torchvision_parts
from documented_examples import ROOT, blocks, texts
from typer.testing import CliRunner
from video_files import write_video

from deeplake_labelbox._cli.application import app
from deeplake_labelbox.sandbox import Sandbox
from deeplake_labelbox.sandbox.sample import sample_ontology

README = texts()["README.md"]
BLOCKS = blocks(README, "python")


def test_the_python_of_the_readme_runs(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    Path("day").mkdir()
    for name, frames in (("one", 4), ("two", 5)):
        write_video(Path("day") / f"{name}.mp4", frames=frames)
    with Sandbox(sample=True) as box:
        monkeypatch.setenv("LABELBOX_API_KEY", box.api_key)
        monkeypatch.setenv("LABELBOX_ENDPOINT", box.endpoint)
        names = {"PROJECT_ID": box.sample.project_id, "ONTOLOGY": sample_ontology()}
        assert len(BLOCKS) == 5
        for block in BLOCKS:
            with torchvision_parts.torchvision() as torchvision:
                if "torch" in block and torchvision is not None:
                    importlib.import_module("torch").set_num_threads(1)  # others run beside it
                if "torch" not in block or torchvision is not None:
                    exec(compile(block, "README.md", "exec"), names)  # noqa: S102 - our own
    printed = capsys.readouterr().out
    assert "0 gaps" in printed
    assert "0 refused" in printed
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


def test_links_of_the_readme_lead_to_files():
    # Those of the pages are checked where the site is built.
    links = re.findall(r"\]\(([^)#]+)", README)
    missing = [link for link in links if ":" not in link and not (ROOT / link).exists()]
    assert len(links) > 10
    assert not missing
