"""Failures between here and Labelbox: nothing is sent twice or lost, and all are reported."""

import json
from types import SimpleNamespace

import import_runs
import labelbox
import pytest
from lbox.exceptions import ResourceNotFoundError

from deeplake_labelbox._imports.outcome import ImportResult
from deeplake_labelbox.errors import (
    AnnotationImportError,
    AuthenticationError,
    LabelboxUnavailableError,
)

CREATE = "graphql:createLabelImportByFile"
ROWS = ("one.mp4", "two.mp4")


def car(row, track=1, left=5.0):
    box = [left, 6.0, 7.0, 8.0]
    return {"data_row": row, "track": track, "frame": 1, "class": "car", "box": box}


TWO_CARS = [car(row) for row in ROWS]


@pytest.fixture
def waits(monkeypatch):
    """The seconds of waiting for the rate limit, without sleeping."""
    slept = []
    clock = SimpleNamespace(sleep=slept.append)
    monkeypatch.setattr("urllib3.util.retry.time", clock)
    return slept


@pytest.fixture
def imports_of(box):
    """``imports_of(project)``: the lines of each import that Labelbox accepted, in order."""

    def lines(project):
        each = box.client().get_project(project.id)
        names = [one.name for one in each.get_label_imports()]
        assert len(set(names)) == len(names)
        return [
            labelbox.LabelImport.from_name(box.client(), project.id, name).inputs for name in names
        ]

    return lines


@pytest.fixture(autouse=True)
def repaired(box):
    """Repair what a test broke."""
    yield
    box.faults.clear()


@pytest.mark.parametrize("operation", ["createLabelImportByFile", "getLabelImport", "GetProject"])
def test_the_rate_limit_is_waited_for(imported, box, waits, caplog, operation, imports_of, project):
    limited = {"status": 429, "headers": {"Retry-After": "17"}}
    box.faults.add(f"graphql:{operation}", times=3, **limited)
    result = imported(TWO_CARS)
    assert waits == [17, 17, 17]
    assert caplog.text.count("rate limit is exceeded; waiting") == 3
    assert len(result.accepted) == 2
    assert len(imports_of(project)) == 1


def test_an_endless_rate_limit_ends_in_an_error(imported, box, waits, imports_of, project):
    box.faults.add(CREATE, status=429, times=None)
    with pytest.raises(LabelboxUnavailableError, match="rate limit was exceeded while sending"):
        imported(TWO_CARS)
    assert 60 < sum(waits) < 300
    box.faults.clear()
    assert len(imported(TWO_CARS).accepted) == 2
    assert len(imports_of(project)) == 1


def test_the_client_that_was_given_stays_as_it_was(imported, client):
    before = dict(client.connection.adapters)
    imported(TWO_CARS)
    assert client.connection.adapters == before


@pytest.mark.parametrize(("kill_at", "kill"), [(1, "after"), (2, "before"), (2, "after")])
def test_a_killed_process_sends_the_rest(box, project, labels_of, imports_of, kill_at, kill):
    assert not import_runs.run(box, project.id, TWO_CARS, kill_at=kill_at, kill=kill)
    taken = kill_at - (kill == "before")
    assert len(imports_of(project)) == taken
    assert import_runs.run(box, project.id, TWO_CARS)
    sent = [line["dataRow"]["id"] for lines in imports_of(project) for line in lines]
    assert sorted(sent) == sorted(row.id for row in project.data_rows)
    assert {name: len(labels) for name, labels in labels_of(project).items()} == dict.fromkeys(
        ROWS, 1
    )


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("operation", ["createLabelImportByFile", "getLabelImport"])
def test_a_key_that_is_revoked_half_way(imported, box, operation, imports_of, project, tmp_path):
    """Revoked before the second chunk is sent, or before the status of the first is known."""
    revoked = {"errors": [{"message": "x", "extensions": {"code": "AUTHENTICATION_ERROR"}}]}
    skip = 1 if operation.startswith("create") else 2
    box.faults.add(
        f"graphql:{operation}", status=401, body=json.dumps(revoked).encode(), times=None, skip=skip
    )
    saved = tmp_path / "result.json"
    with pytest.raises(AuthenticationError, match="refused the API key"):
        imported(TWO_CARS, save_result=saved)
    told = ImportResult.load(saved)
    assert len(told.accepted) == (1 if operation.startswith("create") else 0)
    box.faults.clear()
    assert len(imports_of(project)) == 1
    result = imported(TWO_CARS)
    assert [file.sent for file in result.files] == [False, True]
    assert len(result.accepted) == 2
    assert [len(lines) for lines in imports_of(project)] == [1, 1]


def test_labelbox_refuses_a_third_of_the_lines(imported, box, project, labels_of, tmp_path):
    annotations = [car(row, track, left=track) for row in ROWS for track in range(15)]

    def refuse(line):
        left = line["segments"][0]["keyframes"][0]["bbox"]["left"]
        return f"Left is {left:g}" if left % 3 == 0 else None

    box.imports.refuse = refuse
    saved = tmp_path / "result.json"
    result = imported(annotations, save_result=saved)
    assert len(result.accepted) == 20
    assert {(o.data_row, o.track, o.reason) for o in result.refused} == {
        (row, str(track), f"Refused: Left is {track}") for row in ROWS for track in range(0, 15, 3)
    }
    for labels in labels_of(project).values():
        assert len(labels[0]["annotations"]["segments"]) == 10
    box.imports.forget_files()
    assert ImportResult.load(saved) == result, "kept when Labelbox has forgotten"
    assert str(result).count("Refused: Left is") == 10


def test_two_runs_at_once(imported, project, imports_of, monkeypatch):
    """Both look for the import before either has created it: the second finds the name taken."""
    imported(TWO_CARS)
    real = labelbox.LabelImport.from_name.__func__
    looks = []

    def from_name(cls, client, project_id, name, as_json=False):  # noqa: FBT002 - the SDK's
        looks.append(name)
        if len(looks) == 1:
            raise ResourceNotFoundError(cls, {"name": name})
        return real(cls, client, project_id, name, as_json)

    monkeypatch.setattr(labelbox.LabelImport, "from_name", classmethod(from_name))
    result = imported(TWO_CARS, existing="overwrite")
    assert [file.sent for file in result.files] == [False]
    assert len(result.accepted) == 2
    assert len(imports_of(project)) == 1


def test_a_taken_name_whose_import_is_not_found(imported, box):
    taken = {"errors": [{"message": "exists", "extensions": {"code": "RESOURCE_CONFLICT"}}]}
    box.faults.add(CREATE, status=200, body=json.dumps(taken).encode())
    with pytest.raises(AnnotationImportError, match="its name is taken; run the import again"):
        imported(TWO_CARS)


def test_a_lost_response(imported, box, imports_of, project):
    """Labelbox created the import, but the connection broke before its response."""
    box.faults.add(CREATE, "cut", after_bytes=5)
    with pytest.raises(LabelboxUnavailableError):
        imported(TWO_CARS)
    result = imported(TWO_CARS)
    assert result.sent == 0
    assert len(result.accepted) == 2
    assert len(imports_of(project)) == 1
