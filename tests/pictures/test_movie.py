import av
import deeplake
import numpy as np
import pytest

from deeplake_labelbox import write_preview_video
from deeplake_labelbox.errors import ConfigurationError


def decoded(path):
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        frames = list(container.decode(stream))
        return stream, frames


def test_a_video_is_played_by_browsers_with_the_times_of_the_dataset(labeled, tmp_path):
    ds = labeled()
    shown = write_preview_video(
        ds, tmp_path / "a.mp4", video="harbor.mp4", frames=(3, 9), progress=False
    )
    assert shown.frames.tolist() == list(range(3, 10))
    stream, frames = decoded(tmp_path / "a.mp4")
    assert stream.codec_context.name == "h264"
    assert stream.codec_context.pix_fmt == "yuv420p"
    assert len(frames) == 7
    expected = np.asarray(ds["timestamp"][50:57]) - ds["timestamp"][50]
    np.testing.assert_allclose([frame.time for frame in frames], expected, atol=1e-4)
    # The index comes first, so that a browser plays it while it is loaded.
    data = (tmp_path / "a.mp4").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]


def test_the_first_labeled_video_is_shown_with_labels_and_answers(labeled, tmp_path):
    ds = labeled(raster_segmentation="mask")
    shown = write_preview_video(ds, tmp_path / "a.mp4", frames=(20, 21), progress=False)
    assert shown.name == "crossing.mp4"
    _, frames = decoded(tmp_path / "a.mp4")
    picture = frames[1].to_ndarray(format="rgb24").astype(int)
    assert picture.shape[1] == 640
    assert picture.shape[0] > 480
    red = np.abs(picture[:480] - (0xE4, 0x57, 0x2E)).sum(axis=2) < 60  # the car's tag and box
    assert red.sum() > 500
    assert picture[490:].max() > 200  # the answers


@pytest.mark.parametrize("width", [101, 320])
def test_frames_are_scaled_to_a_width_and_made_even(sample_frames, tmp_path, width):
    ds, _ = sample_frames
    write_preview_video(
        ds, tmp_path / "a.mp4", video="2", frames=(1, 2), width=width, progress=False
    )
    stream, frames = decoded(tmp_path / "a.mp4")
    assert len(frames) == 2
    assert stream.width % 2 == stream.height % 2 == 0
    assert stream.width > width  # an upright video has its caption at the side


def test_without_timestamps_the_frame_rate_gives_the_times(tmp_path):
    ds = deeplake.create("mem://no-times")
    ds.add_column("frames", deeplake.types.Image(sample_compression="png"))
    ds.append({"frames": [np.full((40, 60, 3), n, np.uint8) for n in (0, 90, 180)]})
    ds.commit()
    write_preview_video(ds, tmp_path / "a.mp4", progress=False)
    _, frames = decoded(tmp_path / "a.mp4")
    np.testing.assert_allclose([frame.time for frame in frames], [0, 0.04, 0.08], atol=1e-4)


def test_a_failed_write_leaves_no_file(labeled, tmp_path):
    ds = labeled()
    with pytest.raises(ConfigurationError, match=r"no rows of a video 'x'; it has crossing\.mp4"):
        write_preview_video(ds, tmp_path / "a.mp4", video="x", progress=False)
    with pytest.raises(ConfigurationError, match="no rows in frames 900 to 901"):
        write_preview_video(ds, tmp_path / "a.mp4", frames=(900, 901), progress=False)
    with pytest.raises(ConfigurationError, match="are not a range"):
        write_preview_video(ds, tmp_path / "a.mp4", frames=(3, 2), progress=False)
    with pytest.raises(ConfigurationError, match="16 to 8192"):
        write_preview_video(ds, tmp_path / "a.mp4", width=3, progress=False)
    with pytest.raises(ConfigurationError, match="cannot be written"):
        write_preview_video(ds, tmp_path / "no" / "a.mp4", frames=(1, 2), progress=False)
    with pytest.raises(ConfigurationError, match="no column 'pictures'"):
        write_preview_video(ds, tmp_path / "a.mp4", image_column="pictures", progress=False)
    assert list(tmp_path.iterdir()) == []
