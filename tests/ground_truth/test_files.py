"""Files of other tools: read, imported, and back as they were; what is wrong in them is named."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deeplake_labelbox.errors import AnnotationSourceError
from deeplake_labelbox.ground_truth.importing import import_annotations
from deeplake_labelbox.ground_truth.mot import MotSource
from deeplake_labelbox.ground_truth.rle import decode_rle
from deeplake_labelbox.ground_truth.youtube_vis import YoutubeVisSource
from deeplake_labelbox.project.labels import parse_label
from deeplake_labelbox.timeline.interpolation import moving_coordinates
from deeplake_labelbox.timeline.visibility import visible_frames

NO_TOOL = lambda _: None  # noqa: E731 - one of many equal arguments

MOT_GROUND_TRUTH = """\
1,1,39,18,12,22,1,1,1
2,1,41,18.5,12,22,1,1,0.9
2,2,-19,10,40.5,80,1,3,0.5
3,1,43,19,12,22,0,1,1

5,1,47,20,12,22,1,1,1
"""


def boxes_of(label):
    """Every box that Labelbox shows, by class and frame."""
    found = {}
    for track in parse_label(label).tracks:
        shown = visible_frames(track, 10_000)
        for frame, place in zip(
            shown.frames.tolist(), moving_coordinates(track, shown), strict=True
        ):
            found.setdefault((track.feature.name, frame), []).append(place.round(3).tolist())
    return {key: sorted(places) for key, places in found.items()}


@pytest.fixture
def imported(client, project):
    def run(source, **options):
        return import_annotations(
            source, project.id, None, lb_client=client, progress=False, **options
        )

    return run


def video_of(source, kind_of=NO_TOOL):
    (video,) = source.videos(kind_of)
    return video


def test_mot_is_imported_box_by_box(imported, labels_of, project, tmp_path):
    file = tmp_path / "one.txt"
    file.write_text(MOT_GROUND_TRUTH)
    result = imported(file, mapping={"pedestrian": "car"}, tolerance=0)
    assert len(result.accepted) == 2
    assert [gap.what for gap in result.gaps] == ["boxes are marked as not to be counted (conf 0)"]
    assert [note.what for note in result.notes] == [
        "'car' 2: crosses the edge of the picture; imported as it is"
    ]
    assert boxes_of(labels_of(project)["one.mp4"][0]) == {
        ("car", 1): [[38, 17, 12, 22]],
        ("car", 2): [[-20, 9, 40.5, 80], [40, 17.5, 12, 22]],
        ("car", 5): [[46, 19, 12, 22]],
    }


def test_a_folder_of_mot_sequences(tmp_path):
    for name, text in (("A", MOT_GROUND_TRUTH), ("B", "1,7,1,1,5,5,1,-1,-1,-1\n")):
        (tmp_path / name / "gt").mkdir(parents=True)
        (tmp_path / name / "gt" / "gt.txt").write_text(text)
    (tmp_path / "A" / "seqinfo.ini").write_text("[Sequence]\nimWidth=640\nimHeight=480\n")
    first, second = MotSource(tmp_path).videos(NO_TOOL)
    assert (first.data_row, first.size) == (("A",), (640, 480))
    assert second.data_row == ("B",)
    assert [(t.class_name, t.coordinates.tolist()) for t in second.tracks] == [
        ("pedestrian", [[0, 0, 5, 5]])
    ]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("1,1,2,3", "has 4 columns"),
        ("1,1,x,3,4,5,1,1,1", "a column that is no number"),
        ("0,1,2,3,4,5,1,1,1", "has frame 0"),
        ("1,1,nan,3,4,5,1,1,1", "not finite"),
    ],
)
def test_a_broken_mot_line_is_named(tmp_path, line, fault):
    file = tmp_path / "gt.txt"
    file.write_text(f"1,1,2,3,4,5,1,1,1\n{line}\n")
    with pytest.raises(AnnotationSourceError, match=f"Line 2 of .*gt.txt .*{fault}"):
        list(MotSource(file).videos(NO_TOOL))


def compressed(lengths):
    """Runs as ``rleToString`` of COCO's maskApi.c writes them."""
    text = bytearray()
    for index, length in enumerate(lengths):
        value = length - (lengths[index - 2] if index > 2 else 0)
        more = True
        while more:
            group = value & 0x1F
            value >>= 5
            more = value != -1 if group & 0x10 else value != 0
            text.append((group | 0x20 if more else group) + 48)
    return text.decode("ascii")


def run_lengths(pixels):
    flat = pixels.T.reshape(-1)
    bounds = [0, *(np.flatnonzero(np.diff(flat)) + 1).tolist(), len(flat)]
    lengths = np.diff(bounds).tolist()
    return [0, *lengths] if flat[0] else lengths


@settings(max_examples=80, deadline=None)
@given(
    shape=st.tuples(st.integers(1, 60), st.integers(1, 60)),
    density=st.sampled_from([0.0, 0.02, 0.5, 1.0]),
    seed=st.integers(0, 1000),
)
def test_run_lengths_of_both_spellings(shape, density, seed):
    pixels = np.random.default_rng(seed).random(shape) < density
    lengths = run_lengths(pixels)
    size = list(shape)
    for counts in (lengths, compressed(lengths), compressed(lengths).encode()):
        assert (decode_rle({"size": size, "counts": counts}) == pixels).all()


@pytest.mark.parametrize(
    "rle",
    [
        {"size": [2, 2], "counts": [5]},
        {"size": [2, 2], "counts": [-1, 5]},
        {"size": [2, 2], "counts": "P"},
        {"size": [2, 2], "counts": "\x00"},
        {"size": [2, 2], "counts": "PPPPPPPPPPPPPPPPPP"},
        {"size": [2, 2], "counts": "oooooooooooooooo0"},
        {"size": [10**6, 10**6], "counts": [10**12]},
        {"size": [2], "counts": [4]},
        {"counts": [4]},
        {"size": [2, 2], "counts": [2**70]},
    ],
)
def test_broken_run_lengths(rle):
    with pytest.raises(ValueError, match=r"runs|pixels|size"):
        decode_rle(rle)


def youtube_vis(**annotation):
    pixels = np.zeros((48, 64), dtype=bool)
    pixels[4:20, 8:30] = True
    rle = {"size": [48, 64], "counts": compressed(run_lengths(pixels))}
    return {
        "videos": [
            {
                "id": 1,
                "width": 64,
                "height": 48,
                "length": 3,
                "file_names": ["one/0.jpg", "one/1.jpg", "one/2.jpg"],
            }
        ],
        "categories": [{"id": 4, "name": "road"}],
        "annotations": [
            {
                "id": 9,
                "video_id": 1,
                "category_id": 4,
                "segmentations": [rle, None, [[8, 4, 29, 4, 29, 19, 8, 19]]],
                "bboxes": [[8, 4, 22, 16], None, [8.5, 4, 22, 16]],
                **annotation,
            }
        ],
    }, pixels


def test_youtube_vis_masks(imported, labels_of, project, tmp_path):
    content, pixels = youtube_vis()
    file = tmp_path / "vis.json"
    file.write_text(json.dumps(content))
    video = video_of(YoutubeVisSource(file))
    (track,) = video.tracks
    assert track.frames.tolist() == [1, 3]
    assert all((source() == pixels).all() for source in track.coordinates)
    assert video.data_row == ("one", "1")
    result = imported(file)
    assert [outcome.data_row for outcome in result.accepted] == ["one.mp4"]
    (got,) = parse_label(labels_of(project)["one.mp4"][0]).tracks
    assert visible_frames(got, 40).frames.tolist() == [1, 3]


def test_youtube_vis_boxes_where_the_tool_is_a_rectangle(imported, labels_of, project, tmp_path):
    file = tmp_path / "vis.json"
    file.write_text(json.dumps(youtube_vis()[0]))
    assert len(imported(file, mapping={"road": "car"}).accepted) == 1
    assert boxes_of(labels_of(project)["one.mp4"][0]) == {
        ("car", 1): [[8, 4, 22, 16]],
        ("car", 3): [[8.5, 4, 22, 16]],
    }


def decode_all(source):
    return [[m() for m in t.coordinates] for video in source.videos(NO_TOOL) for t in video.tracks]


@pytest.mark.parametrize(
    ("annotation", "fault"),
    [
        ({"category_id": 5}, r"annotations\[0\] has the category 5"),
        ({"video_id": 2}, "annotates video 2"),
        ({"segmentations": [], "bboxes": [[1, 2, 3]]}, "has a box in frame 1"),
        ({"segmentations": [{"size": [4, 4], "counts": [16]}]}, "4 x 4 pixels in frame 1"),
        ({"segmentations": [{"size": [48, 64], "counts": "0"}]}, "mask in frame 1 that cannot be"),
    ],
)
def test_broken_youtube_vis_is_named(tmp_path, annotation, fault):
    file = tmp_path / "vis.json"
    file.write_text(json.dumps(youtube_vis(**annotation)[0]))
    with pytest.raises(AnnotationSourceError, match=fault):
        decode_all(YoutubeVisSource(file))


def test_the_format_of_a_path_must_be_clear(imported, tmp_path):
    (tmp_path / "labels.dat").write_text("1,1,1,1,1,1")
    with pytest.raises(AnnotationSourceError, match="cannot be told from its ending"):
        imported(tmp_path / "labels.dat")
    with pytest.raises(AnnotationSourceError, match="There is no Deep Lake dataset"):
        imported(tmp_path / "nothing")
    with pytest.raises(AnnotationSourceError, match="no MOTChallenge file"):
        imported(tmp_path)
    named = imported(
        tmp_path / "labels.dat", source_format="mot", mapping={"pedestrian": "car"}, data_rows="one"
    )
    assert len(named.accepted) == 1
