"""What changed between two ontologies, in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from deeplake_labelbox.project.ontology import Classification, Ontology
from deeplake_labelbox.sync.label_columns import Key, feature_key


def said(before: Ontology, after: Ontology) -> list[str]:
    """What changed between two ontologies, in words."""
    old, new = dict(_features(before)), dict(_features(after))
    words = []
    for key, (what, name) in new.items():
        if key not in old:
            words.append(f"{what} {name!r} added")
        elif old[key][1] != name:
            words.append(f"{what} {old[key][1]!r} renamed to {name!r}")
    words += [f"{what} {name!r} deleted" for key, (what, name) in old.items() if key not in new]
    return words


def _features(ontology: Ontology) -> Iterator[tuple[Key, tuple[str, str]]]:
    for tool in ontology.tools:
        key = (feature_key(tool),)
        yield key, ("tool", tool.name)
        yield from _questions(tool.classifications, key)
    yield from _questions(ontology.classifications, ())


def _questions(
    classifications: Iterable[Classification], above: Key
) -> Iterator[tuple[Key, tuple[str, str]]]:
    for classification in classifications:
        key: Key = (*above, feature_key(classification))
        yield key, ("classification", classification.name)
        for option in classification.options:
            option_key: Key = (*key, feature_key(option))
            yield option_key, ("option", option.value)
            yield from _questions(option.classifications, option_key)
