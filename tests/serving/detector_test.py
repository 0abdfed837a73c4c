# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""What the export of a detector refuses; the export itself is verified whenever it is written."""

import pytest

from vito_tf.serving import detector_exporting


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (None, r"^--model_dir=\S+run holds no run: there is no \S+params\.yaml\.$"),
        ("task: {model: {num_classes: 3}}", r"holds a run that trains no detector\.$"),
        ("task: {assignment: {type: atss}}", r"^There is no checkpoint ckpt-7 in \S+run\.$"),
    ],
)
def test_a_run_that_cannot_be_exported_is_named_and_leaves_nothing(tmp_path, params, message):
    run = tmp_path / "run"
    run.mkdir()
    if params:
        (run / "params.yaml").write_text(params)
    with pytest.raises(ValueError, match=message):
        detector_exporting.export(str(run), str(tmp_path / "export"), checkpoint="ckpt-7")
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
