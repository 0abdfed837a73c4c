# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Reading gin files, and refusing what would silently do nothing."""

from __future__ import annotations

import difflib
import os
import pathlib
import re
from typing import Sequence

import gin

_BINDING = re.compile(r"^([\w./]+) *=", re.MULTILINE)


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
      ConfigurationError: for a file that is missing, or names or values gin cannot use.
    """
    gin.add_config_file_search_path(str(pathlib.Path(__file__).resolve().parent.parent))
    try:
        gin.parse_config_files_and_bindings(files, bindings, skip_unknown=False)
    except (OSError, ValueError, SyntaxError, AttributeError, TypeError, ImportError) as error:
        raise ConfigurationError(f"The gin configuration cannot be used: {error}") from error


def check_all_used(inactive_scopes: Sequence[str] = ()) -> None:
    """Refuses bindings and macros that nothing has used yet.

    Called when everything has been built and before training starts: gin itself finds unknown
    names, but not a binding for something that the configuration never builds.

    Args:
      inactive_scopes: gin scopes whose bindings are not for this run.

    Raises:
      ConfigurationError: naming the unused bindings and, for each, the nearest name in use.
    """
    asked = set(_BINDING.findall(gin.config_str()))
    used = set(_BINDING.findall(gin.operative_config_str()))
    unused = sorted(
        name for name in asked - used if name.split("/")[0] not in inactive_scopes or "/" not in name
    )
    if not unused:
        return
    hints = []
    for name in unused:
        near = difflib.get_close_matches(name, used - asked or used, n=1)
        hints.append(f"{name} (nearest in use: {near[0]})" if near else name)
    raise ConfigurationError(
        "The gin configuration binds what this run does not use: " + ", ".join(hints) + "."
    )


def difference(saved: str, asked: str) -> str:
    """Lines of two configurations that differ, '-' saved and '+' asked; empty when they agree."""
    lines = difflib.unified_diff(saved.splitlines(), asked.splitlines(), lineterm="", n=0)
    return os.linesep.join(line for line in lines if line[:3] not in ("---", "+++") and line[0] in "+-")
