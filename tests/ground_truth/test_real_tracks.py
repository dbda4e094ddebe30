"""Real tracks: the ground truth of TUD-Campus and TUD-Stadtmitte that motmetrics includes."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from deeplake_labelbox._imports.importing import import_annotations
from deeplake_labelbox._labelbox.exporter import ProjectExporter
from deeplake_labelbox._model.interpolation import moving_coordinates
from deeplake_labelbox._model.labels import parse_label
from deeplake_labelbox._model.visibility import visible_frames

_MOTMETRICS = importlib.util.find_spec("motmetrics")  # its files only: importing it takes seconds

pytestmark = pytest.mark.skipif(_MOTMETRICS is None, reason="motmetrics is not installed")


@pytest.mark.parametrize(("name", "frames"), [("TUD-Campus", 71), ("TUD-Stadtmitte", 179)])
@pytest.mark.parametrize("tolerance", [0.0, 0.5, 4.0])
def test_every_box_comes_back(box, client, tmp_path, name, frames, tolerance):
    source = Path(_MOTMETRICS.origin).parent / "data" / name
    rows = np.loadtxt(source / "gt.txt", delimiter=",")
    wanted = {(int(row[0]), int(row[1])): row[2:6] - [1, 1, 0, 0] for row in rows}
    assert any(place[0] < 0 or place[0] + place[2] > 640 for place in wanted.values())
    project = box.add_project(name, {"tools": [{"tool": "rectangle", "name": "person"}]})
    project.add_video(
        row_data=f"https://videos.test/{name}.mp4",
        external_id=f"{name}.mp4",
        media_attributes={"width": 640, "height": 480, "frame_count": frames},
    )
    result = import_annotations(
        source,
        project.id,
        None,
        mapping={"pedestrian": "person"},
        tolerance=tolerance,
        lb_client=client,
        progress=False,
        save_result=tmp_path / "result.json",
    )
    assert len(result.accepted) == len(result.annotations) == len({key[1] for key in wanted})
    (row,) = ProjectExporter(client, project.id).export(progress=False)
    label = parse_label(row["projects"][project.id]["labels"][0])
    got, drawn = {}, 0
    tracks = dict(zip([a.track for a in result.accepted], label.tracks, strict=True))
    for track_id, track in tracks.items():
        shown = visible_frames(track, frames)
        drawn += len(track.frames)
        for frame, place in zip(
            shown.frames.tolist(), moving_coordinates(track, shown), strict=True
        ):
            got[(frame, int(track_id))] = place
    assert got.keys() == wanted.keys()
    errors = [np.abs(got[key] - wanted[key]).max() for key in wanted]
    assert max(errors) <= tolerance + 1e-6
    assert drawn < len(wanted) if tolerance else drawn <= len(wanted)
