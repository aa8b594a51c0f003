"""Settings of every mode, from the environment; `./portal up` fills it in, a server's operator does in production."""

from __future__ import annotations

from pathlib import Path

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from cpo_portal import env, logs
from cpo_portal.admin_site import UNFOLD  # noqa: F401  read by the theme

BASE_DIR = Path(__file__).resolve().parent.parent
MODE = env.choice("PORTAL_MODE", ("embedded", "production", "test"), "production")
PRODUCTION = MODE == "production"
TESTING = MODE == "test"
DEBUG = False

SECRET_KEY = env.text("PORTAL_SECRET_KEY")
BASE_URL = env.text("PORTAL_BASE_URL", None if PRODUCTION else "http://127.0.0.1:8000").rstrip("/")
ALLOWED_HOSTS = env.words("PORTAL_ALLOWED_HOSTS", "" if PRODUCTION else "127.0.0.1,localhost,[::1],testserver")
if PRODUCTION and not ALLOWED_HOSTS:
    raise ImproperlyConfigured("Set PORTAL_ALLOWED_HOSTS to the host names that this portal answers to.")
CSRF_TRUSTED_ORIGINS = env.words("PORTAL_TRUSTED_ORIGINS", BASE_URL)

#: 32 bytes each, outside the database: seal bodies, signing seeds and webhook secrets, key the HMAC of contacts. The
#: first one writes, all of them read: see `./portal manage reseal`.
DATA_KEYS = env.keys("PORTAL_DATA_KEY")

INSTALLED_APPS = [
    "cpo_portal.adminkit.apps.AdminKitConfig",  # first: its templates stand before the theme's
    "unfold.apps.BasicAppConfig",  # the default one would put its own site in place of ours
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "unfold.contrib.import_export",
    "cpo_portal.adminkit.apps.PortalAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "import_export",
    "axes",
    "csp",
    "rules",
    "django_structlog",
    "django.contrib.postgres",
    "cpo_portal.database",
    "cpo_portal.accounts",
    "cpo_portal.network",
    "cpo_portal.charging",
    "pricing",
    "offers",
    "beckn",
]

MIDDLEWARE = [
    # First: signed messages of the network need no session, cookie or page policy (ADR 0009).
    "beckn.lane.MessageLane",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "cpo_portal.adminkit.middleware.ActiveCpoMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "cpo_portal.urls"
WSGI_APPLICATION = "cpo_portal.wsgi.application"
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
            ]
        },
    }
]

# Persistent connections: opening one per request costs five times the request (ADR 0003).
DATABASES = {
    "default": env.database("DATABASE_URL")
    | {"CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True, "DISABLE_SERVER_SIDE_CURSORS": True}
}
DATABASES["default"]["OPTIONS"].setdefault(
    "options", "-c idle_in_transaction_session_timeout=60000 -c lock_timeout=15000 -c jit=off"
)
# A server that is gone without a word, its machine or the way there lost, is noticed within half a minute: nothing else
# would wake a thread that waits for its answer.
for _name, _value in {
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
}.items():
    DATABASES["default"]["OPTIONS"].setdefault(_name, _value)
# The statements of `cpo_portal.database.queries` are prepared the fifth time; the ORM's own never are. (Django's
# server-side binding for all would fail where a statement has more than 65,535 values.)
DATABASES["default"]["OPTIONS"].setdefault("prepare_threshold", 5)
DATABASE_APP_ROLE = env.text("PORTAL_APP_ROLE", "cpo_portal_app")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "rules.permissions.ObjectPermissionBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
AXES_FAILURE_LIMIT = 8
AXES_COOLOFF_TIME = 0.25
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_VERBOSE = False
AXES_ENABLE_ADMIN = False  # adminkit shows failed sign-ins
AXES_USERNAME_CALLABLE = "cpo_portal.adminkit.signin.name_for_lockout"
AXES_LOCKOUT_CALLABLE = "cpo_portal.adminkit.signin.locked_out"
AXES_CLIENT_IP_CALLABLE = "cpo_portal.adminkit.signin.client_address"
AXES_IPWARE_PROXY_COUNT = env.number("PORTAL_PROXY_COUNT", 0)

LANGUAGE_CODE = "en-gb"
TIME_ZONE = env.text("PORTAL_TIME_ZONE", "Asia/Kolkata")
USE_TZ = True
USE_THOUSAND_SEPARATOR = False
#: Django 6's default already today; the setting itself is deprecated and goes with 5.2.
FORMS_URLFIELD_ASSUME_HTTPS = True

STATIC_URL = "static/"
STATIC_ROOT = env.text("PORTAL_STATIC_ROOT", str(BASE_DIR / "var" / "static"))
STATICFILES_DIRS = [BASE_DIR / "cpo_portal" / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if TESTING
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
# A test has many clients, and each would read all the files first.
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = TESTING

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 12 * 3600
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
if PRODUCTION:
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    SECURE_SSL_REDIRECT = env.flag("PORTAL_SSL_REDIRECT", True)
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    if env.flag("PORTAL_BEHIND_PROXY", False):
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# Strict everywhere; `adminkit` relaxes it for the admin's own views, whose theme needs inline styles and eval.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "https:"],
        "font-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["cpo_portal.accounts.tokens.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["cpo_portal.accounts.tokens.DenyAll"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["cpo_portal.network.api_limits.BoundedJSONParser"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.LimitOffsetPagination",
    "PAGE_SIZE": 50,
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "cpo_portal.accounts.tokens.explain_error",
    "COERCE_DECIMAL_TO_STRING": True,
    "STRICT_JSON": True,
    "UNAUTHENTICATED_USER": None,
    # Without it whoever writes X-Forwarded-For says who he is.
    "NUM_PROXIES": AXES_IPWARE_PROXY_COUNT,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "CPO portal",
    "DESCRIPTION": "Staff, charging-system and payment API of the CPO portal.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    # What may be left blank in an answer may not in a request.
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "ConnectorStatusEnum": "cpo_portal.network.models.StatusChoice",
        "ConnectorTypeEnum": "cpo_portal.network.models.ConnectorType",
        "ProductKindEnum": "cpo_portal.network.models.ProductKind",
        "SignalKindEnum": "pricing.models.SignalKindChoice",
        "SurgeKindEnum": "pricing.models.SurgeKindChoice",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "cpo_portal.network.api_schema.describe_refusals",
    ],
}
IMPORT_EXPORT_ESCAPE_FORMULAE_ON_EXPORT = True

#: A request's body is there this long after its headers, or the connection ends.
# A file of ten thousand offers; other bodies are held to less where they come in (cpo_portal.web.app).
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 << 20
WEB_BODY_SECONDS = env.number("PORTAL_BODY_SECONDS", 10)

#: This platform on the networks: its subscriber id, and where others reach it.
BECKN_BPP_ID = env.text("PORTAL_BPP_ID", None if PRODUCTION else "cpo-portal.example")
BECKN_BPP_URI = f"{BASE_URL}/beckn"
#: Networks to which callbacks may go although they are not public ("127.0.0.0/8"): for trials only.
BECKN_ALLOWED_NETWORKS = env.words("PORTAL_ALLOWED_NETWORKS", "" if PRODUCTION else "127.0.0.0/8,::1/128")
#: Requests a second, for twice as many at once: of one address in each process, before its signature is looked at, and
#: of one subscriber, unless its page says otherwise. 0: no limit, as for tests,
#: which send from one address as fast as they can.
BECKN_ADDRESS_RATE = env.number("PORTAL_ADDRESS_RATE", 0 if TESTING else 1000)
#: Unknown codes within a quarter of an hour, after which no code is looked at.
CODE_GUESSES_PER_TRANSACTION = env.number("PORTAL_CODE_GUESSES_PER_TRANSACTION", 5)
CODE_GUESSES_PER_SUBSCRIBER = env.number("PORTAL_CODE_GUESSES_PER_SUBSCRIBER", 300)
BECKN_SUBSCRIBER_RATE = env.number("PORTAL_SUBSCRIBER_RATE", 0 if TESTING else 500)
#: How long a signature may be valid, from created to expires.
BECKN_SIGNATURE_SECONDS = env.number("PORTAL_SIGNATURE_SECONDS", 3600)
#: Charging systems that report simulated time are refused in production.
ALLOW_SIMULATED_CHARGING = not PRODUCTION

#: How long bodies of messages are kept that concern no CPO, several, or one without an own figure.
MESSAGE_RETENTION_DAYS = env.number("PORTAL_MESSAGE_RETENTION_DAYS", 180)
if not 30 <= MESSAGE_RETENTION_DAYS <= 3650:
    raise ImproperlyConfigured("Set PORTAL_MESSAGE_RETENTION_DAYS to 30 to 3650 days.")

CELERY_BROKER_URL = env.text("CELERY_BROKER_URL", None if PRODUCTION else "memory://")
PORTAL_BROKER_DIR = env.text("PORTAL_BROKER_DIR", "")
PORTAL_HOME = Path(env.text("PORTAL_HOME", str(BASE_DIR / "var")))
#: Worker threads keep their database connection; without this Celery opens a new one for every task.
CELERY_DB_REUSE_MAX = 100_000

#: Who knows it may read /metrics from anywhere; without one only this machine may, past any proxy.
METRICS_TOKEN = env.text("PORTAL_METRICS_TOKEN", "")
if METRICS_TOKEN and len(METRICS_TOKEN) < 20:
    raise ImproperlyConfigured("Set PORTAL_METRICS_TOKEN to at least 20 characters (openssl rand -hex 20).")

#: Naming the person would read the session on every request; adminkit binds who acts, under the admin alone.
DJANGO_STRUCTLOG_USER_ID_FIELD = None

DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False
logs.configure()
LOGGING = logs.logging_config(env.choice("PORTAL_LOG_LEVEL", logs.LEVELS, "WARNING" if TESTING else "INFO"))
SILENCED_SYSTEM_CHECKS: list[str] = []
