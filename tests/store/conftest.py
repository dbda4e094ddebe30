import pytest
from sample_builds import create

from deeplake_labelbox import converter_for_video_project_with_id


@pytest.fixture(scope="session")
def sample(sample_box, tmp_path_factory):
    """Paths of datasets of the sample project by group mapping, each made once."""
    paths = {}

    def make(**groups):
        key = tuple(sorted(groups.items()))
        if key not in paths:
            path = str(tmp_path_factory.mktemp("store") / "clips")
            ds, export = create(sample_box, path)
            converter_for_video_project_with_id(
                sample_box.sample.id,
                lambda _: ds,
                None,
                group_mapping={kind.replace("_", "-"): name for kind, name in groups.items()},
                lb_client=sample_box.client(),
                project_json=export,
                progress=False,
            ).dataset_with_applied_annotations()
            paths[key] = path
        return paths[key]

    return make
