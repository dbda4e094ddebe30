import deeplake
import pytest
from video_files import write_video

from deeplake_labelbox import (
    converter_for_video_project_with_id,
    create_dataset_from_video_annotation_project,
    write_preview_page,
)

EVIL = "</script><script>window.harm = 1</script><img src=x onerror='window.harm = 1'>{{data}}"
EVIL_NAME = "<img src=x onerror='window.harm = 1'>"


@pytest.fixture(scope="session")
def sample_frames(sample_box, sample_client):
    """The frames of the sample project, and its export."""
    return create_dataset_from_video_annotation_project(
        "mem://pictures-frames",
        sample_box.sample.project_id,
        None,
        lb_client=sample_client,
        progress=False,
    )


@pytest.fixture(scope="session")
def labeled(sample_box, sample_client):
    """Makes the dataset of the sample project for a group mapping, once each."""
    made = {}

    def make(**groups: str) -> deeplake.Dataset:
        key = tuple(sorted(groups.items()))
        if key not in made:
            project_id = sample_box.sample.project_id
            ds, export = create_dataset_from_video_annotation_project(
                f"mem://pictures-{len(made)}",
                project_id,
                None,
                lb_client=sample_client,
                progress=False,
            )
            made[key] = converter_for_video_project_with_id(
                project_id,
                lambda _: ds,
                None,
                group_mapping={kind.replace("_", "-"): name for kind, name in groups.items()},
                lb_client=sample_client,
                project_json=export,
                progress=False,
            ).dataset_with_applied_annotations()
        return made[key]

    return make


@pytest.fixture(scope="session")
def page(labeled, tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "page.html"
    written = write_preview_page(labeled(), path, progress=False)
    assert written.bytes == path.stat().st_size
    return path


@pytest.fixture(scope="session")
def evil(box, tmp_path_factory):
    """A dataset in which every text tries to break the page, with its export and report."""
    folder = tmp_path_factory.mktemp("evil")
    ontology = {
        "tools": [{"tool": "rectangle", "name": EVIL_NAME}],
        "classifications": [
            {"type": "text", "name": "note", "scope": "index"},
            {"type": "radio", "name": "place", "options": [{"label": EVIL, "value": EVIL}]},
        ],
    }
    project = box.add_project(f"Evil {EVIL}", ontology)
    row = project.add_video(write_video(folder / "v.mp4", frames=4), external_id=f"{EVIL} v.mp4")
    bbox = {"top": 5, "left": 5, "height": 20, "width": 20}
    row.add_label(
        [
            {"name": EVIL_NAME, "segments": [{"keyframes": [{"frame": 1, "bbox": bbox}]}]},
            {"name": "note", "answer": EVIL, "frames": [{"start": 1, "end": 4}]},
            {"name": "place", "answer": {"name": EVIL}},
        ]
    )
    ds, export = create_dataset_from_video_annotation_project(
        "mem://evil", project.id, None, lb_client=box.client(), progress=False
    )
    converter = converter_for_video_project_with_id(
        project.id,
        lambda _: ds,
        None,
        lb_client=box.client(),
        project_json=export,
        progress=False,
    )
    return converter.dataset_with_applied_annotations(), export, converter.report, EVIL, EVIL_NAME
