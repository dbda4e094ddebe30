"""Datasets in S3, here a local one, are brought in step like those on a disk."""

import deeplake
from sync_projects import ONTOLOGY, car, clip, contents, make, nose, person, road, weather

from deeplake_labelbox._store.label_diff import diff_labels
from deeplake_labelbox._sync.sync import sync_dataset


def test_labels_videos_branch_merge_and_tag(box, creds):
    path = "s3://clips/synced"
    project = box.add_project("In S3", ONTOLOGY)
    for number in range(3):
        project.add_video(clip(first=10 * number), external_id=f"{number}.mp4")
    first, second, third = project.data_rows
    first.add_label([car(2), road(3), weather("sun")])
    second.add_label([car(4, "blue"), person(5)])
    make(box, project, path, deeplake_creds=creds)

    def sync(**options):
        return sync_dataset(
            path, lb_client=box.client(), deeplake_creds=creds, progress=False, **options
        )

    def fresh():
        fresh.count += 1
        return contents(make(box, project, f"mem://s3-fresh-{fresh.count}"))

    fresh.count = 0
    assert not sync().committed
    first.update_label(first.labels[0], [car(8), nose(1), road(6)])
    second.delete_label(second.labels[0])
    third.add_label([person(1)])
    project.add_video(clip(first=40), external_id="new.mp4").add_label([car(1)])
    report = sync(tag="first")
    assert report.summary == "1 video added, 1 label added, 1 label corrected, 1 label removed"
    dataset = deeplake.open(path, creds=creds)
    assert dataset.tags.names() == ["first"]
    assert contents(dataset) == fresh()

    first.update_label(first.labels[0], [car(3)])
    project.add_video(clip(first=60), external_id="newer.mp4").add_label([road(2)])
    project.remove_video(third)
    before = contents(dataset)
    assert sync(branch="labelbox", prune=True).committed
    dataset = deeplake.open(path, creds=creds)
    assert contents(dataset) == before
    assert contents(dataset.branches["labelbox"].open()) == fresh()
    assert sync(branch="labelbox", merge=True, tag="second").merged
    dataset = deeplake.open(path, creds=creds)
    assert contents(dataset) == fresh()
    assert sorted(dataset.tags.names()) == ["first", "second"]
    assert dataset.branches.names() == ["labelbox", "main"]
    assert not sync().committed
    changed = {video.data_row_id for video in diff_labels(dataset, "first", "second").videos}
    assert {first.id, third.id} < changed
