"""``night.mp4``: behind another car on a dark road, filmed upright; the file is private."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING

from deeplake_labelbox.sandbox.sample import sprites
from deeplake_labelbox.sandbox.sample.answers import Checklist, FrameAnswer, Radio, Text
from deeplake_labelbox.sandbox.sample.tracks import Box, KeyFrame, Line, Point, Segment, Track
from deeplake_labelbox.sandbox.sample.video import SampleVideo

if TYPE_CHECKING:
    from deeplake_labelbox.sandbox.sample.canvas import Canvas
    from deeplake_labelbox.sandbox.sample.tracks import XY

WIDTH, HEIGHT, FRAMES = 180, 320, 36
HORIZON = 150

BLUE_CAR = Track(
    "car",
    (58, 96, 196),
    (
        Segment(
            (
                # Too dark at first to tell its color.
                KeyFrame(1, Box(66.5, 168.25, 38.5, 34), (Checklist("state", ("moving",)),)),
                KeyFrame(
                    9,
                    Box(63.0, 178.5, 52.5, 46.5),
                    (Radio("colour", "blue"), Checklist("state", ("moving", "braking"))),
                ),
                KeyFrame(
                    17,
                    Box(56.25, 186.0, 68, 60.5),
                    (
                        Radio("colour", "blue"),
                        Checklist("state", ("braking", "lights on")),
                        Text("plate", "DL 18"),
                    ),
                ),
                KeyFrame(
                    30,
                    Box(68.75, 172.5, 47, 41.5),
                    (Radio("colour", "blue"), Checklist("state", ("moving", "lights on"))),
                ),
            ),
            end=36,
        ),
    ),
)
ONCOMING_CAR = Track(
    "car",
    (212, 214, 220),
    (
        Segment(
            (
                KeyFrame(4, Box(78.0, 153.5, 9, 8), (Checklist("state", ("lights on",)),)),
                KeyFrame(
                    10,
                    Box(54.5, 162.0, 20, 17.5),
                    (Radio("colour", "white"), Checklist("state", ("lights on", "moving"))),
                ),
                KeyFrame(
                    14,
                    Box(12.25, 178.5, 37.5, 33),
                    (Radio("colour", "white"), Checklist("state", ("lights on", "moving"))),
                ),
            ),
            end=14,
        ),
    ),
)
LATER_CAR = Track(
    "car",
    (214, 62, 56),
    (
        Segment(
            (
                KeyFrame(22, Box(77.5, 154.0, 9.5, 8.5), (Radio("colour", "red"),)),
                KeyFrame(31, Box(48.0, 164.5, 22.5, 19.5), (Radio("colour", "red"),)),
            ),
            end=31,
        ),
    ),
)
WALKER = Track(
    "person",
    (236, 226, 70),
    (
        Segment(
            (
                KeyFrame(13, Box(121.5, 152.0, 8.5, 21)),
                KeyFrame(21, Box(134.0, 154.5, 14, 35)),
                KeyFrame(27, Box(149.25, 160.0, 22.5, 56.5)),
            ),
            end=27,
        ),
    ),
)


def _street_lamp(start: int, side: float) -> Track:
    path = ((0, 96.0, 128.5), (5, 109.5, 106.25), (9, 130.0, 74.5), (12, 166.5, 20.25))
    keys = tuple(KeyFrame(start + after, Point(90 + side * (x - 90), y)) for after, x, y in path)
    return Track("lamp", (255, 214, 140), (Segment(keys, end=start + 12),))


LAMPS = (
    _street_lamp(1, 1.0),
    _street_lamp(7, -1.15),
    _street_lamp(13, 1.0),
    _street_lamp(19, -1.15),
    _street_lamp(24, 1.0),
)

# The road bends: the left marking gets a fourth vertex on frame 16, so it holds on 9 to 15.
LEFT_MARKING = Track(
    "lane",
    (240, 240, 230),
    (
        Segment(
            (
                KeyFrame(1, Line(((8.5, 320.0), (58.25, 222.5), (86.0, 152.0)))),
                KeyFrame(9, Line(((6.0, 320.0), (57.5, 222.5), (88.5, 152.0)))),
                KeyFrame(16, Line(((5.0, 320.0), (42.75, 250.0), (72.0, 190.5), (91.0, 152.0)))),
                KeyFrame(30, Line(((9.0, 320.0), (45.0, 250.0), (70.5, 190.5), (85.25, 152.0)))),
            ),
            end=36,
        ),
    ),
)
RIGHT_MARKING = Track(
    "lane",
    (240, 240, 230),
    (
        Segment(
            (
                KeyFrame(1, Line(((171.5, 320.0), (121.75, 222.5), (94.0, 152.0)))),
                KeyFrame(16, Line(((172.0, 320.0), (124.5, 222.5), (99.0, 152.0)))),
            ),
            end=20,
        ),
        Segment(
            (
                KeyFrame(23, Line(((172.0, 320.0), (123.5, 222.5), (97.5, 152.0)))),
                KeyFrame(33, Line(((171.5, 320.0), (121.0, 222.5), (93.0, 152.0)))),
            ),
            end=36,
        ),
    ),
)

FRAME_ANSWERS = (
    FrameAnswer(Radio("weather", "rain"), ((20, 36),)),
    FrameAnswer(Text("note", "Überholverbot, défense de dépasser"), ((1, 19),)),
)


class NightScene:
    """A country road in the light of street lamps."""

    def background(self, canvas: Canvas) -> None:
        """The sky with moon and stars, hills, meadows and the road."""
        canvas.gradient(0, HORIZON, (12, 16, 42), (30, 36, 78), (84, 70, 110))
        for star in range(60):
            x, y = (star * 0.618034 % 1) * WIDTH, (star * star * 0.754878 % 1) * 120
            size = 0.5 + star % 3 * 0.2
            canvas.ellipse(x, y, size, size, (240, 240, 255, 90 + star % 4 * 40))
        canvas.glow(44, 52, 26, (220, 224, 255), 22)
        canvas.ellipse(44, 52, 12, 12, (244, 240, 220))
        canvas.ellipse(39.5, 49, 2.6, 2.2, (222, 216, 198))
        canvas.ellipse(47, 56, 3.2, 2.8, (226, 220, 202))
        hills: tuple[XY, ...] = ((0, 138), (30, 128), (66, 140), (100, 132), (140, 118))
        canvas.polygon([*hills, (180, 134), (180, 152), (0, 152)], (30, 30, 58))
        canvas.gradient(HORIZON, HEIGHT, (28, 42, 44), (24, 46, 40), (16, 32, 30))
        road = [(79, 150), (97, 150), (202, 320), (-10, 320), (-10, 222)]
        canvas.polygon(road, (48, 50, 62))

    def foreground(self, canvas: Canvas, video: SampleVideo, frame: int) -> None:
        """Lane markings, lamps, cars, a walker, and the rain."""
        for track in video.tracks:
            shape = track.shape_at(frame)
            if isinstance(shape, Line):
                canvas.line(shape.vertices, track.paint, width=2.2)
            elif isinstance(shape, Point):
                _lamp(canvas, shape, track)
            elif isinstance(shape, Box):
                _road_user(canvas, track, shape, frame)
        if any(a.name == "weather" for a in video.answers_at(frame)):
            sprites.rain(canvas, frame, heavy=False)


def _lamp(canvas: Canvas, head: Point, track: Track) -> None:
    # All feet and heads lie on lines through the vanishing point.
    size = (150 - head.y) / 130
    side = 1 if head.x > WIDTH / 2 else -1
    pole = head.x + side * 26 * size
    foot = 150 + 50 * size
    steel = (84, 88, 104)
    canvas.line(
        [(head.x, head.y), (pole, head.y - 3 * size), (pole, foot)], steel, width=1 + 2 * size
    )
    cone = [
        (head.x, head.y),
        (head.x - 34 * size, foot + 6 * size),
        (head.x + 34 * size, foot + 6 * size),
    ]
    canvas.polygon(cone, (255, 226, 160, 26))
    canvas.glow(head.x, head.y, 5 + 16 * size, track.paint, 50)
    canvas.ellipse(head.x, head.y, 1.6 + 3.2 * size, 1.4 + 2.2 * size, (255, 240, 200))


def _road_user(canvas: Canvas, track: Track, box: Box, frame: int) -> None:
    if track.tool == "person":
        sprites.person(canvas, box, track.paint, stride=frame * math.tau / 8)
        return
    if track is not BLUE_CAR:
        sprites.car_from_the_front(canvas, box, track.paint)
        return
    answers = track.answers_at(frame)
    state = next((a.options for a in answers if isinstance(a, Checklist)), ())
    plate = next((a.content for a in answers if isinstance(a, Text)), "")
    canvas.ellipse(box.center[0], box.bottom, box.width * 0.55, 3, (0, 0, 0, 110))
    sprites.car_from_behind(canvas, box, track.paint, state=state, plate=plate)


NIGHT = SampleVideo(
    name="night.mp4",
    width=WIDTH,
    height=HEIGHT,
    frame_rate=Fraction(25, 2),
    frame_count=FRAMES,
    scene=NightScene(),
    tracks=(
        LEFT_MARKING,
        RIGHT_MARKING,
        *LAMPS,
        LATER_CAR,
        ONCOMING_CAR,
        WALKER,
        BLUE_CAR,
    ),
    frame_answers=FRAME_ANSWERS,
    global_answers=(Radio("scene", "country road"), Checklist("camera", ("moving", "portrait"))),
    external_id="night.mp4",
    private=True,
)
