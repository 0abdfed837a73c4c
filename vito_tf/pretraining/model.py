# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The Keras model that `fit` trains: online and target network, one step of VITO (§3.1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Callable

import gin
import tensorflow as tf

from vito_tf import augmentation
from vito_tf.pretraining import contrastive_loss, schedules, target_network


@gin.configurable
class VitoModel(tf.keras.Model):
    """Learns to agree on the views of one video and to tell them from other videos'.

    A batch is a dict with
      views: [B, V, S, S, 3] float32 in [0, 1];
      seeds: [B, V, 2] int32, of the views' augmentation (only read with `policies`);
      position: [B] int64, how far in the stream of clips each example stands.
    """

    def __init__(
        self,
        online: tf.keras.Model,
        target: tf.keras.Model,
        total_steps: int,
        temperature: float = 0.1,
        ema_base: float = 0.99,
        policies: Sequence[augmentation.ViewPolicy] | None = None,
        **kwargs: Any,
    ):
        """Builds the model; the target starts as a copy of the online network.

        BYOL's reference initialises the target separately and reports no significant difference;
        the paper calls it an average of the online network, which a copy is from the first step.

        Args:
          online: the network that learns (a `VitoNetwork`, built).
          target: a second one of the same configuration, built.
          total_steps: length of the EMA schedule.
          temperature: of the loss; not in the paper, 0.1 is DetCon's (same group, same loss).
          ema_base: EMA rate of the first step; 0.99 is BYOL's for 300 epochs.
          policies: one a view: the views are augmented here, on the accelerator; None where the
            input pipeline has done it.
          **kwargs: of `tf.keras.Model`.
        """
        super().__init__(autocast=False, **kwargs)
        self.online = online
        self.target = target
        self.total_steps = total_steps
        self.temperature = temperature
        self.ema_base = ema_base
        self.policies = policies
        self.position = tf.Variable(
            0,
            dtype=tf.int64,
            trainable=False,
            name="position",
            aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA,
        )
        for xi, theta in zip(target.weights, online.weights):
            xi.assign(theta)

    def call(self, images: tf.Tensor, training: bool | None = None) -> dict:
        """The online network's outputs (see `VitoNetwork.call`)."""
        return self.online(images, training=training)

    def train_step(self, batch: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """One step: loss, optimiser, then the target network. Returns scalars to log."""
        views = batch["views"]
        if self.policies is not None:
            views = augmentation.augment_views(views, batch["seeds"], self.policies)
        views = tf.unstack(views, axis=1)
        step = tf.identity(self.optimizer.iterations)
        targets = tf.stop_gradient(_embeddings([self.target(v, training=True) for v in views]))
        with tf.GradientTape() as tape:
            outputs = [self.online(view, training=True) for view in views]
            terms = self._contrast(_embeddings(outputs), targets)
            loss = tf.reduce_mean(terms["loss"])
            replica_loss = loss / tf.distribute.get_strategy().num_replicas_in_sync
        weights = self.online.learnt_weights
        gradients = tape.gradient(replica_loss, weights)
        # A Swin transformer's levels have norms that are of no use where they are not pooled.
        pairs = [pair for pair in zip(gradients, weights) if pair[0] is not None]
        pairs = list(self.optimizer.aggregate_gradients(pairs))
        rate = schedules.ema_rate(step, self.ema_base, self.total_steps)
        scalars = {
            "loss": loss,
            "learning_rate": _learning_rate(self.optimizer, step),
            "ema_rate": rate,
            "gradient_norm": tf.linalg.global_norm([gradient for gradient, _ in pairs]),
            "positive_cosine": tf.reduce_mean(terms["positive"]),
            "negative_cosine": tf.reduce_mean(terms["negative"]),
            "embedding_stddev": tf.reduce_mean(tf.math.reduce_std(terms["targets"], axis=0)),
            **_attention_entropies(outputs),
        }
        self.optimizer.apply_gradients(pairs, skip_gradients_aggregation=True)
        _in_cross_replica_context(
            target_network.update_target, self.target.learnt_weights, weights, rate
        )
        self.position.assign(tf.reduce_max(_all_gather(batch["position"])) + 1)
        return _replica_mean(scalars)

    def _contrast(self, online: tf.Tensor, targets: tf.Tensor) -> dict[str, tf.Tensor]:
        """Loss terms of this replica's videos against the target views of all replicas."""
        batch_size = online.shape[0]
        all_targets = _all_gather(targets)
        replica = tf.distribute.get_replica_context().replica_id_in_sync_group
        own = contrastive_loss.own_video(
            batch_size, all_targets.shape[0], tf.cast(replica, tf.int32) * batch_size
        )
        scores = contrastive_loss.similarities(online, all_targets)
        terms = contrastive_loss.contrastive_loss(scores, own, self.temperature)
        return {**terms, "targets": tf.reshape(all_targets, [-1, all_targets.shape[-1]])}

    def make_train_function(self, force: bool = False) -> Callable:
        """As Keras', and measures the time spent waiting for the input (`input_wait`, seconds)."""
        made: Callable | None = self.train_function  # type: ignore[has-type]
        if made is not None and not force:
            return made
        step = self.train_step
        several = self._steps_per_execution.numpy() > 1
        if self._jit_compile:
            step = tf.function(step, jit_compile=True, reduce_retracing=True, autograph=False)

        def one_step(iterator):
            asked = tf.timestamp()
            with tf.control_dependencies([asked]):
                batch = next(iterator)
            with tf.control_dependencies(
                self.distribute_strategy.experimental_local_results(batch["position"])
            ):
                waited = tf.timestamp() - asked
            scalars = self.distribute_strategy.run(step, args=(batch,))
            local = self.distribute_strategy.experimental_local_results
            return {**{k: local(v)[0] for k, v in scalars.items()}, "input_wait": waited}

        @tf.function(reduce_retracing=True, autograph=False)
        def train_function(iterator):
            def one_more(count, scalars):
                following = one_step(iterator)
                following["input_wait"] += scalars["input_wait"]
                return count + 1, following

            scalars = one_step(iterator)
            if several:
                steps = tf.identity(self._steps_per_execution)
                done = tf.ones([], tf.int64)
                _, scalars = tf.while_loop(lambda n, _: n < steps, one_more, (done, scalars))
            return scalars

        self.train_function = train_function
        return self.train_function


def _embeddings(outputs: Sequence[dict]) -> tf.Tensor:
    """Unit-norm projections of the views, [B, V, D] float32."""
    stacked = tf.stack([output["embedding"] for output in outputs], axis=1)
    return contrastive_loss.normalise_embeddings(stacked)


def _attention_entropies(outputs: Sequence[dict]) -> dict[str, tf.Tensor]:
    """Mean entropy of the masks of each scale, in units of the uniform mask's: 1 is uniform."""
    entropies = {}
    for level in outputs[0]["masks"]:
        masks = tf.concat([output["masks"][level] for output in outputs], axis=0)
        positions = tf.cast(tf.size(masks[0]), tf.float32)
        entropy = -tf.reduce_sum(tf.math.xlogy(masks, masks), axis=[1, 2])
        entropies[f"attention_entropy_{level}"] = tf.reduce_mean(entropy) / tf.math.log(positions)
    return entropies


def _learning_rate(optimizer: tf.keras.optimizers.Optimizer, step: tf.Tensor) -> tf.Tensor:
    rate = optimizer._learning_rate  # The schedule; `learning_rate` is its value one step late.
    return rate(step) if callable(rate) else tf.cast(rate, tf.float32)


def _all_gather(tensor: tf.Tensor) -> tf.Tensor:
    """Concatenates the replicas' tensors, in order of their ids, along the first axis."""
    context = tf.distribute.get_replica_context()
    replicas = context.num_replicas_in_sync
    if replicas == 1:
        return tensor
    # Several workers cannot gather what has no device, as an input of the step.
    gathered = context.all_gather(tf.identity(tensor), axis=0)
    return tf.ensure_shape(gathered, [tensor.shape[0] * replicas, *tensor.shape[1:]])


def _replica_mean(scalars: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    context = tf.distribute.get_replica_context()
    if context.num_replicas_in_sync == 1:
        return scalars
    return context.all_reduce(tf.distribute.ReduceOp.MEAN, scalars)


def _in_cross_replica_context(
    update: Callable, targets: Sequence, sources: Sequence, rate: tf.Tensor
) -> None:
    """Applies `update` to mirrored variables, the way Keras optimisers do."""

    def apply(strategy, rate):
        for target, source in zip(targets, sources):
            strategy.extended.update(
                target, lambda xi, theta, rate: update([xi], [theta], rate), (source, rate)
            )

    tf.__internal__.distribute.interim.maybe_merge_call(apply, tf.distribute.get_strategy(), rate)
