import json

import deeplake
import numpy as np
import pytest
from local_s3 import BUCKET, put_object
from small_exports import FRAMES, data_row
from sync_projects import clip
from video_files import write_video

from deeplake_labelbox import Report
from deeplake_labelbox._store.columns import column_names


def test_create_does_the_whole_job(run_there, sample_box, tmp_path):
    project = sample_box.sample.project_id
    result = run_there("create", project, "clips", "--group", "raster-segmentation=mask")
    assert result.exit_code == 0, result.output
    ds = deeplake.open(str(tmp_path / "clips"))
    assert len(ds) == 112
    assert {"frames", "mask", "mask_labels", "car/car", "lb_meta/id"} <= set(column_names(ds))
    assert 'ds = deeplake.open("clips")' in result.stdout
    assert sample_box.api_key not in result.output
    again = run_there("create", project, "clips")
    assert again.exit_code == 1
    assert "A dataset exists already at clips" in again.stderr
    assert "pass --overwrite to replace it" in again.stderr
    assert "`deeplake-labelbox sync clips` updates it from Labelbox" in again.stderr
    assert run_there("create", project, "clips", "--overwrite", "--no-labels").exit_code == 0
    assert column_names(deeplake.open(str(tmp_path / "clips"))) == [
        "frames",
        "frame_idx",
        "video_idx",
        "timestamp",
    ]


def test_columns_of_other_names_are_told_once_before_the_frames(run, box):
    project = box.add_project("Taken", {"tools": [{"tool": "point", "name": "frames"}]})
    project.add_video(clip())
    where = {"LABELBOX_API_KEY": box.api_key, "LABELBOX_ENDPOINT": box.endpoint}
    result = run("create", project.id, "clips", **where)
    assert result.exit_code == 0, result.output
    told = result.stderr.index("Column name 'frames' is taken")
    assert told < result.stderr.index("Writing the frames")
    assert result.stderr.count("is taken") == 1
    again = run("annotate", project.id, "clips", **where)
    assert again.stderr.count("is taken") == 1


def test_create_says_how_to_go_on_where_labels_are_missing(run_there, sample_box):
    project = sample_box.sample.project_id
    assert run_there("create", project, "clips", "--no-labels").exit_code == 0
    again = run_there("create", project, "clips", "--stride", 2)
    assert again.exit_code == 1
    assert f"`deeplake-labelbox annotate {project} clips` applies them" in again.stderr
    assert run_there("create", project, "clips").exit_code == 0


def test_annotate_keeps_the_groups_and_the_choice_of_labels(run_there, sample_box, tmp_path):
    project = sample_box.sample.project_id
    words = ("--group", "raster-segmentation=mask", "--labels", "all")
    refused = run_there("create", project, "clips", "--row-detail", "owner")
    told = " ".join(refused.stderr.split())
    assert "--row-detail has 'owner'; it takes workflow_status, metadata, attachments" in told
    words += ("--row-detail", "workflow_status")
    assert run_there("create", project, "clips", *words).exit_code == 0
    made = deeplake.open(str(tmp_path / "clips"))
    columns = column_names(made)
    assert made["lb_meta/workflow_status"][0] == "DONE"
    result = run_there("annotate", project, "clips")
    assert result.exit_code == 0, result.output
    assert column_names(deeplake.open(str(tmp_path / "clips"))) == columns
    assert "Note" not in result.stderr
    result = run_there("annotate", project, "clips", "--group", "rectangle=box")
    told = " ".join(result.stderr.split())
    assert "--group raster-segmentation=mask; columns that only they have keep their old" in told


def test_what_went_wrong_with_many_masks_is_told_once_a_video(run, export_file):
    result = run("create", export_file, "clips")
    assert result.exit_code == 2
    words = " ".join(result.stderr.replace("│", " ").split())
    assert words.count("similar)") == 2  # of two videos with masks
    assert (words.count(" 1-48 "), words.count(" 1-40 ")) == (1, 1)


def test_a_choice_without_frames_is_told(run_there, sample_box):
    words = ("create", sample_box.sample.project_id, "clips", "--range", "900-1000")
    result = run_there(*words)
    assert result.exit_code == 0
    assert "No video has a frame that was chosen, so the dataset is empty" in result.stderr


def test_frames_can_be_jpg(run_there, sample_box, tmp_path):
    words = ("create", sample_box.sample.project_id, "small", "--frames", "jpg")
    assert run_there(*words, "--jpeg-quality", 80, "--no-labels").exit_code == 0
    assert run_there("create", words[1], "large", "--no-labels").exit_code == 0
    sizes = [
        sum(f.stat().st_size for f in (tmp_path / name).rglob("*") if f.is_file())
        for name in ("small", "large")
    ]
    assert sizes[0] < sizes[1]


def test_create_from_an_export_asks_labelbox_for_nothing(run, sample_box, rows, save, tmp_path):
    public = save([row for row in rows if row["data_row"].get("global_key") == "sample-crossing"])
    asked = len([r for r in sample_box.requests if "graphql" in r.path])
    # Without a key its single masks cannot be had: that is a gap, and the rest is there.
    result = run("create", public, "clips", "--report", "report.json")
    assert result.exit_code == 2, result.output
    assert len([r for r in sample_box.requests if "graphql" in r.path]) == asked
    assert "Finished, with" in result.stderr
    assert "crossing.mp4" in result.stderr
    assert "Finished, with" not in result.stdout
    # One line for both roads and their two key frames.
    assert result.stderr.count("1-48") == 1
    assert "3 similar" in result.stderr
    assert "WARNING" not in result.stderr
    report = json.loads((tmp_path / "report.json").read_text("utf-8"))
    (video,) = report["videos"]
    assert video["rows"] == 48
    assert video["labeled"] is True
    assert video["gaps"]
    ds = deeplake.open(str(tmp_path / "clips"))
    assert ds["car/car"][20].shape == (1, 4)


def test_gaps_are_listed_once_and_end_with_2(run_there, rows, save, tmp_path):
    """Of a labeled video and of one without labels."""
    for row, name in ((rows[1], "one"), (rows[2], "two")):
        row["data_row"]["row_data"] = str(tmp_path / f"gone-{name}.mp4")
    file = save(rows)
    result = run_there("create", file, "clips", "--report", "report.json")
    assert result.exit_code == 2
    assert "Finished, with 2 problems:" in result.stderr
    report = Report.load(tmp_path / "report.json")
    assert ["gone-one" in gap.what for gap in report.gaps] == [True, False]
    assert "Traceback" not in result.output
    assert len(deeplake.open(str(tmp_path / "clips"))) == 48

    # What the build could not have is told again with the labels alone.
    result = run_there("annotate", file, "clips")
    assert result.exit_code == 2
    assert "Finished, with 2 problems:" in result.stderr

    stopped = run_there("create", file, "other", "--fail-on-error")
    assert stopped.exit_code == 1
    assert stopped.stderr.splitlines()[-1].startswith("Error: Data row ")


def test_verbose_shows_the_log_and_the_traceback(run, tmp_path):
    result = run("create", "missing.ndjson", tmp_path / "ds", "--verbose")
    assert result.exit_code == 1
    assert "Traceback" in result.stderr
    assert "Error: There is no file missing.ndjson;" in result.stderr


def test_an_ontology_file_is_used(run_there, sample_box, sample_client, export_file, tmp_path):
    project = sample_client.get_project(sample_box.sample.project_id)
    file = tmp_path / "ontology.json"
    file.write_text(json.dumps(project.ontology().normalized))
    assert run_there("create", export_file, "clips", "--ontology", file).exit_code == 0
    assert run_there("create", project.uid, "again", "--ontology", file).exit_code == 0


def test_a_project_is_chosen_of_an_export_with_several(run_there, rows, save, tmp_path):
    (first,) = rows[0]["projects"]
    for row in rows[1:]:
        row["projects"] = {"another": row["projects"][first]}
    file = save(rows)
    result = run_there("create", file, "clips", "--no-labels")
    assert result.exit_code == 1
    assert f"holds 2 projects; choose one with --project: {first}, another." in result.stderr
    assert not (tmp_path / "clips").exists()
    result = run_there("create", file, "clips", "--no-labels", "--project", first)
    assert result.exit_code == 0, result.output
    assert len(deeplake.open(str(tmp_path / "clips"))) == 48
    assert run_there("create", file, "other", "--project", "third").exit_code == 1


def test_annotate_writes_labels_to_a_dataset_or_branch(run_there, sample_box, tmp_path):
    project = sample_box.sample.project_id
    assert run_there("create", project, "clips", "--no-labels").exit_code == 0
    result = run_there("annotate", project, "clips", "--branch", "labels")
    assert result.exit_code == 0, result.output
    assert '.branches["labels"].open()' in result.stdout
    ds = deeplake.open(str(tmp_path / "clips"))
    assert "car/car" not in column_names(ds)
    branch = ds.branches["labels"].open()
    np.testing.assert_allclose(branch["car/car"][20], [[57.75, 169.5, 68.5, 31.5]])
    assert run_there("annotate", project, "clips", "--branch", "labels").exit_code == 0
    assert run_there("annotate", project, "clips").exit_code == 0
    assert "car/car" in column_names(deeplake.open(str(tmp_path / "clips")))


def test_a_branch_that_got_no_labels_goes_again(run_there, sample_box, tmp_path):
    project = sample_box.sample.project_id
    run_there("create", project, "clips", "--no-labels")
    file = tmp_path / "ontology.json"
    file.write_text(json.dumps({"tools": [{"tool": "point", "name": "x"}]}))
    words = ("annotate", project, "clips", "--branch", "labels", "--ontology", file)
    result = run_there(*words)
    assert result.exit_code == 1
    assert "apply the labels with the ontology that they were made with" in result.stderr
    assert deeplake.open(str(tmp_path / "clips")).branches.names() == ["main"]


@pytest.mark.parametrize("command", ["create", "annotate"])
def test_credentials_are_passed_on_and_not_repeated(run_there, sample_box, command):
    words = (command, sample_box.sample.project_id, "s3://no-such-bucket/ds")
    result = run_there(*words, "--creds", "aws_secret_access_key_is_this")
    assert result.exit_code == 1
    assert "--creds number 1 is not KEY=VALUE" in result.stderr
    assert "secret" not in result.stderr


def test_frames_are_chosen_and_scaled(run_there, sample_box, tmp_path):
    words = ("create", sample_box.sample.project_id, "chosen", "--stride", 4, "--range", "1-24")
    result = run_there(*words, "--only-labeled", "--resize", 160)
    assert result.exit_code == 0, result.output
    ds = deeplake.open(str(tmp_path / "chosen"))
    # Two labeled videos of 24 frames and more, of which every fourth is taken.
    assert ds["frame_idx"][:].tolist() == [0, 4, 8, 12, 16, 20] * 2
    assert {max(picture.shape[:2]) for picture in ds["frames"][:]} == {160}
    whole = run_there("create", sample_box.sample.project_id, "whole")
    assert whole.exit_code == 0, whole.output
    reference = deeplake.open(str(tmp_path / "whole"))
    np.testing.assert_allclose(ds["car/car"][2], reference["car/car"][8] / 2, rtol=1e-6)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--range", "5"), "not a range like 1-250"),
        (("--range", "a-b"), "not a range like 1-250"),
        (("--range", "9-3"), "9"),
        (("--resize", "wide"), "640x360"),
        (("--resize", "0"), "resize"),
        (("--fps", "0"), "fps"),
    ],
)
def test_frames_that_cannot_be_chosen_are_refused(run_there, sample_box, tmp_path, words, says):
    result = run_there("create", sample_box.sample.project_id, "clips", *words)
    assert result.exit_code == 1, result.output
    assert says in result.stderr
    assert "Traceback" not in result.output
    assert not (tmp_path / "clips").exists()


def test_each_annotator_may_have_columns_of_their_own(run_there, sample_box, tmp_path):
    result = run_there("create", sample_box.sample.project_id, "clips", "--labels", "all")
    assert result.exit_code == 0, result.output
    names = column_names(deeplake.open(str(tmp_path / "clips")))
    assert {"car/car", "ada@sandbox.test/car/car"} <= set(names)
    assert run_there("create", "x", "y", "--labels", "best").exit_code == 1


def test_options_that_make_no_sense_are_told_before_anything_is_done(run_there, sample_box):
    words = ("create", sample_box.sample.project_id, "clips")
    for option in (("--range", "9-5"), ("--fps", "0"), ("--resize", "0")):
        result = run_there(*words, *option)
        assert result.exit_code == 1
        assert "Writing the frames" not in result.stderr


def test_private_videos_are_signed_with_the_credentials_of_the_environment(
    run, run_there, sample_box, creds, save, tmp_path, monkeypatch
):
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", creds["endpoint_url"])
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", creds["aws_access_key_id"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", creds["aws_secret_access_key"])
    put_object(
        creds, "private/clip.mp4", write_video(tmp_path / "a.mp4", frames=FRAMES).read_bytes()
    )
    export = save([data_row("row", f"s3://{BUCKET}/private/clip.mp4")])
    refused = run("create", export, "clips")
    assert "--sign" in refused.stderr
    assert run("inspect", export, "--sign", "s3").exit_code == 0
    result = run("create", export, "signed", "--sign", "s3")
    assert result.exit_code == 0, result.output
    assert len(deeplake.open(str(tmp_path / "signed"))) == FRAMES
    assert creds["aws_secret_access_key"] not in result.output
    # What Labelbox hosts is read as before, its masks too.
    project = sample_box.sample.project_id
    assert run_there("create", project, "hosted", "--sign", "s3").exit_code == 0
    assert run_there("annotate", project, "hosted", "--sign", "s3").exit_code == 0
    assert run_there("sync", "hosted", "--sign", "s3").exit_code == 0
