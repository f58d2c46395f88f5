"""Every setting of the portal, read from the environment. `docs/settings.md` lists the variables."""

from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from celery.schedules import crontab
from csp.constants import NONE, SELF

from asl_portal import env
from asl_portal.logs import logging_settings

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = env.folder("ASL_DATA_DIR", BASE_DIR / "data")

DEBUG = env.flag("ASL_DEBUG", False)
SECRET_KEY = env.secret("ASL_SECRET_KEY")
# What was attested under an earlier key is verified with it, for as long as the record is kept.
SECRET_KEY_FALLBACKS = env.secret("ASL_OLD_SECRET_KEYS", "").split()
ALLOWED_HOSTS = env.words("ASL_ALLOWED_HOSTS", ("localhost", "127.0.0.1", "[::1]"))
CSRF_TRUSTED_ORIGINS = env.words("ASL_TRUSTED_ORIGINS")
# The one address people use; links in mail are built from it, never from a request's Host header.
PUBLIC_URL = env.text("ASL_PUBLIC_URL", "http://localhost:8000").rstrip("/")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django.forms",
    "django_htmx",
    "django_filters",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "csp",
    "asl_portal",
    "reviews",
    "evaluations",
    "frameworks",
    "people",
    "ledger",
]

MIDDLEWARE = [
    "asl_portal.logs.RequestLog",
    # First of all, so that whatever answers, an error or a file of ours included, answers under them.
    "people.middleware.HeadersMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "people.middleware.PolicyMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "asl_portal.hosts.LoopbackToLocalhost",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "asl_portal.spooling.NoRoomMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "people.middleware.ActorMiddleware",
    "people.middleware.ClosedByDefaultMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    # Last: what they answer draws the whole frame, and needs everything above.
    "people.middleware.MembersOnlyMiddleware",
    "people.middleware.NulMiddleware",
    "people.middleware.RefusalMiddleware",
]

ROOT_URLCONF = "asl_portal.urls"
# Forms are drawn by templates/django/forms, so that `{{ form }}` is accessible everywhere.
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
WSGI_APPLICATION = "asl_portal.wsgi.application"

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
                "asl_portal.context.portal",
            ],
        },
    },
]


# The application's role may not change the ledger; the owner's role migrates, restores and purges (docs/ledger.md).
_DATABASE_URL = env.secret("DATABASE_URL")
DATABASES = {"default": env.database("DATABASE_OWNER_URL", _DATABASE_URL) if env.flag("ASL_AS_OWNER") else env.database("DATABASE_URL")}
DATABASE_APP_ROLE = str(env.database("DATABASE_URL")["USER"])
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.redis("REDIS_URL")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": env.redis("CACHE_URL", REDIS_URL),
        # A cache that has frozen on an open connection must not freeze the pages too.
        "OPTIONS": {"socket_timeout": 2, "socket_connect_timeout": 2},
    }
}

AUTH_USER_MODEL = "people.User"
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "people.accounts.ClosedAccountAdapter"
ACCOUNT_FORMS = {"login": "people.accounts.SignInForm"}
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_PREVENT_ENUMERATION = True
# Wrong passwords: five in five minutes for one account; ten in a minute and a hundred in an hour from one address, whichever accounts it tries.
ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,100/h/ip,5/300s/key"}
MFA_ADAPTER = "people.accounts.FactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_FORMS = {"authenticate": "people.accounts.CodeForm", "authenticate_webauthn": "people.accounts.PasskeySignInForm"}
MFA_WEBAUTHN_USER_VERIFICATION = "required"

# Signing in at an OpenID Connect provider; without one there is neither button nor address for it.
OIDC_ISSUER = env.issuer("ASL_OIDC_ISSUER")
OIDC_CLIENT_ID = env.text("ASL_OIDC_CLIENT_ID", "")
OIDC_CLIENT_SECRET = env.secret("ASL_OIDC_CLIENT_SECRET", "")
env.all_or_none(ASL_OIDC_ISSUER=OIDC_ISSUER, ASL_OIDC_CLIENT_ID=OIDC_CLIENT_ID, ASL_OIDC_CLIENT_SECRET=OIDC_CLIENT_SECRET)
# What people call it.
OIDC_NAME = env.text("ASL_OIDC_NAME", "") or urlsplit(OIDC_ISSUER).hostname or ""

LANGUAGE_CODE = "en"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
STATIC_ROOT = env.folder("ASL_STATIC_ROOT", DATA_DIR / "static")
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
# Uploaded bytes, by digest. Never under STATIC_ROOT, never served inline.
BLOB_DIR = env.folder("ASL_BLOB_DIR", DATA_DIR / "blobs")
UPLOAD_MAX_BYTES = env.number("ASL_UPLOAD_MAX_BYTES", 256 * 1024 * 1024, least=1)
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler", "asl_portal.spooling.SpoolingHandler"]

# Production is the default. `http` on localhost is the one place where Secure cookies would lock people out.
_LOCAL = urlsplit(PUBLIC_URL).scheme == "http" and urlsplit(PUBLIC_URL).hostname in {"localhost", "127.0.0.1", "::1"}
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not _LOCAL
SESSION_COOKIE_NAME = "asl_session"
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
CSRF_COOKIE_HTTPONLY = True
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 0 if _LOCAL else 31_536_000
SECURE_SSL_REDIRECT = env.flag("ASL_SSL_REDIRECT", False)
SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz|metrics)$"]
BEHIND_PROXY = env.flag("ASL_BEHIND_PROXY", False)
# Rate limits count by the client's address, which behind a proxy is the last one the proxy named.
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if BEHIND_PROXY else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
# Calls of the API in a minute; 0 sets no limit. Pipelines ask the gate often, and it is cheap.
API_GATE_PER_MINUTE = env.number("ASL_API_GATE_PER_MINUTE", 60_000)
API_CALLS_PER_MINUTE = env.number("ASL_API_CALLS_PER_MINUTE", 3_000)
API_REFUSED_PER_MINUTE = env.number("ASL_API_REFUSED_PER_MINUTE", 120)
API_REFUSED_PER_HOUR = env.number("ASL_API_REFUSED_PER_HOUR", 1_200)
METRICS_TOKEN = env.secret("ASL_METRICS_TOKEN", "")
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# With no mail server named, mail is written to files and `doctor` says so.
EMAIL_HOST = env.text("ASL_SMTP_HOST", "")
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend" if EMAIL_HOST else "asl_portal.mail.FolderBackend"
MAIL_DIR = env.folder("ASL_MAIL_DIR", DATA_DIR / "mail")
EMAIL_PORT = env.number("ASL_SMTP_PORT", 25, least=1)
EMAIL_HOST_USER = env.text("ASL_SMTP_USER", "")
EMAIL_HOST_PASSWORD = env.secret("ASL_SMTP_PASSWORD", "")
EMAIL_USE_TLS = env.flag("ASL_SMTP_TLS", False)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.text("ASL_MAIL_FROM", "asl-portal@localhost")

# Networks of one's own that outgoing webhooks and channels may reach, as `10.1.0.0/16`; without any, only public addresses.
OUTLET_NETWORKS = env.networks("ASL_OUTLET_NETWORKS")
# How long a row stays with a worker that has gone silent. A task is stopped before its lease ends, so no row is ever worked on twice at once.
# Of one second nine tenths are none, and a task without a limit outlives its lease.
LEASE_SECONDS = env.number("ASL_LEASE_SECONDS", 600, least=2)
WORK_LEASE = timedelta(seconds=LEASE_SECONDS)

# The measured settings of docs/decisions: late acknowledgement, short restore sweeps, sockets that time out.
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_TIME_LIMIT = LEASE_SECONDS * 9 // 10
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_TASKS_PER_CHILD = 500
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 10
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": max(LEASE_SECONDS, 60),
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_timeout": 5,
    "socket_connect_timeout": 5,
    "socket_keepalive": True,
    "health_check_interval": 10,
}
CELERY_TIMEZONE = "UTC"
# Sweeps make certain what a kick after commit makes prompt. An entry expires before its next turn, so a stopped worker piles nothing up.
CELERY_BEAT_SCHEDULE: dict[str, dict[str, object]] = {
    task: {"task": task, "schedule": every, "options": {"expires": expires}}
    for task, every, expires in (
        ("ledger.deliver", 5, 4),
        ("evaluations.tasks.sweep", 5, 4),
        ("reviews.tasks.sweep_notices", 5, 4),
        ("reviews.tasks.send_deliveries", 5, 4),
        ("reviews.tasks.make_exports", 5, 4),
        ("evaluations.tasks.sweep_clock", 60, 50),
        ("reviews.tasks.sweep_clock", 60, 50),
        ("reviews.notices.sweep_reminders", 60, 50),
        ("ledger.verify_by_night", crontab(hour="2", minute="30"), 3600),
    )
}

LOGGING = logging_settings(env.text("ASL_LOG_LEVEL", "INFO"))
