# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Tests of what surrounds the code: build files, pinned dependencies, the installed package."""

from __future__ import annotations

import ast
import collections
import configparser
import functools
import graphlib
import os
import pathlib
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = pathlib.Path(__file__).resolve().parent.parent
PYTHON_VERSIONS = ("3.9", "3.10", "3.11")


def _source_files() -> list[str]:
    """Returns all Python files of the project, relative to its root."""
    return [
        path.relative_to(ROOT).as_posix()
        for folder in ("vito_tf", "export", "tests")
        for path in sorted((ROOT / folder).rglob("*.py"))
    ]


def _module(file: str) -> str:
    return file[: -len(".py")].replace("/", ".").removesuffix(".__init__")


@functools.lru_cache(maxsize=1)
def _build_syntax() -> ast.Module:
    """Returns the parsed BUILD file: what it uses of Starlark is Python as well."""
    return ast.parse((ROOT / "BUILD").read_text())


def _build_targets() -> dict[str, tuple[list[str], list[str]]]:
    """Returns the sources and the dependencies (":name") of each Python target in BUILD."""
    targets = {}
    for statement in _build_syntax().body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "TESTS":
            for file, deps in ast.literal_eval(statement.value).items():
                targets[file[: -len(".py")]] = ([file], [":testing", *deps])
        elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
            call = statement.value
            if ast.unparse(call.func) in ("py_library", "py_binary"):
                fields = {
                    keyword.arg: ast.literal_eval(keyword.value)
                    for keyword in call.keywords
                    if keyword.arg in ("name", "srcs", "deps")
                }
                targets[fields["name"]] = (fields["srcs"], fields.get("deps", []))
    return targets


def _imported_modules(file: str, known: set[str]) -> Iterator[str]:
    """Yields the modules of the project that a file imports, packages above them included."""
    names = [_module(file)]
    for node in ast.walk(ast.parse((ROOT / file).read_text())):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    for name in names:
        parts = name.split(".")
        yield from ({".".join(parts[:end]) for end in range(1, len(parts) + 1)} & known)


def test_build_lists_each_file_once() -> None:
    listed = collections.Counter(
        node.value
        for node in ast.walk(_build_syntax())
        if isinstance(node, ast.Constant)
        and str(node.value).endswith(".py")
        and node.value != ".py"
    )
    assert listed == collections.Counter(_source_files())


def test_build_has_a_test_target_for_each_test_file() -> None:
    tests = [file for file in _source_files() if file.endswith("_test.py")]
    targets = _build_targets()
    assert [file for file in tests if targets.get(file[: -len(".py")], ([], []))[0] != [file]] == []


def test_build_dependencies_are_the_imports() -> None:
    targets = _build_targets()
    owner = {_module(file): name for name, (files, _) in targets.items() for file in files}
    # The runner of all tests is named apart from the targets.
    owner.setdefault("tests.__main__", "testing")
    for name, (files, deps) in targets.items():
        imported = {owner[module] for file in files for module in _imported_modules(file, {*owner})}
        expected = {f":{target}" for target in imported - {name}}
        # Every test gets :testing, which holds what pytest itself loads.
        assert set(deps) - {":testing"} == expected - {":testing"}, f"deps of {name} in BUILD"


def test_build_dependencies_have_no_cycle() -> None:
    graph = {f":{name}": deps for name, (_, deps) in _build_targets().items()}
    order = list(graphlib.TopologicalSorter(graph).static_order())
    assert sorted(order) == sorted(graph)


def test_source_files_carry_the_licence_header() -> None:
    header = "# Copyright 2026 The vito_tf Authors.\n# SPDX-License-Identifier: Apache-2.0\n"
    assert [
        file for file in _source_files() if not (ROOT / file).read_text().startswith(header)
    ] == []


def test_import_is_silent_and_loads_nothing_else() -> None:
    code = (
        "import sys; before = set(sys.modules); import vito_tf; "
        "sys.exit(', '.join(set(sys.modules) - before - {'vito_tf'}) or 0)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


@pytest.mark.parametrize("python_version", PYTHON_VERSIONS)
def test_constraints_pin_every_requirement(python_version: str) -> None:
    environment = {"python_version": python_version, "python_full_version": f"{python_version}.0"}
    pins = {}
    for line in (ROOT / "constraints.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            pin = Requirement(line)
            if pin.marker is None or pin.marker.evaluate(environment):
                assert canonicalize_name(pin.name) not in pins, f"{pin.name} is pinned twice"
                (specifier,) = pin.specifier
                assert specifier.operator == "=="
                pins[canonicalize_name(pin.name)] = specifier.version
    setup = configparser.ConfigParser(interpolation=None)
    setup.read(ROOT / "setup.cfg")
    lines = setup["options"]["install_requires"] + setup["options.extras_require"]["dev"]
    for line in lines.strip().splitlines():
        requirement = Requirement(line)
        assert pins[canonicalize_name(requirement.name)] in requirement.specifier, line


def test_wheel_holds_the_package_and_its_gin_configs(tmp_path: pathlib.Path) -> None:
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path)
    for name in ("vito_tf", "gin_configs", "export", "tests"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    code = "from setuptools import build_meta; build_meta.build_wheel('dist')"
    subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    (wheel,) = (tmp_path / "dist").glob("vito_tf-*.whl")
    contents = [name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name]
    modules = [file for file in _source_files() if file.startswith("vito_tf/")]
    configs = [
        path.relative_to(ROOT).as_posix()
        for kind in ("*.gin", "*.yaml")
        for path in (ROOT / "gin_configs").rglob(kind)
    ]
    data = [path.relative_to(ROOT).as_posix() for path in (ROOT / "vito_tf").rglob("*.tsv")]
    assert configs
    assert data
    data.append("vito_tf/curation/WORDNET_LICENSE")
    assert sorted(contents) == sorted(modules + configs + data)


def test_make_without_a_suitable_python_says_so_in_one_line(tmp_path: pathlib.Path) -> None:
    folder = tmp_path / "a path with spaces"
    folder.mkdir()
    for name in ("Makefile", "setup.cfg", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, folder)
    run = subprocess.run(
        ["make", "--silent", "install", "PYTHON=no-such-python"],
        cwd=folder,
        env={"PATH": os.environ["PATH"]},  # not what a `make test` around this test exports
        capture_output=True,
        text=True,
        check=False,
    )
    message, made_by_make = run.stderr.splitlines()
    assert run.returncode != 0
    assert message.startswith("error: no Python 3.9, 3.10 or 3.11 with pip was found")
    assert made_by_make.startswith("make: ***")
    assert not (folder / ".venv").exists()
