import pytest
from small_exports import FRAMES, SIZE
from video_files import write_video


@pytest.fixture(scope="session")
def clips(tmp_path_factory):
    """Three videos whose pixels tell their frame number: from 0, from 20 and from 40 on."""
    folder = tmp_path_factory.mktemp("clips")
    return [
        write_video(folder / f"{n}.mp4", frames=FRAMES, size=SIZE, first=20 * n) for n in range(3)
    ]
