"""How gunicorn serves the pages: `gunicorn -c python:smarketing.gunicorn smarketing.wsgi`."""

import os

bind = f"{os.environ.get('HOST', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"
worker_class = "gthread"
workers = int(os.environ.get("WEB_PROCESSES", "2"))
threads = int(os.environ.get("WEB_THREADS", "4"))
preload_app = True  # one copy of the code in memory for all processes
timeout = 60
graceful_timeout = 10
keepalive = 5
max_requests = 100_000  # open pages ask every second or two
max_requests_jitter = 10_000
loglevel = "warning"
control_socket_disable = True  # two installations of one person would fight over it
if os.path.isdir("/dev/shm"):  # noqa: S108
    worker_tmp_dir = "/dev/shm"  # noqa: S108
