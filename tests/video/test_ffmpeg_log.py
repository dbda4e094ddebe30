"""A program that has FFmpeg's messages logged decodes damaged videos to their end."""

import subprocess
import sys

import pytest
from video_files import overwrite, write_video

PROGRAM = """
import logging
import sys

import av.logging

from deeplake_labelbox.errors import VideoDecodeError
from deeplake_labelbox._video import FrameExtractor

av.logging.set_level(av.logging.ERROR)
logging.getLogger("libav").setLevel(logging.CRITICAL + 1)
for path in sys.argv[1:]:
    for _ in range(3):
        try:
            with FrameExtractor(path) as extractor:
                for _ in extractor:
                    pass
        except VideoDecodeError:
            print("damaged")
    for _ in range(3):
        with FrameExtractor(path, batch_size=1) as extractor:
            unfinished = iter(extractor)  # is still there when the program ends
            next(unfinished)
"""
SECONDS = 120  # a program that does not hang takes two


@pytest.mark.parametrize(
    ("name", "codec", "options"),
    [
        ("a.ts", "libx264", {}),
        ("a.webm", "libvpx-vp9", {"deadline": "realtime", "cpu-used": "8"}),
    ],
)
def test_messages_of_frame_threads_hang_nothing(tmp_path, name, codec, options):
    paths = []
    for seed in range(2):
        path = write_video(
            tmp_path / f"{seed}{name}", codec=codec, options=options, frames=40, size=(320, 192)
        )
        for place in range(6):
            overwrite(path, 0.2 + 0.12 * place, 200, seed=10 * seed + place)
        paths.append(path)
    ended = subprocess.run(  # noqa: S603 - a program of its own, which may hang
        [sys.executable, "-c", PROGRAM, *map(str, paths)],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert ended.stderr == ""
    assert ended.returncode == 0
    assert ended.stdout.split() == ["damaged"] * 6


UNCLOSED = """
import atexit
import sys

atexit.register(lambda: print(next(frames, "closed")))  # runs after those registered later

from deeplake_labelbox._video import FrameExtractor

frames = iter(FrameExtractor(sys.argv[1], batch_size=1).__enter__())
next(frames)
"""


def test_decoders_that_nobody_closed_end_before_the_interpreter_shuts_down(tmp_path):
    path = write_video(tmp_path / "a.ts", frames=40, size=(320, 192))
    ended = subprocess.run(  # noqa: S603 - a program of its own, which may hang
        [sys.executable, "-c", UNCLOSED, str(path)],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert (ended.stdout, ended.stderr) == ("closed\n", "")
