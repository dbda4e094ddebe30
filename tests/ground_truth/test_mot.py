"""MOTChallenge text: its variant is recognized or must be given; only bad lines are refused."""

import pytest
from shown_labels import boxes_of

from deeplake_labelbox._formats.frame_numbers import Numbering, VideoLength
from deeplake_labelbox._formats.mot.reader import MotSource
from deeplake_labelbox._formats.sources import ReadOptions
from deeplake_labelbox.errors import AnnotationSourceError

NO_TOOL = lambda _: None  # noqa: E731 - one of many equal arguments

GROUND_TRUTH = """\
1,1,40,19,13,22,1,1,1
2,1,42,19.5,13,22,1,1,0.9
2,2,3,10,20.5,30,1,3,0.5
3,1,44,20,13,22,0,1,1

5,1,48,21,13,22,1,1,1
"""
LINE = "1,1,2,3,4,5,1,1,1"
IGNORED = "1 box left out: marked to be ignored (0 in the seventh column)"


@pytest.fixture
def read(tmp_path):
    """``read(text)``: class, track and frames of the objects of a file, and its findings."""

    def run(text, labels=None, name="gt.txt", **options):
        (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        if labels is not None:
            (tmp_path / "labels.txt").write_text(labels)
        (video,) = MotSource(tmp_path / name, ReadOptions(**options)).videos(NO_TOOL)
        tracks = [(t.class_name, t.track, t.frames.tolist()) for t in video.tracks]
        return tracks, [finding.what for finding in video.findings if not finding.is_note]

    return run


def test_ground_truth_is_imported_box_by_box(imported, labels_of, project, tmp_path):
    file = tmp_path / "one.txt"
    file.write_text(GROUND_TRUTH)
    result = imported(file, mapping={"pedestrian": "car"}, tolerance=0)
    assert len(result.accepted) == 2
    assert [gap.what for gap in result.gaps] == [IGNORED]
    (note,) = result.notes
    assert "no labels.txt; its classes are read as those of MOTChallenge" in note.what
    assert boxes_of(labels_of(project)["one.mp4"][0]) == {
        ("car", 1): [[39, 18, 13, 22]],
        ("car", 2): [[2, 9, 20.5, 30], [41, 18.5, 13, 22]],
        ("car", 5): [[47, 20, 13, 22]],
    }


def test_a_folder_of_sequences(tmp_path):
    for name in ("A", "B"):
        (tmp_path / name / "gt").mkdir(parents=True)
        (tmp_path / name / "gt" / "gt.txt").write_text(GROUND_TRUTH)
    (tmp_path / "B" / "gt" / "labels.txt").write_text("bus\nvan\ntram\n")
    (tmp_path / "A" / "seqinfo.ini").write_text("[Sequence]\nimWidth=640\nimHeight=480\n")
    first, second = MotSource(tmp_path, ReadOptions()).videos(NO_TOOL)
    assert (first.data_row, first.size) == (("A",), (640, 480))
    assert [track.class_name for track in first.tracks] == ["pedestrian", "car"]
    assert second.data_row == ("B",)
    assert [track.class_name for track in second.tracks] == ["bus", "tram"]
    assert second.tracks[0].coordinates[0].tolist() == [39, 18, 13, 22]
    (tmp_path / "train").mkdir()
    for name in ("A", "B"):
        (tmp_path / name).rename(tmp_path / "train" / name)
    splits = MotSource(tmp_path, ReadOptions()).videos(NO_TOOL)
    assert [video.data_row for video in splits] == [("A",), ("B",)]


def test_labels_txt_names_the_classes(read):
    text = "1,1,9,9,5,5,1,2,1\n1,2,9,9,5,5,1,1,0.5\n2,2,9,9,5,5,1,3,0.5\n"
    tracks, findings = read(text, "car\r\ntruck\r\n")
    assert tracks == [("truck", "1", [1]), ("car", "2", [1])]
    (finding,) = findings
    assert finding.startswith("line 3 of gt.txt has class 3, which ")
    assert finding.endswith("labels.txt does not name")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("1,1,2,3,4,5,1,0,1\n1,2,2,3,4,5,1,1,1", "it has class 0"),
        ("1,1,2,3,4,5,1,-1,-1,-1", "it has no classes, but"),
    ],
)
def test_labels_txt_that_does_not_fit(read, text, why):
    with pytest.raises(AnnotationSourceError, match=why):
        read(text, "car\nbus\n")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("1,3,10,20,20,30,,3,1", "column 7 is empty"),
        ("1,3,10,20,20,30,1,,1", "it has no classes"),
        ("1,1,10,20,20,30,0.87,3,1", "column 7 has 0.87"),
        ("1,1,10,20,20,30,1,0,1", "column 8 has 0, which is not a class"),
        ("1,1,10,20,20,30,1,14,1", "column 8 has 14"),
        ("1,1,10,20,20,30,1,2,3", "column 9 has 3, which is not a visibility"),
        ("1,1,10,20,20,30,1,1,", "it has 8 columns"),
        ("1,1,10,20,20,30,1,4,0,1", "it has 10 columns"),
        ("1,1,10,20,20,30,1,3.25,7.5,1", "it has no classes"),
        ("1,1,10,20,20,30,0.9,-1,-1,-1", "it has no classes"),
        ("1,1,10,20,20,30,1", "it has no classes"),
        ("1,1,10,20,20,30", "it has no classes"),
        ("frame,id,x,y,w,h,score,class,occlusion\n" + LINE, "has the column 'occlusion'"),
    ],
)
def test_an_ambiguous_variant_must_be_given(read, text, why):
    with pytest.raises(
        AnnotationSourceError, match=f"{why}.*labels.txt.*source_format.*'visdrone'"
    ):
        read(text)


def test_a_file_named_like_those_of_uavdt_needs_its_variant(read):
    with pytest.raises(AnnotationSourceError, match="its name is that of a UAVDT file"):
        read(LINE, name="M0203_gt_whole.txt")


@pytest.mark.parametrize(
    ("variant", "columns", "name"),
    [
        ("mot17", ",3,1", "car"),
        ("mot17", "0.9,13", "crowd"),
        ("mot15", "0.9,-1,-1,-1", "pedestrian"),
        ("mot15", "1,3.5,2.25,0", "pedestrian"),
        ("visdrone", "1,4,0,2", "car"),
        ("visdrone", "1,10,0,0", "motor"),
        ("uavdt", "1,2,3", "bus"),
        ("uavdt", "0,2,1", "car"),
        ("mot-numbers", "1,7,0.5", "class 7"),
    ],
)
def test_a_variant_that_the_user_names(read, variant, columns, name):
    assert read(f"4,1,10,20,20,30,{columns}", source_format=variant)[0] == [(name, "1", [4])]


def test_the_class_of_a_file_without_classes_is_mapped(imported, labels_of, project, tmp_path):
    file = tmp_path / "det.txt"
    file.write_text("1,-1,11,21,20,30,0.9,-1,-1,-1\n1,-1,31,21,20,30,0.8,-1,-1,-1\n" * 2)
    result = imported(file, mapping={"pedestrian": "car"}, data_rows="one.mp4")
    assert len(result.accepted) == 4
    assert boxes_of(labels_of(project)["one.mp4"][0]) == {
        ("car", 1): [[10, 20, 20, 30], [10, 20, 20, 30], [30, 20, 20, 30], [30, 20, 20, 30]]
    }


def test_detections_without_tracks_are_refused(read):
    lines = "1,-1,10,20,20,30,1,1,1\n2,-1,50,20,20,30,1,1,1\n2,7,50,20,20,30,1,1,1\n"
    assert read(lines)[0] == [
        ("pedestrian", "line 1", [1]),
        ("pedestrian", "line 2", [2]),
        ("pedestrian", "7", [2]),
    ]


@pytest.mark.parametrize(
    "text",
    [
        b"\xef\xbb\xbf" + LINE.encode() + b"\r\n2" + LINE[1:].encode() + b"\r\n",
        (LINE + "\n2" + LINE[1:]).encode("utf-16"),
        b"frame,id,bb_left,bb_top,bb_width,bb_height,conf,class,visibility\n" + LINE.encode()
        + b"\n\n2" + LINE[1:].encode(),
        b"# Frame ID, Track ID, x, y, w, h\n1, 1, 2, 3, 4, 5, 1, 1, 1\n2.0" + LINE[1:].encode(),
        b'"1","1","2","3","4","5","1","1","1"\r' + b"2" + LINE[1:].encode(),
    ],
)  # fmt: skip
def test_what_spreadsheets_and_windows_write(read, text):
    assert read(text) == ([("pedestrian", "1", [1, 2])], [])


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("1 1 10 20 20 30 1 1 1", "separates its columns with spaces"),
        ("1;1;10,5;20,5;20;30;1;1;1", "separates its columns with semicolons"),
        ("1\t1\t10\t20\t20\t30\t1\t1\t1", "separates its columns with tabs"),
        ("0 1 Car 0 0 -1.5 1 2 3 4 1 1 1 1 1 1 0", "labels of KITTI tracking"),
        ("52 1005 1 375 1242 WSV:2d;1O10000O10000", "masks of MOTS"),
        ("id,frame,x,y,w,h\n1,1,2,3,4,5", "The header of .* Bring the columns into this order"),
        ("frame,id,x1,y1,x2,y2\n1,1,2,3,4,5", "The header of"),
        ("0,1,2,3,4,5,1,1,1\n" + LINE, "has frame 0; .* pass `first_number=0`"),
        ("", "it is empty"),
        ("hello\nworld", "line 1 has 1 column"),
        ("1,1,2,3", "line 1 has 4 columns"),
        ("1,1,x,3,4,5,1,1,1", "line 1 has 'x' in column 3, which is not a number"),
        (b"\xff\xd8\xff\xe0", "cannot be read as MOTChallenge text"),
    ],
)
def test_a_file_of_another_format_is_refused(read, text, fault):
    with pytest.raises(AnnotationSourceError, match=fault):
        read(text)


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("1,1,2,3", "has 4 columns"),
        ("1 1 2 3 4 5", "has 1 column"),
        ("1,1,x,3,4,5,1,1,1", "has 'x' in column 3, which is not a number"),
        ("-1,1,2,3,4,5,1,1,1", "has frame -1"),
        ("1.5,1,2,3,4,5,1,1,1", "has frame 1.5"),
        ("1,1,2_0,3,4,5,1,1,1", "has '2_0' in column 3, which is not a number"),
        ("1e30,1,2,3,4,5,1,1,1", "has frame 1e30"),
        ("1,1.5,2,3,4,5,1,1,1", "has id 1.5"),
        ("1,1,nan,3,4,5,1,1,1", "has nan in column 3, which is not finite"),
        ("1,1,2,3,inf,5,1,1,1", "has inf in column 5, which is not finite"),
        ("1,1,2,3,,5,1,1,1", "has nothing in column 5"),
    ],
)
def test_only_the_bad_line_is_refused(read, line, fault):
    tracks, (finding,) = read(f"{LINE}\n{line}\n3{LINE[1:]}\n")
    assert tracks == [("pedestrian", "1", [1, 3])]
    assert finding.startswith(f"line 2 of gt.txt {fault}")


def test_frames_that_count_from_0_or_in_steps(read):
    lines = "0,1,2,3,4,5,1,1,1\n3,1,2,3,4,5,1,1,1\n"
    assert read(lines, numbering=Numbering(first=0))[0][0][2] == [1, 4]
    assert read(lines, numbering=Numbering(step=5, first=0))[0][0][2] == [1, 16]
    tracks, (finding,) = read(lines, numbering=Numbering(first=1))
    assert tracks[0][2] == [3]
    assert finding == "line 1 of gt.txt has frame 0; frames count from 1"


@pytest.mark.parametrize("first", [None, 1])
def test_a_sequence_that_notes_its_frames_keeps_them(tmp_path, first):
    (tmp_path / "gt.txt").write_text(LINE + "\n3" + LINE[1:])
    info = "[Sequence]\nimWidth=64\nimHeight=48\n[Video]\nname=v.mp4\nframes=1-11/5\n"
    (tmp_path / "seqinfo.ini").write_text(info)
    (video,) = MotSource(tmp_path, ReadOptions(numbering=Numbering(first=first))).videos(NO_TOOL)
    assert video.tracks[0].frames.tolist() == [1, 11]


@pytest.mark.parametrize(("length", "is_sure"), [(40, True), (30, True), (20, False), (80, False)])
def test_a_sequence_that_is_half_as_long_as_its_video(tmp_path, length, is_sure):
    (tmp_path / "gt.txt").write_text(LINE)
    (tmp_path / "seqinfo.ini").write_text(
        f"[Sequence]\nseqLength={length}\nimWidth=64\nimHeight=48\n"
    )
    source = MotSource(tmp_path, ReadOptions(video_length=lambda _: VideoLength(40)))
    (video,) = source.videos(NO_TOOL)
    assert bool(video.tracks) == is_sure
    assert ["pass `frame_step`" in refused.reason for refused in video.refused] == [True] * (
        not is_sure
    )


@pytest.mark.parametrize(
    ("rate", "length", "is_sure"),
    [(25, 30, True), (13, 30, True), (5, 30, False), (12.5, 30, False), (5, 40, True)],
)
def test_a_sequence_of_another_rate_than_its_video(tmp_path, rate, length, is_sure):
    (tmp_path / "gt.txt").write_text(LINE)
    (tmp_path / "seqinfo.ini").write_text(
        f"[Sequence]\nframeRate={rate}\nseqLength={length}\nimWidth=64\nimHeight=48\n"
    )
    source = MotSource(tmp_path, ReadOptions(video_length=lambda _: VideoLength(40, 25.0)))
    (video,) = source.videos(NO_TOOL)
    assert bool(video.tracks) == is_sure
    if not is_sure:
        assert f"gives {rate:g} frames per second" in video.refused[0].reason


def test_an_unreadable_seqinfo_is_an_error_of_one_line(tmp_path, caplog):
    (tmp_path / "gt.txt").write_text(LINE)
    (tmp_path / "seqinfo.ini").write_text("no section")
    (video,) = MotSource(tmp_path, ReadOptions()).videos(NO_TOOL)
    assert video.tracks
    (message,) = caplog.messages
    assert "seqinfo.ini cannot be read and is ignored" in message
    assert "\n" not in message


def test_the_flag_of_ground_truth_of_mot15(tmp_path):
    """A detection has a confidence there, which may be 0."""
    path = tmp_path / "one.txt"
    path.write_text("1,4,5,5,9,9,0,-1,-1,-1\n2,4,5,5,9,9,1,-1,-1,-1\n3,-1,5,5,9,9,0,-1,-1,-1\n")
    (video,) = MotSource(path, ReadOptions(source_format="mot15")).videos(NO_TOOL)
    assert [track.frames.tolist() for track in video.tracks] == [[2], [3]]
    assert [finding.what for finding in video.findings] == [IGNORED]


def test_an_empty_labels_txt(read):
    with pytest.raises(AnnotationSourceError, match=r"labels\.txt is empty"):
        read("1,1,2,3,4,5,1,1,1", "")
