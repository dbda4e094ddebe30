"""What the package shows to its users."""

import ast
import inspect
import re
import subprocess
import sys
from collections import Counter
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import deeplake_labelbox
from deeplake_labelbox import errors, integrations


def test_all_is_sorted_and_complete():
    names = deeplake_labelbox.__all__
    assert names == sorted(names)
    assert len(names) == len(set(names))
    for name in names:
        assert getattr(deeplake_labelbox, name) is not None


def test_what_is_public_has_a_docstring():
    for name in deeplake_labelbox.__all__:
        thing = getattr(deeplake_labelbox, name)
        if inspect.isclass(thing) or inspect.isfunction(thing):
            assert inspect.getdoc(thing), name


@pytest.mark.parametrize("module", ["importlib.metadata", "labelbox", "lbox", "torch"])
def test_importing_the_package_is_light(module):
    script = f"import deeplake_labelbox, sys; sys.exit('{module}' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0  # noqa: S603 - our own script


def test_the_signatures_of_deeplake_integrations_are_kept():
    """Names and order of arguments; what is new may be given by keyword only."""
    from deeplake.integrations import labelbox as theirs  # noqa: PLC0415 - slow to import

    verbs = (
        "create_dataset_from_video_annotation_project",
        "create_dataset_from_video_annotation_project_with_custom_data_filler",
        "converter_for_video_project_with_id",
    )
    for verb in verbs:
        old = inspect.signature(getattr(theirs, verb)).parameters
        new = inspect.signature(getattr(deeplake_labelbox, verb)).parameters
        kept = [p for p in new.values() if p.kind is not inspect.Parameter.KEYWORD_ONLY]
        assert [p.name for p in kept] == list(old), verb
        assert {p.name: p.default for p in kept} == {p.name: p.default for p in old.values()}


def test_the_signature_of_the_upload_is_kept():
    """But for the keys, which are no longer random, and pictures, which are not uploaded."""
    from deeplake.integrations import labelbox as theirs  # noqa: PLC0415 - slow to import

    verb = "create_labelbox_annotation_project"
    old = inspect.signature(getattr(theirs, verb)).parameters
    new = inspect.signature(getattr(deeplake_labelbox, verb)).parameters
    kept = [p for p in new.values() if p.kind is not inspect.Parameter.KEYWORD_ONLY]
    assert [p.name for p in kept] == [name for name in old if name != "media_type"]
    assert [p.default for p in kept][:-1] == [old[p.name].default for p in kept][:-1]


def test_the_long_names_are_in_one_module():
    for name in integrations.__all__:
        assert getattr(integrations, name) is getattr(deeplake_labelbox, name)
        assert getattr(integrations, name).__module__.startswith(deeplake_labelbox.__name__)


VERBS = {
    "apply_labels": ["dataset", "project"],
    "create_dataset": ["path", "project"],
    "import_annotations": ["source", "project_id", "lb_api_key"],
    "sync_dataset": ["dataset", "lb_api_key"],
    "upload_videos": ["paths"],
}


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_connects_and_reports_alike(verb):
    found = inspect.signature(getattr(deeplake_labelbox, verb))
    by_place = [
        p.name for p in found.parameters.values() if p.kind is not inspect.Parameter.KEYWORD_ONLY
    ]
    assert by_place == VERBS[verb]
    defaults = {p.name: p.default for p in found.parameters.values()}
    assert (defaults["lb_client"], defaults["lb_api_key"], defaults["progress"]) == (
        None,
        None,
        True,
    )
    report = getattr(deeplake_labelbox, str(found.return_annotation))
    assert report.__str__ is not object.__str__


@pytest.mark.parametrize("verb", ["create_dataset", "apply_labels"])
def test_options_have_one_spelling(verb):
    """What the long names have by keyword is spelled alike, but for their prefixes."""
    long = {
        "create_dataset": "create_dataset_from_video_annotation_project",
        "apply_labels": "converter_for_video_project_with_id",
    }[verb]
    new = set(inspect.signature(getattr(deeplake_labelbox, verb)).parameters)
    old = inspect.signature(getattr(deeplake_labelbox, long)).parameters.values()
    extras = {
        re.sub("^(frame_(?=stride|ranges)|lb_(?=ontology))", "", p.name)
        for p in old
        if p.kind is inspect.Parameter.KEYWORD_ONLY
    }
    assert extras - {"report"} <= new


def drawn_tree():
    """Pairs of class and base, read from the drawing in the docstring of errors.py."""
    branch: list[str] = []
    pairs = set()
    for line in inspect.getdoc(errors).splitlines():
        found = re.match(r"^(?P<indent>[\s│├└─]*)(?P<name>[A-Z]\w+Error)\b", line)
        if found is None:
            continue
        depth = len(found["indent"].replace(" ", "x")) // 4
        branch = [*branch[: depth - 1], found["name"]]
        if len(branch) > 1:
            pairs.add((branch[-1], branch[-2]))
    return pairs


def test_the_drawn_error_tree_is_that_of_the_classes():
    classes = {
        name: thing
        for name, thing in vars(errors).items()
        if inspect.isclass(thing) and thing.__module__ == errors.__name__
    }
    pairs = {
        (name, base.__name__)
        for name, thing in classes.items()
        for base in thing.__bases__
        if base.__name__ in classes
    }
    assert drawn_tree() == pairs
    for thing in classes.values():
        assert issubclass(thing, errors.DeepLakeLabelboxError)
        assert inspect.getdoc(thing)


def test_the_sandbox_imports_none_of_the_rest():
    folder = Path(deeplake_labelbox.__file__).parent / "sandbox"
    imported = {
        node.module if isinstance(node, ast.ImportFrom) else name.name
        for path in folder.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in node.names
    }
    own = {name for name in imported if name.startswith("deeplake_labelbox")}
    assert own
    assert all(name.startswith("deeplake_labelbox.sandbox") for name in own), own


def imported_names(path):
    """The names that a file imports, inside of functions too, but not for types alone."""
    tree = ast.parse(path.read_text("utf-8"))
    typing_only = {
        node
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and "TYPE_CHECKING" in ast.unparse(block.test)
        for node in ast.walk(block)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node not in typing_only:
            yield from ((node.module, alias.name) for alias in node.names)


def test_modules_do_not_import_each_other_in_a_circle():
    root = Path(deeplake_labelbox.__file__).parent
    graph = {}
    files = {}
    for path in root.rglob("*.py"):
        parts = path.relative_to(root.parent).with_suffix("").parts
        files[".".join(parts).removesuffix(".__init__")] = path
    for name, path in files.items():
        pairs = imported_names(path)
        # A package that is named to import one of its modules is not itself meant.
        found = {
            f"{module}.{what}" if f"{module}.{what}" in files else module for module, what in pairs
        }
        graph[name] = found & set(files) - {name}
    TopologicalSorter(graph).prepare()  # raises CycleError


def test_no_two_classes_have_one_name():
    package = Path(deeplake_labelbox.__file__).parent
    names = Counter(
        name
        for file in package.rglob("*.py")
        for name in re.findall(r"^class (\w+)", file.read_text("utf-8"), re.MULTILINE)
    )
    assert [name for name, count in names.items() if count > 1] == []
