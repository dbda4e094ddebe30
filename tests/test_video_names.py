"""Videos of one file name in different folders are shown and chosen by what tells them apart."""

import deeplake
import pytest
from small_exports import SIZE, boxes_telling, data_row, new_path
from typer.testing import CliRunner
from video_files import write_video

import deeplake_labelbox as dl
from deeplake_labelbox import AnnotationOutcome, ImportResult, inspect_export
from deeplake_labelbox._cli.application import app
from deeplake_labelbox._pictures.frame_annotations import AnnotationReader
from deeplake_labelbox._pictures.frame_choice import choose_frames
from deeplake_labelbox._store.videos import videos_of
from deeplake_labelbox._sync.report import Change, SyncReport
from deeplake_labelbox._video_names import distinct_names
from deeplake_labelbox.errors import ConfigurationError
from deeplake_labelbox.report import Gap

NAMES = ("north/a/x.mp4", "south/a/x.mp4", "south/a/y.mp4", "same.mp4", "same.mp4")
SHOWN = ("north/a/x.mp4", "south/a/x.mp4", "y.mp4", "same.mp4 (row-3)", "same.mp4 (row-4)")


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        ((), []),
        (("a/x.mp4",), ["x.mp4"]),
        (("https://h/a/x.mp4", "https://h/b/x.mp4"), ["a/x.mp4", "b/x.mp4"]),
        (("https://h/x.mp4", "https://g/x.mp4"), ["h/x.mp4", "g/x.mp4"]),
        (("x.mp4", "a/x.mp4", "b/a/x.mp4"), ["x.mp4", "a/x.mp4", "b/a/x.mp4"]),
        (("x.mp4", "x.mp4", "a/x.mp4"), ["x.mp4 (0)", "x.mp4 (1)", "a/x.mp4"]),
        (("a/x.mp4/", ""), ["x.mp4", ""]),
    ],
)
def test_the_shortest_ends_that_differ(names, shown):
    assert distinct_names((name, str(number)) for number, name in enumerate(names)) == shown


@pytest.fixture(scope="module")
def export(tmp_path_factory):
    path = write_video(tmp_path_factory.mktemp("names") / "x.mp4", frames=6, size=SIZE)
    return [
        data_row(f"row-{number}", path, boxes_telling(0), external_id=name)
        for number, name in enumerate(NAMES)
    ]


@pytest.fixture(scope="module")
def path(export, tmp_path_factory):
    path = str(tmp_path_factory.mktemp("named") / "clips")
    dl.create_dataset_from_video_annotation_project(
        path, "p", None, project_json=export, progress=False
    )
    return path


@pytest.fixture
def dataset(path):
    return deeplake.open(path)


def test_statistics(dataset):
    found = dl.dataset_statistics(dataset, progress=False)
    assert tuple(video.name for video in found.videos) == SHOWN
    assert all(name in found._repr_html_() for name in SHOWN)


def test_page(dataset, tmp_path):
    dl.write_preview(dataset, tmp_path / "page.html", progress=False)
    page = (tmp_path / "page.html").read_text("utf-8")
    assert all(f'"name":"{name}"' in page for name in SHOWN)


def test_inspection_and_export(export):
    inspection = inspect_export(export, progress=False)
    assert tuple(inspection.short_names) == SHOWN
    assert all(name in inspection._repr_html_() for name in SHOWN)
    assert all(name in dl.ProjectExport.load(export)._repr_html_() for name in SHOWN)


def test_reports(export):
    report = dl.Report()
    rows = [{**row, "data_row": {**row["data_row"], "row_data": "no.mp4"}} for row in export]
    dl.create_dataset_from_video_annotation_project(
        new_path(), "p", None, project_json=rows, progress=False, report=report
    )
    shown = report._repr_html_()
    assert all(shown.count(name) == 2 for name in SHOWN)  # as a video, and with its gap


def test_sync_report():
    changes = [
        Change("label added", f"row-{number}", name, after="1 car")
        for number, name in enumerate(NAMES)
    ]
    gap = Gap("row-3", "same.mp4", "its file is damaged")
    shown = SyncReport("p", "P", "main", tuple(changes), (gap,))._repr_html_()
    assert all(name in shown for name in SHOWN)
    assert shown.count("same.mp4 (row-3)") == 2


def test_contact_sheet(dataset):
    frames = choose_frames(AnnotationReader(dataset), videos_of(dataset), len(NAMES))
    assert tuple(frame.video for video in frames for frame in video) == SHOWN


def test_import_result():
    outcomes = [
        AnnotationOutcome(f"row-{number}", name, "car", "1", "refused", "it is too large")
        for number, name in enumerate(NAMES)
    ]
    result = ImportResult("p", "ground-truth", outcomes)
    assert "5 annotations of 5 data rows" in result.summary
    assert [line.partition(", ")[0] for line in str(result).splitlines()[1:]] == list(SHOWN)


@pytest.mark.parametrize("number", range(len(NAMES)))
def test_each_is_chosen_by_what_is_shown(dataset, number):
    labeled = dl.LabeledDataset(dataset)
    for name in (SHOWN[number], f"row-{number}", number):
        assert labeled.video(name).video_idx == number
        (chosen,) = dl.dataset_statistics(dataset, videos=[str(name)], progress=False).videos
        assert chosen.data_row_id == f"row-{number}"


@pytest.mark.parametrize(
    ("name", "choices"),
    [
        ("x.mp4", "north/a/x.mp4, south/a/x.mp4"),
        ("a/x.mp4", "north/a/x.mp4, south/a/x.mp4"),
        ("same.mp4", "same.mp4 (row-3), same.mp4 (row-4)"),
    ],
)
def test_an_ambiguous_name_is_refused(dataset, path, tmp_path, monkeypatch, name, choices):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigurationError) as told:
        dl.LabeledDataset(dataset).video(name)
    assert choices in str(told.value)
    for command in (("stats",), ("preview", "-o", "page.html"), ("preview", "-o", "movie.mp4")):
        result = CliRunner().invoke(app, [*command, path, "--video", name])
        assert result.exit_code == 1
        assert f"2 videos of the dataset are called '{name}'" in result.stderr
        assert choices in result.stderr
    assert not list(tmp_path.iterdir())


def test_the_command_lines_tables_tell_them_apart(path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    shown = CliRunner().invoke(app, ["stats", path]).stdout
    assert all(name in shown for name in SHOWN)
