import pytest
from hypothesis import given
from hypothesis import strategies as st
from label_json import PATIENT

from deeplake_labelbox._model.selection import select_label
from deeplake_labelbox.errors import ConfigurationError


def row(*labels, winner=None):
    details = {} if winner is None else {"project_details": {"selected_label_id": winner}}
    return {
        "data_row": {"id": "row-1"},
        "projects": {"p": {"labels": list(labels), **details}, "other": {"labels": [made("x")]}},
    }


def made(name, changed=None, *, skipped=False, key="content_last_updated_at"):
    return {
        "id": name,
        "label_details": {} if changed is None else {key: changed},
        "performance_details": {"skipped": skipped},
    }


def selected(data_row, selection="selected"):
    found = select_label(data_row, "p", selection)
    return None if found is None else found["id"]


OLD, NEW = made("old", "2024-01-01T00:00:00+00:00"), made("new", "2024-06-01T00:00:00+00:00")


def test_the_winner_of_labelbox_counts_and_without_one_the_newest():
    assert selected(row(OLD, NEW, winner="old")) == "old"
    assert selected(row(NEW, OLD)) == "new"
    assert selected(row(NEW, OLD, winner="gone")) == "new"


def test_the_newest_counts_whoever_won():
    assert selected(row(NEW, OLD, winner="old"), "newest") == "new"


def test_skipped_labels_never_count():
    skipped = made("skipped", "2025-01-01T00:00:00Z", skipped=True)

    assert selected(row(OLD, skipped, winner="skipped")) == "old"
    assert selected(row(skipped)) is None


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("2024-01-01T00:00:00Z", "2024-01-01T00:00:00.500Z"),
        ("2024-01-01T00:00:00+00:00", "2024-01-01T00:00:00.500+00:00"),
        ("2024-01-01T00:00:00.000Z", "2024-01-01T00:00:01+00:00"),
        ("2024-01-01T09:00:00+09:00", "2024-01-01T00:30:00Z"),
        ("2024-01-01T00:00:00", "2024-01-01T00:00:00.001Z"),
        ("yesterday", "2024-01-01T00:00:00Z"),
        (None, "2024-01-01T00:00:00Z"),
    ],
)
def test_times_are_compared_as_times(earlier, later):
    labels = (made("later", later), made("earlier", earlier))

    assert selected(row(*labels)) == "later"
    assert selected(row(*reversed(labels))) == "later"


def test_without_times_the_last_one_counts():
    assert selected(row({"id": "a"}, {"id": "b"})) == "b"


def test_labels_without_content_dates_are_compared_by_what_they_have():
    created = made("created", "2025-01-01T00:00:00Z", key="created_at")

    assert selected(row(created, NEW)) == "created"


@pytest.mark.parametrize(
    "data_row",
    [{}, {"projects": None}, {"projects": {}}, {"projects": {"p": None}}, row(), row(None, "x", 3)],
)
def test_a_row_without_labels_has_none(data_row):
    assert select_label(data_row, "p") is None


def test_a_function_gets_the_labels_that_are_not_skipped_and_the_row():
    def by_name(labels, data_row):
        assert [label["id"] for label in labels] == ["old", "new"]
        assert data_row["data_row"]["id"] == "row-1"
        return labels[0]

    data_row = row(OLD, made("skipped", skipped=True), NEW)

    assert selected(data_row, by_name) == "old"
    assert selected(data_row, lambda *_: None) is None


def test_a_function_that_returns_no_label_is_refused():
    with pytest.raises(ConfigurationError, match="returned a str"):
        select_label(row(OLD), "p", lambda labels, _: labels[0]["id"])


@pytest.mark.parametrize("selection", ["best", "", None, 3])
def test_other_words_are_refused(selection):
    with pytest.raises(ConfigurationError, match="'selected', 'newest', 'all' or a function"):
        select_label(row(OLD), "p", selection)


KEYS = [
    "p",
    "projects",
    "labels",
    "id",
    "project_details",
    "selected_label_id",
    "performance_details",
    "skipped",
    "label_details",
    "content_last_updated_at",
    "updated_at",
    "created_at",
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.datetimes().map(str),
    lambda children: (
        st.lists(children, max_size=3)
        | st.dictionaries(
            st.sampled_from(KEYS),
            children,
        )
    ),
)


@PATIENT
@given(st.dictionaries(st.just("projects"), st.dictionaries(st.just("p"), JSON)))
def test_random_rows_have_a_label_or_none(data_row):
    found = select_label(data_row, "p")

    assert found is None or isinstance(found, dict)
