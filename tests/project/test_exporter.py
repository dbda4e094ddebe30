"""ProjectExporter: the real SDK exports projects of the sandbox, and what can go wrong does."""

import gc
import json
import logging
import os
import subprocess
import sys

import pytest

from deeplake_labelbox._labelbox.client import connect
from deeplake_labelbox._labelbox.export import ProjectExport
from deeplake_labelbox._labelbox.exporter import ExportFilters, ExportParams, ProjectExporter
from deeplake_labelbox.errors import (
    AuthenticationError,
    ConfigurationError,
    ExportCanceledError,
    ExportEmptyError,
    ExportError,
    ExportFailedError,
    ExportFormatError,
    ExportTimeoutError,
    LabelboxUnavailableError,
    MediaTypeError,
    ProjectNotFoundError,
)
from deeplake_labelbox.sandbox import Sandbox

ONTOLOGY = {
    "tools": [{"tool": "rectangle", "name": "car", "color": "#ff0000", "classifications": []}],
    "classifications": [],
}
ATTRIBUTES = {
    "width": 64,
    "height": 48,
    "frame_rate": 25,
    "frame_count": 10,
    "mime_type": "video/mp4",
    "asset_type": "video",
}
ODD = "日本語 😀 \u2028 \u0085 ß"
STATUSES = ("DONE", "IN_REVIEW", "TO_LABEL", "DONE", "IN_REWORK")


@pytest.fixture(scope="module")
def box():
    with Sandbox(sample=False) as box:
        yield box


@pytest.fixture(autouse=True)
def no_faults(box):
    yield
    box.faults.clear()


@pytest.fixture
def project(box):
    project = box.add_project("Road cars", ONTOLOGY)
    for number, status in enumerate(STATUSES):
        row = project.add_video(
            None,
            row_data=f"https://videos.test/{number}.mp4?Signature=s{number}",
            external_id=f"{ODD}{number}.mp4",
            global_key=f"{project.id}-{number}",
            media_attributes=ATTRIBUTES,
            workflow_status=status,
        )
        box_at = {"top": 1.5, "left": 2.5, "height": 10.0, "width": 20.0}
        keyframes = [{"frame": 1, "bbox": box_at}, {"frame": 5, "bbox": box_at}]
        row.add_label([{"name": "car", "segments": [{"keyframes": keyframes}]}])
    return project


@pytest.fixture
def exporter(box, project):
    return ProjectExporter(box.client(), project.id, retry_delays=(0, 0, 0))


def run(exporter, *args, **options):
    return exporter.export(*args, **{"progress": False, **options})


def keys(export):
    return {row["data_row"]["global_key"][-1] for row in export}


def test_a_project_is_exported_to_a_file(exporter, project, tmp_path):
    path = tmp_path / "project.ndjson"
    export = run(exporter, path)
    assert isinstance(export, ProjectExport)
    assert export.path == path
    assert export.project_ids == (project.id,)
    assert export.project_name(project.id) == "Road cars"
    assert [row["data_row"]["external_id"] for row in export] == [f"{ODD}{i}.mp4" for i in range(5)]
    assert all(row["data_row"]["row_data"].startswith("https://videos.test/") for row in export)
    labels = export[0]["projects"][project.id]["labels"]
    assert set(labels[0]["annotations"]["frames"]) == {"1", "5"}
    assert [p.name for p in tmp_path.iterdir()] == ["project.ndjson"]
    assert list(ProjectExport.load(path)) == list(export)


def test_the_defaults_tell_what_a_dataset_needs(exporter, project):
    row = run(exporter)[0]
    assert row["data_row"]["details"]["dataset_name"]
    assert row["projects"][project.id]["project_details"]["ontology_id"]
    assert {"label_details", "performance_details"} <= set(row["projects"][project.id]["labels"][0])


def test_params_reach_labelbox(exporter, project):
    export = run(exporter, params=ExportParams(interpolated_frames=True, project_details=False))
    entry = export[0]["projects"][project.id]
    assert "project_details" not in entry
    assert set(entry["labels"][0]["annotations"]["frames"]) == {"1", "2", "3", "4", "5"}
    with pytest.raises(ConfigurationError, match="did you mean 'label_details'"):
        run(exporter, params={"label_detail": True})


def test_without_a_path_the_file_lives_as_long_as_the_export(exporter):
    export = run(exporter)
    path = export.path
    assert path.exists()
    assert len(list(export)) == 5
    del export
    gc.collect()  # Python 3.13.0 leaves it to the collector
    assert not path.exists()


def test_filters(exporter, project):
    def found(**filters):
        return keys(run(exporter, filters=ExportFilters(**filters)))

    assert found(workflow_status="Done") == {"0", "3"}
    assert found(workflow_status="ToLabel") == {"2"}
    assert found(global_keys=[f"{project.id}-1", f"{project.id}-4", "unknown"]) == {"1", "4"}
    assert found(last_activity_at=("2000-01-01", None)) == set("01234")
    assert found(label_created_at=("2000-01-01T00:00:00+02:00", "2100-01-01T00:00:00Z")) == set(
        "01234"
    )


def test_more_ids_than_one_task_takes(exporter, project):
    ids = [f"unknown{i}" for i in range(2_500)]
    wanted = [f"{project.id}-0", *ids, f"{project.id}-1"]
    assert keys(run(exporter, filters={"global_keys": wanted})) == {"0", "1"}


def test_small_chunks_make_the_same_file(box, exporter, monkeypatch):
    whole = list(run(exporter))
    monkeypatch.setattr(box.exports, "chunk_size", 1)
    assert list(run(exporter)) == whole


def test_a_progress_bar_counts_the_rows(exporter, capsys):
    run(exporter, progress=True)
    assert "export: 100%" in capsys.readouterr().err
    run(exporter)
    assert capsys.readouterr().err == ""


def test_a_failed_export_leaves_the_older_file(box, exporter, tmp_path):
    path = tmp_path / "project.ndjson"
    path.write_text("older", encoding="utf-8")
    box.exports.next_status = "FAILED"
    with pytest.raises(ExportFailedError, match=r"reports that the export of project .* failed"):
        run(exporter, path)
    assert path.read_text(encoding="utf-8") == "older"
    assert [p.name for p in tmp_path.iterdir()] == ["project.ndjson"]


def test_a_failed_export_says_why(box, exporter):
    box.exports.next_status = "FAILED"
    box.exports.next_errors = [{"message": "Out of disk at https://x.test/a?Signature=secret"}]
    with pytest.raises(ExportFailedError, match=r"Out of disk at https://x.test/a") as caught:
        run(exporter)
    assert "secret" not in str(caught.value)


def test_a_canceled_export(box, exporter):
    box.exports.next_status = "CANCELED"
    with pytest.raises(ExportCanceledError, match="Somebody canceled the export of project"):
        run(exporter)


def test_an_export_that_takes_a_while(box, exporter, monkeypatch, caplog):
    monkeypatch.setattr("labelbox.schema.task.time.sleep", lambda _: None)
    monkeypatch.setattr("deeplake_labelbox._progress.SECONDS", 0)
    caplog.set_level("INFO", "deeplake_labelbox.steps")
    box.exports.next_polls = 4
    assert len(run(exporter)) == 5
    assert "Waiting for Labelbox to prepare the export: 0 s" in caplog.messages


def test_an_export_that_takes_too_long(box, exporter, monkeypatch):
    monkeypatch.setattr("labelbox.schema.task.time.sleep", lambda _: None)
    box.exports.next_status = "IN_PROGRESS"
    with pytest.raises(ExportTimeoutError, match=r"within 0.01 s; .* has --timeout"):
        run(exporter, timeout=0.01)


@pytest.mark.parametrize("timeout", [0, -1, float("nan")])
def test_a_timeout_that_is_none(exporter, timeout):
    with pytest.raises(ConfigurationError, match="`timeout` is"):
        run(exporter, timeout=timeout)


def test_nothing_to_export(box, exporter):
    with pytest.raises(ExportEmptyError, match=r"matches the filters global_keys \(1\); relax"):
        run(exporter, filters=ExportFilters(global_keys=["unknown"]))
    empty = box.add_project("Empty", ONTOLOGY)
    with pytest.raises(ExportEmptyError, match=r"Project \w+ \(Empty\) has no data rows"):
        run(ProjectExporter(box.client(), empty.id))


def test_errors_beside_the_rows_are_kept(box, exporter, project, caplog):
    caplog.set_level(logging.WARNING)
    box.exports.next_errors = [{"message": "One label is unreadable"}, {"message": "Two"}]
    export = run(exporter)
    assert len(export) == 5
    assert export.export_errors == ({"message": "One label is unreadable"}, {"message": "Two"})
    assert f"Export of project {project.id}: One label is unreadable" in caplog.text
    box.exports.next_errors = [{"message": "One label is unreadable"}]
    with pytest.raises(ExportFailedError, match=r"1 error .* One label is unreadable"):
        run(exporter, fail_on_error=True)


def test_an_unknown_project(box, tmp_path):
    with pytest.raises(ProjectNotFoundError, match=r"reading project nope"):
        run(ProjectExporter(box.client(), "nope"), tmp_path / "e.ndjson")
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_key(box, project):
    client = connect("wrong-key", endpoint=box.endpoint)
    with pytest.raises(AuthenticationError, match="refused the API key"):
        run(ProjectExporter(client, project.id))


@pytest.mark.parametrize("project_id", ["", "  ", None])
def test_a_project_id_that_is_none(box, project_id):
    with pytest.raises(ConfigurationError, match="The project id must be"):
        ProjectExporter(box.client(), project_id)


def test_an_image_project(box):
    images = box.add_project("Photos", ONTOLOGY, media_type="IMAGE")
    with pytest.raises(MediaTypeError, match=r"\(Photos\) is of media type Image, not Video"):
        run(ProjectExporter(box.client(), images.id))


def test_a_folder_that_is_missing_is_known_before_labelbox_is_asked(box, exporter, tmp_path):
    box.exports.next_status = "FAILED"
    with pytest.raises(ConfigurationError, match="cannot be written"):
        run(exporter, tmp_path / "missing" / "e.ndjson")
    box.exports.next_status = "COMPLETE"


def test_the_api_key_never_reaches_the_file(box, project, exporter):
    row = project.add_video(
        None,
        row_data=f"https://videos.test/k.mp4?key={box.api_key}",
        global_key=f"{project.id}-9",
        media_attributes=ATTRIBUTES,
    )
    export = run(exporter, filters=ExportFilters(data_row_ids=[row.id]))
    assert export[0]["data_row"]["row_data"] == "https://videos.test/k.mp4?key=***"


def test_rows_that_are_none(project, exporter, tmp_path):
    row = project.add_video(
        None, row_data="https://v.test/a.mp4", global_key=f"{project.id}-8", media_attributes={}
    )
    row.set_export_json({"data_row": {"id": row.id}, "projects": {}})
    with pytest.raises(ExportFormatError, match=r"Line 6 of export task \w+ has no 'data_row.row_"):
        run(exporter, tmp_path / "e.ndjson")
    assert list(tmp_path.iterdir()) == []


def test_the_locale_does_not_matter(box, project, tmp_path):
    path = tmp_path / "e.ndjson"
    program = (
        "import sys\n"
        "from deeplake_labelbox._labelbox.client import connect\n"
        "from deeplake_labelbox._labelbox.exporter import ProjectExporter\n"
        "client = connect(None, endpoint=sys.argv[1])\n"
        "export = ProjectExporter(client, sys.argv[2]).export(sys.argv[3], progress=False)\n"
        "print(ascii(export[0]['data_row']['external_id']))\n"
    )
    env = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program, box.endpoint, project.id, str(path)],
        env={**env, "LABELBOX_API_KEY": box.api_key},
        capture_output=True,
        text=True,
        check=True,
        encoding="ascii",
    )
    assert done.stdout.strip() == ascii(f"{ODD}0.mp4")
    assert ODD in path.read_text(encoding="utf-8")


FAULTS = [
    {"kind": "status", "status": 503},
    {"kind": "status", "status": 403},
    {"kind": "drop"},
    {"kind": "cut", "after_bytes": 100},
    {"kind": "truncate", "after_bytes": 100},
]


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_chunk_that_fails_is_fetched_again(box, exporter, monkeypatch, caplog, fault):
    whole = list(run(exporter))
    monkeypatch.setattr(box.exports, "chunk_size", 1)
    box.faults.add("chunk", times=2, skip=1, **fault)
    assert list(run(exporter)) == whole
    assert caplog.text.count("Trying again") == 2
    assert "?" not in caplog.text


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_chunk_that_keeps_failing(box, exporter, tmp_path, caplog, fault):
    box.faults.add("chunk", times=None, **fault)
    short = fault["kind"] == "truncate"
    error = ExportFailedError if short else LabelboxUnavailableError
    with pytest.raises(error, match=r"A file of export task") as caught:
        run(exporter, tmp_path / "e.ndjson")
    assert "?" not in f"{caught.value}{caplog.text}"
    assert list(tmp_path.iterdir()) == []


def test_downloads_carry_no_key(exporter, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login a password b", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(netrc))
    assert len(run(exporter)) == 5


def test_a_poll_that_fails_is_tried_again(box, exporter, monkeypatch, caplog):
    monkeypatch.setattr("labelbox.schema.task.time.sleep", lambda _: None)
    box.exports.next_polls = 3
    box.faults.add("graphql:GetUserCreatedTasks", "drop", skip=1, times=2)
    assert len(run(exporter)) == 5
    assert caplog.text.count("Trying again") == 2


def test_a_poll_that_keeps_failing(box, exporter, monkeypatch):
    monkeypatch.setattr("labelbox.schema.task.time.sleep", lambda _: None)
    box.exports.next_polls = 100
    box.faults.add("graphql:GetUserCreatedTasks", "drop", skip=1, times=None)
    with pytest.raises(LabelboxUnavailableError, match=r"while waiting for export task"):
        run(exporter)


@pytest.mark.parametrize(
    ("status", "error"), [(401, AuthenticationError), (429, LabelboxUnavailableError)]
)
@pytest.mark.parametrize(
    "operation", ["GetProject", "exportDataRowsInProject", "GetExportFileFromOffset"]
)
def test_refusals_on_the_way(box, exporter, operation, status, error):
    box.faults.add(f"graphql:{operation}", status=status, times=None)
    with pytest.raises(error):
        run(exporter)


def test_a_chunk_that_is_not_there(box, exporter):
    header = {"exportMetadataHeader": {"totalSize": 10**9, "totalLines": "7"}}
    box.faults.add(
        "graphql:GetExportMetadataHeader",
        status=200,
        body=json.dumps({"data": {"task": header}}).encode(),
    )
    with pytest.raises(ExportError, match=r"does not say where byte \d+ of export task"):
        run(exporter)


def test_fewer_rows_than_announced_are_told(box, exporter):
    whole = run(exporter)
    size = whole.path.stat().st_size
    header = {"exportMetadataHeader": {"totalSize": str(size), "totalLines": "7"}}
    box.faults.add(
        "graphql:GetExportMetadataHeader",
        status=200,
        body=json.dumps({"data": {"task": header}}).encode(),
    )
    export = run(exporter)
    assert len(export) == 5
    assert export.export_errors == ({"message": "Labelbox sent 5 of 7 data rows"},)
