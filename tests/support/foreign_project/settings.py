"""Its settings: every default that the REST framework reads is another one than ours."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

DEBUG = False
SECRET_KEY = "of a foreign project, which has nothing to hide"
ALLOWED_HOSTS = ["testserver", "shop.example.org"]
ROOT_URLCONF = "tests.support.foreign_project.urls"
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "knox",
    "runners",
    "workflows",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
# A file, so that all threads have the same; one for each process.
DATABASE = Path(tempfile.gettempdir()) / f"foreign-project-{os.getpid()}.sqlite3"
for suffix in ("", "-wal", "-shm"):
    atexit.register(Path(f"{DATABASE}{suffix}").unlink, missing_ok=True)
if migrated := os.environ.get("FOREIGN_MIGRATED"):
    shutil.copy(migrated, DATABASE)
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": DATABASE,
        "ATOMIC_REQUESTS": True,
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "init_command": "PRAGMA journal_mode=WAL"},
    }
}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
LANGUAGE_CODE = "de"
TIME_ZONE = "Asia/Kathmandu"
USE_TZ = True
LOGIN_URL = "/admin/login/"  # as ours: a 401 names it
STATIC_URL = "/assets/"
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000
FILTERS_DEFAULT_LOOKUP_EXPR = "icontains"
PUBLIC_BASE_URL = "https://shop.example.org"

HERE = "tests.support.foreign_project.framework"
REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": [
        f"{HERE}.CamelRenderer",
        "rest_framework.renderers.BrowsableAPIRenderer",
    ],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.FormParser"],
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.AllowAny"],
    "DEFAULT_THROTTLE_CLASSES": [
        "rest_framework.throttling.AnonRateThrottle",
        "rest_framework.throttling.UserRateThrottle",
    ],
    "DEFAULT_THROTTLE_RATES": {"anon": "9/day", "user": "9/day"},
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.PageNumberPagination",
    "PAGE_SIZE": 2,
    "DEFAULT_FILTER_BACKENDS": [
        "rest_framework.filters.SearchFilter",
        "rest_framework.filters.OrderingFilter",
    ],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": f"{HERE}.FirstOfAll",
    "DEFAULT_METADATA_CLASS": "rest_framework.metadata.SimpleMetadata",
    "DEFAULT_VERSIONING_CLASS": "rest_framework.versioning.AcceptHeaderVersioning",
    "DEFAULT_VERSION": "7",
    "ALLOWED_VERSIONS": ["7"],
    "DEFAULT_SCHEMA_CLASS": "rest_framework.schemas.openapi.AutoSchema",
    "EXCEPTION_HANDLER": f"{HERE}.everything_is_fine",
    "UNAUTHENTICATED_USER": f"{HERE}.Guest",
    "UNAUTHENTICATED_TOKEN": f"{HERE}.Guest",
    "DATETIME_FORMAT": "%d.%m.%y",
    "DATETIME_INPUT_FORMATS": ["%d.%m.%y"],
    "DATE_FORMAT": "%d.%m.%y",
    "DATE_INPUT_FORMATS": ["%d.%m.%y"],
    "TIME_FORMAT": "%H",
    "TIME_INPUT_FORMATS": ["%H"],
    "DURATION_FORMAT": "iso-8601",
    "UNICODE_JSON": False,
    "COMPACT_JSON": False,
    "STRICT_JSON": False,
    "COERCE_DECIMAL_TO_STRING": False,
    "COERCE_BIGINT_TO_STRING": True,
    "UPLOADED_FILES_USE_URL": False,
    "NON_FIELD_ERRORS_KEY": "all",
    "LIST_SERIALIZER_ERRORS_AS_DICT": False,
    "SEARCH_PARAM": "name",
    "ORDERING_PARAM": "limit",
    "VERSION_PARAM": "offset",
    "URL_FORMAT_OVERRIDE": "status",
    "FORMAT_SUFFIX_KWARG": "pk",
    "URL_FIELD_NAME": "name",
    "SCHEMA_COERCE_PATH_PK": False,
    "SCHEMA_COERCE_METHOD_NAMES": {"list": "all"},
    "VIEW_NAME_FUNCTION": f"{HERE}.nothing",
    "VIEW_DESCRIPTION_FUNCTION": f"{HERE}.nothing",
    "NUM_PROXIES": None,
    "TEST_REQUEST_DEFAULT_FORMAT": "multipart",
}
REST_KNOX = {"AUTH_HEADER_PREFIX": "Bearer"}
SPECTACULAR_SETTINGS = {
    "TITLE": "Shop",
    "OAS_VERSION": "3.0.3",
    "SCHEMA_PATH_PREFIX": "/ops/[a-z]",
    "SCHEMA_PATH_PREFIX_TRIM": True,
    "COMPONENT_SPLIT_PATCH": True,
    "CAMELIZE_NAMES": True,
    "SERVERS": [{"url": "https://shop.example.org"}],
    "POSTPROCESSING_HOOKS": [],
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAdminUser"],
    "ENUM_NAME_OVERRIDES": {"Colour": ["red", "green"]},
}
