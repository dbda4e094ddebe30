"""A look at videos before they are decoded: what it tells, and what it fetches for that."""

import json

import pytest
from faulty_server import Answer, FaultyServer
from sandbox_projects import ONTOLOGY, box_at, car
from urllib3.util.retry import Retry
from video_files import write_video
from video_zoo import ZOO, write_zoo

from deeplake_labelbox import ProjectInspection, inspect_export, inspect_project
from deeplake_labelbox._jobs.inspect import inspect_video
from deeplake_labelbox._video import FrameExtractor, Transport, scan_video
from deeplake_labelbox._video.remote_file import BLOCK
from deeplake_labelbox.errors import (
    ExportFormatError,
    VideoDecodeError,
    VideoNotFoundError,
    VideoUnreachableError,
)


@pytest.fixture(scope="module")
def zoo(tmp_path_factory):
    return write_zoo(tmp_path_factory.mktemp("zoo"))


@pytest.fixture(scope="module")
def found(box, client, zoo):
    project = box.add_project("Inspected zoo", ONTOLOGY)
    for video in ZOO:
        project.add_video(zoo[video.file], external_id=video.file)
    inspection = inspect_project(project.id, lb_client=client, progress=False)
    assert inspection.project_name == "Inspected zoo"
    assert [video.name for video in inspection] == [video.file for video in ZOO]
    return {video.name: video for video in inspection}


@pytest.mark.parametrize("video", ZOO, ids=lambda video: video.file)
def test_remote_and_local_videos_are_told_alike(found, zoo, video):
    inspected = found[video.file]
    try:
        with FrameExtractor(zoo[video.file]) as extractor:
            info = extractor.info
    except VideoDecodeError as error:
        assert inspected.info is None
        assert inspected.will_miss
        (finding,) = inspected.findings
        assert finding.kind == "damaged"
        assert finding.what.endswith(str(error).partition(": ")[2])  # noqa: PT017 - either way
        assert "Signature" not in finding.what
        return
    assert inspected.info == info
    assert inspected.scan == scan_video(zoo[video.file])
    assert inspected.rows == inspected.scan.packets
    if not video.problem:
        assert inspected.rows == len(video.drawn)
        assert not inspected.will_miss


def findings(inspected):
    return {finding.kind: finding.what for finding in inspected.findings}


def test_what_is_odd_is_named(found):
    assert findings(found["b-frames.mp4"]) == {}
    assert "0.026 to 5.047 s" in findings(found["variable.mp4"])["variable rate"]
    assert findings(found["starts-at-9s.mkv"])["start"] == "its first time is 9.000 s"
    assert "4:3" in findings(found["anamorphic.mp4"])["pixels"]
    assert "declares 99 frames and shows 20" in findings(found["declares-99.avi"])["declared count"]
    assert "Labelbox counts 99" in findings(found["declares-99.avi"])["labelbox count"]
    assert "hidden by an edit list" in findings(found["hides-start.mp4"])["declared count"]
    assert "truncated" in findings(found["cut.mkv"])["damaged"]
    assert findings(found["back.mp4"])["times"] == "1 of 20 packets go back in time"
    assert found["rotated-90.mp4"].info.rotation == 90


def test_of_a_remote_mp4_only_the_index_is_fetched(box, client, tmp_path):
    path = write_video(
        tmp_path / "a.mov", codec="rawvideo", pixel_format="rgb24", frames=24, size=(320, 240)
    )
    project = box.add_project("Large", ONTOLOGY)
    project.add_video(path)
    (video,) = inspect_project(project.id, lb_client=client, progress=False)
    assert video.scan == scan_video(path)
    assert 0 < video.fetched_bytes <= 6 * BLOCK < path.stat().st_size / 2


def test_private_videos_are_looked_at_with_the_key(box, client, tmp_path):
    project = box.add_project("Private", ONTOLOGY)
    project.add_video(write_video(tmp_path / "a.mp4"), private=True)
    project.add_video(write_video(tmp_path / "b.mkv"), private=True)
    inspection = inspect_project(project.id, lb_client=client, progress=False)
    assert [video.rows for video in inspection] == [24, 24]
    # Without the key they are forbidden, which is told for each.
    export = inspect_rows(client, project)
    for video in inspect_export(export, progress=False):
        assert findings(video).keys() == {"unreachable"}
        assert "may not be read: the server answers 401" in findings(video)["unreachable"]


def inspect_rows(client, project):
    task = client.get_project(project.id).export()
    task.wait_till_done()
    return [item.json for item in task.get_buffered_stream()]


def test_urls_that_are_not_there_and_schemes_that_nothing_opens(box, client, tmp_path):
    project = box.add_project("Elsewhere", ONTOLOGY)
    project.add_video(row_data=f"{box.url}/nothing.mp4")
    project.add_video(row_data="s3://bucket/a.mp4")
    project.add_video(row_data=str(tmp_path / "missing.mp4"))
    inspection = inspect_project(project.id, lb_client=client, progress=False)
    assert inspection.will_miss
    assert inspection.rows == 0
    assert inspection.estimated_bytes("png") == 0
    whats = [findings(video)["unreachable"] for video in inspection]
    assert "404" in whats[0]
    assert "Pass `url_presigner`" in whats[1]
    assert "does not exist" in whats[2]


def test_labels_beyond_the_last_frame(box, client, tmp_path):
    project = box.add_project("Long labels", ONTOLOGY)
    row = project.add_video(write_video(tmp_path / "a.mp4"))
    row.add_label([car(box_at(1), box_at(20), end=30)])
    inspection = inspect_project(project.id, lb_client=client, progress=False)
    (video,) = inspection
    assert findings(video) == {
        "labels beyond": "labels go from frame 25 to 30, but the video shows 24 frames"
    }
    assert inspection.will_miss


def test_media_attributes_that_differ(box, client, tmp_path):
    project = box.add_project("Attributes", ONTOLOGY)
    attributes = {"width": 64, "height": 96, "frame_rate": 30, "frame_count": 25}
    project.add_video(write_video(tmp_path / "a.mp4"), media_attributes=attributes)
    project.add_video(write_video(tmp_path / "b.mp4"), media_attributes={"width": "wide"})
    wrong, odd = inspect_project(project.id, lb_client=client, progress=False)
    assert findings(wrong) == {
        "labelbox count": "Labelbox counts 25 frames, the file shows 24",
        "labelbox size": "Labelbox says 64 x 96 pixels, the file 96 x 64",
        "labelbox rate": "Labelbox says 30 frames a second, the file 25",
    }
    assert not wrong.will_miss
    assert not odd.will_miss


def test_local_paths_of_a_saved_export_and_estimates(tmp_path):
    path = write_video(tmp_path / "a.mp4")
    row = {"data_row": {"id": "r", "row_data": str(path)}, "projects": {"p": {"labels": []}}}
    inspection = inspect_export([row], "p", progress=False)
    (video,) = inspection
    assert (video.data_row_id, video.rows, video.fetched_bytes) == ("r", 24, None)
    assert inspection.estimated_bytes("png") == round(24 * 96 * 64 * 1.2)
    assert inspection.estimated_bytes("jpg") < inspection.estimated_bytes("png")
    with pytest.raises(ExportFormatError):
        inspect_export([row], "q", progress=False)


def test_the_inspection_is_saved_as_json(found, tmp_path):
    inspection = ProjectInspection("p", "Zoo", tuple(found.values()))
    inspection.save(tmp_path / "a.json")
    saved = json.loads((tmp_path / "a.json").read_text("utf-8"))
    assert saved["rows"] == inspection.rows
    assert saved["will_miss"] is True
    assert len(saved["videos"]) == len(ZOO)
    by_name = {video["name"]: video for video in saved["videos"]}
    assert by_name["anamorphic.mp4"]["info"]["sample_aspect_ratio"] == "4/3"
    assert by_name["variable.mp4"]["scan"]["variable_rate"] is True
    assert by_name["empty.mp4"]["info"] is None


def test_a_server_that_knows_no_ranges_or_fails_in_between(tmp_path):
    body = write_video(tmp_path / "a.mp4").read_bytes()
    fragmented = write_video(
        tmp_path / "b.mp4", container_options={"movflags": "frag_keyframe+empty_moov"}
    ).read_bytes()
    retry = Retry(total=3, backoff_factor=0, status_forcelist=[503])
    with FaultyServer() as server, Transport(retry=retry) as transport:
        url = server.serve("/a.mp4", Answer(status=503), Answer(body, ranges=False))
        info, scan, fetched = inspect_video(url, transport=transport)
        assert (info.width, scan.packets, fetched) == (96, 24, len(body))
        url = server.serve("/b.mp4", Answer(fragmented))
        assert inspect_video(url, transport=transport)[1].packets == 24
        url = server.serve("/c.mp4", Answer(body), Answer(body, cut=100), Answer(body))
        assert inspect_video(url, transport=transport)[1].packets == 24
        gone = server.serve("/d.mp4", Answer(status=410))
        with pytest.raises(VideoNotFoundError, match="410"):
            inspect_video(gone, transport=transport)


def test_the_network_fails_while_the_index_is_read(tmp_path):
    plain = write_video(tmp_path / "b.mp4").read_bytes()
    at = plain.index(b"mdat") - 4
    padding = (1 << 20).to_bytes(4, "big") + b"free" + bytes((1 << 20) - 8)
    moov = plain.rindex(b"moov") - 4
    body = plain[:at] + plain[at:moov] + padding + plain[moov:]
    retry = Retry(total=1, backoff_factor=0, status_forcelist=[503])
    with FaultyServer() as server, Transport(retry=retry) as transport:
        url = server.serve("/a.mp4", Answer(body))
        assert inspect_video(url, transport=transport)[2] < len(body)
        url = server.serve("/a.mp4", Answer(body), Answer(status=503))
        with pytest.raises(VideoUnreachableError, match=r"answers 503 .* after 2 attempts"):
            inspect_video(url, transport=transport)
