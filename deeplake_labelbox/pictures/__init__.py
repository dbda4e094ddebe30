"""Pictures of labelled frames: what a dataset holds, drawn where it is."""

from deeplake_labelbox.pictures.contact_sheet import draw_contact_sheet
from deeplake_labelbox.pictures.frame import draw_frame

__all__ = ["draw_contact_sheet", "draw_frame"]
