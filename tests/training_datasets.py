"""A small dataset with every kind of column that is trained on, whose values are plain to tell.

Video 0 has 6 frames of 20 x 30 pixels, video 1 has 5 of 24 x 16, video 2 has 4 and no label.
"""

from __future__ import annotations

from typing import Any

import deeplake
import numpy as np
from deeplake import types

from deeplake_labelbox._store.columns import ensure_column, write_class_names
from deeplake_labelbox._store.labelbox_meta import LabelboxMeta, VideoEntry
from deeplake_labelbox._video.encodings import encode_png

SIZES = {0: (20, 30), 1: (24, 16), 2: (20, 30)}  # height, width
LENGTHS = {0: 6, 1: 5, 2: 4}
WEATHER = ("sun", "rain")
EVENTS = ("crossing", "honking", "boat")

FRAMES = [(video, frame) for video, length in LENGTHS.items() for frame in range(length)]

_COLUMNS = {
    "car/car": "rectangle",
    "thing": "rectangle",
    "road": "raster-segmentation",
    "zone": "polygon",
}


def picture(video: int, frame: int) -> np.ndarray:
    height, width = SIZES[video]
    noise = np.random.default_rng(100 * video + frame)
    return noise.integers(0, 256, (height, width, 3), dtype=np.uint8)


def make_dataset(path: str, order: list[tuple[int, int]] | None = None) -> deeplake.Dataset:
    """Write the dataset, its rows in the given order of (video, frame)."""
    order = FRAMES if order is None else order
    dataset = deeplake.create(path)
    dataset.add_column("frames", types.Image(sample_compression="png"))
    for name, kind in {"frame_idx": "int32", "video_idx": "int32", "timestamp": "float64"}.items():
        dataset.add_column(name, kind)
    dataset.append(
        {
            "frames": [encode_png(picture(*place)) for place in order],
            "frame_idx": [frame for _, frame in order],
            "video_idx": [video for video, _ in order],
            "timestamp": [frame / 25 for _, frame in order],
        }
    )
    for name, kind in _COLUMNS.items():
        ensure_column(dataset, name, kind)
        ensure_column(dataset, f"{name}_track_ids", "track_ids")
        ensure_column(dataset, f"{name}_key_frames", "key_frames")
    ensure_column(dataset, "thing_labels", "labels")
    ensure_column(dataset, "weather", "choices")
    ensure_column(dataset, "events", "choices")
    write_class_names(dataset, "thing_labels", ("person", "car"))
    write_class_names(dataset, "weather", WEATHER)
    write_class_names(dataset, "events", EVENTS)
    for row, (video, frame) in enumerate(order):
        if video != 2:
            for name, value in cells(video, frame).items():
                dataset[name][row] = value
    entries = tuple(
        VideoEntry(
            data_row_id=f"row {video}",
            video_idx=video,
            name=f"video {video}.mp4",
            status="done",
            rows=LENGTHS[video],
            frame_count=LENGTHS[video],
            height=SIZES[video][0],
            width=SIZES[video][1],
        )
        for video in LENGTHS
    )
    LabelboxMeta("project", "Small", "complete", entries).write(dataset)
    dataset.commit()
    return dataset


def cells(video: int, frame: int) -> dict[str, Any]:
    """What the labels say of a frame.

    car: one in every frame, moving right, drawn in frame 0 only, half out of the picture on the
    left; in frames from 3 on a second one that lies outside. thing: a person in even frames, a car
    in frame 4. road: rows 2 to 4 in every frame, and an empty mask. zone: a triangle in frame 1.
    weather: sun in frames 0 and 1, rain in 2 and 3, nothing after. events: 0 and 2 in odd frames.
    """
    height, width = SIZES[video]
    cars = [[-4 + frame, 5, 8, 6]] + [[width + 5, 2, 4, 4]] * (frame >= 3)
    things = [(0, [2, 3, 4, 5.5])] * (frame % 2 == 0) + [(1, [6, 6, 2, 2])] * (frame == 4)
    road = np.zeros((height, width, 2), dtype=bool)
    road[2:5, 1:10, 0] = True
    zone = [np.array([[1, 1], [9, 1], [1, 9]], dtype=np.float32)] if frame == 1 else None
    empty = np.zeros(0, dtype=np.int32)
    return {
        "car/car": np.array(cars, dtype=np.float32),
        "car/car_track_ids": np.array([10 * video, 10 * video + 1][: len(cars)], dtype=np.int32),
        "car/car_key_frames": np.array([frame == 0] * len(cars)),
        "thing": np.array([box for _, box in things], dtype=np.float32).reshape(-1, 4),
        "thing_labels": np.array([label for label, _ in things], dtype=np.int32),
        "thing_track_ids": np.array([10 * video + 2 + k for k, _ in things], dtype=np.int32),
        "thing_key_frames": np.array([frame == 4] * len(things), dtype=bool),
        "road": road,
        "road_track_ids": np.array([10 * video + 4, 10 * video + 5], dtype=np.int32),
        "road_key_frames": np.array([False, False]),
        "zone": np.zeros((0, 0, 2), dtype=np.float32) if zone is None else zone,
        "zone_track_ids": empty if zone is None else np.array([10 * video + 6], dtype=np.int32),
        "zone_key_frames": np.array([True] * (zone is not None), dtype=bool),
        "weather": np.array([frame // 2] if frame < 4 else [], dtype=np.int32),
        "events": np.array([0, 2] if frame % 2 else [], dtype=np.int32),
    }
