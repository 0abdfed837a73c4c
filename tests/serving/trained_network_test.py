# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The network of a run comes back whole, whatever configuration is in force, or not at all."""

import shutil

import gin
import numpy as np
import pytest
import tensorflow as tf

from tests.serving import runs as written
from vito_tf import configuration
from vito_tf.backbones import networks, resnet
from vito_tf.pretraining import comparison
from vito_tf.serving import trained_network

BASELINE = """
moclr/VitoNetwork.pooling = 'average'
moclr/VitoNetwork.levels = (4,)
moclr/ViewPipeline.image_size = 40
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("written") / "run"
    model = written.write_run(folder, BASELINE, steps=(3, 5))
    return folder, {name: getattr(model, name).get_weights() for name in ("online", "target")}


def _same(weights, others):
    return len(weights) == len(others) and all(map(np.array_equal, weights, others))


def _checkpoint_value(path, name):
    return tf.train.load_checkpoint(path).get_tensor(f"{name}/.ATTRIBUTES/VARIABLE_VALUE")


def test_networks_come_back_with_what_is_known_of_them(run):
    folder, weights = run
    for name in ("online", "target"):
        trained = trained_network.load(str(folder), name)
        assert _same(trained.network.get_weights(), weights[name])
        assert (trained.step, trained.image_size) == (5, 32)
        assert trained.summary == written.SUMMARY
        assert (trained.last_level, trained.architecture) == ("4", resnet.Architecture(10, 0.125))
        assert trained.network.pooling == "attention"


def test_the_baseline_of_a_comparison_is_built_as_it_was(run):
    folder = run[0] / comparison.BASELINE
    model = written.write_run(folder, BASELINE, scope=comparison.BASELINE)
    moclr = trained_network.load(f"{folder}/")
    assert (moclr.network.pooling, moclr.network.levels) == ("average", ("4",))
    assert moclr.image_size == 40
    assert _same(moclr.network.get_weights(), model.online.get_weights())


def test_the_callers_configuration_is_put_back(run, tmp_path):
    configuration.parse([], ["Schedule.steps = 7\nmoclr/Schedule.steps = 8\n"])
    tf.keras.mixed_precision.set_global_policy("mixed_bfloat16")
    before = gin.config_str()
    trained = trained_network.load(str(run[0]))
    assert {weight.dtype for weight in trained.network.weights} == {tf.float32}
    assert trained.network.backbone.compute_dtype == "float32"
    assert (gin.config_str(), gin.config_is_locked()) == (before, True)
    assert tf.keras.mixed_precision.global_policy().name == "mixed_bfloat16"
    with pytest.raises(trained_network.TrainedNetworkError):
        trained_network.load(str(run[0]), checkpoint="step-4")
    assert (gin.config_str(), gin.config_is_locked()) == (before, True)


def test_the_newest_readable_checkpoint_is_taken_or_the_one_that_is_named(run, tmp_path):
    folder = shutil.copytree(run[0], tmp_path / "run")
    assert trained_network.load(str(folder), checkpoint="step-3").step == 3
    data = folder / "checkpoints" / "step-5.data-00000-of-00001"
    data.write_bytes(data.read_bytes()[:1000])
    passed_over = trained_network.load(str(folder))
    assert passed_over.step == 3
    scale = "model/online/projector/norm/gamma"
    expected = _checkpoint_value(str(folder / "checkpoints" / "step-3"), scale)
    np.testing.assert_array_equal(passed_over.network.projector.norm.gamma, expected)
    assert not _same(passed_over.network.get_weights(), run[1]["online"])


def _remove_configuration(folder):
    (folder / "config.gin").unlink()


def _remove_checkpoints(folder):
    shutil.rmtree(folder / "checkpoints")


def _damage(folder):
    for file in (folder / "checkpoints").glob("step-*.index"):
        file.write_bytes(b"no checkpoint")


def _bind(binding):
    def change(folder):
        file = folder / "config.gin"
        file.write_text(file.read_text() + binding)

    return change


def _forget_views(folder):
    (folder / "config.gin").write_text("Schedule.steps = 3\n")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_remove_configuration, r"--model_dir=\S+ holds no run: it has no config.gin"),
        (_remove_checkpoints, r"The run in \S+ has no checkpoint yet"),
        (_damage, r"None of the checkpoints in \S+ can be read .*; the newest: "),
        (
            _bind("Projector.output_units = 17\n"),
            r"None of the checkpoints .*config.gin; the newes",
        ),
        (_bind("VitoNetwork.levels = (3, 4, 5)\n"), r"None of the checkpoints .*; the newest: "),
        (_bind("Schedule.stepz = 3\n"), r"The gin configuration cannot be used: .*stepz"),
        (_bind("VitoNetwork.levels = (9,)\n"), r"VitoNetwork.levels is \[9\]"),
        (_forget_views, r"config.gin of --model_dir=\S+ is of no pretraining"),
    ],
)
def test_what_is_no_usable_run_is_one_line(run, tmp_path, change, message):
    folder = shutil.copytree(run[0], tmp_path / "run")
    change(folder)
    with pytest.raises(ValueError, match=message) as caught:
        trained_network.load(str(folder))
    assert "\n" not in configuration.message(caught.value)


def test_names_that_a_run_does_not_have_are_refused(run):
    with pytest.raises(ValueError, match=r"--network must be one of .*, not 'other'"):
        trained_network.load(str(run[0]), "other")
    with pytest.raises(ValueError, match=r"--checkpoint=step-4: there is no \S+step-4.index"):
        trained_network.load(str(run[0]), checkpoint="step-4")


def test_a_backbone_that_is_of_no_known_kind_has_no_architecture(run):
    trained = trained_network.load(str(run[0]))
    trained.network.backbone = networks.build(trained.architecture, output_stride=16)
    with pytest.raises(
        ValueError, match=r"has a backbone of type AdaptedResNet; only those of @resn"
    ):
        trained.architecture  # noqa: B018
