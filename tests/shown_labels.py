"""Objects and frames of a label as Labelbox shows it."""

from deeplake_labelbox._model.interpolation import moving_coordinates
from deeplake_labelbox._model.labels import parse_label
from deeplake_labelbox._model.visibility import visible_frames


def boxes_of(label):
    """Every box, by class and frame."""
    found = {}
    for track in parse_label(label).tracks:
        shown = visible_frames(track, 10_000)
        for frame, place in zip(
            shown.frames.tolist(), moving_coordinates(track, shown), strict=True
        ):
            found.setdefault((track.feature.name, frame), []).append(place.round(3).tolist())
    return {key: sorted(places) for key, places in found.items()}


def frames_of(label):
    """The frames of each object, with its class."""
    return [
        (track.feature.name, visible_frames(track, 40).frames.tolist())
        for track in parse_label(label).tracks
    ]
