"""
Django settings. What differs between installations is read from the environment.

Every setting is described in docs/settings.md.
"""

from datetime import timedelta
from pathlib import Path

from orchestrator import environment, logs

BASE_DIR = Path(__file__).resolve().parent.parent

DEBUG = environment.boolean("DEBUG", default=True)
SECRET_KEY = environment.secret_key("SECRET_KEY", debug=DEBUG, keep_in=BASE_DIR / ".secret_key")
# Encrypts the credentials of runners; without a key, one is derived from SECRET_KEY.
SECRETS_KEYS = environment.keys("SECRETS_KEYS")
ALLOWED_HOSTS = environment.hosts("ALLOWED_HOSTS", default="localhost,127.0.0.1,[::1]")
PUBLIC_BASE_URL = environment.base_url("PUBLIC_BASE_URL", default="http://127.0.0.1:8000")
DATABASES = {"default": environment.database("DATABASE_URL", debug=DEBUG, base_dir=BASE_DIR)}
# Off only to debug: each statement is sent where it is written (see workflows/db/pipelining.py).
STATEMENT_PIPELINE = environment.boolean("STATEMENT_PIPELINE", default=True)

LOG_LEVEL = environment.choice("LOG_LEVEL", among=logs.LEVELS)
LOG_FORMAT = environment.choice("LOG_FORMAT", among=logs.FORMATS)
LOGGING = logs.configuration(LOG_LEVEL, LOG_FORMAT)

# Modules whose functions a `python` payload may name (see runners/functions.py).
TASK_FUNCTION_MODULES = environment.words(
    "TASK_FUNCTION_MODULES", default="runners.functions,examples.functions"
)
# Where runs have their directories, on each machine that executes (see docs/templates.md).
RUNS_DIR = environment.folder("RUNS_DIR", default=BASE_DIR / "var" / "runs")
# How many days ended runs, their logs and the values of their secrets are kept; 0: forever. A
# template may say otherwise for its runs and logs (see docs/retention.md).
KEEP_RUNS_DAYS = environment.days("KEEP_RUNS_DAYS", default=0)
KEEP_LOGS_DAYS = environment.days("KEEP_LOGS_DAYS", default=0)
KEEP_LOG_MB = environment.megabytes("KEEP_LOG_MB", default=1)
KEEP_SECRETS_DAYS = environment.days("KEEP_SECRETS_DAYS", default=0)
# The kinds of runners, each with the class that submits attempts to it.
RUNNER_BACKENDS = {
    "local": "runners.local.LocalBackend",
    "http": "runners.http.HttpBackend",
    "celery": "runners.celery.CeleryBackend",
}
# Imported when the first attempt goes to a runner of kind celery: Celery is optional until then.
CELERY_APP = "orchestrator.celery.app"
CELERY_BROKER_URL = environment.broker("CELERY_BROKER_URL", default="redis://127.0.0.1:6379/0")

INSTALLED_APPS = [
    "orchestrator.apps.ConsoleConfig",  # django.contrib.admin with our AdminSite
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "knox",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "runners",
    "workflows",
]

MIDDLEWARE = [
    "orchestrator.logs.request_ids",
    "django.middleware.gzip.GZipMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "orchestrator.headers.headers",
    "orchestrator.queries.BoundedQueries",
    "orchestrator.static_files.StaticFiles",
    # Before everything that asks the database.
    "workflows.api.middleware.DatabaseRefusals",
    "workflows.api.middleware.SessionMiddleware",
    "orchestrator.hosts.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "workflows.api.body_limits.body_limits",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "orchestrator.urls"
LOGIN_URL = "admin:login"
WSGI_APPLICATION = "orchestrator.wsgi.application"
ASGI_APPLICATION = "orchestrator.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

STATIC_URL = "static/"
# Serve static files from the apps, so that collectstatic is not needed.
WHITENOISE_USE_FINDERS = True
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "orchestrator.static_files.VersionedFiles"},
}

IS_HTTPS = PUBLIC_BASE_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_HTTPS
SESSION_COOKIE_AGE = 12 * 3_600  # a working day; polling by open pages does not extend it
SESSION_COOKIE_HTTPONLY = True
# Not "Strict": a user who follows a link from an e-mail would have to log in again.
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_TRUSTED_ORIGINS = [PUBLIC_BASE_URL]
CSRF_FAILURE_VIEW = "workflows.api.errors.csrf_failure"
SECURE_HSTS_SECONDS = 30 * 86_400 if IS_HTTPS else 0
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
SILENCED_SYSTEM_CHECKS = [
    "security.W005",  # HSTS for subdomains: other hosts of the domain are not ours
    "security.W021",  # HSTS preload: for the same reason
    "security.W008",  # the proxy redirects to HTTPS; behind it, the site could redirect in a loop
]

# Reports of errors show no texts of local variables: secrets pass through many functions.
DEFAULT_EXCEPTION_REPORTER_FILTER = "orchestrator.error_reports.ErrorReportFilter"

# Callers can forge X-Forwarded-For; only the entries that our own proxies append are trusted.
NUM_PROXIES = environment.count("PROXIES", default=0)
REST_FRAMEWORK = {"TEST_REQUEST_DEFAULT_FORMAT": "json"}
REST_KNOX = {"TOKEN_TTL": timedelta(days=90)}
# Beyond either limit, logins with a password are refused; tokens and sessions keep working.
FAILED_LOGINS = {"per_address": 50, "per_user": 10, "seconds": 900}
# The largest that any path takes; what each takes stands in workflows/limits.py.
DATA_UPLOAD_MAX_MEMORY_SIZE = 16 * 2**20
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5_000  # enough for the admin's form of 200 steps with eight fields

# So that `manage.py spectacular` describes the API of this site.
SPECTACULAR_SETTINGS = {"DEFAULT_GENERATOR_CLASS": "workflows.api.generator.OwnGenerator"}
