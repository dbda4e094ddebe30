"""Two sets of labels of the same videos, frame by frame."""

import re

import pytest
from sync_projects import ONTOLOGY, car, clip, make, nose, note, person, place, road, weather

from deeplake_labelbox import compare_labels, sync_dataset

EVIL = "<img src=x onerror=alert(1)>|0.mp4"


@pytest.fixture(scope="module")
def relabeled(box, tmp_path_factory):
    """A dataset that a sync changed after the tag ``before``."""
    project = box.add_project("Relabeled", ONTOLOGY)
    rows = [
        project.add_video(clip(first=10 * n), external_id=name)
        for n, name in enumerate((EVIL, "1.mp4", "2.mp4"))
    ]
    rows[0].add_label([car(2), person(5), road(3), weather("sun"), note("hm"), place("town")])
    rows[1].add_label([car(4), road(2)])
    rows[2].add_label([car(1), nose(4)])
    dataset = make(box, project, f"mem://{tmp_path_factory.mktemp('compared').name}")
    dataset.tag("before")
    rows[0].update_label(
        rows[0].labels[0],
        [car(2, "blue"), nose(3), road(8), weather("rain"), note("hm"), place("land")],
    )
    rows[1].update_label(rows[1].labels[0], [car(6), road(2)])
    project.add_video(clip(first=50), external_id="new.mp4").add_label([car(3)])
    sync_dataset(dataset, lb_client=box.client(), progress=False)
    return dataset


def test_versions_are_compared_frame_by_frame_and_the_worst_come_first(relabeled):
    found = compare_labels(relabeled, versions=["before"], progress=False)
    assert (found.first, found.second) == ("before", "current version")
    assert [video.row for video in found.videos] == [
        (EVIL, "6 of 6", 3, 1, 1, 14),
        ("1.mp4", "5 of 6", 0, 0, 5, 4),
        ("2.mp4", "0 of 6", 0, 0, 0, 0),
    ]
    assert found.notes == ("Left out, not labeled in before: new.mp4.",)
    everywhere = "place: town → land"
    answers = f"weather: sun → rain; {everywhere}; car, color: red → blue"
    assert [(change.frames, change.words) for change in found.changes] == [
        ("2", f"removed person; moved road; {answers}"),
        ("3", f"removed person; added nose; {answers}"),
        ("4", f"removed person; {answers}"),
        ("1", answers),
        ("1-4", "moved car; car, plate: plate 4 → plate 6"),
        ("5-6", everywhere),
        ("5", "moved car"),
    ]
    same = compare_labels(relabeled, versions=["main", "main"], progress=False)
    assert not same
    assert same.summary == "No difference in 24 frames of 4 videos"


def test_it_shows_itself_as_markdown_in_notebooks_and_as_a_page(relabeled, tmp_path):
    found = compare_labels(relabeled, versions=["before", "main"], videos=[EVIL], progress=False)
    lines = found.to_markdown(worst=1).splitlines()
    assert lines[0] == "**before** → **main**: Differences in 6 of 6 frames of 1 video."
    assert r"| \<img src=x onerror=alert(1)\>\|0.mp4 | 6 of 6 | 3 | 1 | 1 | 14 |" in lines
    assert lines[-1] == "And 4 more runs of frames."
    found.write_page(tmp_path / "a.html", worst=2, progress=False)
    page = (tmp_path / "a.html").read_text()
    assert len(re.findall(r'<img width="\d+" height="\d+"', page)) == 4
    for shown in (page, found._repr_html_()):
        assert "&lt;img src=x" in shown
        assert "<img src=x" not in shown
