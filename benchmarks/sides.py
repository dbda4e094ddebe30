"""The two sides: what is done with this package, and with the one that ships in deeplake."""

from __future__ import annotations

import functools
import os
from typing import Any

import deeplake

Settings = dict[str, Any]


def ours_frames(settings: Settings) -> deeplake.Dataset:
    """Frames of a project to a dataset, committed."""
    from deeplake_labelbox import create_dataset_from_video_annotation_project  # noqa: PLC0415

    dataset, _ = create_dataset_from_video_annotation_project(
        settings["path"],
        settings["project_id"],
        None,
        lb_client=_client(settings),
        frame_storage=settings.get("storage", "png"),
        progress=False,
        fail_on_error=True,
    )
    return dataset


def theirs_frames(settings: Settings) -> deeplake.Dataset:
    """The same with `deeplake.integrations.labelbox`."""
    from deeplake.integrations.labelbox import (  # noqa: PLC0415
        create_dataset_from_video_annotation_project,
    )

    _patch_client(settings)
    dataset, _ = create_dataset_from_video_annotation_project(
        settings["path"], settings["project_id"], settings["api_key"]
    )
    dataset.commit()
    return dataset


def ours_labels(settings: Settings) -> deeplake.Dataset:
    """Labels of a project onto its frames, committed."""
    from deeplake_labelbox import converter_for_video_project_with_id  # noqa: PLC0415

    converter = converter_for_video_project_with_id(
        settings["project_id"],
        lambda _: deeplake.open(settings["path"]),
        None,
        lb_client=_client(settings),
        group_mapping=settings.get("group_mapping"),
        progress=False,
        fail_on_error=True,
    )
    return converter.dataset_with_applied_annotations()


def theirs_labels(settings: Settings) -> deeplake.Dataset:
    """The same with `deeplake.integrations.labelbox`."""
    from deeplake.integrations.labelbox import converter_for_video_project_with_id  # noqa: PLC0415

    _patch_client(settings)
    os.environ["TQDM_DISABLE"] = "1"
    converter = converter_for_video_project_with_id(
        settings["project_id"],
        lambda _: deeplake.open(settings["path"]),
        settings["api_key"],
        group_mapping=settings.get("group_mapping"),
    )
    dataset = converter.dataset_with_applied_annotations()
    dataset.commit()
    return dataset


SIDES = {
    ("frames", "ours"): ours_frames,
    ("frames", "theirs"): theirs_frames,
    ("labels", "ours"): ours_labels,
    ("labels", "theirs"): theirs_labels,
}


def _client(settings: Settings) -> Any:
    import labelbox  # noqa: PLC0415

    return labelbox.Client(
        api_key=settings["api_key"],
        endpoint=settings["endpoint"],
        rest_endpoint=settings["rest_endpoint"],
    )


def _patch_client(settings: Settings) -> None:
    """It makes its own client, which knows only the real Labelbox."""
    import labelbox  # noqa: PLC0415

    labelbox.Client = functools.partial(
        labelbox.Client, endpoint=settings["endpoint"], rest_endpoint=settings["rest_endpoint"]
    )
