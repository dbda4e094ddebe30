"""ExportFilters and ExportParams: nothing misspelled or impossible reaches Labelbox."""

import dataclasses
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from labelbox import MediaType
from labelbox.schema.export_filters import ProjectExportFilters
from labelbox.schema.export_params import ProjectExportParams

from deeplake_labelbox._labelbox.filters import ExportFilters, ExportParams
from deeplake_labelbox.errors import ConfigurationError

INDIA = timezone(timedelta(hours=5, minutes=30))


def only(filters):
    (part,) = filters.to_sdk()
    return {name: value for name, value in part.items() if value is not None}


def test_every_name_of_the_sdk_is_there():
    filters = {field.name for field in dataclasses.fields(ExportFilters)}
    params = {field.name for field in dataclasses.fields(ExportParams)}
    assert filters == set(ProjectExportFilters.__annotations__) | {
        "data_row_ids",
        "global_keys",
        "last_activity_at",
        "label_created_at",
    }
    assert params == set(ProjectExportParams.__annotations__) | {
        "attachments",
        "data_row_details",
        "embeddings",
        "media_type_override",
        "metadata_fields",
    }


def test_no_filter_is_one_task_without_filters():
    assert only(ExportFilters()) == {}
    assert ExportFilters().describe() == ""


def test_what_is_set_is_sent():
    filters = ExportFilters.from_dict(
        {"global_keys": ["a", "b", "a"], "batch_ids": ("c",), "workflow_status": "InReview"}
    )
    assert only(filters) == {
        "global_keys": ["a", "b"],
        "batch_ids": ["c"],
        "workflow_status": "InReview",
    }
    assert filters.describe() == "global_keys (2), batch_ids (1), workflow_status 'InReview'"


def test_more_ids_than_labelbox_takes_are_split():
    ids = [f"row{i}" for i in range(4_001)]
    parts = list(ExportFilters(data_row_ids=ids, workflow_status="Done").to_sdk())
    assert [len(part["data_row_ids"]) for part in parts] == [2_000, 2_000, 1]
    assert [i for part in parts for i in part["data_row_ids"]] == ids
    assert {part["workflow_status"] for part in parts} == {"Done"}
    both = ExportFilters(global_keys=ids, batch_ids=ids[:2_001])
    assert len(list(both.to_sdk())) == 6


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        (("2024-01-01", "2024-01-31"), ["2024-01-01", "2024-01-31"]),
        (["2024-01-01 10:00:00", None], ["2024-01-01 10:00:00", None]),
        ((None, date(2024, 1, 31)), [None, "2024-01-31"]),
        ((datetime(2024, 1, 1, 10), None), ["2024-01-01 10:00:00", None]),  # noqa: DTZ001 - naive
        (("2023-05-23T14:30:00+0530", None), ["2023-05-23T09:00:00+0000", None]),
        (("2023-05-23T14:30:00Z", None), ["2023-05-23T14:30:00+0000", None]),
        (
            (datetime(2024, 1, 1, 2, tzinfo=INDIA), datetime(2024, 1, 1, tzinfo=UTC)),
            ["2023-12-31T20:30:00+0000", "2024-01-01T00:00:00+0000"],
        ),
    ],
)
@pytest.mark.parametrize("name", ["last_activity_at", "label_created_at"])
def test_dates_are_converted_to_utc_here(name, given, sent):
    assert only(ExportFilters(**{name: given})) == {name: sent}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"workflow_status": "DONE"}, r"none of ToLabel, InReview, .*did you mean 'Done'"),
        ({"workflow_status": "IN_REVIEW"}, "did you mean 'InReview'"),
        ({"data_row_ids": ["a"], "global_keys": ["b"]}, "cannot both be set"),
        ({"data_row_ids": "abc"}, "must be a list of strings, not 'abc'"),
        ({"data_row_ids": []}, "is empty; leave it out"),
        ({"batch_ids": ["a", 1]}, "it has 1"),
        ({"batch_ids": 1}, "must be a list"),
        ({"last_activity_at": "2024-01-01"}, "must be a pair"),
        ({"last_activity_at": ("2024-01-01",)}, "must be a pair"),
        ({"last_activity_at": (None, None)}, "neither start nor end"),
        ({"last_activity_at": ("yesterday", None)}, "'yesterday', which is not a date"),
        ({"last_activity_at": (1, None)}, "has 1; give a datetime"),
        ({"label_created_at": ("2024-02-01", "2024-01-01")}, "ends before it starts"),
        ({"label_created_at": ("2024-01-01", "2024-02-01T00:00:00Z")}, "at one end only"),
        ({"globalkeys": ["a"]}, "'globalkeys' is none of .*did you mean 'global_keys'"),
        ({"zzz": 1}, r"'zzz' is none of the ExportFilters [a-z_, ]+\.$"),
    ],
)
def test_filters_that_cannot_be(values, message):
    with pytest.raises(ConfigurationError, match=message):
        ExportFilters.from_dict(values)


def test_the_default_params_tell_all_that_a_dataset_needs():
    assert ExportParams().to_sdk() == {
        "attachments": True,
        "metadata_fields": True,
        "embeddings": False,
        "data_row_details": True,
        "project_details": True,
        "label_details": True,
        "performance_details": True,
        "interpolated_frames": False,
        "media_type_override": None,
    }


@pytest.mark.parametrize("given", ["Video", "VIDEO", "video", MediaType.Video])
def test_the_media_type_has_many_spellings(given):
    params = ExportParams(media_type_override=given)
    assert params.to_sdk()["media_type_override"] is MediaType.Video


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"label_detail": True}, "'label_detail' is none of .*did you mean 'label_details'"),
        ({"label_details": 1}, "label_details must be True or False, not 1"),
        ({"media_type_override": "Vidoe"}, "'Vidoe' is none of .*did you mean 'Video'"),
        ({"media_type_override": 3}, "3 is none of"),
        ("label_details", "made from a dict, not from a str"),
    ],
)
def test_params_that_cannot_be(values, message):
    with pytest.raises(ConfigurationError, match=message):
        ExportParams.from_dict(values)


@pytest.mark.parametrize("kind", [ExportFilters, ExportParams])
def test_a_misspelled_keyword_is_a_type_error(kind):
    with pytest.raises(TypeError, match="globel_keys"):
        kind(globel_keys=["a"])
