"""Bad input ends in one sentence, with exit code 1 and nothing touched."""

import json

import deeplake
import pytest

from deeplake_labelbox._store.columns import column_names


def the_error(result):
    """The only sentence on standard error, besides the steps."""
    assert result.exit_code == 1, result.output
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    errors = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
    assert len(errors) == 1
    assert result.stderr.splitlines()[-1] == errors[0]
    return errors[0]


def test_no_key(run, tmp_path):
    error = the_error(run("create", "cl9y0xd2m00", "clips"))
    assert "There is no Labelbox API key" in error
    assert "--api-key" in error
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "command",
    [
        "create PROJECT_ID clips",
        "export PROJECT_ID -o project.ndjson",
        "import found.txt PROJECT_ID --as pre-labels --data-row crossing.mp4",
        "evaluate found.txt clips --send-back PROJECT_ID",  # before the dataset is opened
    ],
)
def test_unknown_project(run_there, tmp_path, command):
    found = tmp_path / "found.txt"
    found.write_text("1,1,1,1,9,9,1,1,1\n")
    project = "cl9y0xd2m0000s6vf1y1y1y1y"
    error = the_error(run_there(*command.replace("PROJECT_ID", project).split()))
    assert project in error
    assert list(tmp_path.iterdir()) == [found]


def test_wrong_key(run, sample_box, tmp_path):
    key = "a-wrong-key-0123456789"
    words = ("create", sample_box.sample.project_id, "clips", "--endpoint", sample_box.endpoint)
    error = the_error(run(*words, "--api-key", key))
    assert "refused the API key" in error
    assert key not in error
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("content", "told"),
    [("{}", "Line 1"), ("<html>", "HTML"), ("", "no data row"), ('{"a": 1}\n', "Line 1")],
)
def test_a_file_that_is_no_export(run, tmp_path, content, told):
    (tmp_path / "file.ndjson").write_text(content)
    assert told in the_error(run("create", "file.ndjson", "clips"))
    assert not (tmp_path / "clips").exists()


def test_paths_that_are_not_there_are_no_project_ids(run_there, tmp_path):
    (tmp_path / "folder").mkdir()
    assert "There is no file export.ndjson" in the_error(run_there("create", "export.ndjson", "ds"))
    assert "There is no file a/b" in the_error(run_there("create", "a/b", "ds"))
    assert "folder is a folder" in the_error(run_there("create", "folder", "ds"))
    assert "contradicts" in the_error(run_there("create", "abc", "ds", "--project", "def"))


def test_image_project(run, box, tmp_path):
    project = box.add_project("Pictures", {"tools": [], "classifications": []}, "IMAGE")
    words = ("create", project.id, "clips", "--endpoint", box.endpoint)
    error = the_error(run(*words, LABELBOX_API_KEY=box.api_key))
    assert "not Video" in error
    assert not list(tmp_path.iterdir())


def test_an_ontology_that_does_not_match_is_found_before_anything_is_replaced(
    run_there, sample_box, tmp_path
):
    file = tmp_path / "ontology.json"
    file.write_text(json.dumps({"tools": [{"tool": "rectangle", "name": "elephant"}]}))
    assert run_there("create", sample_box.sample.project_id, "clips").exit_code == 0
    words = ("create", sample_box.sample.project_id, "clips", "--overwrite", "--ontology", file)
    refused = run_there(*words)
    assert "The ontology has none of" in the_error(refused)
    assert "Writing the frames" not in refused.stderr
    assert "car/car" in column_names(deeplake.open(str(tmp_path / "clips")))


@pytest.mark.parametrize("content", ["no json", "[]", "{}", '{"tools": [{"name": 1}]}', None])
def test_an_ontology_file_that_is_none(run_there, sample_box, tmp_path, content):
    file = tmp_path / "ontology.json"
    if content is not None:
        file.write_text(content)
    words = ("create", sample_box.sample.project_id, "clips", "--ontology", file)
    assert "ontology" in the_error(run_there(*words))
    assert not (tmp_path / "clips").exists()


def test_a_path_with_other_files(run_there, sample_box, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    words = ("create", sample_box.sample.project_id, "full")
    for more in ((), ("--overwrite",)):
        assert "a folder with other files" in the_error(run_there(*words, *more))
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    ("group", "told"),
    [
        ("rectangles=box", "'rectangle'"),
        ("rectangle", "has no '='"),
        ("rectangle=", "a column name is needed"),
    ],
)
@pytest.mark.parametrize("command", ["create", "annotate"])
def test_group_mapping(run_there, sample_box, tmp_path, command, group, told):
    words = (command, sample_box.sample.project_id, "clips", "--group", group)
    error = the_error(run_there(*words))
    assert told in error
    assert "--group" in error
    assert "group_mapping" not in error
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("create", "{project}", "{clips}"), "A dataset exists already at"),
        (("create", "", "new"), "The project id is empty; pass one, or the file of a saved export"),
        (("annotate", "{project}", "none"), "There is no Deep Lake dataset at none"),
        (("sync", "none"), "There is no Deep Lake dataset at none"),
        (("sync", "{clips}", "--merge"), "pass --branch."),
        (("upload", "none.mp4", "--project", "Street"), "There is no file none.mp4"),
        (("upload", "{file}", "--project", "Street"), "Labelbox does not accept 1 of 1 file"),
        (("import", "none.xml", "{project}", "--as", "pre-labels"), "none.xml"),
        (("preview", "{clips}", "-o", "a.html", "--video", "none"), "no rows of a video 'none'"),
        (("preview", "{clips}", "-o", "a.mp4", "--frames", "900"), "no rows in frames 900"),
        (("preview", "{clips}", "-o", "a.png", "--width", "99999"), "give at most 8192 pixels"),
        (("preview", "{clips}", "-o", "a.bmp"), "a.bmp must end with .png, .mp4 or .html."),
        (("preview", "{clips}", "-o", "{old}"), "; choose another, or pass --overwrite to"),
        (("stats", "{clips}", "-o", "a.jpg"), "a.jpg must end with .png."),
        (("stats", "{clips}", "-o", "{old}"), "; choose another, or pass --overwrite to replace"),
    ],
)
def test_what_can_be_known_is_told_before_a_step_is(
    run_there, sample_box, dataset, tmp_path, words, told
):
    (tmp_path / "old.png").touch()
    places = {"project": sample_box.sample.project_id, "clips": dataset, "file": __file__}
    places["old"] = "old.png"
    result = run_there(*(word.format(**places) for word in words))
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ")
    assert told in result.stderr


def test_a_wrong_choice_is_told_in_plain_words(run):
    result = run("create", "project", "clips", "--frames", "bmp")
    assert (
        "Invalid value for '--frames': 'bmp' is not one of 'png', 'jpg', 'video'." in result.stderr
    )


def test_a_group_given_twice(run_there, sample_box):
    words = ("create", sample_box.sample.project_id, "clips", "--group", "point=a")
    assert "twice" in the_error(run_there(*words, "--group", "point=b"))


def test_annotate_needs_the_dataset_of_the_project(run_there, sample_box, tmp_path):
    project = sample_box.sample.project_id
    assert "There is no Deep Lake dataset at none" in the_error(
        run_there("annotate", project, "none")
    )
    deeplake.create(str(tmp_path / "other")).commit()
    assert "labelbox_meta" in the_error(run_there("annotate", project, "other"))


def test_export_options(run_there, sample_box, tmp_path):
    words = ("export", sample_box.sample.project_id, "-o")
    assert "not a date" in the_error(run_there(*words, "a.ndjson", "--since", "yesterday"))
    assert "--since/--until" in the_error(run_there(*words, "a.ndjson", "--since", "yesterday"))
    both = ("a.ndjson", "--data-row", "a", "--global-key", "b")
    assert "--data-row and --global-key cannot both be set" in the_error(run_there(*words, *both))
    assert "There is no folder" in the_error(run_there(*words, "no/folder.ndjson"))
    (tmp_path / "folder").mkdir()
    assert "is a folder" in the_error(run_there(*words, "folder"))


def test_a_report_that_cannot_be_written(run_there, sample_box, tmp_path):
    words = ("create", sample_box.sample.project_id, "clips", "--report")
    assert "There is no folder no for report.json" in the_error(run_there(*words, "no/report.json"))
    (tmp_path / "folder").mkdir()
    assert "folder is a folder" in the_error(run_there(*words, "folder"))
    assert not (tmp_path / "clips").exists()


@pytest.mark.parametrize("endpoint", ["nonsense", "ftp://host", "http://u:secret@host/graphql"])
def test_an_endpoint_that_is_none(run, endpoint):
    words = ("create", "cl9y0xd2m00", "clips", "--api-key", "k" * 20, "--endpoint", endpoint)
    error = the_error(run(*words))
    assert "The endpoint" in error
    assert "secret" not in error


@pytest.mark.parametrize(
    "words",
    [
        ("create",),
        ("create", "project", "clips", "--frames", "gif"),
        ("create", "project", "clips", "--jpeg-quality", "0"),
        ("export", "project"),
        ("export", "project", "-o", "x", "--status", "Started"),
        ("sandbox", "--port", "70000"),
        ("no-such-command",),
    ],
)
def test_usage_errors_end_with_1_as_2_means_gaps(run, words):
    result = run(*words)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    assert "Usage: " in result.stderr
