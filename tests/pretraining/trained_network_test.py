# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The network of a run comes back whole, whatever configuration is in force, or not at all."""

import shutil

import gin
import numpy as np
import pytest
import tensorflow as tf

from tests.pretraining import runs
from tests.serving import runs as written
from vito_tf import configuration
from vito_tf.backbones import resnet
from vito_tf.pretraining import comparison, pretrain, run_directory, trained_network

BASELINE = """
moclr/VitoNetwork.pooling = 'average'
moclr/VitoNetwork.levels = (4,)
moclr/ViewPipeline.image_size = 40
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("written") / "run"
    model = written.write_run(folder, steps=(3, 5))
    return folder, {name: getattr(model, name).get_weights() for name in ("online", "target")}


def _same(weights, others):
    return len(weights) == len(others) and all(map(np.array_equal, weights, others))


def _checkpoint_value(path, name):
    return tf.train.load_checkpoint(path).get_tensor(f"{name}/.ATTRIBUTES/VARIABLE_VALUE")


def test_trained_networks_come_back_with_what_is_known_of_them(tmp_path):
    clips = runs.write_clips(tmp_path / "clips")
    bindings = "Schedule.steps = 2\nSchedule.warmup_steps = 1\n"
    configuration.parse([runs.write_config(tmp_path / "run.gin", clips, bindings)], [])
    directory = run_directory.RunDirectory(str(tmp_path / "run"))
    strategy = tf.distribute.OneDeviceStrategy("device:CPU:0")
    vito = pretrain.Pretraining(directory, directory.path, strategy)
    summary = vito.train()
    loaded = {name: trained_network.load(directory.path, name) for name in ("online", "target")}
    online = loaded["online"]
    assert (online.step, online.image_size, online.summary) == (2, 32, summary)
    assert (online.last_level, online.architecture) == ("4", resnet.Architecture(10, 0.125))
    images = written.images()
    for name, trained in loaded.items():
        network = getattr(vito.model, name)
        assert _same(trained.network.get_weights(), network.get_weights())
        expected = network(images, training=False)["embedding"]
        got = trained.network(images, training=False)["embedding"]
        np.testing.assert_array_equal(got, expected)
    assert not _same(online.network.get_weights(), loaded["target"].network.get_weights())


def test_the_baseline_of_a_comparison_is_built_as_it_was(tmp_path):
    written.write_run(tmp_path, BASELINE)
    folder = tmp_path / comparison.BASELINE
    model = written.write_run(folder, BASELINE, scope=comparison.BASELINE)
    moclr = trained_network.load(f"{folder}/")
    assert (moclr.network.pooling, moclr.network.levels) == ("average", ("4",))
    assert moclr.image_size == 40
    assert _same(moclr.network.get_weights(), model.online.get_weights())
    assert trained_network.load(str(tmp_path)).network.pooling == "attention"


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
    newest = trained_network.load(str(folder), "target")
    assert newest.step == 5
    assert _same(newest.network.get_weights(), run[1]["target"])
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


@gin.configurable
def trained_network_test_backbone(sync_batch_norm):
    return resnet.build(resnet.Architecture(10, 0.125), sync_batch_norm, output_stride=16)


def test_a_backbone_that_is_not_model_gardens_resnet_has_no_architecture(tmp_path):
    binding = "VitoNetwork.backbone = @trained_network_test_backbone\nresnet.model_id = 10\n"
    written.write_run(tmp_path, binding)
    trained = trained_network.load(str(tmp_path))
    with pytest.raises(ValueError, match=r"has a backbone of type AdaptedResNet; only those of @r"):
        trained.architecture  # noqa: B018
