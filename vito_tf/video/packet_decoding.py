# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Decoding a stream packet by packet, without the stretches that nobody needs (PyAV)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import av

from vito_tf.video.probing import VideoError

_MOST_HELD_BYTES = 64 << 20


def decode_packets(
    container: av.container.InputContainer,
    stream: av.VideoStream,
    resume_stamp: Callable[[], int | None],
) -> Iterator[av.VideoFrame]:
    """Decodes a stream from start to end; yields its frames in the order of presentation.

    Data that cannot be decoded are passed over before the first sound frame: broadcasts are
    recorded from the middle of a group of pictures. Later they are an error, and so is a frame with
    parts that the decoder had to guess.

    Stretches are skipped by reading packets without decoding them. Unlike a seek it needs no index,
    and cannot miss the place; decoding is what costs time, reading is not.

    Args:
        container: the open file.
        stream: one of its video streams.
        resume_stamp: asked before a packet is decoded; returns the presentation time, in units of
            the stream, from which frames are needed again, or None if the next one is.

    Raises:
        VideoError: a frame is damaged.
        av.FFmpegError: the data are.
    """
    started = False
    held = _HeldPackets()
    for packet in container.demux(stream):
        if not packet.size and packet.dts is not None:
            continue  # The picture before it stays; only the packet that ends all has no time.
        stamp = held.stamp if held.packets else resume_stamp()
        if stamp is not None and held.take(packet, stamp):
            continue
        if held.after_keyframe:
            stream.codec_context.flush_buffers()
        for ready in (*held.packets, packet):
            try:
                frames = ready.decode()
            except av.error.InvalidDataError:
                if started:
                    raise
                continue
            for frame in frames:
                if not frame.is_corrupt:
                    started = True
                    yield frame
                elif started:
                    raise VideoError("a frame of it is damaged", "damaged")
        held = _HeldPackets()


class _HeldPackets:
    """Packets that are needed only if no keyframe follows before the time of interest.

    Attributes:
        packets: those since the last keyframe, or since the beginning if there was none.
        after_keyframe: whether they start with a keyframe, so that decoding can.
        stamp: the time of interest.
    """

    def __init__(self) -> None:
        self.packets: list[av.Packet] = []
        self.after_keyframe = False
        self.stamp = 0
        self._num_bytes = 0

    def take(self, packet: av.Packet, stamp: int) -> bool:
        """Holds a packet; returns False if it is to be decoded now, as are all that are held."""
        self.stamp = stamp
        if packet.pts is None or packet.pts > stamp or self._jumps_back(packet):
            return False
        if packet.is_keyframe:
            self.packets, self._num_bytes, self.after_keyframe = [], 0, True
        elif self._num_bytes + packet.size > _MOST_HELD_BYTES:
            return False
        self.packets.append(packet)
        self._num_bytes += packet.size
        return True

    def _jumps_back(self, packet: av.Packet) -> bool:
        """Whether time does, as between joined recordings: the frames before it set the clock."""
        if not self.packets:
            return False
        last = self.packets[-1]
        if packet.dts is None or last.dts is None:
            return True
        return packet.dts <= last.dts
