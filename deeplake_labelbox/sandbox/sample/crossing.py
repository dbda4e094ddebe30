"""``crossing.mp4``: cars stop for people at a zebra crossing, and it starts to rain."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING

from deeplake_labelbox.sandbox.sample import sprites
from deeplake_labelbox.sandbox.sample.answers import Checklist, FrameAnswer, Radio, Text
from deeplake_labelbox.sandbox.sample.tracks import (
    BoxShape,
    KeyFrame,
    LineShape,
    Outline,
    PointShape,
    SampleTrack,
    Segment,
)
from deeplake_labelbox.sandbox.sample.video import SampleVideo

if TYPE_CHECKING:
    from deeplake_labelbox.sandbox.sample.answers import Answer
    from deeplake_labelbox.sandbox.sample.canvas import Canvas

WIDTH, HEIGHT, FRAMES = 320, 240, 48
GREEN, RED = (70, 220, 110), (255, 70, 60)


def _car(color: str, *state: str, plate: str | None = None) -> tuple[Answer, ...]:
    answers: list[Answer] = [Radio("color", color)]
    if state:
        answers.append(Checklist("state", state))
    if plate:
        answers.append(Text("plate", plate))
    return tuple(answers)


RED_CAR = SampleTrack(
    "car",
    (214, 58, 52),
    (
        # Leaves on the right, and comes back from there in the far lane.
        Segment(
            (
                KeyFrame(
                    1, BoxShape(100.5, 170.25, 66, 30), _car("red", "moving", plate="DL 4740")
                ),
                KeyFrame(
                    11, BoxShape(254.0, 170.25, 66, 30), _car("red", "moving", plate="DL 4740")
                ),
                KeyFrame(14, BoxShape(300.5, 170.25, 19.5, 30), _car("red", "moving")),
            ),
            end=14,
        ),
        Segment(
            (
                # Too little of it is visible to see its color.
                KeyFrame(
                    30,
                    BoxShape(298.0, 135.5, 22, 25),
                    (Checklist("state", ("moving", "lights on")),),
                ),
                KeyFrame(36, BoxShape(264.0, 135.5, 56, 25), _car("red", "moving", "lights on")),
                KeyFrame(
                    44,
                    BoxShape(221.5, 135.5, 56, 25),
                    _car("red", "braking", "lights on", plate="DL 4740"),
                ),
            ),
            end=48,
        ),
    ),
)
BLUE_CAR = SampleTrack(
    "car",
    (48, 104, 210),
    (
        Segment(
            (
                KeyFrame(5, BoxShape(0.0, 169.5, 18.5, 31.5), _car("blue", "moving")),
                KeyFrame(
                    12, BoxShape(0.0, 169.5, 68.5, 31.5), _car("blue", "moving", plate="AI 2024")
                ),
                KeyFrame(
                    17,
                    BoxShape(42.75, 169.5, 68.5, 31.5),
                    _car("blue", "moving", "braking", plate="AI 2024"),
                ),
                KeyFrame(22, BoxShape(61.5, 169.5, 68.5, 31.5), _car("blue", plate="AI 2024")),
                KeyFrame(
                    37,
                    BoxShape(61.5, 169.5, 68.5, 31.5),
                    _car("blue", "lights on", plate="AI 2024"),
                ),
                KeyFrame(
                    47,
                    BoxShape(110.0, 169.5, 68.5, 31.5),
                    _car("blue", "moving", "lights on", plate="AI 2024"),
                ),
            ),
            end=48,
        ),
    ),
)
YELLOW_CAR = SampleTrack(
    "car",
    (246, 196, 48),
    (
        Segment(
            (
                KeyFrame(1, BoxShape(96.0, 134.0, 56.5, 26), _car("yellow", "moving")),
                KeyFrame(13, BoxShape(0.0, 134.0, 56.5, 26), _car("yellow", "moving")),
                KeyFrame(18, BoxShape(0.0, 134.0, 16.5, 26)),
            ),
            end=18,
        ),
    ),
)
WALKER = SampleTrack(
    "person",
    (42, 170, 118),
    (
        Segment(
            (
                KeyFrame(1, BoxShape(161.25, 190.5, 17.5, 42.5)),
                KeyFrame(14, BoxShape(161.25, 190.5, 17.5, 42.5)),
                KeyFrame(25, BoxShape(163.5, 135.0, 14.75, 37.25)),
                KeyFrame(36, BoxShape(164.0, 93.5, 13.0, 32.5)),
            ),
            end=48,
        ),
    ),
)
STROLLER = SampleTrack(
    "person",
    (226, 92, 164),
    (
        Segment(
            (
                KeyFrame(1, BoxShape(214.0, 188.5, 18, 44.5)),
                KeyFrame(19, BoxShape(302.0, 188.5, 18, 44.5)),
                KeyFrame(20, BoxShape(308.0, 188.5, 12, 44.5)),
            ),
            end=20,
        ),
        Segment(
            (
                KeyFrame(33, BoxShape(309.5, 188.5, 10.5, 44.5)),
                KeyFrame(35, BoxShape(302.0, 188.5, 18, 44.5)),
                KeyFrame(46, BoxShape(250.5, 188.5, 18, 44.5)),
            ),
            end=48,
        ),
    ),
)
_GREEN_LIGHT, _RED_LIGHT = PointShape(199.5, 106.25), PointShape(199.5, 86.75)
GREEN_LAMP = SampleTrack(
    "lamp",
    GREEN,
    (
        Segment((KeyFrame(1, _GREEN_LIGHT),), end=13),
        Segment((KeyFrame(37, _GREEN_LIGHT),), end=48),
    ),
)
RED_LAMP = SampleTrack("lamp", RED, (Segment((KeyFrame(14, _RED_LIGHT),), end=36),))
CENTER_LINE = SampleTrack(
    "lane",
    (244, 244, 236),
    (
        Segment(
            (
                KeyFrame(
                    1, LineShape(((0.0, 165.5), (110.5, 165.0), (214.5, 165.0), (320.0, 165.5)))
                ),
            ),
            end=48,
        ),
    ),
)
_ROADWAY = Outline((((0, 128), (320, 128), (320, 207), (0, 207)),))
_CYCLE_PATH = Outline((((0, 211), (320, 211), (320, 224.5), (0, 224.5)),))
ROADWAY = SampleTrack(
    "road",
    (84, 88, 98),
    (Segment((KeyFrame(1, _ROADWAY), KeyFrame(25, _ROADWAY)), end=48),),
    mask_color=(155, 93, 229),
)
CYCLE_PATH = SampleTrack(
    "road",
    (172, 96, 84),
    (Segment((KeyFrame(1, _CYCLE_PATH), KeyFrame(25, _CYCLE_PATH)), end=48),),
    mask_color=(241, 91, 181),
)

FRAME_ANSWERS = (
    FrameAnswer(Radio("weather", "sun"), ((1, 22),)),
    FrameAnswer(Radio("weather", "rain", (Radio("intensity", "light"),)), ((27, 36),)),
    FrameAnswer(Radio("weather", "rain", (Radio("intensity", "heavy"),)), ((37, 48),)),
    FrameAnswer(Checklist("events", ("crossing",)), ((15, 35),)),
    FrameAnswer(Checklist("events", ("honking",)), ((20, 26), (42, 45))),
    FrameAnswer(Text("note", "the light is green"), ((1, 13),)),
    FrameAnswer(Text("note", "blue car waits for a walker"), ((18, 36),)),
)


class CrossingScene:
    """A street seen from its side."""

    def background(self, canvas: Canvas) -> None:
        """Sky, houses, sidewalks, the road with its crossing, a traffic light."""
        canvas.gradient(0, 120, (108, 172, 226), (196, 222, 238), (248, 232, 210))
        for left, width, top, wall in (
            (0, 52, 50, (188, 150, 138)),
            (52, 38, 70, (150, 140, 160)),
            (90, 58, 40, (204, 176, 142)),
            (148, 34, 76, (140, 152, 168)),
            (216, 46, 58, (170, 146, 150)),
            (262, 58, 34, (146, 160, 172)),
        ):
            _house(canvas, left, width, top, wall)
        for x in (189, 208):
            canvas.ellipse(x, 92, 14, 13, (104, 152, 104))
        for x in (182, 198, 214):
            canvas.ellipse(x, 102, 12, 12, (82, 132, 88))
        canvas.gradient(114, 128, (190, 188, 186), (206, 204, 200))
        canvas.gradient(128, 207, (84, 88, 98), (96, 100, 110))
        canvas.gradient(207, 240, (214, 210, 204), (188, 184, 180))
        canvas.rectangle(0, 126.5, WIDTH, 128.5, (228, 226, 220))
        canvas.rectangle(0, 206, WIDTH, 209, (232, 230, 224))
        canvas.rectangle(0, 211, WIDTH, 224.5, (172, 96, 84))
        for x in range(10, WIDTH, 40):
            canvas.rectangle(x, 217, x + 14, 218.5, (240, 226, 216, 190))
        for stripe in range(6):
            y = 131 + stripe * 12.8
            canvas.rectangle(150, y, 189, y + 7, (238, 238, 232))
        canvas.rectangle(198, 80, 201, 126, (58, 62, 70))
        canvas.rectangle(194, 80, 205, 113, (34, 38, 46), radius=3)
        for y in (86.75, 96.5, 106.25):
            canvas.ellipse(199.5, y, 3.4, 3.4, (62, 66, 74))

    def foreground(self, canvas: Canvas, video: SampleVideo, frame: int) -> None:
        """The traffic, the light that is on, and the weather."""
        weather = next((a for a in video.answers_at(frame) if a.name == "weather"), None)
        sunny = isinstance(weather, Radio) and weather.option == "sun"
        rainy = isinstance(weather, Radio) and weather.option == "rain"
        if sunny:
            canvas.glow(206, 34, 30, (255, 236, 160), 60)
            canvas.ellipse(206, 34, 11, 11, (255, 224, 110))
        if rainy:
            canvas.rectangle(0, 0, WIDTH, 128, (84, 98, 122, 90))
        for track in video.tracks:
            self._draw(canvas, track, frame)
        honking = any(
            isinstance(a, Checklist) and "honking" in a.options for a in video.answers_at(frame)
        )
        blue = BLUE_CAR.shape_at(frame)
        if honking and isinstance(blue, BoxShape):
            sprites.honk(canvas, blue.right + 1, blue.top + 12)
        if isinstance(weather, Radio) and rainy:
            sprites.rain(canvas, frame, heavy=Radio("intensity", "heavy") in weather.nested)

    def _draw(self, canvas: Canvas, track: SampleTrack, frame: int) -> None:
        segment, shape = track.segment_at(frame), track.shape_at(frame)
        if segment is None:
            return
        if isinstance(shape, LineShape):
            dashed = (
                [v for v in shape.vertices if v[0] <= 150],
                [  # the zebra has no line
                    v for v in shape.vertices if v[0] >= 189
                ],
            )
            for part in dashed:
                sprites.dashes(canvas, part, track.paint, width=2)
        elif isinstance(shape, PointShape):
            canvas.glow(shape.x, shape.y, 11, track.paint, 40)
            canvas.ellipse(shape.x, shape.y, 3.6, 3.6, track.paint)
        elif isinstance(shape, BoxShape):
            boxes = [key.shape for key in segment.key_frames if isinstance(key.shape, BoxShape)]
            # Only the border narrows a car; walkers also narrow as they go away from us.
            body = sprites.whole(shape, max(box.width for box in boxes), WIDTH)
            if track.tool == "person":
                still = segment.shape_at(min(frame + 1, segment.end)) == shape
                stride = 0.0 if still else frame * math.tau / 10
                sprites.person(canvas, body, track.paint, stride=stride)
                return
            state = next(
                (a.options for a in track.answers_at(frame) if isinstance(a, Checklist)), ()
            )
            sprites.car_from_the_side(
                canvas,
                body,
                track.paint,
                to_the_right=boxes[-1].center[0] > boxes[0].center[0],
                state=state,
            )


def _house(canvas: Canvas, left: int, width: int, top: int, wall: tuple[int, int, int]) -> None:
    canvas.rectangle(left, top, left + width, 116, wall)
    canvas.rectangle(left, top, left + width, top + 3, sprites.shade(wall, 0.8))
    for row, y in enumerate(range(top + 9, 106, 15)):
        for column, x in enumerate(range(left + 6, left + width - 8, 12)):
            lit = (row * 5 + column * 3) % 7 == 0
            pane = (255, 226, 150) if lit else sprites.shade(wall, 0.62)
            canvas.rectangle(x, y, x + 6, y + 8, pane)


CROSSING = SampleVideo(
    name="crossing.mp4",
    width=WIDTH,
    height=HEIGHT,
    frame_rate=Fraction(30000, 1001),
    frame_count=FRAMES,
    scene=CrossingScene(),
    tracks=(
        ROADWAY,
        CYCLE_PATH,
        CENTER_LINE,
        GREEN_LAMP,
        RED_LAMP,
        YELLOW_CAR,
        RED_CAR,
        BLUE_CAR,
        WALKER,
        STROLLER,
    ),
    frame_answers=FRAME_ANSWERS,
    global_answers=(
        Radio("scene", "city", (Radio("district", "center"),)),
        Checklist("camera", ("steady",)),
    ),
    external_id="crossing.mp4",
    global_key="sample-crossing",
    mask_format="single",
)
