"""The labels of the sample project on the rows of its dataset, value by value."""

import deeplake
import pytest
from sample_oracle import (
    ALL_GROUPED,
    MASKS_GROUPED,
    UNGROUPED,
    VIDEOS,
    check_frames,
    check_labels,
    contents,
    read,
    rows_of_videos,
)

from deeplake_labelbox import (
    ProjectExporter,
    converter_for_video_project_with_id,
    create_dataset_from_video_annotation_project,
)


@pytest.fixture(scope="module")
def export(sample_box, sample_client):
    return ProjectExporter(sample_client, sample_box.sample.id).export(progress=False)


@pytest.fixture
def dataset(sample_box, sample_client, export, request):
    made, _ = create_dataset_from_video_annotation_project(
        f"mem://{request.node.name}",
        sample_box.sample.id,
        None,
        lb_client=sample_client,
        project_json=export,
        progress=False,
    )
    return made


def annotate(sample_box, sample_client, dataset, export, **options):
    converter = converter_for_video_project_with_id(
        sample_box.sample.id,
        lambda _: dataset,
        None,
        lb_client=sample_client,
        project_json=export,
        progress=False,
        **options,
    )
    return converter.dataset_with_applied_annotations(), converter.report


@pytest.mark.parametrize(
    "expected", [UNGROUPED, MASKS_GROUPED, ALL_GROUPED], ids=["alone", "masks", "all"]
)
def test_every_value_is_what_the_sample_says(sample_box, sample_client, dataset, export, expected):
    annotated, report = annotate(
        sample_box, sample_client, dataset, export, group_mapping=expected.group_mapping
    )

    assert report.gaps == []
    check_frames(annotated)
    check_labels(annotated, expected)


def test_exports_with_and_without_interpolated_frames_give_the_same(sample_box, sample_client):
    exporter = ProjectExporter(sample_client, sample_box.sample.id)
    found = []
    for interpolated in (False, True):
        export = exporter.export(params={"interpolated_frames": interpolated}, progress=False)
        made, _ = create_dataset_from_video_annotation_project(
            f"mem://interpolated-{interpolated}",
            sample_box.sample.id,
            None,
            lb_client=sample_client,
            project_json=export,
            progress=False,
        )
        annotated, report = annotate(
            sample_box, sample_client, made, export, group_mapping=MASKS_GROUPED.group_mapping
        )
        assert report.gaps == []
        check_labels(annotated, MASKS_GROUPED)
        found.append(contents(annotated))

    key_frames_only, every_frame = found
    assert key_frames_only.keys() == every_frame.keys()
    for name, cells in key_frames_only.items():
        assert cells == every_frame[name], name


def test_row_metadata_says_what_the_export_says(sample_box, sample_client, dataset, export):
    annotated, _ = annotate(sample_box, sample_client, dataset, export)

    project = sample_box.sample
    for (video, rows), row in zip(
        rows_of_videos(annotated).items(), project.data_rows, strict=True
    ):
        meta = {
            column.name.removeprefix("lb_meta/"): list(read(annotated, column.name, rows))
            for column in annotated.schema.columns
            if column.name.startswith("lb_meta/")
        }
        constant = {
            "video_name": video.name.rpartition(".")[0] if video.external_id else "video",
            "id": row.id,
            "row_data": row.row_data.partition("?")[0],
            "label_creator": video.created_by if video.labeled else None,
            "label_id": row.selected_label_id,
            "width": video.width,
            "height": video.height,
            "ontology_id": project.ontology_id,
            "project_name": project.name,
            "dataset_name": project.name,
            "global_key": video.global_key,
            "frame_rate": pytest.approx(float(video.frame_rate)),
            "frame_count": video.frame_count,
        }
        numbers = list(range(1, video.frame_count + 1))
        name = constant["video_name"]
        assert meta.pop("frame_number") == numbers
        assert meta.pop("current_frame_name") == [f"{name}_{number:06d}" for number in numbers]
        assert len({*meta.pop("dataset_id")}) == 1
        assert meta.keys() == constant.keys()
        for key, value in constant.items():
            assert meta[key] == [value] * len(rows), (video.name, key)


def test_the_report_counts_what_was_applied(sample_box, sample_client, dataset, export):
    _, report = annotate(sample_box, sample_client, dataset, export)

    kinds = {"car": "rectangle", "person": "rectangle", "lamp": "point", "lane": "line"}
    for video, outcome in zip(VIDEOS, report, strict=True):
        wanted = {}
        for track in video.tracks:
            kind = kinds.get(track.tool, "raster-segmentation")
            frames = sum(end - start + 1 for start, end in track.ranges())
            wanted[kind] = wanted.get(kind, 0) + frames
        assert outcome.labeled == video.labeled
        assert outcome.rows == video.frame_count
        assert outcome.objects == (wanted if video.labeled else {})


@pytest.mark.parametrize(
    ("options", "columns"),
    [
        ({"generate_metadata": False}, set()),
        ({"metadata_prefix": "about"}, {"about/id", "about/frame_rate"}),
        ({"metadata_prefix": None}, {"id", "frame_rate"}),
    ],
    ids=["none", "prefix", "no prefix"],
)
def test_row_metadata_can_be_named_and_left_out(
    sample_box, sample_client, dataset, export, options, columns
):
    before = {column.name for column in dataset.schema.columns}
    annotated, _ = annotate(sample_box, sample_client, dataset, export, **options)

    added = {column.name for column in annotated.schema.columns} - before
    metadata = {name for name in added if name.split("/")[-1] in ("id", "frame_rate")}
    assert metadata == columns


def test_a_second_run_changes_nothing(sample_box, sample_client, dataset, export):
    first, _ = annotate(sample_box, sample_client, dataset, export)
    before = contents(first)
    ids = dict(first["car/car_track_ids"].metadata["feature_ids"])

    second, report = annotate(sample_box, sample_client, first, export)

    assert report.gaps == []
    after = contents(second)
    assert after.keys() == before.keys()
    for name, cells in before.items():
        assert cells == after[name], name
    assert dict(second["car/car_track_ids"].metadata["feature_ids"]) == ids
    check_labels(second, UNGROUPED)


def test_other_groups_leave_columns_behind_and_say_so(
    sample_box, sample_client, dataset, export, caplog
):
    first, _ = annotate(
        sample_box, sample_client, dataset, export, group_mapping=MASKS_GROUPED.group_mapping
    )
    assert caplog.messages == []
    before = {column.name for column in first.schema.columns}
    second, _ = annotate(sample_box, sample_client, first, export)
    (told,) = caplog.messages
    assert "{'raster-segmentation': 'mask'}`; columns that only they have keep their" in told
    assert before < {column.name for column in second.schema.columns}


def test_track_ids_lead_to_the_features_of_labelbox(sample_box, sample_client, dataset, export):
    annotated, _ = annotate(sample_box, sample_client, dataset, export)

    exported = set()
    for row in export:
        for label in row["projects"][sample_box.sample.id]["labels"]:
            for frame in label["annotations"]["frames"].values():
                exported |= {(key, entry["name"]) for key, entry in frame["objects"].items()}
    stored = set()
    for column, tool in [("car/car", "car"), *((t, t) for t in ("person", "boat", "lamp"))]:
        metadata = annotated[f"{column}_track_ids"].metadata
        stored |= {(feature, tool) for feature in dict(metadata["feature_ids"]).values()}
    assert stored == {(key, name) for key, name in exported if name not in ("road", "lane")}


def test_without_a_key_the_ontology_is_read_from_the_export(sample_box, dataset, export):
    """Masks need the key, so they are missing, and the report says so; all else is there."""
    converter = converter_for_video_project_with_id(
        sample_box.sample.id, lambda _: dataset, None, project_json=export, progress=False
    )
    annotated = converter.dataset_with_applied_annotations()

    columns = {column.name for column in annotated.schema.columns}
    assert {"car/car", "car/color", "weather", "weather/rain/intensity", "road"} <= columns
    assert converter.report.gaps
    assert all("mask" in gap.what for gap in converter.report.gaps)
    assert {gap.data_row_id for gap in converter.report.gaps} == {
        row.id
        for row, video in zip(sample_box.sample.data_rows, VIDEOS, strict=True)
        if any(track.mask_color for track in video.tracks)
    }
    for video, rows in rows_of_videos(annotated).items():
        if video.labeled:
            assert not any(mask.any() for mask in read(annotated, "road", rows))


@pytest.mark.parametrize("form", ["sdk", "normalized"])
def test_an_ontology_can_be_given(sample_box, sample_client, dataset, export, form):
    ontology = sample_client.get_project(sample_box.sample.id).ontology()
    annotated, report = annotate(
        sample_box,
        sample_client,
        dataset,
        export,
        lb_ontology=ontology if form == "sdk" else ontology.normalized,
    )

    assert report.gaps == []
    check_labels(annotated, UNGROUPED)


def test_rows_are_found_by_identity(sample_box, sample_client, dataset, export):
    """Deleted rows take their labels with them, and all others keep theirs."""
    gone = [0, 3, 50, len(dataset) - 1]
    for row in reversed(gone):
        dataset.delete(row)
    dataset.commit()
    annotated, report = annotate(sample_box, sample_client, dataset, export)

    whole, _ = create_dataset_from_video_annotation_project(
        "mem://whole-for-identity",
        sample_box.sample.id,
        None,
        lb_client=sample_client,
        project_json=export,
        progress=False,
    )
    whole, _ = annotate(sample_box, sample_client, whole, export)
    reference, found = contents(whole), contents(annotated)
    left = [row for row in range(len(whole)) if row not in gone]
    assert report.gaps == []
    for name, cells in reference.items():
        assert found[name] == [cells[row] for row in left], name


def test_labels_can_go_to_a_branch(sample_box, sample_client, export, tmp_path):
    path = str(tmp_path / "dataset")
    dataset, _ = create_dataset_from_video_annotation_project(
        path,
        sample_box.sample.id,
        None,
        lb_client=sample_client,
        project_json=export,
        progress=False,
    )
    columns = {column.name for column in dataset.schema.columns}
    history = [version.id for version in dataset.history]
    dataset.branch("labels")
    annotate(sample_box, sample_client, dataset.branches["labels"].open(), export)

    main = deeplake.open(path)
    assert {column.name for column in main.schema.columns} == columns
    assert [version.id for version in main.history] == history
    check_frames(main)
    check_labels(main.branches["labels"].open(), UNGROUPED)
