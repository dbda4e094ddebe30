"""Compare predictions with the labels of a dataset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from deeplake_labelbox._evaluation.comparison import Comparison
from deeplake_labelbox._evaluation.evaluation import Evaluation
from deeplake_labelbox._evaluation.libraries import library
from deeplake_labelbox._evaluation.scores import evaluation_of
from deeplake_labelbox._evaluation.truth import Truth, open_labels
from deeplake_labelbox._formats.frame_numbers import Numbering
from deeplake_labelbox._formats.registry import SourceFormat
from deeplake_labelbox._formats.sources import ReadOptions, Source, open_source
from deeplake_labelbox._store.labeled_dataset import DatasetLike
from deeplake_labelbox.errors import ConfigurationError


def evaluate(
    predictions: Source,
    dataset: DatasetLike,
    *,
    annotator: str | None = None,
    predictions_annotator: str | None = None,
    source_format: SourceFormat | None = None,
    mapping: Mapping[str, str] | None = None,
    data_rows: str | Mapping[str, str] | None = None,
    frame_step: int | None = None,
    first_number: int | None = None,
    classes: Sequence[str] | None = None,
    videos: Sequence[str | int] | None = None,
    worst_frames: int = 10,
    deeplake_creds: Mapping[str, str] | None = None,
    deeplake_token: str | None = None,
    progress: bool = True,
) -> Evaluation:
    """Compare predictions, or the labels of another annotator, with the labels of a dataset.

    Boxes, including those around masks and polygons, are compared in pixels of the video. If both
    sides have masks or polygons, the average precision of masks is reported too. pycocotools
    computes average precision, and motmetrics compares tracks. A prediction without a score gets
    1.0.

    These are left out, and listed in the notes of the result: labeled videos that the predictions
    do not have, videos without a label, frames that the dataset does not have, and frames that the
    predictions have no picture of.

    Args:
        predictions: A source as for `import_annotations`: a dataset or its path, the path of a file
            of another tool, or plain annotations. Scores are read from plain annotations, COCO,
            YouTube-VIS, supervision, the confidences of YOLO and the seventh column of
            MOTChallenge.
        dataset: A dataset made by this package, with labels applied.
        annotator: Annotator whose labels in ``dataset`` to use (``label_selection="all"``); by
            default the shared labels.
        predictions_annotator: Annotator whose labels in ``predictions``, a dataset, to use. To
            measure how far two annotators agree, pass the same dataset twice.
        source_format: See `import_annotations`.
        mapping: Class of the dataset by its name in the predictions; an empty name leaves it out.
        data_rows: Data row (id, global key or external id) by the name of a video in the
            predictions, or one for predictions of one video. By default see `import_annotations`.
        frame_step: See `import_annotations`.
        first_number: See `import_annotations`.
        classes: Classes to compare; by default all that have objects on either side.
        videos: Names, data row ids or ``video_idx`` of the videos to compare. If the predictions
            lack one, all of its objects are missed. By default all labeled videos that the
            predictions have.
        worst_frames: Number of frames with errors to list.
        deeplake_creds: Credentials of the storage of datasets.
        deeplake_token: Token of Deep Lake's cloud.
        progress: Whether to show progress bars.

    Raises:
        ConfigurationError: If an argument cannot be used, pycocotools or motmetrics is not
            installed, or the dataset has no boxes.
        AnnotationSourceError: If the predictions cannot be read, or have no boxes, no video or no
            class of the dataset.
        DatasetError: If a dataset cannot be read.

    Example:
        ```python
        from deeplake_labelbox import Box, LabeledDataset, ObjectAnnotation, evaluate

        clips = LabeledDataset("clips")
        found = [
            ObjectAnnotation(
                data_row="crossing.mp4",
                track=7,
                frame=frame,
                class_name="person",
                geometry=Box(left=20 + frame, top=40, width=12, height=30),
                score=0.8,
            )
            for frame in range(1, 25)
        ]
        result = evaluate(found, clips)
        print(result)
        for errors in result.worst_frames:
            print(errors.video, errors.frame, errors.missed, errors.false)
        ```
    """
    for needed in ("pycocotools.cocoeval", "motmetrics"):
        library(needed)
    if worst_frames < 0:
        raise ConfigurationError(f"`worst_frames` is {worst_frames!r}; give 0 or more frames.")
    truth = Truth(
        open_labels(dataset, annotator, deeplake_creds, deeplake_token),
        data_rows if isinstance(data_rows, Mapping) else None,
        classes,
        videos,
    )
    options = ReadOptions(
        source_format=source_format,
        mapping=mapping or {},
        data_row=data_rows if isinstance(data_rows, str) else None,
        numbering=Numbering.checked(frame_step, first_number),
        video_length=truth.targets.video_length,
        creds=deeplake_creds,
        token=deeplake_token,
    )
    if predictions_annotator is not None:
        if not isinstance(predictions, DatasetLike):
            raise ConfigurationError(
                f"`predictions_annotator` is {predictions_annotator!r}, but the predictions are "
                f"not a dataset; leave it out."
            )
        predictions = open_labels(
            predictions, predictions_annotator, deeplake_creds, deeplake_token
        )
    comparison = Comparison(truth, options.mapping)
    comparison.read(open_source(predictions, options), progress=progress)
    compared = comparison.compare(progress=progress)
    return evaluation_of(compared, comparison.classes, worst_frames, comparison.notes)
