"""Settings, in one file. What differs between installations comes from the environment (see `.env.example`)."""

from pathlib import Path

from environs import Env

from smarketing.installation import data_dir

env = Env()
BASE_DIR = Path(__file__).resolve().parent.parent

# The installation
DEBUG = env.bool("DEBUG", False)
SECRET_KEY = env.str("SECRET_KEY")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
SITE_URL = env.str("SITE_URL", "http://localhost:8000").rstrip("/")
CSRF_TRUSTED_ORIGINS = [SITE_URL]
CSRF_FAILURE_VIEW = "smarketing.errors.stale"
TIME_ZONE = env.str("TIME_ZONE", "UTC")
# The sample company's people are offered on the sign-in page, with the password that this installation made for them
SAMPLE_SIGN_INS = env.bool("SAMPLE_SIGN_INS", False)
SAMPLE_PASSWORD = env.str("SAMPLE_PASSWORD", "")

INSTALLED_APPS = [
    "smarketing",
    "dashboards",
    "handoff",
    "leads",
    "personas",
    "accounts",
    "allauth",
    "allauth.account",
    "django_htmx",
    "rest_framework",
    "knox",
    "drf_spectacular",
    "drf_standardized_errors",
    "django_filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "smarketing.live.answer",
    "smarketing.tracker.answer",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "smarketing.policy.ContentPolicy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.local_time",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF = "smarketing.urls"
WSGI_APPLICATION = "smarketing.wsgi.application"
ASGI_APPLICATION = "smarketing.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "smarketing.folding.Loader",
                    ["django.template.loaders.filesystem.Loader", "django.template.loaders.app_directories.Loader"],
                )
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "handoff.context.shell",
            ],
        },
    },
]

# Store of record, broker, cache
_database = env.dj_db_url("DATABASE_URL")
DATABASES = {
    "default": {
        **_database,
        "ENGINE": "smarketing.postgres",
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        # Nothing can be kept with a connection that a pooler hands on from transaction to transaction
        "DISABLE_SERVER_SIDE_CURSORS": env.bool("BEHIND_POOLER", False),
        "OPTIONS": {"connect_timeout": 5, **_database.get("OPTIONS", {})},
    }
}
REDIS_URL = env.str("REDIS_URL")
# Keeps installations apart that share one Redis; anything else that writes there begins its keys with it, too
REDIS_PREFIX = env.str("REDIS_PREFIX", "")
CACHES = {
    "default": {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": REDIS_PREFIX,
        "OPTIONS": {"SOCKET_CONNECT_TIMEOUT": 0.5, "SOCKET_TIMEOUT": 0.5, "IGNORE_EXCEPTIONS": True},
    },
    # Parts of the shell, which are the same on page after page: in each process, since Redis would be slower
    "drawn": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "drawn"},
}
# A socket has another name there: unix:///run/redis.sock?db=1 is redis+socket:///run/redis.sock?virtual_host=1
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1).replace("?db=", "?virtual_host=", 1)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_DEFAULT_QUEUE = env.str("QUEUE", "smarketing")
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "global_keyprefix": REDIS_PREFIX,
    "visibility_timeout": 900,
    "socket_connect_timeout": 0.5,
    "socket_timeout": 5,
    "max_retries": 0,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_WORKER_CONCURRENCY = env.int("WORKER_CONCURRENCY", 2)
CELERY_WORKER_MAX_TASKS_PER_CHILD = 10_000
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULER = "celery.beat:Scheduler"  # the schedule is short and static: nothing to keep on disk
CELERY_TIMEZONE = "UTC"
NUDGE_TASK = "handoff.tasks.catch_up"

# People
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_SESSION_REMEMBER = True
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"

# Words
LANGUAGE_CODE = "en"
USE_TZ = True
LOCALE_PATHS = [BASE_DIR / "locale"]

# Files of the front end: built into static/dist, gathered into staticfiles
STATIC_URL = "/static/"
STATIC_ROOT: Path | None = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = DEBUG

# Safety
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SITE_URL.startswith("https://")
BEHIND_PROXY = env.bool("BEHIND_PROXY", False)
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# So many proxies of ours stand before this, each of which adds to X-Forwarded-For: whose address counts at the doors
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", 1 if BEHIND_PROXY else 0)
SESSION_COOKIE_SAMESITE = "Lax"
# Where the process that streams changes to open pages is reached, if it runs; without it they ask now and then
LIVE_URL = env.str("LIVE_URL", "")
_stream = "/".join(LIVE_URL.split("/", 3)[:3]) if "://" in LIVE_URL else ""
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'self'"],
        "form-action": ["'self'"],
        "connect-src": ["'self'", *([_stream] if _stream else [])],
        "frame-ancestors": ["'none'"],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000
# Files beside words lie outside the web root, and are given out as downloads only
MEDIA_ROOT = env.str("MEDIA_ROOT", "") or str(data_dir() / "files")
ATTACHMENT_MAX_BYTES = env.int("ATTACHMENT_MAX_BYTES", 10 * 1024 * 1024)
ATTACHMENT_TYPES = env.str(
    "ATTACHMENT_TYPES",
    "pdf docx xlsx pptx odt ods odp doc xls ppt txt csv md rtf eml msg ics vcf png jpg jpeg gif webp heic svg",
).split()
# What browsers may tell of visits within a minute, from one address
TRACKER_HITS_PER_ADDRESS = env.int("TRACKER_HITS_PER_ADDRESS", 600)
# A visitor who never said who they are is forgotten so many days after their last visit
VISITOR_DAYS = env.int("VISITOR_DAYS", 180)
IMPORT_MAX_BYTES = env.int("IMPORT_MAX_BYTES", 200 * 1024 * 1024)

# What visitors may send by one form within a minute: from one address, and all of them together
FORM_POSTS_PER_ADDRESS = env.int("FORM_POSTS_PER_ADDRESS", 30)
FORM_POSTS = env.int("FORM_POSTS", 600)

# E-mail leaves only where a server is named
EMAIL_CONFIGURED = bool(env.str("EMAIL_URL", ""))
if EMAIL_CONFIGURED:
    _mail = env.dj_email_url("EMAIL_URL")
    EMAIL_HOST, EMAIL_PORT = _mail["EMAIL_HOST"], _mail["EMAIL_PORT"]
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _mail["EMAIL_HOST_USER"], _mail["EMAIL_HOST_PASSWORD"]
    EMAIL_USE_TLS, EMAIL_USE_SSL = _mail["EMAIL_USE_TLS"], _mail["EMAIL_USE_SSL"]
    EMAIL_TIMEOUT = 10
    DEFAULT_FROM_EMAIL = env.str("EMAIL_FROM")
# Where replies to mails about a lead go, as in reply+{token}@in.example.org: without it such mails carry a link alone
REPLY_ADDRESS = env.str("REPLY_ADDRESS", "")

# Webhooks go to the open network alone, but for the networks named here, as for a chat of one's own: 10.1.0.0/16
WEBHOOK_NETWORKS: list[str] = env.list("WEBHOOK_NETWORKS", [])

# API
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.authentication.ApiToken",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.permissions.InScope"],
    "DEFAULT_THROTTLE_CLASSES": ["accounts.permissions.Measured"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "EXCEPTION_HANDLER": "smarketing.api.problem",
}
KNOX_TOKEN_MODEL = "accounts.ApiToken"  # noqa: S105
MIGRATION_MODULES = {"knox": None}  # its own table, which ours stands for, would never be used
REST_KNOX = {"TOKEN_PREFIX": "smk_"}  # so that scanners of code and logs know one when they see it
SPECTACULAR_SETTINGS = {
    "TITLE": "Smarketing",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "smarketing.openapi.operations.named_scopes",
    ],
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENUM_NAME_OVERRIDES": {
        "SubmissionState": ["waiting", "processed", "failed"],
        "BatchRowState": ["waiting", "processed", "failed", "refused"],
    },
    "SERVE_PERMISSIONS": ["accounts.permissions.InScope"],
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "filters": {"away": {"()": "smarketing.errors.InOneSentence"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["away"]}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", "INFO")},
    "loggers": {"django.request": {"level": "ERROR"}},
}
