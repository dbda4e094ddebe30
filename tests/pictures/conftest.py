import deeplake
import pytest

from deeplake_labelbox import (
    converter_for_video_project_with_id,
    create_dataset_from_video_annotation_project,
)


@pytest.fixture(scope="session")
def sample_frames(sample_box, sample_client):
    """The frames of the sample project, and its export."""
    return create_dataset_from_video_annotation_project(
        "mem://pictures-frames",
        sample_box.sample.project_id,
        None,
        lb_client=sample_client,
        progress=False,
    )


@pytest.fixture(scope="session")
def labelled(sample_box, sample_client):
    """Makes the dataset of the sample project for a group mapping, once each."""
    made = {}

    def make(**groups: str) -> deeplake.Dataset:
        key = tuple(sorted(groups.items()))
        if key not in made:
            project_id = sample_box.sample.project_id
            ds, export = create_dataset_from_video_annotation_project(
                f"mem://pictures-{len(made)}",
                project_id,
                None,
                lb_client=sample_client,
                progress=False,
            )
            made[key] = converter_for_video_project_with_id(
                project_id,
                lambda _: ds,
                None,
                group_mapping={kind.replace("_", "-"): name for kind, name in groups.items()},
                lb_client=sample_client,
                project_json=export,
                progress=False,
            ).dataset_with_applied_annotations()
        return made[key]

    return make
