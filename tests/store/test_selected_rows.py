"""Labels are selected once, and found again when their data rows are read again."""

from deeplake_labelbox import ProjectExport
from deeplake_labelbox._store.selected_rows import SelectedRows


def label(number, who, *, skipped=False):
    return {
        "id": f"label-{number}",
        "label_details": {
            "created_by": who,
            "content_last_updated_at": f"2024-05-0{number}T00:00:00Z",
        },
        "performance_details": {"skipped": skipped},
        "annotations": {"frames": {}},
    }


def row(number, labels, winner=None):
    project = {"labels": labels, "project_details": {"selected_label_id": winner}}
    return {
        "data_row": {"id": f"row-{number}", "row_data": f"https://x.test/{number}.mp4"},
        "media_attributes": {"mime_type": "video/mp4"},
        "projects": {"p": project},
    }


ROWS = [
    row(0, []),
    row(1, [label(9, "ada", skipped=True), label(2, "ada"), label(1, "bob")]),
    row(2, [label(3, "ada"), label(5, "bob"), label(4, "ada")], winner="label-3"),
]
IDS = ["row-2", "row-0", "row-1"]


def found(rows):
    return [(each.data_row_id, each.label, dict(each.by_annotator)) for each in rows]


def test_a_part_holds_the_labels_of_the_whole():
    for selection, ids in (
        ("selected", [None, "label-2", "label-3"]),
        ("newest", [None, "label-2", "label-5"]),
        ("all", [None, "label-2", "label-3"]),
    ):
        rows = SelectedRows(ProjectExport.load(ROWS), "p", selection)
        whole = list(rows)
        assert [each.label and each.label["id"] for each in whole] == ids
        assert [each.content.label_id for each in whole] == ids
        part = list(rows.chosen(IDS))
        assert found(part) == found(whole)
        assert all(a.content is b.content for a, b in zip(part, whole, strict=True))
        assert [each.data_row_id for each in rows.chosen(["row-1"])] == ["row-1"]


def test_a_function_may_edit_the_label_that_it_returns():
    """So it is called for each reading: the export on disk holds the label as it was."""

    def select(labels, _):
        if labels:
            labels[0]["annotations"] = {}
        return labels[0] if labels else None

    rows = SelectedRows(ProjectExport.load(ROWS), "p", select)
    whole = list(rows)
    assert found(rows.chosen(IDS)) == found(whole)
    assert whole[1].label["annotations"] == {}
