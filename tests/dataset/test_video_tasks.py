"""The task of a video gives the same steps in whichever thread or process it runs."""

import multiprocessing
import pickle
from concurrent.futures import ProcessPoolExecutor

import pytest
from process_runs import presign_vault, run_task
from video_files import write_video

from deeplake_labelbox._jobs.engine import ThreadEngine
from deeplake_labelbox._jobs.video_task import VideoEnd, VideoOpened, VideoTask
from deeplake_labelbox._store.frames.filler import FillerStore
from deeplake_labelbox._store.frames.pictures import EncodedBatch
from deeplake_labelbox._store.frames.registry import StorageOptions
from deeplake_labelbox._video.frame_choice import FrameChoice
from deeplake_labelbox._video.opened import WantedFrames

FILLER = {"create_tensors": lambda _: None, "fill_data": lambda *_: None}
PNG = StorageOptions().store(batch_size=4)
JPEG = StorageOptions(frame_storage="jpg", jpeg_quality=70).store(batch_size=4)


@pytest.fixture(scope="module")
def tasks(box, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tasks")
    path = write_video(folder / "a.mp4", frames=10, b_frames=0, size=(64, 48))
    storage = box.add_project("Storage", {"tools": [], "classifications": []})
    served = storage.add_video(path).row_data.replace("http://", "vault://")
    cut = folder / "cut.mp4"
    write_video(cut, frames=10, gop=1, b_frames=0, container_options={"movflags": "faststart"})
    cut.write_bytes(cut.read_bytes()[:-1000])
    some = WantedFrames(choice=FrameChoice(ranges=((2, 7),)), resize=32, batch_size=3)
    every = WantedFrames(batch_size=3)
    return [
        VideoTask(str(path), every, PNG, presign_vault),
        VideoTask(served, some, JPEG, presign_vault),
        VideoTask(str(path), every, FillerStore(FILLER)),
        VideoTask(str(cut), every, PNG),
        VideoTask(str(folder / "missing.mp4"), every, PNG),
    ]


def told(step):
    """What a step says, in values that can be compared."""
    match step:
        case VideoOpened():
            return step
        case VideoEnd(error):
            return type(error), str(error), vars(error or Exception()), step.frame_count, step.sizes
        case EncodedBatch():
            return step.files, step.indices.tolist(), step.timestamps.tolist()
    frames = [frame.tobytes() for frame in step.frames]
    return frames, step.indices.tolist(), step.timestamps.tolist()


def test_a_task_runs_in_another_process(tasks):
    here = [[told(step) for step in task.run()] for task in tasks]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, context) as pool:
        there = [pickle.loads(steps) for steps in pool.map(run_task, map(pickle.dumps, tasks))]  # noqa: S301 - our own
    assert [[told(step) for step in steps] for steps in there] == here

    kinds = [[type(step).__name__ for step in steps] for steps in there]
    batches = ["EncodedBatch"] * 3
    assert kinds[0] == ["VideoOpened", *batches, "VideoEnd"]
    assert [step.indices.tolist() for step in there[1][1:-1]] == [[1, 2, 3, 4], [5, 6]]
    assert kinds[2] == ["VideoOpened", *["FrameBatch"] * 4, "VideoEnd"]
    assert there[3][-1].error.frames_decoded == there[3][-1].frame_count > 0
    assert kinds[4] == ["VideoEnd"]


def test_threads_give_the_steps_of_all_tasks_in_order(tasks):
    here = [told(step) for task in tasks for step in task.run()]
    assert [told(step) for step in ThreadEngine().run(tasks)] == here
