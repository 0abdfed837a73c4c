# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
r"""Turns raw videos into curated clip records, on this machine or on any engine of Apache Beam.

Example:
  python -m vito_tf.ingest --gin_file=gin_configs/ingestion/clips.gin \
      --videos=/data/videos --output=/data/clips

The same command resumes an interrupted run. Bindings override the file's, one a flag:
  --gin_params="Ingestion.held_out_share = 0.05" --gin_params="CutSettings.short_side = 128"

Flags that are not listed here are Beam's, such as --runner=FlinkRunner --flink_master=...
"""

from __future__ import annotations

import logging
import os
import sys
from typing import Any

from vito_tf import environment

environment.prepare()

from absl import app, flags

from vito_tf import configuration

FLAGS = flags.FLAGS
_INSTALL = "pip install -c constraints.txt -e '.[ingest]'"


def main(argv: list[str]) -> None:
    """Ingests, turning what the user can mend into one line."""
    try:
        summary = _ingest(argv[1:])
    except ValueError as error:
        if FLAGS.traceback:
            raise
        sys.exit(f"error: {configuration.message(error)}")
    except Exception as error:
        if FLAGS.traceback:
            raise
        reason = str(error).strip().splitlines()[-1]
        sys.exit(f"error: the pipeline failed; the same command goes on. The reason: {reason}")
    except KeyboardInterrupt:
        sys.exit("Interrupted; the same command goes on where it stopped.")
    for name, value in summary.items():
        print(f"{name:32s} {value}")


def _ingest(beam_flags: list[str]) -> dict[str, object]:
    engine, ingest, recipe = _import_rooms()
    configuration.parse(FLAGS.gin_file, FLAGS.gin_params or [])
    try:
        settings = recipe.Ingestion()
    except RuntimeError as error:
        raise configuration.as_user_error(error) or error from error
    configuration.check_all_used()
    pipeline = engine.make_pipeline(beam_flags, FLAGS.num_workers)
    info = ingest.ingest(settings, FLAGS.videos, FLAGS.output, pipeline)
    return {
        **{f"clips ({name})": split["num_clips"] for name, split in info["splits"].items()},
        "classes": len(info["class_names"]),
        "card": os.path.join(FLAGS.output, "dataset_card.md"),
    }


def _import_rooms() -> tuple[Any, Any, Any]:
    logging.disable(logging.WARNING)  # Beam tells which clouds it could not reach.
    try:
        from vito_tf.ingestion import engine, ingest, recipe
    except ModuleNotFoundError as error:
        raise ValueError(f"{error.name} is not installed: {_INSTALL}") from error
    finally:
        logging.disable(logging.NOTSET)
    logging.getLogger("apache_beam").setLevel(logging.CRITICAL)  # What stops it is raised, too.
    return engine, ingest, recipe


def define_flags() -> None:
    """Defines this command's flags."""
    flags.DEFINE_multi_string("gin_file", None, "Gin files of `Ingestion`.")
    flags.DEFINE_multi_string("gin_params", None, "Gin bindings, which override the files'.")
    flags.DEFINE_string("videos", None, "A folder, a glob (** spans folders), or a CSV file.")
    flags.DEFINE_string("output", None, "Folder of the data set.")
    flags.DEFINE_integer(
        "num_workers",
        None,
        "Worker processes on this machine; as many as it has processors by default. 1 works in "
        "this process. With --runner it is Beam's flag of this name.",
        lower_bound=1,
    )
    flags.DEFINE_bool("traceback", False, "Show where in the program an error arose.")
    flags.mark_flags_as_required(["gin_file", "videos", "output"])


if __name__ == "__main__":
    define_flags()
    app.run(main, flags_parser=lambda argv: FLAGS(argv, known_only=True))
