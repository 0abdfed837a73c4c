# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The flags that the commands which export a run have in common."""

from __future__ import annotations

from absl import flags

from vito_tf import command_line
from vito_tf.serving import trained_network


def define() -> None:
    """Defines which network of a run goes where, how it is verified, and what its card says."""
    flags.DEFINE_string("export_path", None, "Folder to write.", required=True)
    flags.DEFINE_enum("network", "online", trained_network.NETWORKS, "Which of the run's two.")
    flags.DEFINE_string("checkpoint", None, "Such as step-500; the run's newest by default.")
    flags.DEFINE_string(
        "verify_images",
        None,
        "A glob of photographs to compare export and network on; by default three that come with "
        "matplotlib and scikit-learn.",
    )
    flags.DEFINE_bool("overwrite", False, "Replace an export in --export_path.")
    flags.DEFINE_string("license", "", "Of the weights, for the model card.")
    flags.DEFINE_string("data_description", "", "For the model card, in Markdown.")
    command_line.define_flags()
