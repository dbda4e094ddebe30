"""Whatever is edited between syncs: afterwards the dataset equals one built fresh."""

import copy
import itertools
import random

import pytest
from sync_projects import (
    ONTOLOGY,
    car,
    clip,
    contents,
    lane,
    make,
    nose,
    note,
    person,
    place,
    road,
    weather,
)

from deeplake_labelbox._store.columns import read_class_names
from deeplake_labelbox._sync.sync import sync_dataset

_MAPPINGS = (
    None,
    {"raster-segmentation": "mask"},
    {"rectangle": "box", "radio": "choice", "text": "words", "checklist": "flags"},
)
_PEOPLE = ("ada@x.test", "bob@x.test", "cleo@x.test")
_numbers = itertools.count()


@pytest.fixture(scope="module")
def clips():
    return [clip(frames=5, first=10 * number) for number in range(3)]


class Labelers:
    """People who work on a project, at random."""

    def __init__(self, project, clips, dice):
        self.project, self.clips, self.dice = project, clips, dice
        self._new = itertools.count()

    def edit(self):
        edits = (
            self.label,
            self.label,
            self.relabel,
            self.relabel,
            self.delete,
            self.skip,
            self.add_video,
            self.remove_video,
            self.rename,
            self.grow,
            self.shrink,
            self.review,
        )
        self.dice.choice(edits)()

    def annotations(self):
        """What the ontology of the moment has names for, as a labeler finds it."""
        ontology = self.project.ontology_normalized
        seen = [each for key in ontology for each in ontology[key] if self.dice.random() < 0.6]
        drawn = [self.drawn(each) if "tool" in each else self.answer(each) for each in seen]
        masks = [each for each in drawn if "masks" in each]
        return [each for each in drawn if "masks" not in each] + masks[:1]

    def drawn(self, tool):
        """An object of a tool; which of two it is, is told by its uuid."""
        name, left = tool["name"], self.dice.randrange(9)
        named = {"uuid": f"{tool['featureSchemaId']}-{self.dice.randrange(2)}", "name": name}
        if tool["tool"] == "raster-segmentation":
            mask = road(left)
            mask["masks"]["instances"][0]["name"] = name
            return mask
        if tool["tool"] != "rectangle":
            return (nose(left) if tool["tool"] == "point" else lane(left)) | named
        asked = {each["name"]: each for each in tool["classifications"]}
        if not {"plate", "color"} <= asked.keys():
            return person(left) | named
        options = [option["value"] for option in asked["color"]["options"]]
        box = car(left, self.dice.choice(options)) | named
        del box["segments"][0]["keyframes"][0]["classifications"][1]
        return box

    def answer(self, asked):
        """An answer to a classification."""
        named = {"uuid": asked["featureSchemaId"], "name": asked["name"]}
        if asked["type"] == "text":
            return note(f"note {self.dice.randrange(9)}") | named
        option = self.dice.choice(asked["options"])["value"]
        return (weather(option) if asked["scope"] == "index" else place(option)) | named

    def row(self, *, labeled=None):
        rows = [
            row for row in self.project.data_rows if labeled is None or bool(row.labels) == labeled
        ]
        return self.dice.choice(rows) if rows else None

    def label(self):
        row = self.row()
        if row is not None:
            row.add_label(self.annotations(), created_by=self.dice.choice(_PEOPLE))

    def relabel(self):
        row = self.row(labeled=True)
        if row is not None:
            row.update_label(self.dice.choice(row.labels), self.annotations())

    def delete(self):
        row = self.row(labeled=True)
        if row is not None:
            row.delete_label(self.dice.choice(row.labels))

    def skip(self):
        row = self.row()
        if row is not None:
            row.set_skipped()

    def review(self):
        row = self.row()
        if row is not None:
            row.set_workflow_status(self.dice.choice(("DONE", "IN_REVIEW", "IN_REWORK")))

    def add_video(self):
        clip = self.dice.choice(self.clips)
        row = self.project.add_video(clip, external_id=f"new-{next(self._new)}.mp4")
        if self.dice.random() < 0.5:
            row.add_label(self.annotations())

    def remove_video(self):
        row = self.row()
        if row is not None and len(self.project.data_rows) > 1:
            self.project.remove_video(row)

    def rename(self):
        ontology = self._ontology()
        what = self.dice.choice(self._features(ontology))
        name = f"renamed {next(self._new)}"
        if "value" in what:
            what |= {"value": name, "label": name}
        else:
            what["name"] = name
            if "instructions" in what:
                what["instructions"] = name
        self.project.update_ontology(ontology)

    def grow(self):
        ontology = self._ontology()
        name = f"new {next(self._new)}"
        kind = self.dice.choice(("tool", "question", "option", "text"))
        place = self.dice.randrange(3)
        if kind == "tool":
            drawn = self.dice.choice(("rectangle", "point", "line"))
            ontology["tools"].insert(place, {"tool": drawn, "name": name})
        elif kind == "question":
            question = {"type": "radio", "name": name, "options": [{"value": "yes"}]}
            question["scope"] = self.dice.choice(("index", "global"))
            ontology["classifications"].insert(place, question)
        elif kind == "option":
            asked = [e for e in self._features(ontology) if "type" in e and e["options"]]
            if asked:
                self.dice.choice(asked)["options"].insert(place, {"value": name})
        elif ontology["tools"]:
            tool = self.dice.choice(ontology["tools"])
            tool["classifications"].append({"type": "text", "name": name})
        self.project.update_ontology(ontology)

    def shrink(self):
        ontology = self._ontology()
        key = self.dice.choice(("tools", "classifications"))
        if len(ontology[key]) > 1:
            del ontology[key][self.dice.randrange(len(ontology[key]))]
        self.project.update_ontology(ontology)

    def _ontology(self):
        return copy.deepcopy(self.project.ontology_normalized)

    def _features(self, ontology):
        found = [*ontology["tools"], *ontology["classifications"]]
        for tool in ontology["tools"]:
            found += tool["classifications"]
        for asked in [each for each in found if "type" in each]:
            found += asked["options"]
        return found


@pytest.mark.parametrize("seed", range(6))
def test_after_each_sync_the_dataset_equals_one_built_fresh(box, clips, seed):
    dice = random.Random(seed)  # noqa: S311 - no secret
    mapping = _MAPPINGS[seed % len(_MAPPINGS)]
    options = {"group_mapping": mapping, "label_selection": "all" if seed % 2 else "selected"}
    project = box.add_project(f"Random {seed}", ONTOLOGY)
    people = Labelers(project, clips, dice)
    for number in range(2):
        row = project.add_video(clips[number], external_id=f"{number}.mp4")
        row.add_label(people.annotations())
    dataset = make(box, project, f"mem://random-{seed}", **options)
    for _ in range(4):
        known = {
            column.name: ids_and_classes(dataset, column.name) for column in dataset.schema.columns
        }
        for _ in range(dice.randint(1, 4)):
            people.edit()
        report = sync_dataset(dataset, lb_client=box.client(), progress=False, prune=True)
        assert report.gaps == ()
        fresh = make(box, project, f"mem://random-fresh-{next(_numbers)}", **options)
        expected, found = contents(fresh), contents(dataset)
        assert found.keys() == expected.keys()
        for key, values in expected.items():
            assert found[key] == values, key
        columns = {column.name for column in dataset.schema.columns}
        assert {column.name for column in fresh.schema.columns} <= columns
        for column, (ids, classes) in known.items():
            if column in columns:
                now, names = ids_and_classes(dataset, column)
                assert ids.items() <= now.items() or not ids
                assert len(names) >= len(classes)
        version = dataset.version
        assert not sync_dataset(dataset, lb_client=box.client(), progress=False, prune=True).changes
        assert dataset.version == version


def ids_and_classes(dataset, column):
    return (
        dict(dict(dataset[column].metadata).get("feature_ids", {})),
        read_class_names(dataset, column),
    )
