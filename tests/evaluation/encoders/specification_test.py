# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The flag --encoder."""

import pytest
import tensorflow as tf

from tests.backbones import encoders
from vito_tf.evaluation.encoders import saved_model, specification


def test_names_kinds_and_options(tmp_path):
    encoders.write_encoder(tmp_path / "a=b")
    for text, name, image_size in [
        ("raw:colour", "raw colour", 224),
        ("my colours=raw:colour?image_size=96", "my colours", 96),
        (f"{tmp_path}/a=b/?image_size=32", "a=b", 32),
        ("R=random:resnet10?depth_multiplier=0.125&seed=-5", "R", 224),
    ]:
        found = specification.load(text)
        assert (found.name, found.image_size) == (name, image_size)


def test_the_name_is_no_part_of_the_identity():
    one = specification.load("raw:colour")
    other = specification.load("other=raw:colour?image_size=64")
    assert one.identity == other.identity


def test_a_saved_models_options(tmp_path):
    module = tf.Module()
    module.__call__ = tf.function(
        lambda images: tf.reduce_mean(images, [1, 2]), input_signature=[tf.TensorSpec([None] * 4)]
    )
    tf.saved_model.save(module, str(tmp_path / "model"), signatures=module.__call__)
    found = specification.load(f"saved_model:{tmp_path}/model?mean=0.5,1,0&std=2&image_size=8")
    assert isinstance(found, saved_model.SavedModelEncoder)
    assert (found.mean, found.std, found.name) == ((0.5, 1, 0), (2, 2, 2), "model")
    features = found(tf.ones([1, 8, 8, 3])).features
    assert features.numpy().tolist() == [[0.25, 0, 0.5]]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "it names no encoder"),
        ("a=", "it names no encoder"),
        ("?seed=1", "it names no encoder"),
        ("keres:ResNet50", "no kind 'keres'; there are keras, .*, raw and folders"),
        ("raw:colour?seed=1", "no option 'seed'; there are image_size"),
        ("random:resnet10?size=1", "no option 'size'; there are seed, depth_multiplier, image_"),
        ("raw:colour?image_size", "the option image_size needs one value"),
        ("raw:colour?image_size=8&image_size=9", "the option image_size needs one value"),
        ("raw:colour?image_size=0", "image_size=0 must be a positive integer"),
        ("raw:colour?image_size=a", "image_size=a must be a positive integer"),
        ("random:resnet10?seed=a", "seed=a must be an integer"),
        ("random:resnet10?depth_multiplier=0", "depth_multiplier=0 must be a positive number"),
        ("random:resnet10?depth_multiplier=nan", "depth_multiplier=nan must be a positive number"),
        ("random:resnet10?depth_multiplier=1,2", "depth_multiplier=1,2 must be a positive number"),
        ("saved_model:a?outputs=b", "outputs=b must be one of features, logits, probabilities"),
        ("saved_model:a?mean=1,2", "mean=1,2 must be one number, or three"),
        ("saved_model:a?std=1,0,1", "std=1,0,1 must be one positive number, or three"),
        ("saved_model:a", "a is no folder of a SavedModel"),
        ("no/such/folder", "there is no folder no/such/folder"),
        ("name=keras:ResNet50?weights=b.h5", "weights=b.h5 is neither an HDF5 file"),
        ("clip_resnet:no.pt", "no.pt cannot be read"),
    ],
)
def test_one_error_that_names_the_flag(text, reason):
    with pytest.raises(specification.SpecificationError, match=reason) as error:
        specification.load(text)
    message = str(error.value)
    assert message.startswith(f"--encoder={text}: ")
    assert message.endswith(".")
    assert len(message.splitlines()) == 1


def test_every_kind_and_option_is_documented():
    for kind, how in specification._KINDS.items():
        assert f"{kind}:" in specification.__doc__
        assert all(f"{option}=" in specification.__doc__ for option in how.options)
