"""Datasets of the frames of the sample project, and of small projects."""

from __future__ import annotations

from video_files import write_video

from deeplake_labelbox import create_dataset_from_video_annotation_project

EMPTY_ONTOLOGY = {"tools": [], "classifications": []}


def create(box, path, project_id=None, **options):
    return create_dataset_from_video_annotation_project(
        path,
        project_id or box.sample.id,
        None,
        lb_client=box.client(),
        **{"progress": False, **options},
    )


def videos_fetched(box, since):
    return [
        request.path.rpartition("/")[2]
        for request in box.requests[since:]
        if "/videos/" in request.path
    ]


def new_project(box, tmp_path, *frames, **options):
    project = box.add_project(tmp_path.name, EMPTY_ONTOLOGY)
    for index, count in enumerate(frames):
        path = tmp_path / f"clip-{index}.mp4"
        write_video(path, frames=count, size=(32, 32))
        project.add_video(path, external_id=path.name, **options)
    return project


class FailingList(list):
    """Stops a build after its second video, when this is where its outcomes go."""

    def append(self, outcome):
        super().append(outcome)
        if len(self) == 2:
            raise LookupError
