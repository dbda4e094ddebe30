"""Messages name arguments in backticks; a command shows them as options of its own."""

import ast
import pickle
import re
from functools import cache
from pathlib import Path

import typer.main

import deeplake_labelbox
from deeplake_labelbox._cli.application import app, option_names
from deeplake_labelbox._cli.export import RANGES
from deeplake_labelbox._cli.spelling import MARK, in_options, options_of
from deeplake_labelbox._store.frame_selection import in_words
from deeplake_labelbox.errors import DatasetExistsError

ROOT = Path(deeplake_labelbox.__file__).parent
COMMANDS = typer.main.get_group(app).commands
OPTIONS = {name: option_names(command) for name, command in COMMANDS.items()}
OPTIONS["export"] |= RANGES

# Arguments that have no option, and what the command line has instead.
IN_PYTHON = {
    "url_presigner": "--sign where private videos are read; elsewhere a function",
    "data_filler": "makes columns of the user's own; functions",
    "image_column": "of datasets for training, which no command makes",
    "label_selection": "sync follows the labels that were applied; functions come from Python only",
    "group_mapping": "sync follows the labels that were applied",
}


def module_file(name):
    path = ROOT.parent.joinpath(*name.split("."))
    return next(p for p in (path.with_suffix(".py"), path / "__init__.py") if p.is_file())


@cache
def imported(file):
    found = re.findall(rf"from ({ROOT.name}[.\w]*) import", file.read_text("utf-8"))
    files = {module_file(name) for name in set(found)} - {ROOT / "__init__.py"}  # which is lazy
    return files | set(file.parent.rglob("*.py") if file.name == "registry.py" else ())


def reached(command):
    """The files that a command imports, or may import."""
    found = set()
    todo = {module_file(COMMANDS[command].callback.__module__)}
    while todo:
        file = todo.pop()
        found.add(file)
        todo |= imported(file) - found
    return {file for file in found if file.parent.name != "_cli"}


@cache
def messages(file):
    """The strings of a file that are no docstrings, with `{}` for what is put into them."""
    tree = ast.parse(file.read_text("utf-8"))
    nodes = list(ast.walk(tree))
    others = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    others |= {
        id(part) for node in nodes if isinstance(node, ast.JoinedStr) for part in node.values
    }
    found = []
    for node in nodes:
        if isinstance(node, ast.JoinedStr):
            texts = [v.value if isinstance(v, ast.Constant) else "{}" for v in node.values]
            found.append("".join(texts))
        elif isinstance(node, ast.Constant) and id(node) not in others:
            found.append(str(node.value))
    return found


def test_every_argument_in_a_message_is_an_option_of_a_command_that_raises_it():
    files = {}
    for command in COMMANDS:
        for file in reached(command):
            files.setdefault(file, []).append(command)
    marks = 0
    for file, commands in files.items():
        known = {name for command in commands for name in OPTIONS[command]}
        for message in messages(file):
            for name, _ in MARK.findall(message):
                assert name in known or name in IN_PYTHON, (file, message)
                marks += 1
    assert marks > 70


def test_no_message_names_an_argument_without_marking_it():
    names = {name for options in OPTIONS.values() for name in options if "_" in name.strip("_")}
    bare = re.compile(rf"\b({'|'.join(sorted(names))})\b(?!\.)")
    every = {name for options in OPTIONS.values() for name in options}
    # As `resize=`, but not in a call that the message shows.
    assigned = re.compile(rf"(?<!\()(?<!\.\.\., )\b({'|'.join(sorted(every))})=")
    for file in set().union(*map(reached, COMMANDS)):
        for message in messages(file):
            if " " in message:
                assert not bare.search(MARK.sub("", message)), (file, message)
                is_other = message.startswith("<") or file.parent.name == "training"  # HTML; Python
                assert is_other or not assigned.search(MARK.sub("", message)), (file, message)


def test_arguments_are_shown_as_options_with_their_values():
    with options_of(OPTIONS["create"]):
        assert in_options("pass `overwrite=True` to replace it") == "pass --overwrite to replace it"
        assert in_options("with `group_mapping={'line': 'a', 'point': 'b'}`") == (
            "with --group line=a --group point=b"
        )
        begun = in_words('{"frame_stride": 2, "only_labelled": true}')
        assert in_options(begun) == "--stride 2, --only-labeled"
        assert in_options("applied with `group_mapping={}`") == "applied with no --group"
        assert in_options("Pass `url_presigner`.") == "Pass --sign."
        assert in_options("Pass `data_filler`.") == "Pass data_filler (in Python)."
        assert in_options("run `deeplake-labelbox sync ds`") == "run `deeplake-labelbox sync ds`"
    with options_of(OPTIONS["import"]):
        assert in_options("pass `existing='skip'`") == "pass --existing skip"
        assert in_options("pass `mapping={'pedestrian': NAME}`") == "pass --map pedestrian=NAME"
        assert in_options("name it with `data_rows`") == "name it with --data-row"


def test_options_of_other_commands_are_shown_with_their_commands():
    with options_of(OPTIONS["preview"], OPTIONS), options_of({}):
        assert (
            in_options("with `label_selection='all'`") == "with --labels all of create or annotate"
        )
        assert in_options("out with `where`") == "out with --where of convert or copy"
        assert in_options("give `image_column`") == "give image_column (in Python)"
    assert in_options("with `where`") == "with where (in Python)"


def test_an_error_that_was_pickled_still_knows_its_arguments():
    error = pickle.loads(pickle.dumps(DatasetExistsError("pass `overwrite=True`")))  # noqa: S301 - our own
    with options_of(OPTIONS["create"]):
        assert in_options(str(error)) == "pass --overwrite"
