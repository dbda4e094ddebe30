"""Derive the ontology that a source needs: tools for classes, classifications for answers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from deeplake_labelbox._counts import some_of
from deeplake_labelbox._formats.annotations import (
    AnnotationSource,
    Answers,
    AnswerValue,
    VideoAnnotations,
)
from deeplake_labelbox._formats.cvat.reader import CvatFolder, CvatSource
from deeplake_labelbox._formats.deep_lake.reader import DeepLakeSource
from deeplake_labelbox._formats.registry import listed
from deeplake_labelbox._formats.sources import check_mapping
from deeplake_labelbox._imports.answer_lines import find_named, find_option, options_of
from deeplake_labelbox._imports.payload import LACKING, PayloadWriter
from deeplake_labelbox._model.annotations import AnswerKind, Feature
from deeplake_labelbox._model.kinds import CLASSIFICATIONS, GEOMETRIES
from deeplake_labelbox._model.ontology import (
    Classification,
    Ontology,
    Option,
    Scope,
    Tool,
    walk_classifications,
)
from deeplake_labelbox.errors import ConfigurationError, OntologyError

_SHOWN: Final = 10


@dataclass(frozen=True, slots=True)
class SourceOntology:
    """The ontology that a source needs, with its videos and unused classes.

    Attributes:
        ontology: A tool for each annotated class, by its name in the project, and a classification
            for each answered question.
        videos: The names of each of its videos.
        unused: Classes that it declares but does not annotate.
    """

    ontology: Ontology
    videos: tuple[tuple[str, ...], ...]
    unused: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        """Whether there are no tools and no classifications."""
        return not self.ontology.tools and not self.ontology.classifications

    def check_within(self, existing: Ontology, name: str) -> None:
        """Check that an existing ontology has everything that the source needs.

        Raises:
            OntologyError: If it lacks something.
        """
        missing = list(dict.fromkeys(_missing(existing, self.ontology)))
        if missing:
            raise OntologyError(
                f"The project has an ontology, {name}, which lacks {some_of(missing, _SHOWN)}. It "
                f"is not changed, because other projects may use it: add these in Labelbox, map "
                f"them with `mapping`, or leave out `make_ontology` to import the rest."
            )


def ontology_of_source(
    source: AnnotationSource,
    writer: PayloadWriter,
    answer_kinds: Mapping[str, AnswerKind],
) -> SourceOntology:
    """Derive the ontology that a source needs.

    Args:
        source: The source, which is read completely.
        writer: Maps names to those of the project, and has the project's ontology.
        answer_kinds: Kinds of classifications by name, where the answers leave them open.

    Raises:
        AnnotationSourceError: If the source cannot be read.
        ConfigurationError: If the mapping or ``answer_kinds`` has a name that the source does not
            have, or the answers leave the kind of a classification open.
        OntologyError: If a class has objects of several kinds.
    """
    found = _SourceClasses()
    for video in source.videos(writer.kind_of):
        found.add(video, writer)
    check_mapping(writer.mapping, found.names | source.names, *LACKING)
    mapped = {writer.mapped_name(name) for name in source.names}
    if isinstance(source, DeepLakeSource):
        # The dataset stores the ontology that it was labeled with.
        ontology = _importable(source.ontology, writer)
    else:
        if isinstance(source, CvatSource | CvatFolder):
            found.add_declared(source.questions)
        known = {
            item.name: CLASSIFICATIONS[item.kind].name
            for item in walk_classifications(_questions_of(writer.ontology))
            if item.kind in CLASSIFICATIONS
        }
        ontology = found.ontology({**known, **answer_kinds})
    asked = {item.name for item in walk_classifications(_questions_of(ontology))}
    if unknown := [name for name in answer_kinds if name not in asked]:
        raise ConfigurationError(
            f"`answer_kinds` names {unknown[0]!r}, which the source does not have; it has "
            f"{', '.join(map(repr, sorted(asked))) or 'no classifications'}."
        )
    made = {tool.name for tool in ontology.tools} | asked
    return SourceOntology(ontology, tuple(found.videos), tuple(sorted(mapped - made - {""})))


@dataclass(slots=True)
class _Question:
    """A classification, inferred from its answers."""

    kind: AnswerKind | None = None
    options: dict[str, dict[str, _Question]] = field(default_factory=dict)

    def add(self, value: AnswerValue) -> None:
        chosen = options_of(value)
        if len(chosen) > 1 or not isinstance(value, str | Mapping):
            self.kind = "checklist"
        for option, below in chosen.items():
            _add_answers(self.options.setdefault(option, {}), below or {})


_Questions = dict[str, _Question]


def _add_answers(questions: _Questions, answers: Answers) -> None:
    for name, value in answers.items():
        questions.setdefault(name, _Question()).add(value)


@dataclass(slots=True)
class _SourceClasses:
    """The classes and answers of a source."""

    tools: dict[tuple[str, str], _Questions] = field(default_factory=dict)
    frame_questions: _Questions = field(default_factory=dict)
    global_questions: _Questions = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    videos: list[tuple[str, ...]] = field(default_factory=list)

    def add(self, video: VideoAnnotations, writer: PayloadWriter) -> None:
        self.videos.append(video.data_row)
        self.names |= video.names
        for track in video.tracks:
            if mapped := writer.mapped_name(track.class_name):
                kind = GEOMETRIES[track.kind].sent_as
                questions = self.tools.setdefault((mapped, kind), {})
                previous: Answers | None = None
                for answers in track.answers:
                    if answers != previous:
                        _add_answers(questions, answers)
                    previous = answers
        for name, spans in video.frame_answers.items():
            if mapped := writer.mapped_name(name):
                for span in spans:
                    _add_answers(self.frame_questions, {mapped: span.answer})
        for name, value in video.global_answers.items():
            if mapped := writer.mapped_name(name):
                _add_answers(self.global_questions, {mapped: value})

    def add_declared(self, declared: Mapping[str, tuple[AnswerKind, tuple[str, ...]]]) -> None:
        """Add the kinds and options that the source declares for answers of objects."""
        for questions in self.tools.values():
            for name in questions.keys() & declared.keys():
                question = questions[name]
                question.kind, values = declared[name]
                question.options = {value: {} for value in values} | question.options

    def ontology(self, kinds: Mapping[str, AnswerKind]) -> Ontology:
        unclear: dict[str, None] = {}

        def classifications(
            questions: _Questions, scope: Scope = "global"
        ) -> tuple[Classification, ...]:
            made = []
            for name, question in questions.items():
                kind = kinds.get(name, question.kind)
                if kind is None:
                    unclear[name] = None
                has_options = kind is None or CLASSIFICATIONS[kind].has_options
                options = tuple(
                    Option(value, value, classifications=classifications(below))
                    for value, below in (question.options if has_options else {}).items()
                )
                made.append(Classification(name, kind or "", name, scope, options=options))
            return tuple(made)

        tools = tuple(
            Tool(name, kind, classifications=classifications(questions))
            for (name, kind), questions in self.tools.items()
        )
        once = {n: q for n, q in self.global_questions.items() if n not in self.frame_questions}
        asked = (*classifications(self.frame_questions, "index"), *classifications(once))
        if unclear:
            pairs = ", ".join(f"{name!r}: KIND" for name in unclear)
            raise ConfigurationError(
                f"The answers to {listed(map(repr, unclear), 'and')} may be texts or options; say "
                f"which with `answer_kinds={{{pairs}}}`, where KIND is "
                f"{listed(CLASSIFICATIONS, 'or')}."
            )
        _check_kinds(tools)
        return Ontology(tools, asked)


def _check_kinds(tools: Iterable[Tool]) -> None:
    kinds: dict[str, str] = {}
    for tool in tools:
        if kinds.setdefault(tool.name, tool.kind) != tool.kind:
            raise OntologyError(
                f"{tool.name!r} is both a {kinds[tool.name]} and a {tool.kind} in the source, but "
                f"an import finds tools by their names. Create an ontology with the kind you want "
                f"in Labelbox, or import each kind from its own file, under its own name in "
                f"`mapping`."
            )


def _importable(ontology: Ontology, writer: PayloadWriter) -> Ontology:
    """Keep the tools and classifications that can be imported, under the project's names."""
    tools: dict[tuple[str, str], Tool] = {}
    for tool in ontology.tools:
        mapped = writer.mapped_name(tool.name)
        if mapped and tool.kind in GEOMETRIES:
            kind = GEOMETRIES[tool.kind].sent_as
            tools.setdefault((mapped, kind), replace(tool, name=mapped, kind=kind))
    asked = [
        replace(item, name=writer.mapped_name(item.name))
        for item in ontology.classifications
        if writer.mapped_name(item.name) and item.kind in CLASSIFICATIONS
    ]
    return Ontology(tuple(tools.values()), tuple(asked))


def _questions_of(ontology: Ontology) -> tuple[Classification, ...]:
    of_objects = (item for tool in ontology.tools for item in tool.classifications)
    return (*ontology.classifications, *of_objects)


def _missing(existing: Ontology, wanted: Ontology) -> Iterator[str]:
    for tool in wanted.tools:
        found = existing.tool(Feature(None, tool.name, None), tool.kind)
        if found is None or found.kind != tool.kind:
            yield f"{tool.name!r} ({tool.kind})"
        else:
            yield from _missing_below(found.classifications, tool.classifications)
    yield from _missing_below(existing.classifications, wanted.classifications)


def _missing_below(
    existing: tuple[Classification, ...], wanted: Collection[Classification]
) -> Iterator[str]:
    for item in wanted:
        found = find_named(existing, item.name, report=lambda _: None, where="")
        if found is None or found.kind != item.kind:
            yield f"{item.name!r} ({item.kind})"
            continue
        for option in item.options:
            known = find_option(found, option.value)
            if known is None:
                yield f"the option {option.value!r} of {item.name!r}"
            else:
                yield from _missing_below(known.classifications, option.classifications)
