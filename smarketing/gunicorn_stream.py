"""How gunicorn serves the stream: `gunicorn -c python:smarketing.gunicorn_stream smarketing.stream:application`."""

import os

bind = f"{os.environ.get('HOST', '127.0.0.1')}:{os.environ.get('LIVE_PORT', '8001')}"
worker_class = "asgi"
workers = 1  # one holds thousands of pages
worker_connections = 6_000
timeout = 60
graceful_timeout = 2
loglevel = os.environ.get("STREAM_LOG_LEVEL", "error")
control_socket_disable = True
if os.path.isdir("/dev/shm"):  # noqa: S108
    worker_tmp_dir = "/dev/shm"  # noqa: S108
