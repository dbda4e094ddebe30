"""A dataset whose labels predictions are compared with."""

import pytest
from judged_objects import ONTOLOGY, drawn
from video_files import write_video

from deeplake_labelbox import (
    create_dataset,
)


@pytest.fixture(scope="module")
def dataset(box, client, tmp_path_factory):
    """Ada and Bob labeled ``one.mp4``, Ada four pixels apart; only Bob did ``two.mp4``."""
    folder = tmp_path_factory.mktemp("evaluation")
    project = box.add_project("Judged", ONTOLOGY)
    video = write_video(folder / "clip.mp4", frames=4).read_bytes()
    one, two, _ = (
        project.add_video(video, external_id=f"{name}.mp4", global_key=f"{name} of {folder.name}")
        for name in ("one", "two", "empty")
    )
    chosen = one.add_label(drawn(), created_by="bob@x.test")
    one.add_label(drawn(shift=4), created_by="ada@x.test")
    one.selected_label_id = chosen.id
    two.add_label(drawn(), created_by="bob@x.test")
    path = folder / "clips"
    create_dataset(path, project.id, lb_client=client, label_selection="all", progress=False)
    return path
