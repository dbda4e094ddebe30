"""Draw the worst frames of an evaluation with their labels and their predictions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image, ImageDraw

from deeplake_labelbox._evaluation.frame_errors import FrameBox, FrameErrors
from deeplake_labelbox._files import check_free_folder, new_folder
from deeplake_labelbox._pictures.colors import BACKGROUND, MUTED, TEXT, Color
from deeplake_labelbox._pictures.frame_annotations import AnnotationReader, ShownObject
from deeplake_labelbox._pictures.overlay import draw_objects
from deeplake_labelbox._pictures.text_layout import Lettering
from deeplake_labelbox._store.labeled_dataset import DatasetLike, LabeledDataset
from deeplake_labelbox._store.location import dataset_errors

_COLORS: Final[Mapping[str, Color]] = {
    "right": (168, 176, 190),
    "missed": (255, 99, 88),
    "false": (255, 190, 61),
    "switched": (77, 163, 255),
}
_SHORT_SIDE: Final = 360
_MAX_SIDE: Final = 1280
_MARGIN: Final = 16
_TAG_SIZE: Final = 14
_TITLE: Final = Lettering(19, bold=True)
_CAPTION: Final = Lettering(16)
_NAME_LENGTH: Final = 80


def draw_frames(
    frames: Sequence[FrameErrors], dataset: DatasetLike, folder: str | Path
) -> list[Path]:
    """Draw frames into a folder; see `Evaluation.draw`."""
    check_free_folder(folder)
    reader = AnnotationReader(LabeledDataset.of(dataset))
    names = []
    with new_folder(folder) as made, dataset_errors("reading frames"):
        for number, errors in enumerate(frames, 1):
            video = re.sub(r"[^\w.-]+", "_", errors.video)[-_NAME_LENGTH:]
            name = f"{number:0{len(str(len(frames)))}}_{video}_frame_{errors.frame}.png"
            _draw(reader, errors).save(made / name)
            names.append(name)
    return [Path(folder) / name for name in names]


def _draw(reader: AnnotationReader, errors: FrameErrors) -> Image.Image:
    """Draw a frame twice, side by side: with its labels, and with its predictions."""
    video = reader.dataset.video(errors.data_row_id)
    frame = reader.picture(int(video.rows[np.searchsorted(video.frames, errors.frame)]))
    factor = min(max(1.0, -(-_SHORT_SIDE // min(frame.size))), _MAX_SIDE / max(frame.size))
    frame = frame.resize(
        (round(frame.width * factor), max(1, round(frame.height * factor))),
        Image.Resampling.LANCZOS,
    )
    height, width = video.source_size or video.size or (frame.height, frame.width)
    scale = (frame.width / width, frame.height / height)
    head = _TITLE.line_height + _CAPTION.line_height + _MARGIN
    size = (2 * frame.width + 3 * _MARGIN, frame.height + head + 2 * _MARGIN)
    sheet = Image.new("RGB", size, BACKGROUND)
    draw = ImageDraw.Draw(sheet)
    title = _TITLE.fit(str(errors), sheet.width - 2 * _MARGIN)
    _TITLE.draw(draw, (_MARGIN, _MARGIN), title, TEXT)
    for name, boxes, left in (
        ("labels", errors.objects, _MARGIN),
        ("predictions", errors.predictions, frame.width + 2 * _MARGIN),
    ):
        _CAPTION.draw(draw, (left, _MARGIN + _TITLE.line_height), name, MUTED)
        sheet.paste(_with_boxes(frame, boxes, scale), (left, head + _MARGIN))
    return sheet


def _with_boxes(
    frame: Image.Image, boxes: Iterable[FrameBox], scale: tuple[float, float]
) -> Image.Image:
    # Errors are drawn last, on top.
    for state in _COLORS:
        shown = [_shown(each) for each in boxes if each.state == state]
        colors = dict.fromkeys((each.class_name for each in shown), _COLORS[state])
        frame = draw_objects(frame, shown, scale, colors, text_size=_TAG_SIZE)
    return frame


def _shown(box: FrameBox) -> ShownObject:
    state = "" if box.state == "right" else f"{box.state} "
    score = "" if box.score is None else f" {box.score:.2f}"
    return ShownObject(
        kind="rectangle",
        class_name=f"{state}{box.class_name}{score}",
        track_id=None,
        is_key_frame=False,
        shape=np.array(box.box),
    )
