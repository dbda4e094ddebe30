"""The two sides: what is done with this package, and with the one that ships in deeplake.

Each function prepares its side, and returns the work that is timed.
"""

from __future__ import annotations

import functools
import importlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.ray_sides import driver, ray_frames, task
from benchmarks.video_sides import READERS

Settings = dict[str, Any]
Work = Callable[[], Any]


def ours_frames(settings: Settings) -> Work:
    """Frames of a project to a dataset, committed."""
    # Both sides are imported, and their client is made, before the clock runs.
    create = importlib.import_module("deeplake_labelbox").create_dataset
    client = _client(settings)

    def work() -> Any:
        report = create(
            settings["path"],
            settings["project_id"],
            lb_client=client,
            frame_storage=settings.get("storage", "png"),
            verify_frames=settings.get("verify_frames", True),
            only_labeled=settings.get("only_labeled", False),
            progress=False,
            fail_on_error=True,
        )
        return report.dataset

    return work


def theirs_frames(settings: Settings) -> Work:
    """The same with `deeplake.integrations.labelbox`."""
    verbs = importlib.import_module("deeplake.integrations.labelbox")
    _patch_client(settings)

    def work() -> Any:
        dataset, _ = verbs.create_dataset_from_video_annotation_project(
            settings["path"], settings["project_id"], settings["api_key"]
        )
        dataset.commit()
        return dataset

    return work


def limit(settings: Settings) -> Work:
    """Decode a file, and encode its frames if a storage is given."""
    video = importlib.import_module("deeplake_labelbox._video")
    storage = settings.get("storage")

    def work() -> Any:
        padded = storage == "jpg"
        with video.FrameExtractor(settings["source"], batch_size=8, padded=padded) as extractor:
            frames = (frame for batch in extractor for frame in batch.frames)
            if storage is None:
                return range(sum(1 for _ in frames))
            encode = video.encode_png
            if padded:
                encoder = importlib.import_module("deeplake_labelbox._video.encoder")
                chroma = encoder.subsampling_of(extractor.info)
                encode = functools.partial(video.encode_jpeg, subsampling=chroma)
            return range(sum(1 for _ in video.encode_frames(frames, encode)))

    return work


def ours_labels(settings: Settings) -> Work:
    """Labels of a project onto its frames, committed; export and ontology are there."""
    import deeplake  # noqa: PLC0415 - imported in the measured process only

    verbs = importlib.import_module("deeplake_labelbox")
    converter = verbs.converter_for_video_project_with_id(
        settings["project_id"],
        lambda _: deeplake.open(settings["path"]),
        None,
        lb_client=_client(settings),
        group_mapping=settings.get("group_mapping"),
        progress=False,
        fail_on_error=True,
    )
    apply: Work = converter.dataset_with_applied_annotations
    return apply


def theirs_labels(settings: Settings) -> Work:
    """The same with `deeplake.integrations.labelbox`."""
    import deeplake  # noqa: PLC0415 - imported in the measured process only

    verbs = importlib.import_module("deeplake.integrations.labelbox")
    _patch_client(settings)
    os.environ["TQDM_DISABLE"] = "1"
    converter = verbs.converter_for_video_project_with_id(
        settings["project_id"],
        lambda _: deeplake.open(settings["path"]),
        settings["api_key"],
        group_mapping=settings.get("group_mapping"),
    )

    def work() -> Any:
        dataset = converter.dataset_with_applied_annotations()
        dataset.commit()
        return dataset

    return work


def ours_import(settings: Settings) -> Work:
    """A MOTChallenge folder into a project, or into an NDJSON file."""
    importing = importlib.import_module("deeplake_labelbox._imports.importing")
    client = _client(settings)
    given = {} if "tolerance" not in settings else {"tolerance": settings["tolerance"]}
    if "dry_run" in settings:
        given["dry_run"] = settings["dry_run"]

    def work() -> Any:
        result = importing.import_annotations(
            settings["source"], settings["project_id"], None, lb_client=client, **given
        )
        if problems := [*result.refused, *result.gaps]:
            raise SystemExit(f"{len(problems)} annotations or videos, the first: {problems[0]}")
        return result.annotations

    return work


def ours_first_frame(settings: Settings) -> Work:
    """Import the package, and decode one frame."""

    def work() -> Any:
        package = importlib.import_module("deeplake_labelbox")
        with package.FrameExtractor(settings["source"], batch_size=1) as extractor:
            return next(iter(extractor)).frames

    return work


def theirs_first_frame(settings: Settings) -> Work:
    """The same with `deeplake.integrations.labelbox`."""

    def work() -> Any:
        package = importlib.import_module("deeplake.integrations.labelbox.labelbox_utils")
        return [next(package.frame_generator_(settings["source"]))[1]]

    return work


def ours_page(settings: Settings) -> Work:
    """The page of a dataset."""
    write = importlib.import_module("deeplake_labelbox").write_preview_page
    folder = Path(settings["path"])
    folder.mkdir()

    def work() -> Any:
        write(settings["dataset"], folder / "page.html", progress=False)
        return range(settings["frames"])

    return work


def ours_opening(settings: Settings) -> Work:
    """Open a dataset for reading."""
    opened = importlib.import_module("deeplake_labelbox").LabeledDataset

    def work() -> Any:
        return opened(settings["path"]).index.rows

    return work


SIDES: dict[tuple[str, str], Callable[[Settings], Work]] = {
    ("page", "ours"): ours_page,
    ("frames", "ours"): ours_frames,
    ("frames", "theirs"): theirs_frames,
    ("labels", "ours"): ours_labels,
    ("labels", "theirs"): theirs_labels,
    ("import", "ours"): ours_import,
    ("limit", "ours"): limit,
    ("first frame", "ours"): ours_first_frame,
    ("first frame", "theirs"): theirs_first_frame,
    ("frames", "Ray"): ray_frames,
    ("driver", "Ray"): driver,
    ("task", "Ray"): task,
    ("opening", "ours"): ours_opening,
    **READERS,
}


def _client(settings: Settings) -> Any:
    labelbox = importlib.import_module("labelbox")
    return labelbox.Client(
        api_key=settings["api_key"],
        endpoint=settings["endpoint"],
        rest_endpoint=settings["rest_endpoint"],
    )


def _patch_client(settings: Settings) -> None:
    """It makes its own client, which knows only the real Labelbox."""
    labelbox: Any = importlib.import_module("labelbox")
    labelbox.Client = functools.partial(
        labelbox.Client, endpoint=settings["endpoint"], rest_endpoint=settings["rest_endpoint"]
    )
