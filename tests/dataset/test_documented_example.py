"""The example of the Deep Lake documentation, unchanged but for the import and the client.

See https://docs.deeplake.ai, guide "Labelbox integration".
"""

import json

import deeplake
import pytest
from sample_oracle import BASE, MASKS_GROUPED, check_frames, check_labels, contents

from deeplake_labelbox import (
    converter_for_video_project_with_id,
    create_dataset_from_video_annotation_project,
)

LABELBOX_API_KEY = None  # the client has it


def url_presigner(url):
    sas_token = "<your azure token here>"
    # the second value is the headers that will be added to the request
    return url.partition("?")[0] + "?" + sas_token, {}


@pytest.fixture(params=["memory", "local"])
def ds_path(request, tmp_path):
    name = request.node.name.replace("[", "-").replace("]", "")
    return f"mem://{name}" if request.param == "memory" else str(tmp_path / "dataset")


def create(sample_box, sample_client, ds_path):
    ds, project_json = create_dataset_from_video_annotation_project(
        ds_path,
        sample_box.sample.id,
        LABELBOX_API_KEY,
        lb_client=sample_client,
    )

    # commit the dataset
    ds.commit("create dataset")
    return ds, project_json


def test_with_a_branch(sample_box, sample_client, ds_path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    project_id = sample_box.sample.id
    ds, project_json = create(sample_box, sample_client, ds_path)
    given_names = []

    # define the dataset provider
    def ds_provider(p):
        given_names.append(p)
        with open(f"{project_id}_mapping.json", "w") as f:  # noqa: PTH123 - as documented
            json.dump({p: ds_path}, f)
        try:  # noqa: SIM105 - as documented
            # create a new branch , where all the annotations will be stored.
            # the main branch will be intact.
            ds.branch("labelbox")
        except:  # noqa: E722, S110 - as documented
            pass
        return ds.branches["labelbox"].open()

    def apply():
        converter = converter_for_video_project_with_id(
            project_id,
            ds_provider,
            LABELBOX_API_KEY,
            group_mapping={"raster-segmentation": "mask"},
            project_json=project_json,
            lb_client=sample_client,
        )

        # generate the annotations
        ds = converter.dataset_with_applied_annotations()

        # commit the annotations to the dataset
        ds.commit("add labelbox annotations")
        return ds

    annotated = apply()
    check_frames(annotated)
    check_labels(annotated, MASKS_GROUPED)
    first = contents(annotated)

    assert {column.name for column in ds.schema.columns} == set(BASE)
    check_frames(ds)
    assert given_names == [sample_box.sample.name]

    again = apply()
    check_labels(again, MASKS_GROUPED)
    assert contents(again) == first
    if not ds_path.startswith("mem://"):
        reopened = deeplake.open(ds_path)
        assert {column.name for column in reopened.schema.columns} == set(BASE)
        check_frames(reopened)
        check_labels(reopened.branches["labelbox"].open(), MASKS_GROUPED)


def test_without_a_branch(sample_box, sample_client, ds_path):
    ds, project_json = create(sample_box, sample_client, ds_path)

    converter = converter_for_video_project_with_id(
        sample_box.sample.id,
        lambda _: ds,
        LABELBOX_API_KEY,
        group_mapping={"raster-segmentation": "mask"},
        project_json=project_json,
        lb_client=sample_client,
    )
    ds = converter.dataset_with_applied_annotations()
    ds.commit("add labelbox annotations")

    check_frames(ds)
    check_labels(ds, MASKS_GROUPED)
    assert contents(ds) == contents(deeplake.open(ds_path))


def test_with_the_presigner_of_the_example(sample_box, sample_client):
    """Its token is none that the sandbox accepts: public videos work, the private one does not."""
    ds, project_json = create_dataset_from_video_annotation_project(
        "mem://presigner-of-the-example",
        sample_box.sample.id,
        LABELBOX_API_KEY,
        url_presigner=url_presigner,
        lb_client=sample_client,
    )

    lengths = dict.fromkeys(range(len(project_json)), 0)
    for index in ds["video_idx"][:]:
        lengths[int(index)] += 1
    assert list(lengths.values()) == [48, 40, 0]
