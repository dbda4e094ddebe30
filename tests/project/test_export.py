"""ProjectExport: what it reads, how it reads it, and what it refuses."""

import copy
import gc
import json
import pickle
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deeplake_labelbox._labelbox.export import ProjectExport
from deeplake_labelbox._model.rows import project_entry
from deeplake_labelbox.errors import (
    ConfigurationError,
    ExportEmptyError,
    ExportFormatError,
    MediaTypeError,
)


def data_row(number=0, project="p1", **more):
    return {
        "data_row": {"id": f"row{number}", "row_data": f"https://videos.test/{number}.mp4?Sig=s"},
        "media_attributes": {"asset_type": "video", "mime_type": "video/mp4"},
        "projects": {project: {"name": f"Project {project}", "labels": [{"label_kind": "Video"}]}},
        **more,
    }


def write_ndjson(path, rows, *, start=b"", end="\n"):
    text = end.join(json.dumps(row, ensure_ascii=False) for row in rows) + end
    path.write_bytes(start + text.encode())
    return path


@pytest.fixture
def rows():
    return [data_row(i) for i in range(5)]


@pytest.fixture
def saved(tmp_path, rows):
    return write_ndjson(tmp_path / "project.ndjson", rows)


def test_ndjson_is_read_where_it_lies(saved, rows):
    export = ProjectExport.load(saved)
    assert export.path == saved
    assert len(export) == 5
    assert list(export) == rows
    assert [export[i] for i in range(-5, 5)] == rows + rows
    assert export.project_ids == ("p1",)
    assert export.project_name("p1") == "Project p1"
    assert export.export_errors == ()
    assert str(saved) in repr(export)


def test_an_index_outside_is_an_index_error(saved):
    with pytest.raises(IndexError):
        ProjectExport.load(str(saved))[5]


def test_slices_are_exports_over_the_same_file(saved, rows, tmp_path):
    part = ProjectExport.load(saved)[1::2]
    assert isinstance(part, ProjectExport)
    assert list(part) == rows[1::2]
    assert list(part[::-1]) == rows[3::-2]
    part.save(tmp_path / "part.ndjson")
    assert list(ProjectExport.load(tmp_path / "part.ndjson")) == rows[1::2]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\n\n  \n"])
@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf", b"\n\n"])
def test_byte_order_mark_blank_lines_and_windows_line_ends(tmp_path, rows, start, end):
    path = write_ndjson(tmp_path / "e.ndjson", rows, start=start, end=end)
    export = ProjectExport.load(path)
    assert list(export) == rows
    assert export[2] == rows[2]


def test_the_last_line_needs_no_end(tmp_path, rows):
    path = tmp_path / "e.ndjson"
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    assert list(ProjectExport.load(path)) == rows


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf", b" \n"])
def test_json_arrays_are_spooled(tmp_path, rows, start, indent):
    path = tmp_path / "project.json"
    path.write_bytes(start + json.dumps(rows, indent=indent).encode())
    export = ProjectExport.load(path)
    assert export.path != path
    assert list(export) == rows


def test_json_arrays_larger_than_the_buffer(tmp_path):
    rows = [data_row(i, note="ä" * (700_000 * i)) for i in range(4)]
    path = tmp_path / "project.json"
    path.write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
    assert list(ProjectExport.load(path)) == rows


def test_rows_in_memory_are_spooled_and_the_file_goes_with_the_export(rows):
    before = copy.deepcopy(rows)
    export = ProjectExport.load(iter(rows))
    part = export[:2]
    path = export.path
    assert rows == before
    assert list(export) == rows
    del export
    gc.collect()
    assert list(part) == rows[:2]  # a slice keeps the file
    del part
    gc.collect()
    assert not path.parent.exists()


def test_an_export_is_returned_as_it_is(saved):
    export = ProjectExport.load(saved)
    assert ProjectExport.load(export) is export


def test_projects_are_listed_in_order_and_named_by_the_first_row_that_does():
    rows = [data_row(0, "b"), data_row(1, "a")]
    rows[0]["projects"]["b"].pop("name")
    rows[1]["projects"]["b"] = {"name": "B", "labels": []}
    export = ProjectExport.load(rows)
    assert export.project_ids == ("b", "a")
    assert export.project_name("b") == "B"
    with pytest.raises(ExportFormatError, match=r"no data row of project 'c'; it has 'b', 'a'"):
        export.project_name("c")


def test_project_entry():
    row = data_row(3)
    assert project_entry(row, "p1") is row["projects"]["p1"]
    with pytest.raises(ExportFormatError, match=r"row3 is not part of project 'p2'.* has 'p1'"):
        project_entry(row, "p2")


def test_save_replaces_an_older_file_and_leaves_nothing_beside(rows, tmp_path):
    target = tmp_path / "saved.ndjson"
    target.write_text("old", encoding="utf-8")
    export = ProjectExport.load(rows)
    assert export.save(target) == target
    assert list(ProjectExport.load(target)) == rows
    assert sorted(p.name for p in tmp_path.iterdir()) == ["saved.ndjson"]


def test_saving_onto_itself_keeps_it_readable(saved, rows):
    export = ProjectExport.load(saved)
    export.save(saved)
    assert list(export) == rows


@pytest.mark.parametrize("name", ["", "missing/e.ndjson"])
def test_save_says_why_it_cannot_write(saved, tmp_path, name):
    with pytest.raises(ConfigurationError, match=str(tmp_path)):
        ProjectExport.load(saved).save(tmp_path / name)


def test_a_pickled_copy_reads_the_same_file(saved, rows):
    export = ProjectExport.load(saved)
    assert list(pickle.loads(pickle.dumps(export))) == rows  # noqa: S301 - our own bytes
    spooled = ProjectExport.load(rows)
    assert list(pickle.loads(pickle.dumps(spooled))) == rows  # noqa: S301 - our own bytes


def test_many_threads_read_at_once(saved, rows):
    export = ProjectExport.load(saved)
    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda i: export[i % 5], range(200)))
    assert got == rows * 40


def test_a_file_that_changes_underneath_is_noticed(saved, rows):
    export = ProjectExport.load(saved)
    write_ndjson(saved, rows[:2])
    with pytest.raises(ExportFormatError, match="has changed since it was opened; load it again"):
        export[0]
    saved.unlink()
    with pytest.raises(ExportFormatError, match="no longer there"):
        list(export)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"<!DOCTYPE html><html></html>", "looks like HTML"),
        (b"\x1f\x8b\x08\x00rest", "is compressed"),
        (b"PK\x03\x04rest", "is compressed"),
        ("{}".encode("utf-16"), "UTF-16"),
        (b"\x89PNG\r\n\x1a\n", "does not begin with JSON"),
        (b"hello", "does not begin with JSON"),
        (b"{", "Line 1 of e.ndjson is not JSON"),
        (b'{"a": 1}', r"Line 1 of e.ndjson is an object with the keys 'a'; .*'data_row'"),
        (b"{}", "Line 1 of e.ndjson is an empty object"),
        (b'{"data_row": {}, "projects": {}}', r"has no 'data_row.id'"),
        (b'{"data_row": {"id": "a"}, "projects": {}}', r"has no 'data_row.row_data'"),
        (b'{"data_row": 1, "projects": {}}', "'data_row' and 'projects'"),
        (b'{"data_row":{"id":"a","row_data":"b"},"projects":{"p":1}}', "no list of labels"),
        (b'{"a": "\xff"}', "Line 1 of e.ndjson is not UTF-8"),
        (b'{"a": ' + b"[" * 200_000, "nested deeper"),
        (b'{"a": ' + b"1" * 5_000 + b"}", "an object with the keys 'a'"),
        (b"[1]", "values that are not objects"),
        (b'[{"a": 1}]', "Line 1 of e.ndjson is an object with the keys 'a'"),
        (b'[{"a": ', "is not JSON"),
        (b'[{"a": nope, "b": "' + b"x" * 100 + b'"}]', "is not JSON"),
        (b'[{"a": "\xff"}]', "is not UTF-8"),
        (b'[{"a": ' + b"[" * 200_000, "nested deeper"),
    ],
)
def test_what_is_no_export(tmp_path, content, message):
    path = tmp_path / "e.ndjson"
    path.write_bytes(content)
    with pytest.raises(ExportFormatError, match=message):
        ProjectExport.load(path)


@pytest.mark.parametrize(
    ("cut", "message"),
    [
        (lambda text: text[:-1], "it ends at line 9"),
        (lambda text: text + "1", "content after its JSON array, at line 9"),
        (lambda text: text.replace("},\n", "}\n"), "continues without a comma at line"),
        (lambda text: text.replace("\n]", ",\n]"), "values that are not objects"),
    ],
)
def test_damaged_arrays_name_the_line(tmp_path, rows, cut, message):
    text = "[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n\n\n]"
    path = tmp_path / "e.json"
    path.write_text(cut(text), encoding="utf-8")
    with pytest.raises(ExportFormatError, match=message):
        ProjectExport.load(path)


def test_a_cut_file_names_the_line(saved):
    saved.write_bytes(saved.read_bytes()[:-20])
    with pytest.raises(ExportFormatError, match=r"Line 5 of project.ndjson is not JSON"):
        ProjectExport.load(saved)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("no/such/file.ndjson", "no file at 'no/such/file.ndjson'"),
        ("x" * 5000, "no file at"),
        ("a\0b", "no file at"),
        ('[{"data_row": 1}]', "passed as JSON text"),
        (b"abc", "cannot be a bytes"),
        ({"data_row": 1}, "cannot be a dict"),
        (None, "cannot be a NoneType"),
        (["abc"], "Item 0 of the list of data rows is a string"),
        ([data_row(0), None], "Item 1 of the list of data rows"),
        ([data_row(0, when=object())], "cannot be written as JSON"),
        ([{**data_row(0), "projects": {1: {}}}], "project id 1, which is not a string"),
    ],
)
def test_what_cannot_be_loaded(source, message):
    with pytest.raises(ExportFormatError, match=message):
        ProjectExport.load(source)


def test_a_folder_is_no_export(tmp_path):
    with pytest.raises(ExportFormatError, match="There is a folder at"):
        ProjectExport.load(tmp_path)


def test_a_url_is_refused_without_being_repeated():
    with pytest.raises(ExportFormatError, match="download the file first") as caught:
        ProjectExport.load("https://files.test/e.ndjson?Signature=secret")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"\n \n", b"[]", b"\xef\xbb\xbf[ ]\n"])
def test_an_export_without_rows_is_empty(tmp_path, content):
    path = tmp_path / "e.ndjson"
    path.write_bytes(content)
    with pytest.raises(ExportEmptyError, match=r"e.ndjson has no data rows"):
        ProjectExport.load(path)
    with pytest.raises(ExportEmptyError):
        ProjectExport.load([])


def test_a_data_row_that_is_there_twice_is_refused(rows):
    with pytest.raises(ExportFormatError, match=r"row0 occurs twice: item 0 .* and item 5"):
        ProjectExport.load([*rows, rows[0]])


def test_rows_longer_than_the_limit_are_refused(saved, rows, tmp_path):
    longest = max(len(line) for line in saved.read_bytes().splitlines())
    assert len(ProjectExport.load(saved, max_row_bytes=longest)) == 5
    with pytest.raises(ExportFormatError, match=f"longer than {longest - 1} bytes"):
        ProjectExport.load(saved, max_row_bytes=longest - 1)
    with pytest.raises(ExportFormatError, match="longer than 10 bytes"):
        ProjectExport.load(rows, max_row_bytes=10)
    array = tmp_path / "e.json"
    array.write_text(json.dumps([data_row(0, note="x" * 2**21)]), encoding="utf-8")
    with pytest.raises(ExportFormatError, match="longer than 1000 bytes"):
        ProjectExport.load(array, max_row_bytes=1000)


@pytest.mark.parametrize(
    "change",
    [
        {"media_attributes": {"asset_type": "image"}},
        {"media_attributes": {"mime_type": "image/png"}},
        {
            "media_attributes": None,
            "projects": {"p1": {"labels": [{"label_kind": "Default", "annotations": {}}]}},
        },
    ],
)
def test_image_projects_are_named_as_such(change):
    with pytest.raises(MediaTypeError, match=r"Data row row7 .* not a video"):
        ProjectExport.load([{**data_row(7), **change}])


@pytest.mark.parametrize(
    "change",
    [
        {"media_attributes": {}},
        {"media_attributes": None},
        {"media_attributes": {"asset_type": "Video", "mime_type": "application/json"}},
        {"media_attributes": {"mime_type": "application/octet-stream"}},
        {"projects": {"p1": {"name": "n", "labels": []}}},
        {"projects": {"p1": {"name": "n"}}},
        {"projects": {}},
    ],
)
def test_rows_that_say_little_are_let_through(change):
    row = {**data_row(7), **change}
    assert list(ProjectExport.load([row])) == [row]


ODD = st.sampled_from(["\u2028", "\u2029", "\u0085", "\x00", "\x1c", "\r", "\n", "😀", "\ufeff"])
TEXT = st.lists(st.one_of(ODD, st.text(st.characters(codec="utf-8"), max_size=4))).map("".join)


@settings(max_examples=60, deadline=None)
@given(notes=st.lists(st.dictionaries(TEXT, TEXT, max_size=3), min_size=1, max_size=4))
def test_any_text_makes_the_round_trip(tmp_path_factory, notes):
    rows = [data_row(i, note=note) for i, note in enumerate(notes)]
    path = tmp_path_factory.mktemp("e") / "saved.ndjson"
    spooled = ProjectExport.load(rows)
    spooled.save(path)
    array = path.with_suffix(".json")
    array.write_text(json.dumps(rows), encoding="utf-8")
    for export in (spooled, ProjectExport.load(path), ProjectExport.load(array)):
        assert list(export) == rows
        assert export[len(rows) - 1] == rows[-1]


def test_halves_of_characters_are_replaced(tmp_path):
    """No file and no dataset can hold them, nor names that have them."""
    rows = [data_row(0, note={"a\udc00": ["\ud800", "\U0001f600"]})]
    path = tmp_path / "saved.ndjson"
    path.write_text(json.dumps(rows[0]) + "\n")
    for export in (ProjectExport.load(rows), ProjectExport.load(path)):
        assert export[0]["note"] == {"a?": ["?", "\U0001f600"]}


@settings(max_examples=40, deadline=None)
@given(note=st.lists(st.one_of(ODD, st.text(max_size=4))).map("".join))
def test_text_that_is_not_escaped_stays_on_its_line(tmp_path_factory, note):
    rows = [data_row(0, note=note), data_row(1)]
    path = write_ndjson(tmp_path_factory.mktemp("e") / "e.ndjson", rows)
    assert list(ProjectExport.load(path)) == rows


def test_memory_stays_flat(tmp_path):
    note = "x" * 100_000
    path = write_ndjson(tmp_path / "e.ndjson", (data_row(i, note=note) for i in range(100)))
    array = tmp_path / "e.json"
    array.write_text(f"[{path.read_text().rstrip().replace(chr(10), ',')}]", encoding="utf-8")
    tracemalloc.start()
    for source in (path, array, (data_row(i, note=note) for i in range(100))):
        assert sum(1 for _ in ProjectExport.load(source)) == 100
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 6 * 2**20  # of 10 MB in each
