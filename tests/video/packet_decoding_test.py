# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Tests of decoding by packets."""

from __future__ import annotations

from typing import cast

import av
from av.container import InputContainer

from tests.video import fake_videos
from vito_tf.video.packet_decoding import decode_packets


class _WithPausedPictures:
    """A container in which every packet is followed by one that says that nothing has changed.

    Theora has such packets; PyAV writes none.
    """

    def __init__(self, container):
        self._container = container

    def demux(self, stream):
        for packet in self._container.demux(stream):
            yield packet
            if packet.size:
                pause = av.Packet(0)
                pause.stream, pause.time_base = stream, packet.time_base
                pause.pts = pause.dts = packet.dts + 1
                yield pause


def test_empty_packets_are_no_frames_and_do_not_end_the_stream(tmp_path):
    path = fake_videos.write_video(tmp_path / "a.ogv", 12, codec="libvpx")
    with av.open(path) as container:
        expected = [frame.pts for frame in container.decode(video=0)]
    with av.open(path) as container:
        stream = container.streams.video[0]
        paused = cast(InputContainer, _WithPausedPictures(container))
        frames = decode_packets(paused, stream, lambda: None)
        assert [frame.pts for frame in frames] == expected
    assert len(expected) == 12
