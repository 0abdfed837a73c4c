# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Runs commands' main functions in this process, whatever other commands' flags it holds."""

import contextlib

from absl import flags


@contextlib.contextmanager
def only_flags_of(define_flags):
    """Takes the flags of other commands away while a command's own are defined and used.

    A required flag of another command would otherwise be asked for.
    """
    others = {
        flag.name: flag
        for module, of_module in flags.FLAGS.flags_by_module_dict().items()
        for flag in of_module
        if not module.startswith("absl.") and flag.name in flags.FLAGS
    }
    for name in others:
        delattr(flags.FLAGS, name)
    before = set(flags.FLAGS)
    try:
        define_flags()
        yield
    finally:
        for name in set(flags.FLAGS) - before:
            delattr(flags.FLAGS, name)
        for name, flag in others.items():
            flags.FLAGS[name] = flag
        flags.FLAGS.unparse_flags()
