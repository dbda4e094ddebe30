"""Videos and masks: fetch, decode, encode."""

from deeplake_labelbox._video.access import UrlPresigner, labelbox_presigner, mixed_presigner
from deeplake_labelbox._video.container import VideoInfo
from deeplake_labelbox._video.encoder import encode_frames
from deeplake_labelbox._video.encodings import encode_jpeg, encode_png
from deeplake_labelbox._video.extractor import FrameExtractor
from deeplake_labelbox._video.frame_choice import FrameChoice
from deeplake_labelbox._video.opened import FrameBatch
from deeplake_labelbox._video.response_body import FetchErrors
from deeplake_labelbox._video.scan import VideoScan, scan_video
from deeplake_labelbox._video.source import open_video
from deeplake_labelbox._video.transport import Transport

__all__ = [
    "FetchErrors",
    "FrameBatch",
    "FrameChoice",
    "FrameExtractor",
    "Transport",
    "UrlPresigner",
    "VideoInfo",
    "VideoScan",
    "encode_frames",
    "encode_jpeg",
    "encode_png",
    "labelbox_presigner",
    "mixed_presigner",
    "open_video",
    "scan_video",
]
