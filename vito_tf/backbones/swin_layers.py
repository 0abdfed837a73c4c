# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The layers of Swin transformers (Liu et al. 2021, §3), on feature maps [B, H, W, C] of any size.

Initial values are the reference's: kernels and biases of relative positions are normal with a
deviation of 0.02 (it truncates at ±2, a hundred deviations), the patches' convolution is PyTorch's
default, U(±1 / sqrt(48)) with its bias; other biases are 0.
"""

from __future__ import annotations

import tensorflow as tf

from vito_tf.backbones import swin_windows

PATCH_SIZE = 4
MLP_RATIO = 4
NORM_EPSILON = 1e-5  # torch.nn.LayerNorm's.


def _normal() -> tf.keras.initializers.Initializer:
    return tf.keras.initializers.RandomNormal(stddev=0.02)


def _norm(name: str) -> tf.keras.layers.Layer:
    return tf.keras.layers.LayerNormalization(epsilon=NORM_EPSILON, name=name)


def _dense(
    units: int,
    regularizer: tf.keras.regularizers.Regularizer | None,
    name: str,
    bias: bool = True,
    gelu: bool = False,
) -> tf.keras.layers.Layer:
    return tf.keras.layers.Dense(
        units,
        activation="gelu" if gelu else None,  # The exact one, not tanh's approximation.
        use_bias=bias,
        kernel_initializer=_normal(),
        kernel_regularizer=regularizer,
        name=name,
    )


class PatchEmbedding(tf.keras.layers.Layer):
    """Patches of 4x4 pixels, each a vector: a convolution of stride 4 and a LayerNorm."""

    def __init__(
        self, channels: int, kernel_regularizer: tf.keras.regularizers.Regularizer | None, name: str
    ):
        """Builds the layer.

        Args:
          channels: of a vector.
          kernel_regularizer: of the convolution's kernel.
          name: of the layer.
        """
        super().__init__(name=name)
        bound = (3 * PATCH_SIZE**2) ** -0.5
        self.projection = tf.keras.layers.Conv2D(
            channels,
            PATCH_SIZE,
            strides=PATCH_SIZE,
            kernel_initializer=tf.keras.initializers.RandomUniform(-bound, bound),
            bias_initializer=tf.keras.initializers.RandomUniform(-bound, bound),
            kernel_regularizer=kernel_regularizer,
            name="projection",
        )
        self.norm = _norm("norm")

    def call(self, images: tf.Tensor) -> tf.Tensor:
        """Standardised images [B, H, W, 3] to [B, ceil(H / 4), ceil(W / 4), channels]."""
        more = [0, PATCH_SIZE - 1]  # Which ends within the last patch, or begins none.
        return self.norm(self.projection(tf.pad(images, [[0, 0], more, more, [0, 0]])))


class PatchMerging(tf.keras.layers.Layer):
    """Halves a map and doubles its channels: LayerNorm and a linear layer over 2x2 neighbours."""

    def __init__(
        self, channels: int, kernel_regularizer: tf.keras.regularizers.Regularizer | None, name: str
    ):
        """Builds the layer.

        Args:
          channels: of the result.
          kernel_regularizer: of the linear layer's kernel.
          name: of the layer.
        """
        super().__init__(name=name)
        self.norm = _norm("norm")
        self.reduction = _dense(channels, kernel_regularizer, "reduction", bias=False)

    def call(self, maps: tf.Tensor) -> tf.Tensor:
        """[B, H, W, C] to [B, ceil(H / 2), ceil(W / 2), channels]."""
        height, width = swin_windows.size_of(maps)
        maps = tf.pad(maps, [[0, 0], [0, 1], [0, 1], [0, 0]])
        corners = ((0, 0), (1, 0), (0, 1), (1, 1))  # The reference's order: column by column.
        neighbours = [
            maps[:, row : row + height : 2, column : column + width : 2] for row, column in corners
        ]
        return self.reduction(self.norm(tf.concat(neighbours, axis=-1)))


class WindowAttention(tf.keras.layers.Layer):
    """Self-attention within windows, with a bias for every relative position (§3.2, eq. 4).

    Its softmax is computed in float32 whatever the precision of the rest.
    """

    def __init__(
        self,
        channels: int,
        heads: int,
        window: int,
        kernel_regularizer: tf.keras.regularizers.Regularizer | None,
        name: str,
    ):
        """Builds the layer.

        Args:
          channels: of the maps, divisible by `heads`.
          heads: number of attention heads.
          window: size of a window.
          kernel_regularizer: of the linear layers' kernels, not of the biases' table.
          name: of the layer.
        """
        super().__init__(name=name)
        self.heads = heads
        self.positions = swin_windows.relative_positions(window)
        self.qkv = _dense(3 * channels, kernel_regularizer, "qkv")
        self.projection = _dense(channels, kernel_regularizer, "projection")

    def build(self, input_shape: tf.TensorShape) -> None:
        """Adds the table of biases, float32 [(2 * window - 1)**2, heads]."""
        self.relative_position_bias_table = self.add_weight(
            name="relative_position_bias_table",
            shape=(self.positions.max() + 1, self.heads),
            initializer=_normal(),
            experimental_autocast=False,
        )
        super().build(input_shape)

    def call(self, windows: tf.Tensor, mask: tf.Tensor | None = None) -> tf.Tensor:
        """Attends.

        Args:
          windows: [B * n, N, C].
          mask: float32 [n, 1, N, N], added to the logits of all heads; None for 0.

        Returns:
          [B * n, N, C].
        """
        tokens, channels = windows.shape[1:]
        width = channels // self.heads
        qkv = self.qkv(tf.reshape(windows, [-1, channels]))  # A matrix costs a graph least.
        qkv = tf.reshape(qkv, [-1, tokens, 3, self.heads, width])
        query, key, value = tf.unstack(tf.transpose(qkv, [2, 0, 3, 1, 4]))
        logits = tf.matmul(query * width**-0.5, key, transpose_b=True)
        logits = tf.cast(logits, tf.float32) + self._bias()
        if mask is not None:
            shape = [self.heads, tokens, tokens]
            logits = tf.reshape(logits, [-1, tf.shape(mask)[0], *shape]) + mask
            logits = tf.reshape(logits, [-1, *shape])
        weights = tf.cast(tf.nn.softmax(logits), value.dtype)
        attended = tf.transpose(tf.matmul(weights, value), [0, 2, 1, 3])
        projected = self.projection(tf.reshape(attended, [-1, channels]))
        return tf.reshape(projected, [-1, tokens, channels])

    def _bias(self) -> tf.Tensor:
        """Float32 [heads, N, N]."""
        table = tf.transpose(self.relative_position_bias_table)
        return tf.gather(table, self.positions, axis=1)  # Along axis 0 its gradient were sparse.


class Block(tf.keras.layers.Layer):
    """Attention within windows, then a perceptron, each after a LayerNorm and beside a shortcut.

    At training each is left out of an image with probability `drop_path`, and divided by
    1 - drop_path where it is not. That is Keras' Dropout of one number an image, drawn from the
    global seed; tensorflow-addons' StochasticDepth draws one a batch, and multiplies when testing.
    It draws in float32 in any precision: bfloat16 would round rates up to multiples of 1/128.
    """

    def __init__(
        self,
        channels: int,
        heads: int,
        window: int,
        drop_path: float,
        kernel_regularizer: tf.keras.regularizers.Regularizer | None,
        name: str,
    ):
        """Builds the layer.

        Args:
          channels: of the maps, divisible by `heads`.
          heads: number of attention heads.
          window: size of a window.
          drop_path: probability of leaving out, in [0, 1).
          kernel_regularizer: of the linear layers' kernels.
          name: of the layer.
        """
        super().__init__(name=name)
        self.norm1 = _norm("norm1")
        self.attention = WindowAttention(channels, heads, window, kernel_regularizer, "attention")
        self.norm2 = _norm("norm2")
        self.fc1 = _dense(MLP_RATIO * channels, kernel_regularizer, "fc1", gelu=True)
        self.fc2 = _dense(channels, kernel_regularizer, "fc2")
        self.drop_path = tf.keras.layers.Dropout(
            drop_path, noise_shape=(None, 1, 1, 1), dtype=tf.float32
        )

    def call(
        self, maps: tf.Tensor, windows: swin_windows.Windows, training: bool | None = None
    ) -> tf.Tensor:
        """Maps [B, H, W, C], cut into `windows`, to the same."""
        attended = self.attention(windows.cut(self.norm1(maps)), windows.mask)
        attended = self.drop_path(windows.join(attended), training=training)
        maps += tf.cast(attended, maps.dtype)
        positions = tf.reshape(self.norm2(maps), [-1, maps.shape[-1]])
        perceived = tf.reshape(self.fc2(self.fc1(positions)), tf.shape(maps))
        return maps + tf.cast(self.drop_path(perceived, training=training), maps.dtype)


class Stage(tf.keras.layers.Layer):
    """Blocks on maps of one size, after patch merging unless it is the first, and a LayerNorm.

    The LayerNorm is of what the stage hands out as features, not of what the next stage receives,
    as in the reference's segmentation and detection backbones.
    """

    def __init__(
        self,
        channels: int,
        heads: int,
        window: int,
        drop_paths: list[float],
        merges: bool,
        kernel_regularizer: tf.keras.regularizers.Regularizer | None,
        name: str,
    ):
        """Builds the layer.

        Args:
          channels: of the result, divisible by `heads`.
          heads: number of attention heads.
          window: size of a window; those of every second block are shifted.
          drop_paths: `drop_path` of each block.
          merges: whether maps are halved first.
          kernel_regularizer: of the linear layers' kernels.
          name: of the layer.
        """
        super().__init__(name=name)
        self.window = window
        self.merging = (
            PatchMerging(channels, kernel_regularizer, "merging") if merges else tf.identity
        )
        self.blocks = [
            Block(channels, heads, window, rate, kernel_regularizer, f"block_{i}")
            for i, rate in enumerate(drop_paths)
        ]
        self.norm = _norm("norm")

    @tf.autograph.experimental.do_not_convert  # Which would be slow, and of no use.
    def call(self, maps: tf.Tensor, training: bool | None = None) -> tuple[tf.Tensor, tf.Tensor]:
        """[B, H, W, C] to what the next stage receives, and the features: [B, h, w, channels]."""
        maps = self.merging(maps)
        kinds = (False, True)[: len(self.blocks)]
        windows = [swin_windows.Windows(maps, self.window, shifted) for shifted in kinds]
        for index, block in enumerate(self.blocks):
            maps = block(maps, windows[index % 2], training=training)
        return maps, self.norm(maps)
