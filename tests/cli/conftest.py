import json

import pytest
from typer.testing import CliRunner

from deeplake_labelbox._cli.application import app
from deeplake_labelbox._labelbox.exporter import ProjectExporter


@pytest.fixture(autouse=True)
def _no_account(monkeypatch):
    for name in ("LABELBOX_API_KEY", "LABELBOX_ENDPOINT", "ACTIVELOOP_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "100")


@pytest.fixture
def run(monkeypatch, tmp_path):
    """Runs a command line in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def run(*words, **env):
        return CliRunner().invoke(app, [str(word) for word in words], env=env)

    return run


@pytest.fixture
def run_there(run, sample_box):
    """Runs a command line that is pointed to the sandbox with the sample project."""

    def run_there(*words):
        return run(
            *words,
            LABELBOX_API_KEY=sample_box.api_key,
            LABELBOX_ENDPOINT=sample_box.endpoint,
        )

    return run_there


@pytest.fixture(scope="session")
def export_file(sample_box, sample_client, tmp_path_factory):
    """A saved export of the sample project."""
    path = tmp_path_factory.mktemp("export") / "project.ndjson"
    exporter = ProjectExporter(sample_client, sample_box.sample.project_id)
    exporter.export(path, progress=False)
    return path


@pytest.fixture(scope="session")
def dataset(sample_box, export_file, tmp_path_factory):
    """The path of a dataset of the sample project; commands only read it."""
    path = tmp_path_factory.mktemp("dataset") / "ds"
    there = {"LABELBOX_API_KEY": sample_box.api_key, "LABELBOX_ENDPOINT": sample_box.endpoint}
    result = CliRunner().invoke(app, ["create", str(export_file), str(path)], env=there)
    assert result.exit_code == 0, result.output
    return path


@pytest.fixture
def rows(export_file):
    """The data rows of the saved export."""
    return [json.loads(line) for line in export_file.read_text("utf-8").splitlines()]


@pytest.fixture
def save(tmp_path):
    """Saves data rows as an NDJSON file."""

    def save(rows, name="export.ndjson"):
        path = tmp_path / name
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
        return path

    return save
