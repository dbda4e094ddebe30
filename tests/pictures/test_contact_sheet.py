import deeplake
import numpy as np
import pytest

from deeplake_labelbox import draw_contact_sheet
from deeplake_labelbox._pictures.frame_annotations import AnnotationReader
from deeplake_labelbox._pictures.frame_choice import choose_frames
from deeplake_labelbox._store.videos import videos_of
from deeplake_labelbox.errors import ConfigurationError


def chosen(ds, count):
    return choose_frames(AnnotationReader(ds), videos_of(ds), count)


def test_frames_are_spread_over_the_labeled_videos_and_their_time(labeled):
    frames = chosen(labeled(), 8)
    assert [video[0].video for video in frames] == ["crossing.mp4", "harbor.mp4"]
    for video in frames:
        assert len(video) == 4
        numbers = [frame.frame for frame in video]
        assert numbers == sorted(set(numbers))
        assert numbers[-1] - numbers[0] > 12


def test_chosen_rows_match_their_frame_numbers(labeled):
    ds = labeled()
    for video in chosen(ds, 9):
        for frame in video:
            assert ds["frame_idx"][frame.row] + 1 == frame.frame


@pytest.mark.parametrize(("count", "expected"), [(1, 1), (2, 2), (4, 4), (1000, 88)])
def test_the_number_of_frames_is_limited_by_the_dataset(labeled, count, expected):
    assert sum(map(len, chosen(labeled(), count))) == expected


def test_unlabeled_videos_are_shown_if_no_video_is_labeled(sample_frames):
    frames = chosen(sample_frames[0], 8)
    assert len(frames) == 3
    assert frames[-1][0].video == "video.mp4"


@pytest.mark.parametrize("frames", [1, 4, 9])
def test_a_sheet_has_the_given_width_and_shows_the_frames(labeled, frames):
    sheet = draw_contact_sheet(labeled(), frames=frames, columns=3, width=1500)
    assert sheet.width == 1500
    assert sheet.mode == "RGB"
    assert np.asarray(sheet).std() > 20


def test_colors_can_be_chosen(labeled):
    ds = labeled()
    mine = draw_contact_sheet(ds, frames=1, columns=1, width=700, colors={"car": "#123456"})
    legend = (np.asarray(mine) == (0x12, 0x34, 0x56)).all(axis=2)
    assert legend.sum() > 100


def test_a_foreign_dataset_can_be_drawn():
    ds = deeplake.create("mem://others")
    ds.add_column("frames", deeplake.types.Image(sample_compression="png"))
    ds.append({"frames": [np.full((40, 60, 3), n, np.uint8) for n in (0, 90, 180)]})
    ds.commit()
    assert draw_contact_sheet(ds, frames=3).width == 1800


def test_what_cannot_be_drawn_is_refused(labeled):
    with pytest.raises(ConfigurationError, match="320 pixels per column"):
        draw_contact_sheet(labeled(), columns=9)
    with pytest.raises(ConfigurationError, match="has no rows"):
        draw_contact_sheet(deeplake.create("mem://empty"))
