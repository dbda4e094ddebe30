"""Videos and masks: fetch, decode, encode."""

from deeplake_labelbox.video.access import UrlPresigner, labelbox_presigner
from deeplake_labelbox.video.container import VideoInfo
from deeplake_labelbox.video.encoder import FrameEncoder, FrameStorage, encode_frames
from deeplake_labelbox.video.encodings import encode_jpeg, encode_png
from deeplake_labelbox.video.extractor import FrameBatch, FrameExtractor
from deeplake_labelbox.video.frame_choice import FrameChoice
from deeplake_labelbox.video.response_body import FetchErrors
from deeplake_labelbox.video.scan import VideoScan, scan_video
from deeplake_labelbox.video.source import open_video
from deeplake_labelbox.video.transport import Transport

__all__ = [
    "FetchErrors",
    "FrameBatch",
    "FrameChoice",
    "FrameEncoder",
    "FrameExtractor",
    "FrameStorage",
    "Transport",
    "UrlPresigner",
    "VideoInfo",
    "VideoScan",
    "encode_frames",
    "encode_jpeg",
    "encode_png",
    "labelbox_presigner",
    "open_video",
    "scan_video",
]
