"""Workflow status, metadata and attachments of data rows, as columns on request."""

import json

import pytest
from sandbox_projects import ONTOLOGY, box_at, car
from video_files import write_video

from deeplake_labelbox import (
    ExportParams,
    ProjectExporter,
    converter_for_video_project_with_id,
    create_dataset_from_video_annotation_project,
    sync_dataset,
)
from deeplake_labelbox.errors import ConfigurationError

DETAILS = ("workflow_status", "metadata", "attachments")


@pytest.fixture
def project(box, tmp_path):
    project = box.add_project("Details", ONTOLOGY)
    clip = write_video(tmp_path / "clip.mp4", frames=2)
    given = [
        {"schema_id": "s", "schema_name": "split", "value": [{"schema_name": "test"}]},
        {"schema_id": "t", "schema_name": "lens", "schema_kind": "number", "value": 3.5},
    ]
    attachments = [
        {"type": "IMAGE", "value": "https://files.test/a.png?Signature=secret", "name": "a"},
        {"type": "RAW_TEXT", "value": "why? ask https://me.test/?x=1"},
    ]
    first = project.add_video(clip, metadata_fields=given, attachments=attachments)
    first.add_label([car(box_at(1))])
    project.add_video(clip, workflow_status="TO_LABEL")
    return project


@pytest.fixture
def convert(box, project, request):
    def convert(**options):
        client = box.client()
        dataset, export = create_dataset_from_video_annotation_project(
            f"mem://{request.node.name}",
            project.id,
            None,
            overwrite=True,
            lb_client=client,
            progress=False,
        )
        export = options.pop("export", export)
        converter = converter_for_video_project_with_id(
            project.id, lambda _: dataset, None, project_json=export, lb_client=client,
            progress=False, **options,
        )  # fmt: skip
        return converter.dataset_with_applied_annotations()

    return convert


def told(dataset):
    """The detail columns, one value a video."""
    names = [
        column.name.removeprefix("lb_meta/")
        for column in dataset.schema.columns
        if column.name.startswith(tuple(f"lb_meta/{detail}" for detail in DETAILS))
    ]
    return {name: [dataset[f"lb_meta/{name}"][row] for row in (0, 2)] for name in names}


def test_details_are_written_on_request(convert):
    assert told(convert(row_details=DETAILS)) == {
        "workflow_status": ["DONE", "TO_LABEL"],
        "attachments": [
            json.dumps(
                [
                    {"name": "a", "type": "IMAGE", "value": "https://files.test/a.png"},
                    {"type": "RAW_TEXT", "value": "why? ask https://me.test/?x=1"},
                ]
            ),
            None,
        ],
        "metadata/split": ["test", None],
        "metadata/lens": ["3.5", None],
    }


def test_without_a_request_there_are_none(convert):
    assert told(convert()) == {}


def test_a_sync_keeps_them_in_step(box, convert, project):
    dataset = convert(row_details=["metadata", "workflow_status"])
    client = box.client()
    first, second = project.data_rows
    second.set_workflow_status("IN_REVIEW")
    schemas = client.get_data_row_metadata_ontology()
    client.get_data_row(first.id).update(external_id="renamed.mp4")
    first.set_workflow_status("IN_REWORK")
    tag = schemas.reserved_by_name["tag"].uid
    from labelbox.schema.data_row_metadata import (  # noqa: PLC0415 - slow to import
        DataRowMetadata,
        DataRowMetadataField,
    )

    field = DataRowMetadataField(schema_id=tag, value="night")
    schemas.bulk_upsert([DataRowMetadata(data_row_id=second.id, fields=[field])])
    report = sync_dataset(dataset, lb_client=client, progress=False)
    assert [change.what for change in report.changes] == ["details changed"] * 2
    assert told(dataset) == {
        "workflow_status": ["IN_REWORK", "IN_REVIEW"],
        "metadata/split": ["test", None],
        "metadata/lens": ["3.5", None],
        "metadata/tag": [None, "night"],
    }
    assert not sync_dataset(dataset, lb_client=client, progress=False).committed


def test_details_that_cannot_be_told_are_refused(box, convert, project):
    with pytest.raises(ConfigurationError, match="`row_details` has 'owner'; it takes workflow"):
        convert(row_details=["owner"])
    with pytest.raises(ConfigurationError, match="leave generate_metadata on"):
        convert(row_details=["metadata"], generate_metadata=False)
    bare = ProjectExporter(box.client(), project.id).export(
        params=ExportParams(attachments=False), progress=False
    )
    with pytest.raises(ConfigurationError, match=r"attachments of data rows; export with Export"):
        convert(row_details=["attachments"], export=bare)
