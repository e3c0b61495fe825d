"""The hosts: what each of them had before, and where it takes our lines."""

from dataclasses import dataclass

from tests.hosts.lines import lines
from tests.hosts.project import Project

OWN_USERS = '''
import uuid

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin


class UserManager(BaseUserManager):
    def create_superuser(self, email, password=None, **more):
        user = self.model(email=email, is_staff=True, is_superuser=True, **more)
        user.set_password(password)
        user.save()
        return user

    def get_by_natural_key(self, email):
        return self.get(email=email)


class User(AbstractBaseUser, PermissionsMixin):
    """Somebody who logs in with an address."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    email = models.EmailField(unique=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)

    USERNAME_FIELD = "email"
    objects = UserManager()
'''
OWN_SITE = """
from django.contrib.admin import AdminSite
from django.contrib.auth.admin import GroupAdmin
from django.contrib.auth.models import Group


class Back(AdminSite):
    site_header = "The shop"


site = Back(name="back")
site.register(Group, GroupAdmin)
"""
URLS = """
from django.contrib import admin
from django.urls import include, path

from shop.sites import site

urlpatterns = [path({admin!r}, site.urls)]
"""
WITH_API = """
from shop.api import router

urlpatterns += [path("api/", include(router.urls))]
"""
OWN_DEFAULTS = """
INSTALLED_APPS += ["rest_framework"]
AUTH_USER_MODEL = "shop.User"
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
DATABASES["default"]["ATOMIC_REQUESTS"] = True
REST_FRAMEWORK = {
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.AllowAny"],
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.PageNumberPagination",
    "PAGE_SIZE": 2,
    "EXCEPTION_HANDLER": "shop.handler.handler",
    "DATETIME_FORMAT": "%d.%m.%Y",
    "NON_FIELD_ERRORS_KEY": "whole",
}
"""
HANDLER = '''
"""How the shop words the errors of its API."""

from rest_framework.views import exception_handler


def handler(exc, context):
    answer = exception_handler(exc, context)
    if answer is not None:
        answer.data = {"the shop says": answer.data}
    return answer
'''
UNFOLD = """
INSTALLED_APPS.insert(0, "unfold")
INSTALLED_APPS += ["rest_framework"]
"""
OWN_CELERY = '''
"""The shop's own Celery."""

from celery import Celery

app = Celery("shop")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
'''


@dataclass(frozen=True)
class Kind:
    """A host, and how it differs from a plain one."""

    name: str
    admin: str = "/admin/"
    user: str = "ada"
    user_field: str = "username"
    has_api: bool = True
    settings: str = 'INSTALLED_APPS += ["rest_framework"]\n'
    registers: bool = False
    """Its admin site is not Django's default: it registers our pages by itself."""

    def make(self, project: Project) -> None:
        """Make the project as it was before, with its tables."""
        project.start()
        shop = project.folder / "shop"
        if self.name == "back":
            models = shop / "models.py"
            models.write_text(models.read_text() + OWN_USERS)
            (shop / "sites.py").write_text(OWN_SITE)
            (shop / "handler.py").write_text(HANDLER)
        if self.name == "celery":
            (shop / "celery.py").write_text(OWN_CELERY)
            (shop / "__init__.py").write_text(
                "from shop.celery import app  # as Celery's guide says\n"
            )
        project.append("settings.py", self.settings)
        urls = project.folder / "site_of_shop" / "urls.py"
        urls.write_text(URLS.format(admin=self.admin[1:]) + (WITH_API if self.has_api else ""))
        project.manage("makemigrations", "shop")
        project.manage("migrate")
        project.manage(
            "createsuperuser", "--noinput", f"--{self.user_field}={self.user}", *self.more
        )

    @property
    def more(self) -> list[str]:
        """What `createsuperuser` asks for besides the name."""
        return [] if self.user_field == "email" else ["--email=ada@shop.example.org"]

    def put_in(self, project: Project) -> None:
        """Add the lines of the documentation, as they stand there, and migrate."""
        project.append("settings.py", lines("The lines", "settings.py"))
        # Whoever has one of these apps already leaves it where it is.
        project.append("settings.py", "INSTALLED_APPS = list(dict.fromkeys(INSTALLED_APPS))\n")
        project.append("settings.py", f'ORCHESTRATOR = {{"PUBLIC_BASE_URL": "{project.url}"}}\n')
        project.append("urls.py", lines("The lines", "urls.py"))
        if project.database_url.startswith("sqlite"):
            project.append("settings.py", lines("On SQLite", "settings.py"))
        if self.registers:
            admin = project.folder / "shop" / "admin.py"
            ours = lines("An admin site of your own", "admin.py").replace("back", "site")
            admin.write_text(f"{admin.read_text()}\n{ours}")
        project.manage("migrate")

    def take_out(self, project: Project) -> None:
        """Take the apps out again, as the documentation says."""
        project.manage("uninstall_workflows", "--tokens", "--yes")


PLAIN = Kind("plain", has_api=False, settings="")
BACK = Kind(
    "back",
    admin="/back/",
    user="ada@shop.example.org",
    user_field="email",
    settings=OWN_DEFAULTS,
    registers=True,
)
UNFOLDED = Kind("unfold", settings=UNFOLD)
CELERY = Kind("celery")
KINDS = {kind.name: kind for kind in (PLAIN, BACK, UNFOLDED, CELERY)}
