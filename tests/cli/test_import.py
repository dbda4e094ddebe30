"""``deeplake-labelbox import``."""

import json

import pytest
from sandbox_projects import ONTOLOGY

from deeplake_labelbox._upload.normalized import are_same

MOT = "1,1,11,21,30,40,1,1,1\n2,1,12,21,30,40,1,1,1\n3,1,13,21,30,40,1,1,1\n"
CARS = ("--map", "pedestrian=car")


@pytest.fixture
def project(box):
    made = box.add_project("Import", ONTOLOGY)
    made.add_video(
        row_data="https://videos.test/street.mp4",
        external_id="street.mp4",
        media_attributes={"width": 640, "height": 480, "frame_count": 9},
    )
    return made


@pytest.fixture
def run_import(run, box, project, tmp_path):
    (tmp_path / "street.txt").write_text(MOT)

    def run_import(*words, source="street.txt", import_as="ground-truth"):
        return run(
            "import",
            source,
            project.id,
            *(("--as", import_as) if import_as else ()),
            *words,
            LABELBOX_API_KEY=box.api_key,
            LABELBOX_ENDPOINT=box.endpoint,
        )

    return run_import


def test_a_file_is_imported_and_the_outcome_written(run_import, box, tmp_path):
    result = run_import(*CARS, "--report", "outcome.json")
    assert result.exit_code == 0, result.output
    assert result.stdout == "1 annotation of 1 data row: 1 accepted\n"
    outcome = json.loads((tmp_path / "outcome.json").read_text("utf-8"))
    assert [entry["status"] for entry in outcome["annotations"]] == ["accepted"]
    assert box.api_key not in result.output


def test_a_second_import_is_skipped_and_said(run_import):
    assert run_import(*CARS).exit_code == 0
    again = run_import(*CARS)
    assert again.exit_code == 0
    assert "1 of 1 import was sent by an earlier run" in again.stderr
    other = run_import(*CARS, "--tolerance", "0", "--name", "second")
    assert other.exit_code == 2
    assert "1 skipped: the data row has labels already; --existing overwrite" in other.stderr
    failed = run_import(*CARS, "--name", "second", "--existing", "fail")
    assert failed.exit_code == 1
    assert "Pass --existing skip to import the others, or --existing overwrite." in failed.stderr


def test_refusals_are_listed(run_import, tmp_path):
    boxes = [f"1,{track},1,1,9,9,1,1,1\n" for track in range(1, 8)]
    (tmp_path / "street.txt").write_text("".join(boxes))
    result = run_import("--data-row", "street.mp4")
    assert result.exit_code == 2
    assert "'pedestrian' 1, 2, 3, 4, 5 and 2 more: refused: the project has no" in result.stderr
    assert "7 annotations of 1 data row: 7 refused" in result.stdout
    unknown = run_import(*CARS, "--data-row", "lane.mp4")
    assert "which one it is with --data-row VIDEO=ID" in unknown.stderr
    nothing = run_import(source="nothing.txt")
    assert "Run the same command again" not in nothing.stderr


def test_a_dry_run(run_import, tmp_path):
    words = ("--data-row", "street=street.mp4", "--dry-run", "out.ndjson", "--fewest-key-frames")
    result = run_import(*CARS, *words, import_as="pre-labels")
    assert result.exit_code == 0, result.output
    assert "Nothing was sent; the lines are in out.ndjson" in result.stderr
    (line,) = map(json.loads, (tmp_path / "out.ndjson").read_text().splitlines())
    assert [key["frame"] for key in line["segments"][0]["keyframes"]] == [1, 3]


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (("--map", "car"), "--map 'car' is not NAME=VALUE"),
        (("--map", "a=b", "--map", "a=c"), "--map is given twice for 'a'"),
        (("--format", "cvat"), "cannot be read as XML"),
    ],
)
def test_bad_options_are_named(run_import, words, fault):
    result = run_import(*words)
    assert result.exit_code == 1
    assert fault in result.stderr


def test_what_it_is_imported_as_must_be_said(run_import):
    assert run_import(import_as=None).exit_code == 1


def test_a_name_that_the_source_does_not_have_is_an_error(run_import):
    result = run_import("--map", "pedestrain=car")
    assert result.exit_code == 1
    assert "--map names 'pedestrain', which the source does not have" in result.stderr
    assert "it has 'bicycle', 'car', " in result.stderr


@pytest.mark.parametrize("content", ['{"videos": [], "annotations": []}', '{"videos": 7}', "[]"])
def test_a_file_of_which_nothing_is_imported_is_an_error(run_import, tmp_path, content):
    (tmp_path / "empty.json").write_text(content)
    result = run_import(source="empty.json")
    assert result.exit_code == 1
    assert "Error: " in result.stderr


def test_an_ambiguous_variant_must_be_given(run_import, tmp_path):
    (tmp_path / "street.txt").write_text("0,1,11,21,30,40,1,4,0,1\n")
    asked = run_import()
    assert asked.exit_code == 1
    assert "pass --format: 'mot17' (flag, class of MOTChallenge" in asked.stderr
    asked = run_import("--format", "visdrone")
    assert "pass --first-number 0" in asked.stderr
    result = run_import("--format", "visdrone", "--first-number", "0", "--frame-step", "4")
    assert result.exit_code == 0, result.output
    assert result.stdout == "1 annotation of 1 data row: 1 accepted\n"


@pytest.mark.parametrize("name", ["nofile.xml", "nofile.json", "nofile.txt"])
def test_a_file_that_is_not_there_is_told_as_such(run_import, name):
    result = run_import(source=name)
    assert result.exit_code == 1
    assert f"There is no file {name}" in result.stderr


def test_the_ontology_is_made_of_a_dataset_and_of_yolo(run, box, sample_box, dataset):
    sample = sample_box.sample.ontology_normalized
    there = {"LABELBOX_API_KEY": box.api_key, "LABELBOX_ENDPOINT": box.endpoint}

    def imported(source):
        made = box.add_project("Copy", sample)
        made._record.ontology_id = None
        for row in sample_box.sample.data_rows:
            name = row.external_id or row.row_data.rpartition("/")[2]
            url = f"https://videos.test/{name}"
            made.add_video(
                row_data=url, external_id=name, media_attributes=dict(row.media_attributes)
            )
        words = (made.id, "--as", "ground-truth", "--make-ontology")
        result = run("import", source, *words, **there)
        assert result.exit_code == 0, result.output
        assert "the ontology 'Copy' was created: " in result.stderr
        return made.ontology_normalized

    assert are_same(imported(dataset), sample)
    assert run("convert", dataset, "--to", "yolo", "-o", "yolo").exit_code == 0
    made = imported("yolo")
    assert [(tool["name"], tool["tool"]) for tool in made["tools"]] == [
        ("car", "rectangle"),
        ("person", "rectangle"),
    ]
