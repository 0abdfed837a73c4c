# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Reading gin files, and refusing what would silently do nothing."""

from __future__ import annotations

import difflib
import inspect
import os
import pathlib
import re
from collections.abc import Iterable, Sequence
from typing import Any

import gin

_BINDING = re.compile(r"^([\w./]+) *=", re.MULTILINE)
_INCLUDE = re.compile(r"""^include +['"](.+?)['"]""")
_REFERENCE = re.compile(r"%([\w/]+)")
_ROOT = pathlib.Path(__file__).resolve().parent.parent
_TYPES = {"bool": bool, "int": int, "float": (int, float), "str": str}


class ConfigurationError(ValueError):
    """A gin file or binding that cannot be used; the message names it."""


def parse(files: Sequence[str], bindings: Sequence[str]) -> None:
    """Parses gin files, then bindings that override them.

    Files, and what they include, are looked for as they are named, then beside the `vito_tf`
    package: `gin_configs/experiments/quickstart.gin` is found from every working directory.

    Args:
      files: paths of gin files.
      bindings: e.g. ["VIDEO_FILES = '/data/*.mp4'"].

    Raises:
      ConfigurationError: for a file that is missing, names or values gin cannot use, a value of
        the wrong type, a macro that nothing refers to, or one that is still required.
    """
    for file in files:
        _check_found(file, "--gin_file")
    gin.add_config_file_search_path(str(_ROOT))
    try:
        gin.parse_config_files_and_bindings(
            files, bindings, skip_unknown=False, finalize_config=False
        )
        _check_macros()
        _check_types()
        gin.finalize()
    except ConfigurationError:
        raise
    except (OSError, ValueError, SyntaxError, AttributeError, TypeError, ImportError) as error:
        reason = " ".join(message(error).split())
        raise ConfigurationError(f"The gin configuration cannot be used: {reason}") from error


def as_user_error(error: Exception) -> ConfigurationError | None:
    """What the user can mend of an error that gin raised while building, else None."""
    if isinstance(error, RuntimeError) and str(error).startswith("Required bindings"):
        return ConfigurationError(message(error))
    return None


def message(error: Exception) -> str:
    """The message of an error without what gin adds of the calls that led to it."""
    return str(error).split("\n  In call to configurable")[0]


def check_all_used(inactive_scopes: Sequence[str] = (), shared: Sequence[str] = ()) -> set[str]:
    """Refuses bindings and macros that nothing has used yet.

    Called when everything has been built and before training starts: gin itself finds unknown
    names, but not a binding for something that the configuration never builds.

    Args:
      inactive_scopes: gin scopes whose bindings are not for this run.
      shared: bindings, such as the user's, that may be meant for another of several configurations.

    Returns:
      Names of the shared bindings that are not used.

    Raises:
      ConfigurationError: naming the unused bindings and, for each, the nearest name in use.
    """
    asked = _names(gin.config_str())
    used = _names(gin.operative_config_str())
    effective = {_source(name, asked) for name in used}
    unused = {name for name in asked - effective if name.split("/")[0] not in inactive_scopes}
    elsewhere = unused & _names("\n".join(shared))
    refuse_unused(unused - elsewhere)
    return elsewhere


def refuse_unused(names: Iterable[str]) -> None:
    """Raises ConfigurationError if there are any, with the nearest names in use."""
    asked = _names(gin.config_str())
    used = _names(gin.operative_config_str())
    hints = []
    for name in sorted(names):
        near = difflib.get_close_matches(name, used - asked or used, n=1)
        hints.append(f"{name} (nearest in use: {near[0]})" if near else name)
    if hints:
        raise ConfigurationError(
            "The gin configuration binds what this run does not use: " + ", ".join(hints) + "."
        )


def difference(saved: str, asked: str) -> str:
    """Lines of two configurations that differ, '-' saved and '+' asked; empty when they agree."""
    lines = difflib.unified_diff(saved.splitlines(), asked.splitlines(), lineterm="", n=0)
    return os.linesep.join(
        line for line in lines if line[:3] not in ("---", "+++") and line[0] in "+-"
    )


def _names(config: str) -> set[str]:
    """Names that a configuration binds, `scope/configurable.parameter`, and its macros."""
    return set(_BINDING.findall(config))


def _source(used: str, asked: Iterable[str]) -> str:
    """The binding that a parameter in use takes its value from: that of its innermost scope."""
    *scope, parameter = used.split("/")
    candidates = ["/".join([*scope[:depth], parameter]) for depth in range(len(scope), -1, -1)]
    return next((name for name in candidates if name in asked), used)


def _check_found(path: str, named_by: str) -> None:
    """Looks for a gin file and all that it includes, of which gin's own messages are unclear."""
    places = [pathlib.Path(path), _ROOT / path]
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        raise ConfigurationError(
            f"{named_by} names {path!r}, but there is no such file here or in {_ROOT}."
        )
    for number, line in enumerate(found.read_text(encoding="utf-8").splitlines(), start=1):
        included = _INCLUDE.match(line)
        if included:
            _check_found(included[1], f"{found}, line {number},")


def _check_macros() -> None:
    config = gin.config_str()
    for name in sorted(_names(config)):
        key = name if "." in name else f"{name}/macro.value"
        if str(gin.query_parameter(key)) == "%gin.REQUIRED":
            raise ConfigurationError(f'{name} must be given, as by --gin_params="{name} = ...".')
    macros = {name for name in _names(config) if "." not in name}
    referred = set(_REFERENCE.findall(config))
    for name in sorted(macros - referred):
        near = difflib.get_close_matches(name, referred & macros or macros - {name}, n=1)
        hint = f" (nearest: {near[0]})" if near else ""
        raise ConfigurationError(f"Nothing in the gin configuration refers to {name}{hint}.")


def _check_types() -> None:
    """Compares values of bindings with the simple types that the parameters are annotated with."""
    for name in sorted(_names(gin.config_str())):
        if "." not in name:
            continue
        configurable, parameter = name.rsplit(".", 1)
        wanted = _simple_type(gin.get_configurable(configurable.split("/")[-1]), parameter)
        value = _literal(gin.query_parameter(name))
        fits = wanted is None or value is None or isinstance(value, _TYPES[wanted])  # type: ignore[arg-type]
        if not fits or (isinstance(value, bool) and wanted in ("int", "float")):
            raise ConfigurationError(f"{name} must be of type {wanted}, not {value!r}.")


def _simple_type(configurable: Any, parameter: str) -> str | None:
    """Name of the type that a parameter is annotated with, if it is one that can be checked."""
    parameters = inspect.signature(configurable).parameters
    annotation = str(parameters[parameter].annotation) if parameter in parameters else ""
    name = re.sub(r"^Optional\[(\w+)\]$", r"\1", annotation).replace(" | None", "")
    return name if name in _TYPES else None


def _literal(value: Any) -> Any:
    """The value of a binding, looked up where it is a macro; None for other references."""
    text = str(value)
    if text.startswith("%"):
        return _literal(gin.query_parameter(f"{text[1:]}/macro.value"))
    return None if text.startswith("@") else value
