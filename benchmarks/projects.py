"""The projects that are measured, made in a sandbox."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.clips import tiny_clip
from deeplake_labelbox.sandbox import Sandbox

BOXES = {"tools": [{"tool": "rectangle", "name": "car"}], "classifications": []}
MASKS = {"tools": [{"tool": "raster-segmentation", "name": "road"}], "classifications": []}


def frames_project(
    box: Sandbox, clips: list[Path], *, labeled: Sequence[tuple[int, int]] = ((1, 2),)
) -> str:
    """A project of videos with one box each, that is there from one frame to another."""
    project = box.add_project(f"Frames {len(box.projects)}", BOXES)
    for clip in clips:
        row = project.add_video(clip.read_bytes(), external_id=clip.name)
        row.add_label([_box_in(labeled)])
    return project.project_id


def boxes_project(box: Sandbox, folder: Path, *, videos: int, tracks: int, frames: int) -> str:
    """A project with ``videos * tracks * frames`` boxes, with a key frame every ten frames."""
    project = box.add_project("Boxes", BOXES)
    for number in range(videos):
        clip = tiny_clip(folder / f"boxes-{number}.mp4", frames)
        row = project.add_video(clip.read_bytes(), external_id=clip.name)
        row.add_label([box_track(track, frames, 10) for track in range(tracks)])
    return project.project_id


def masks_project(box: Sandbox, folder: Path, *, videos: int, masks: int) -> str:
    """A project with one single mask on every frame, each at a URL of its own."""
    project = box.add_project("Masks", MASKS)
    for number in range(videos):
        clip = tiny_clip(folder / f"masks-{number}.mp4", masks)
        row = project.add_video(clip.read_bytes(), external_id=clip.name)
        frames = [{"index": n + 1, "imBytes": _mask(n)} for n in range(masks)]
        row.add_label(
            [
                {
                    "masks": {
                        "frames": frames,
                        "instances": [{"name": "road", "colorRGB": [255, 0, 0]}],
                    }
                }
            ],
            mask_format="single",
        )
    return project.project_id


def tracks_project(box: Sandbox, folder: Path, *, videos: int, tracks: int, frames: int) -> str:
    """A project of videos without labels, and a MOTChallenge folder of boxes for them.

    The boxes go their ways on smooth curves inside the picture, and tremble by a fifth of a pixel.
    """
    project = box.add_project("Tracks", BOXES)
    random = np.random.default_rng(0)
    time = np.arange(frames)[:, None]
    for number in range(videos):
        sequence = folder / f"video-{number:02}"
        sequence.mkdir(parents=True)
        project.add_video(
            row_data=f"https://videos.test/{sequence.name}.mp4",
            external_id=f"{sequence.name}.mp4",
            media_attributes={"width": 1920, "height": 1080, "frame_count": frames},
        )
        lines = []
        for track in range(1, tracks + 1):
            start, phase = random.uniform(0, (900, 500, 350, 150)), random.uniform(0, 6, 4)
            period, size = random.uniform(40, 120, 4), np.array([200, 100, 15, 30])
            places = start + size * (2 + np.sin(time / period + phase))
            places = np.round(places + random.normal(0, 0.2, places.shape), 2)
            lines += [
                f"{n},{track},{left},{top},{width},{height},1,3,1\n"
                for n, (left, top, width, height) in enumerate(places.tolist(), start=1)
            ]
        (sequence / "gt.txt").write_text("".join(lines))
    return project.project_id


def _box_in(ranges: Sequence[tuple[int, int]]) -> dict[str, Any]:
    place = {"left": 1, "top": 1, "width": 10, "height": 8}
    return {
        "name": "car",
        "segments": [{"keyframes": [{"frame": n, "bbox": place} for n in ends]} for ends in ranges],
    }


def box_track(track: int, frames: int, step: int) -> dict[str, Any]:
    """A box that moves over all frames, with a key frame every ``step``."""
    numbers = sorted({*range(1, frames + 1, step), frames})
    return {
        "name": "car",
        "segments": [
            {
                "keyframes": [
                    {
                        "frame": n,
                        "bbox": {"left": n % 40, "top": track, "width": 10 + n % 3, "height": 8},
                    }
                    for n in numbers
                ]
            }
        ],
    }


def _mask(number: int) -> str:
    pixels = np.zeros((48, 64, 3), np.uint8)
    pixels[number % 40 : number % 40 + 8, 8:40] = (255, 0, 0)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()
