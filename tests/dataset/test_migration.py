"""A dataset that `deeplake.integrations` made: every verb says how it is made anew."""

import deeplake
import labelbox
import pytest
from deeplake.integrations import labelbox as integrations
from typer.testing import CliRunner
from video_files import write_video

import deeplake_labelbox as dl
from deeplake_labelbox import draw_contact_sheet, draw_frame, import_annotations
from deeplake_labelbox._cli.application import app
from deeplake_labelbox.errors import DatasetMismatchError
from deeplake_labelbox.training import to_coco, to_mot

ONTOLOGY = {"tools": [{"tool": "rectangle", "name": "car"}], "classifications": []}


@pytest.fixture(scope="module")
def project(box, tmp_path_factory):
    project = box.add_project("Before", ONTOLOGY)
    path = write_video(tmp_path_factory.mktemp("before") / "a.mp4", frames=4, size=(48, 32))
    project.add_video(path, external_id="a.mp4", global_key=f"a of {project.id}").add_label([])
    return project


@pytest.fixture(scope="module")
def path(box, client, project, tmp_path_factory):
    path = str(tmp_path_factory.mktemp("integrations") / "clips")
    with pytest.MonkeyPatch.context() as patch:
        # It makes a client of its own from the key; it must find the sandbox.
        patch.setattr(labelbox, "Client", lambda **_: client)
        dataset, _ = integrations.create_dataset_from_video_annotation_project(
            path, project.id, box.api_key
        )
    dataset.commit()
    return path


def convert(dataset, project, client):
    return dl.converter_for_video_project_with_id(
        project.id, lambda _: dataset, None, lb_client=client, progress=False
    ).dataset_with_applied_annotations()


def frame_dataset(ds, *_):
    pytest.importorskip("torch")
    from deeplake_labelbox.training import FrameDataset  # noqa: PLC0415 - needs torch

    return FrameDataset(ds)


VERBS = {
    "converter": convert,
    "sync": lambda ds, _, client: dl.sync_dataset(ds, lb_client=client, progress=False),
    "import": lambda ds, project, client: import_annotations(
        ds, project.id, None, lb_client=client, progress=False
    ),
    "statistics": lambda ds, *_: dl.dataset_statistics(ds, progress=False),
    "frame": lambda ds, *_: draw_frame(ds, 0),
    "contact sheet": lambda ds, *_: draw_contact_sheet(ds),
    "page": lambda ds, *_: dl.write_preview(ds, "page.html", progress=False),
    "movie": lambda ds, *_: dl.write_preview(ds, "movie.mp4", progress=False),
    "LabeledDataset": lambda ds, *_: dl.LabeledDataset(ds),
    "FrameDataset": frame_dataset,
    "COCO": lambda ds, *_: to_coco(ds),
    "MOT": lambda ds, *_: to_mot(ds),
    "diff": lambda ds, *_: dl.diff_labels(ds, ds.version, ds.version),
}


@pytest.mark.parametrize("verb", VERBS)
def test_functions_say_that_it_has_to_be_made_anew(verb, path, project, client):
    dataset = deeplake.open(path)
    version = dataset.version
    with pytest.raises(DatasetMismatchError) as told:
        VERBS[verb](dataset, project, client)
    assert "made by deeplake.integrations" in str(told.value)
    assert f"deeplake-labelbox create {project.id} NEW_DATASET" in str(told.value)
    assert deeplake.open(path).version == version


@pytest.mark.parametrize(
    "words",
    [
        ("inspect", "CLIPS"),
        ("annotate", "PROJECT", "CLIPS"),
        ("sync", "CLIPS"),
        ("import", "CLIPS", "PROJECT", "--as", "ground-truth"),
        ("preview", "CLIPS", "-o", "page.html"),
        ("stats", "CLIPS"),
    ],
    ids=lambda words: words[0],
)
def test_commands_say_so_in_one_sentence(words, path, box, project, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {"CLIPS": path, "PROJECT": project.id}
    env = {"LABELBOX_API_KEY": box.api_key, "LABELBOX_ENDPOINT": box.endpoint}
    result = CliRunner().invoke(app, [names.get(word, word) for word in words], env=env)
    assert result.exit_code == 1
    (error,) = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
    assert f"deeplake-labelbox create {project.id} NEW_DATASET" in error
    assert "Traceback" not in result.output
    assert not list(tmp_path.iterdir())


def test_the_project_of_a_dataset_of_ours_is_named(box, client, project, tmp_path):
    path = str(tmp_path / "clips")
    dl.create_dataset_from_video_annotation_project(
        path, project.id, None, lb_client=client, progress=False
    )
    result = CliRunner().invoke(app, ["inspect", path], env={"LABELBOX_API_KEY": box.api_key})
    assert result.exit_code == 1
    assert f"is a Deep Lake dataset of project {project.id}; pass a project id" in result.stderr
