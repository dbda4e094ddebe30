"""Keys stay with Labelbox, and what comes from outside is refused before it fills the memory."""

import copy
import gzip
import io
import json
import subprocess
import sys

import numpy as np
import pytest
from faulty_server import Answer, FaultyServer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from video_files import write_video

from deeplake_labelbox import (
    ProjectExport,
    ProjectExporter,
    Report,
    converter_for_video_project_with_id,
    create_dataset_from_video_annotation_project,
)
from deeplake_labelbox.errors import DeepLakeLabelboxError, ExportFormatError

SIZE = 32, 24
FRAMES = 4
ONTOLOGY = {
    "tools": [
        {"tool": "rectangle", "name": "car"},
        {"tool": "raster-segmentation", "name": "road"},
    ],
    "classifications": [
        {"type": "text", "name": "note", "scope": "index"},
        {"type": "radio", "name": "place", "options": [{"value": "town"}]},
    ],
}


def png():
    pixels = np.zeros((SIZE[1], SIZE[0], 3), dtype=np.uint8)
    pixels[2:9, 3:20] = 200, 10, 30
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format="PNG")
    return file.getvalue()


@pytest.fixture(scope="module")
def project(box, tmp_path_factory):
    import base64  # noqa: PLC0415 - of this fixture alone

    folder = tmp_path_factory.mktemp("trust")
    project = box.add_project("Trust", ONTOLOGY)
    for name in ("one.mp4", "two.mp4"):
        path = write_video(folder / name, frames=FRAMES, size=SIZE)
        row = project.add_video(path, external_id=name, private=name == "one.mp4")
        car = {"frame": 1, "bbox": {"left": 1, "top": 2, "width": 10, "height": 9}}
        body = base64.b64encode(png()).decode()
        row.add_label(
            [
                {"name": "car", "segments": [{"keyframes": [car], "end": FRAMES}]},
                {
                    "masks": {
                        "frames": [{"index": 1, "imBytes": body}],
                        "instances": [{"name": "road", "colorRGB": [200, 10, 30]}],
                    },
                    "segments": [[1, FRAMES]],
                },
                {"name": "note", "answer": "wet", "frames": [{"start": 1, "end": 2}]},
                {"name": "place", "answer": {"name": "town"}},
            ]
        )
    return project


@pytest.fixture(scope="module")
def exported(box, project):
    return list(ProjectExporter(box.client(), project.id).export(progress=False))


@pytest.fixture(autouse=True)
def _no_faults(box):
    yield
    box.faults.clear()


def run(box, project, name, export=None, *, online=True):
    options = {"project_json": export, "progress": False}
    if online:
        options["lb_client"] = box.client()
    report = Report()
    dataset, export = create_dataset_from_video_annotation_project(
        f"mem://trust-{name}", project.id, None, overwrite=True, report=report, **options
    )
    options["project_json"] = export
    converter = converter_for_video_project_with_id(project.id, lambda _: dataset, None, **options)
    annotated = converter.dataset_with_applied_annotations()
    return annotated, report.merge(converter.report)


# --- the key -------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["video", "mask"])
def test_a_redirect_to_another_host_takes_no_key_along(box, project, what):
    """The video is private, so that it is asked for with the key, and so are masks."""
    since = len(box.requests)
    with FaultyServer() as other:
        url = other.serve("/stolen", Answer(b"nothing"))
        box.faults.add(what, status=302, headers={"Location": url}, times=None)
        _, report = run(box, project, f"redirect-{what}")
        assert other.requests
        for _, headers in other.requests:
            assert "authorization" not in headers
            assert box.api_key not in str(headers)
    if what == "mask":
        asked = [r for r in box.requests[since:] if "mask" in r.path]
        assert asked
        assert all("authorization" in r.headers for r in asked)
    assert report.gaps


def test_masks_and_videos_of_other_hosts_get_no_key(box, project, exported):
    with FaultyServer() as other:
        text = json.dumps(exported).replace(box.url, other.url)
        _, report = run(box, project, "foreign", json.loads(text))
        assert {"video", "mask"} <= {
            word for path in other.paths() for word in ("video", "mask") if word in path
        }
        for _, headers in other.requests:
            assert "authorization" not in headers
    assert report.gaps


def test_saved_exports_have_no_key(box, project, tmp_path):
    """The signature of a row's own URL stays in it: without it the video could not be had."""
    export = ProjectExporter(box.client(), project.id).export(progress=False)
    text = export.save(tmp_path / "saved.ndjson").read_text()
    assert box.api_key not in text
    assert "Signature=" in text
    assert "Bearer" not in text


# --- what is too much ----------------------------------------------------------------------------

PEAK = """
    import sys
    from pathlib import Path
    from deeplake_labelbox._model.annotations import MaskReference
    from deeplake_labelbox._video.masks import MaskReader
    from deeplake_labelbox._video.transport import Transport

    def peak():  # in KiB; that of getrusage begins with the peak of the parent process
        lines = Path("/proc/self/status").read_text().splitlines()
        return int(next(line.split()[1] for line in lines if line.startswith("VmHWM")))

    before = peak()
    with Transport() as transport, MaskReader(transport, threads=4) as reader:
        for url in sys.argv[1:]:
            (found,) = reader.read([[MaskReference(url, None)]], 24, 32)
            assert not found.masks.any()
            print(peak() - before, *found.problems)
"""


def bombs():
    zeros = gzip.compress(bytes(200 << 20), 9)
    for _ in range(1):
        zeros = gzip.compress(zeros, 9)
    large, huge = io.BytesIO(), io.BytesIO()
    Image.new("L", (9_000, 9_000)).save(large, format="PNG")  # below the limit of Pillow
    Image.new("1", (24_000, 24_000)).save(huge, format="PNG")
    return {
        "gzip": Answer(gzip.compress(bytes(200 << 20), 9), headers={"Content-Encoding": "gzip"}),
        "gzip-twice": Answer(zeros, headers={"Content-Encoding": "gzip, gzip"}),
        "many-pixels": Answer(large.getvalue()),
        "more-pixels": Answer(huge.getvalue()),
        "long": Answer(bytes(30 << 20)),
        "declares": Answer(_declaring(10**6, 10**6)),
    }


def _declaring(width, height):
    """A PNG whose header tells a size that it does not have."""
    import struct  # noqa: PLC0415 - of this function alone
    import zlib  # noqa: PLC0415 - the same

    body = bytearray(png())
    struct.pack_into(">II", body, 16, width, height)
    struct.pack_into(">I", body, 29, zlib.crc32(body[12:29]))
    return bytes(body)


@pytest.mark.skipif(sys.platform != "linux", reason="the peak of memory is read from /proc")
def test_bombs_are_refused_in_bounded_memory():
    with FaultyServer() as server:
        made = bombs()
        urls = [server.serve(f"/{name}.png", answer) for name, answer in made.items()]
        script = "\n".join(line.removeprefix("    ") for line in PEAK.splitlines())
        done = subprocess.run(  # noqa: S603 - our own script
            [sys.executable, "-c", script, *urls], check=True, capture_output=True, text=True
        )
    told = [line.partition(" ") for line in done.stdout.splitlines()]
    assert len(told) == len(urls)
    for name, (grown, _, problem) in zip(made, told, strict=True):
        assert problem.startswith("The mask"), name
        assert problem.endswith("."), name
        assert int(grown) < 20 << 10, f"{name}: {int(grown) >> 10} MiB"


def test_exports_that_are_too_much(box, project, exported, tmp_path):
    long, deep = copy.deepcopy(exported), copy.deepcopy(exported)
    long[0]["attachments"] = ["x" * (1 << 20)]
    path = tmp_path / "long.ndjson"
    path.write_text("".join(json.dumps(row) + "\n" for row in long))
    with pytest.raises(ExportFormatError, match="longer than 1000000 bytes"):
        ProjectExport.load(path, max_row_bytes=10**6)
    with pytest.raises(ExportFormatError, match="longer than 1000000 bytes"):
        ProjectExport.load(long, max_row_bytes=10**6)

    line = json.dumps(deep[0])[:-1] + ', "attachments": ' + "[" * 200_000 + "]" * 200_000 + "}"
    path = tmp_path / "deep.ndjson"
    path.write_text(line + "\n")
    with pytest.raises(ExportFormatError) as caught:
        run(box, project, "deep", path, online=False)
    assert len(str(caught.value)) < 500


# --- anything ------------------------------------------------------------------------------------

ODD = st.sampled_from(
    [
        None,
        True,
        -1,
        0,
        1,
        2.5,
        10**30,
        1e308,
        "",
        "x",
        "1",
        "\ud800",
        [],
        {},
        [[]],
        [None],
        {"a": 1},
    ]
)


def paths_of(value, at=()):
    """The places of all values in JSON."""
    yield at
    if isinstance(value, (dict, list)):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from paths_of(inner, (*at, key))


def replaced(rows, at, value, *, remove):
    rows = copy.deepcopy(rows)
    owner = rows
    for key in at[:-1]:
        owner = owner[key]
    if remove:
        del owner[at[-1]]
    else:
        owner[at[-1]] = value
    return rows


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_mutated_exports_end_in_errors_of_our_own(box, project, offline, data):
    rows = offline
    for _ in range(data.draw(st.integers(1, 3), "changes")):
        places = [at for at in paths_of(rows) if at]
        if not places:
            break
        at = data.draw(st.sampled_from(places), "place")
        rows = replaced(
            rows, at, data.draw(ODD, "value"), remove=data.draw(st.booleans(), "remove")
        )
    try:
        dataset, report = run(box, project, "mutated", rows, online=False)
    except DeepLakeLabelboxError:
        pass
    else:
        assert len(dataset) <= 2 * FRAMES
        assert str(report)


@pytest.fixture(scope="module")
def offline(exported, tmp_path_factory):
    """The export with local videos and without masks: nothing is asked of any server."""
    folder = tmp_path_factory.mktemp("offline")
    path = write_video(folder / "clip.mp4", frames=2, size=SIZE)
    rows = copy.deepcopy(exported)
    for row in rows:
        row["data_row"]["row_data"] = str(path)
        for project in row["projects"].values():
            for label in project["labels"]:
                for frame in label["annotations"]["frames"].values():
                    for key in [k for k, v in frame["objects"].items() if "mask" in str(v)]:
                        del frame["objects"][key]
    return rows
