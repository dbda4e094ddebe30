"""Annotations of a dataset with scaled frames are imported in pixels of the video."""

import numpy as np

import deeplake_labelbox
from deeplake_labelbox._formats.deep_lake.reader import DeepLakeSource


def geometry(box, client, **options):
    """Tracks of the sample project by column kind and track, as read from a dataset."""
    project_id = box.sample.project_id
    ds, export = deeplake_labelbox.create_dataset_from_video_annotation_project(
        f"mem://scaled-{len(options)}",
        project_id,
        None,
        lb_client=client,
        progress=False,
        **options,
    )
    converter = deeplake_labelbox.converter_for_video_project_with_id(
        project_id, lambda _: ds, None, project_json=export, lb_client=client, progress=False
    )
    converter.dataset_with_applied_annotations()
    source = DeepLakeSource(ds)
    return {
        (video.data_row[0], track.track): (video.size, track)
        for video in source.videos({}.get)
        for track in video.tracks
    }


def test_scaled_frames_give_the_coordinates_of_the_video(sample_box, sample_client):
    whole = geometry(sample_box, sample_client)
    scaled = geometry(sample_box, sample_client, resize=160)
    assert scaled.keys() == whole.keys()
    kinds = set()
    for key, (size, track) in whole.items():
        scaled_size, other = scaled[key]
        assert scaled_size == size
        kinds.add(track.kind)
        for drawn, back in zip(track.coordinates, other.coordinates, strict=True):
            if track.kind == "raster-segmentation":
                expected, found = drawn(), back()
                assert found.shape == expected.shape
                assert (found == expected).mean() > 0.95
            else:
                np.testing.assert_allclose(back, drawn, atol=0.05)
    assert kinds == {"rectangle", "point", "line", "raster-segmentation"}
