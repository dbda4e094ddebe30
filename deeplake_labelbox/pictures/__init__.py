"""Pictures of labelled frames: what a dataset holds, drawn where it is."""

from deeplake_labelbox.pictures.contact_sheet import draw_contact_sheet
from deeplake_labelbox.pictures.dataset_preview import Preview, preview, write_preview
from deeplake_labelbox.pictures.frame import draw_frame
from deeplake_labelbox.pictures.movie import write_preview_video
from deeplake_labelbox.pictures.page import PreviewPage, write_preview_page

__all__ = [
    "Preview",
    "PreviewPage",
    "draw_contact_sheet",
    "draw_frame",
    "preview",
    "write_preview",
    "write_preview_page",
    "write_preview_video",
]
