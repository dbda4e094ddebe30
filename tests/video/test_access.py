"""Signatures that expire while a video or a mask is fetched, on a server of HTTP."""

import io

import numpy as np
import pytest
from faulty_server import Answer, FaultyServer
from PIL import Image
from video_files import write_video

from deeplake_labelbox._jobs.inspect import inspect_video
from deeplake_labelbox._model.annotations import MaskReference
from deeplake_labelbox._video import Transport, labelbox_presigner, mixed_presigner, open_video
from deeplake_labelbox._video.masks import MaskReader
from deeplake_labelbox._video.transport import DEFAULT_RETRY
from deeplake_labelbox.errors import VideoError, VideoForbiddenError

BODY = bytes(range(256)) * 4000
AT_ONCE = DEFAULT_RETRY.new(backoff_factor=0, backoff_jitter=0)
EXPIRED = (400, 401, 403, 404, 410)  # 400: S3's and Google's "ExpiredToken"; 404: Azure


class Storage(FaultyServer):
    """A bucket: what it signs may be asked for ``uses`` times, each of the answers in turn."""

    def __init__(self, *answers, uses=1, refusal=403):
        super().__init__()
        self.serve("/file", *answers)
        self.uses, self.refusal = uses, refusal
        self.asked = []
        self._left = {}

    def presign(self, url):
        self.asked.append(url)
        signature = f"/file?signature={len(self.asked)}"
        self._left[signature] = self.uses
        return self.url + signature, {}

    def take(self, path, headers):
        if not self._left.get(path):
            self.requests.append((path, headers))
            return Answer(status=self.refusal)
        self._left[path] -= 1
        return super().take(path, headers)


def read(source, presigner):
    with (
        Transport(retry=AT_ONCE) as transport,
        open_video(source, url_presigner=presigner, transport=transport) as path,
    ):
        return path.read_bytes()


@pytest.mark.parametrize("refusal", EXPIRED)
@pytest.mark.parametrize("source", ["s3://bucket/clip.mp4", "{storage}/file"])
def test_a_download_goes_on_with_a_new_signature_where_it_stopped(source, refusal):
    with Storage(Answer(BODY, etag='"1"', cut=300_000), refusal=refusal) as storage:
        url = source.format(storage=storage.url)
        assert read(url, storage.presign) == BODY
        assert storage.asked == [url] * 4
        starts = [headers["range"] for _, headers in storage.requests if "range" in headers]
    assert starts[-1] == "bytes=900000-"


def test_a_signature_that_expires_between_two_tries_is_asked_for_again():
    busy = [Answer(status=503), Answer(status=503), Answer(BODY)]
    with Storage(*busy) as storage:
        assert read("gs://bucket/clip.mp4", storage.presign) == BODY
        assert len(storage.asked) == 3


def test_what_is_refused_at_once_is_not_asked_for_again():
    with Storage(Answer(BODY), uses=0) as storage:
        with pytest.raises(VideoForbiddenError) as caught:
            read("s3://bucket/clip.mp4", storage.presign)
        assert len(storage.asked) == 1
    assert "Pass `url_presigner`" not in str(caught.value)
    assert "pass `url_presigner`" not in str(caught.value)
    assert "that `url_presigner` gave" in str(caught.value)


def test_a_presigner_that_gives_the_same_again_ends_the_tries():
    with Storage(Answer(BODY, etag='"1"', cut=300_000)) as storage:
        signed = storage.presign("s3://bucket/clip.mp4")
        with pytest.raises(VideoForbiddenError, match="that `url_presigner` gave"):
            read("s3://bucket/clip.mp4", lambda _: signed)
        assert len(storage.requests) == 2


def test_each_advice_is_one_that_was_not_followed():
    with Storage(Answer(BODY)) as storage:
        url = f"{storage.url}/file"
        for presigner, advice in (
            (None, "Pass the API key .* else pass `url_presigner`"),
            (labelbox_presigner("key"), "Pass the API key .* else pass `url_presigner`"),
            (labelbox_presigner("key", {storage.host}), "The API key was sent"),
            (lambda given: (given, {}), "`url_presigner` returned the URL unchanged"),
        ):
            with pytest.raises(VideoForbiddenError, match=advice):
                read(url, presigner)
    for presigner in (None, labelbox_presigner("key")):
        with pytest.raises(VideoForbiddenError, match="Pass `url_presigner` to sign"):
            read("s3://bucket/clip.mp4", presigner)


def test_an_inspection_reads_on_with_a_new_signature(tmp_path):
    clip = write_video(tmp_path / "clip.mp4", frames=20, size=(96, 64)).read_bytes()
    media, index = clip[: clip.index(b"moov") - 4], clip[clip.index(b"moov") - 4 :]
    body = media + b"\x00\x20\x00\x00free" + bytes((1 << 21) - 8) + index
    with Storage(Answer(body, etag=None)) as storage, Transport(retry=AT_ONCE) as transport:
        _, scan, _ = inspect_video(
            "s3://bucket/clip.mp4", url_presigner=storage.presign, transport=transport
        )
        assert scan.packets == 20
        assert len(storage.asked) > 1


def test_a_mask_that_labelbox_signed_is_not_signed_again():
    file = io.BytesIO()
    Image.fromarray(np.full((4, 4), 255, np.uint8)).save(file, "png")
    with Storage() as storage, FaultyServer() as signed:
        signed.serve("/mask.png", Answer(file.getvalue()))
        presigner = mixed_presigner(storage.presign, labelbox_presigner("key"))
        with Transport(retry=AT_ONCE) as transport, MaskReader(transport, presigner) as reader:
            (frame,) = reader.read([[MaskReference(f"{signed.url}/mask.png")]], 4, 4)
        assert storage.asked == []
    assert frame.masks.all()


def test_a_mask_is_asked_for_again_with_a_new_signature():
    file = io.BytesIO()
    Image.fromarray(np.full((4, 4), 255, np.uint8)).save(file, "png")
    with Storage(Answer(status=503), Answer(file.getvalue())) as storage:
        with (
            Transport(retry=AT_ONCE) as transport,
            MaskReader(transport, storage.presign) as reader,
        ):
            (frame,) = reader.read([[MaskReference("s3://bucket/mask.png")]], 4, 4)
        assert len(storage.asked) == 2
    assert frame.problems == ()
    assert frame.masks.all()


def test_a_server_that_always_breaks_ends_the_tries():
    with Storage(Answer(BODY, cut=0)) as storage:
        with pytest.raises(VideoError, match="after"):
            read("s3://bucket/clip.mp4", storage.presign)
        assert len(storage.asked) <= 7
