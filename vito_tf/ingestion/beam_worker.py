# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""A worker process on this machine: Beam's own, without its chatter and with a quick end."""

from __future__ import annotations

import logging
import os
import signal

from vito_tf import environment


def main() -> None:
    """Works until the driver has no more for it."""
    environment.prepare()
    logging.disable(logging.WARNING)  # Beam tells which clouds it could not reach.
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # It ends with the driver.
    from apache_beam.runners.worker import sdk_worker_main

    sdk_worker_main.main([])
    os._exit(0)  # TensorFlow's functions complain of an interpreter that ends around them.


if __name__ == "__main__":
    main()
