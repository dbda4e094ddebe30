"""The objects of videos of four frames, 96 x 64 pixels: two cars and a person in each."""

from deeplake_labelbox import (
    Box,
    ObjectAnnotation,
)

FRAMES = range(1, 5)
ONTOLOGY = {
    "tools": [{"tool": "rectangle", "name": name} for name in ("car", "person")],
    "classifications": [],
}
OBJECTS = {  # track: class, left, top, width, height
    "A": ("car", 10, 10, 20, 20),
    "B": ("car", 60, 10, 20, 20),
    "P": ("person", 10, 40, 10, 10),
}


def drawn(shift=0):
    """The objects as a label, each moved to the right."""
    return [
        {
            "name": name,
            "segments": [
                {
                    "keyframes": [
                        {
                            "frame": 1,
                            "bbox": {
                                "left": left + shift,
                                "top": top,
                                "width": width,
                                "height": height,
                            },
                        }
                    ],
                    "end": 4,
                }
            ],
        }
        for name, left, top, width, height in OBJECTS.values()
    ]


def found(*, score=None, video="one.mp4"):
    """The objects as predictions, in the order of their frames."""
    return [
        ObjectAnnotation(
            data_row=video,
            track=track,
            frame=frame,
            class_name=name,
            geometry=Box(*box),
            score=score,
        )
        for frame in FRAMES
        for track, (name, *box) in OBJECTS.items()
    ]


def changed(match, change):
    """The predictions, with a change of some, or without them."""
    return [new for each in found() if (new := change(each) if match(each) else each) is not None]


def rates(score):
    return score.map, score.ap50, score.mota, score.idf1


def errors(score):
    return score.missed, score.false, score.id_switches
