# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Makes tensorflow-io's video op loadable on machines without FFmpeg 4.

The op of tensorflow-io 0.36 links against FFmpeg 4 (`libavformat.so.58`, `libswscale.so.5`), which
current systems no longer have. The wheels of opencv-python-headless 4.6 bundle FFmpeg 4.4 under
names that only OpenCV knows. Here these libraries are loaded into the process, and tensorflow-io is
pointed to links that give the two of them the names it asks for. Nothing outside a temporary
folder is written, so it works with a read-only installation and with any number of processes.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import importlib.metadata
import importlib.util
import os
import sys
import tempfile
import threading
import types
import warnings
from collections.abc import Iterator

_LIBRARIES_OF_OP = ("libavformat.so.58", "libswscale.so.5")
_OP_LIBRARY = "libtensorflow_io_ffmpeg_4.2.so"
# Where the op library looks for FFmpeg, from the root of the tree that holds tensorflow_io.
_RUNPATH = "_solib_local/_U@ffmpeg_U4_U2_S_S_Cffmpeg___Uexternal_Sffmpeg_U4_U2_Sstub"
_LOADING_ORDER = (
    "libavutil",
    "libcrypto",
    "libssl",
    "libbz2",
    "libvpx",
    "libswresample",
    "libavcodec",
    "libavformat",
    "libswscale",
)
_BUNDLE = "opencv-python-headless"
_BUNDLE_VERSION = "4.6.0.66"
_AV_LOG_FATAL = 8
_lock = threading.Lock()


class FFmpegUnavailableError(RuntimeError):
    """The video op of tensorflow-io cannot be loaded; the message says what is missing."""


def load_ffmpeg_op() -> types.ModuleType:
    """Loads tensorflow-io's FFmpeg ops, once per process; safe to call from several threads.

    FFmpeg 4 of the system (or of `LD_LIBRARY_PATH`) is used where there is one, otherwise that of
    the opencv-python-headless wheel. It makes no difference whether `cv2` or `av` is imported
    before, after or never.

    Returns:
      The module `tensorflow_io.experimental.ffmpeg`, whose `decode_video` works from now on.

    Raises:
      FFmpegUnavailableError: if FFmpeg 4 is found in neither place, or if tensorflow-io is missing
        or does not load.
    """
    with _lock:
        return _load_once()


@functools.cache
def _load_once() -> types.ModuleType:
    if sys.platform != "linux":
        raise FFmpegUnavailableError(
            f"tensorflow-io decodes video on Linux only, not on {sys.platform}; cut the videos "
            "into clip records of JPEG frames instead (source cut_videos)."
        )
    package = importlib.util.find_spec("tensorflow_io")
    if package is None or not package.submodule_search_locations:
        raise FFmpegUnavailableError(
            "Decoding video in the input pipeline needs tensorflow-io: "
            "pip install tensorflow-io==0.36.0"
        )
    if _system_has_ffmpeg():
        return _import_op()
    paths = _bundled_libraries()
    _load_bundled_libraries(paths)
    # The loader keeps what it has mapped, so the links are not needed after loading.
    with tempfile.TemporaryDirectory(prefix="vito_tf_ffmpeg_") as root:
        _link_libraries(root, package.submodule_search_locations[0], paths)
        with _environment("TFIO_DATAPATH", root):
            return _import_op()


def _system_has_ffmpeg() -> bool:
    try:
        for name in _LIBRARIES_OF_OP:
            ctypes.CDLL(name)
        _silence(ctypes.CDLL("libavutil.so.56"))
    except OSError:
        return False
    return True


def _silence(libavutil: ctypes.CDLL) -> None:
    """Stops FFmpeg from printing lines that name no file; failures are reported by the caller."""
    libavutil.av_log_set_level(_AV_LOG_FATAL)


def _bundled_libraries() -> dict[str, str]:
    """Path of each bundled library by the stem of its name (`libavutil`, ...)."""
    try:
        distribution = importlib.metadata.distribution(_BUNDLE)
    except importlib.metadata.PackageNotFoundError:
        raise FFmpegUnavailableError(_missing(f"{_BUNDLE} is not installed")) from None
    paths = {}
    for file in distribution.files or ():
        if file.parent.name.endswith(".libs"):
            paths[file.name.split("-")[0]] = str(distribution.locate_file(file))
    for name in _LIBRARIES_OF_OP:
        stem, version = name.split(".so.")
        if f".so.{version}." not in paths.get(stem, ""):
            raise FFmpegUnavailableError(
                _missing(f"{_BUNDLE} {distribution.version} does not bundle {name}")
            )
    return paths


def _load_bundled_libraries(paths: dict[str, str]) -> None:
    """Maps the libraries into the process, each after those it depends on."""
    try:
        libraries = {stem: ctypes.CDLL(paths[stem]) for stem in _LOADING_ORDER if stem in paths}
    except OSError as error:
        raise FFmpegUnavailableError(
            _missing(f"the FFmpeg of {_BUNDLE} does not load ({error})")
        ) from error
    _silence(libraries["libavutil"])


def _link_libraries(root: str, package: str, paths: dict[str, str]) -> None:
    """Builds the tree in which the op library finds FFmpeg by the names that it asks for."""
    ops = os.path.join("python", "ops")
    os.makedirs(os.path.join(root, "tensorflow_io", ops))
    os.makedirs(os.path.join(root, _RUNPATH))
    os.symlink(
        os.path.join(package, ops, _OP_LIBRARY),
        os.path.join(root, "tensorflow_io", ops, _OP_LIBRARY),
    )
    for name in _LIBRARIES_OF_OP:
        os.symlink(paths[name.split(".")[0]], os.path.join(root, _RUNPATH, name))


@contextlib.contextmanager
def _environment(name: str, value: str) -> Iterator[None]:
    previous = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        del os.environ[name]
        if previous is not None:
            os.environ[name] = previous


def _import_op() -> types.ModuleType:
    try:
        with warnings.catch_warnings():
            # Of file systems that tensorflow-io cannot load, which have nothing to do with video.
            warnings.filterwarnings("ignore", module="tensorflow_io")
            import tensorflow_io as tfio
            import tensorflow_io.python.ops.ffmpeg_ops
    except (ImportError, NotImplementedError) as error:
        raise FFmpegUnavailableError(
            f"The video op of tensorflow-io does not load: {error}. It needs tensorflow-io 0.36 "
            "with TensorFlow 2.15, and FFmpeg 4."
        ) from error
    return tfio.experimental.ffmpeg


def _missing(what: str) -> str:
    return (
        f"tensorflow-io needs FFmpeg 4 to decode video: {what}, and the system has no FFmpeg 4 "
        f"either. Get it with: pip install {_BUNDLE}=={_BUNDLE_VERSION}"
    )
