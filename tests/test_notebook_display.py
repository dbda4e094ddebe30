"""What objects show of themselves in notebooks."""

import pytest

from deeplake_labelbox import (
    ProjectExport,
    Report,
    VideoOutcome,
    create_dataset_from_video_annotation_project,
    dataset_statistics,
    inspect_export,
    preview,
)
from deeplake_labelbox._notebook_tables import table
from deeplake_labelbox._sync.report import Change, SyncReport

HARM = "<b onclick='x'>"


@pytest.fixture(scope="module")
def made(sample_box, sample_client, tmp_path_factory):
    return create_dataset_from_video_annotation_project(
        f"mem://{tmp_path_factory.mktemp('display').name}",
        sample_box.sample.project_id,
        None,
        lb_client=sample_client,
        progress=False,
    )


def test_an_export_shows_its_project_and_first_data_rows(made):
    _, export = made
    shown = ProjectExport.load(export)._repr_html_()
    for told in ("Street and harbor", "crossing.mp4", export[0]["data_row"]["id"]):
        assert told in shown
    assert "Signature" not in shown
    rows = [
        {**export[0], "data_row": {**export[0]["data_row"], "id": f"row-{n}", "global_key": None}}
        for n in range(25)
    ]
    assert "and 15 more" in ProjectExport.load(rows)._repr_html_()


def test_a_report_shows_videos_and_gaps():
    outcome = VideoOutcome("row", f"{HARM}.mp4", rows=12345, objects={"rectangle": 7})
    outcome.gap(f"the mask {HARM} is missing", 3, 9)
    shown = Report([outcome])._repr_html_()
    assert HARM not in shown
    for told in ("12,345", "7 rectangle", "&lt;b onclick=&#x27;x&#x27;&gt; is missing", "3–9"):  # noqa: RUF001 - of a range
        assert told in shown


def test_an_inspection_shows_videos(made):
    shown = inspect_export(made[1], progress=False)._repr_html_()
    for told in ("crossing.mp4", "h264", "320 x 240", ">48<"):
        assert told in shown


def test_a_sync_report_shows_changes():
    report = SyncReport(
        "p", "Project", "main", changes=(Change("label added", "row", HARM),), rows_added=40
    )
    shown = report._repr_html_()
    assert HARM not in shown
    for told in ("1 label added", ">40<", "&lt;b onclick"):
        assert told in shown
    assert "would be: nothing changed" in SyncReport("p", "P", "main", dry_run=True)._repr_html_()


def test_statistics_and_a_preview_show_a_dataset(made, tmp_path):
    ds, _ = made
    shown = dataset_statistics(ds, progress=False)._repr_html_()
    for told in ("Street and harbor", "112 frames", "harbor.mp4", "not labeled"):
        assert told in shown
    look = preview(ds, frames=2, videos=["harbor.mp4"])
    assert "data:image/jpeg;base64," in look._repr_html_()
    assert look._repr_png_().startswith(b"\x89PNG")
    look.save(tmp_path / "a.png")
    assert (tmp_path / "a.png").is_file()


def test_tables_are_escaped_and_short():
    shown = table((HARM, "b"), [(HARM, 1234.5)] * 40)
    assert HARM not in shown
    assert "1,234.5" in shown
    assert "and 10 more" in shown
    assert shown.count("<tr>") == 32
