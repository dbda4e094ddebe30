"""Metadata of new data rows."""

import pytest
from labelbox.schema.data_row_metadata import DataRowMetadataKind

from deeplake_labelbox import (
    ProjectExporter,
)
from deeplake_labelbox._labelbox.filters import ExportParams
from deeplake_labelbox.errors import (
    ConfigurationError,
)


def test_new_data_rows_get_their_metadata(box, upload, clips):
    schemas = box.client().get_data_row_metadata_ontology()
    schemas.create_schema("camera", DataRowMetadataKind.number)
    given = {str(clips[0]): {"split": "test", "camera": 3}, str(clips[1]): {}}
    made = upload([str(path) for path in clips], lb_metadata=given)
    (line, *_) = ProjectExporter(box.client(), made.project_id).export(
        params=ExportParams(metadata_fields=True), progress=False
    )
    told = {each["schema_name"]: each["value"] for each in line["metadata_fields"]}
    assert told == {"split": "test", "camera": 3}
    other = upload(
        [str(clips[0])],
        lb_project_name="Other",
        lb_dataset_name="Other",
        lb_global_key_generator=lambda path: f"other {len(path)}",
        lb_metadata=lambda path: {"tag": path[-5:]},
    )
    row = box.client().get_data_row(other.data_rows[0].data_row_id)
    assert [(each["name"], each["value"]) for each in row.metadata_fields] == [("tag", "4.mp4")]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"elsewhere.mp4": {"tag": "a"}}, "names 'elsewhere.mp4', which is not one of the videos"),
        (lambda _: {"lens": 1}, "the field 'lens', which the organization does not have; it has"),
        (lambda _: {"split": "half"}, "split = 'half', which cannot be used"),
        (lambda _: {"tag": 3}, "tag = 3, which cannot be used"),
    ],
)
def test_bad_metadata_is_refused_before_anything_is_created(
    upload, clips, given, message, operations
):
    with pytest.raises(ConfigurationError, match=message):
        upload(clips[:1], lb_metadata=given)
    assert not [name for name in operations() if name and "Create" in name]
