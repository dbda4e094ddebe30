"""Terminals and pipes that cannot show every character."""

import json

import pytest
from typer.testing import CliRunner

from deeplake_labelbox._cli.application import app


@pytest.mark.parametrize("charset", ["ascii", "cp1252"])
def test_every_help_without_unicode(charset):
    runner = CliRunner(charset=charset)
    for command in app.registered_commands:
        words = [command.name or command.callback.__name__, "--help"]
        result = runner.invoke(app, words, env={"COLUMNS": "60"})
        assert result.exit_code == 0, result.output
        assert result.stdout.isascii() or charset != "ascii"


def test_json_and_errors_without_unicode(tmp_path, sample_box, export_file):
    runner = CliRunner(charset="ascii")
    names = tmp_path / "Straße 禁.ndjson"
    names.write_text(export_file.read_text("utf-8").replace("crossing.mp4", "ü.mp4"), "utf-8")
    key = {"LABELBOX_API_KEY": sample_box.api_key, "LABELBOX_ENDPOINT": sample_box.endpoint}
    result = runner.invoke(app, ["inspect", str(names), "--json"], env=key)
    assert '"\\u00fc.mp4"' in result.stdout
    assert json.loads(result.stdout)["videos"]
    result = runner.invoke(app, ["inspect", "Straße 禁/caf\udce9"])
    assert result.exit_code == 1
    assert r"no file Stra\xdfe \u7981/caf\xe9; check" in result.stderr


def test_a_file_name_of_other_bytes_in_an_error(run):
    result = run("create", "caf\udce9.ndjson", "there")
    assert result.stderr.startswith(r"Error: There is no file caf\xe9.ndjson; check the path")
    result = run("stats", "caf\udce9")
    assert result.exit_code == 1
    assert r"path 'caf\udce9' cannot be used: it is not UTF-8" in result.stderr
