"""Users of the stand-alone console: roles as check-boxes, and new ones may log in to it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.contrib.admin import AdminSite
from django.contrib.auth import get_user_model
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import Count, QuerySet
from django.forms.widgets import Script
from django.http import HttpRequest

from workflows.admin.ui.deleting import DeletingAdmin
from workflows.admin.ui.display import EMPTY, moment
from workflows.admin.ui.lists import AnyAdmin

if TYPE_CHECKING:
    from django.contrib.auth.forms import UserCreationForm

    UserPage = UserAdmin[User]
    NewUser = UserCreationForm[User]
else:
    NewUser, UserPage = UserAdmin.add_form, UserAdmin


PERMISSIONS = (Script("workflows/permissions.js", type="module"),)
ROLES = (
    "What the user may do; several add up. As they are installed, observers view everything; "
    "operators also start, control and repair runs; approvers also decide approvals; authors also "
    "edit templates, which run commands."
)
WORDS: dict[str, dict[str, Any]] = {
    "is_staff": {"label": "May log in here", "help_text": "Without, only the API."},
    "groups": {"label": "Roles", "help_text": ROLES},
}
"""How the fields of a user are called here, on the page of a new one and later."""


class NewUserForm(NewUser):
    """A new user of the console."""

    is_staff = forms.BooleanField(required=False, initial=True, **WORDS["is_staff"])
    groups = forms.ModelMultipleChoiceField(
        queryset=Group.objects.order_by("name"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        **WORDS["groups"],
    )


class NamedList(AnyAdmin):
    """A list that is called by what it lists."""

    list_title = ""
    add_label = ""

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Title the list."""
        changes = super().get_changelist_instance(request)
        changes.title = self.list_title
        return changes


class ConsoleUserAdmin(NamedList, DeletingAdmin, UserPage):
    """Django's, with groups as check-boxes."""

    list_title = "Users"
    list_filter = ("groups", "is_superuser", "is_active")
    list_display = ("username", "email", "roles", "may_log_in", moment("last_login"))
    add_form = NewUserForm
    add_fieldsets = (
        *UserAdmin.add_fieldsets,
        ("Roles", {"classes": ("wide",), "fields": ("is_staff", "groups")}),
    )
    filter_horizontal = ("user_permissions",)
    readonly_fields = ("last_login", "date_joined")

    class Media:
        """What Django's lists of permissions lack."""

        js = PERMISSIONS

    def effects_of_deletion(self, rows: Sequence[User]) -> list[str]:
        """Say what stays, and what is gentler."""
        return [
            "What was done under the name stays in the trail.",
            "To keep somebody out, it is enough to take away the mark “Active”.",
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Read the roles along."""
        return super().get_queryset(request).prefetch_related("groups")

    @admin.display
    def roles(self, user: User) -> str:
        """Return what the user may do, by the names of the roles."""
        names = sorted(group.name for group in user.groups.all())
        return ", ".join(["superuser"] * user.is_superuser + names) or EMPTY

    @admin.display(boolean=True, description="may log in here")
    def may_log_in(self, user: User) -> bool:
        """Return False for those who may use the API at most."""
        return user.is_active and user.is_staff

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        """Call the fields as on the page of a new user."""
        words = WORDS.get(db_field.name, {})
        return super().formfield_for_dbfield(db_field, request, **kwargs, **words)

    def formfield_for_manytomany(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        """Show groups as check-boxes."""
        if db_field.name == "groups":
            kwargs["widget"] = forms.CheckboxSelectMultiple
        return super().formfield_for_manytomany(db_field, request, **kwargs)


class ConsoleGroupAdmin(NamedList, DeletingAdmin, GroupAdmin):
    """Django's, with our question."""

    list_title = "Roles"
    add_label = "Add role"
    list_display = ("name", "members", "allows")

    class Media:
        """What Django's lists of permissions lack."""

        js = PERMISSIONS

    def get_queryset(self, request: HttpRequest) -> QuerySet[Group]:
        """Count the members, and read along what they may do."""
        groups: QuerySet[Group] = super().get_queryset(request)
        return groups.annotate(member_count=Count("user")).prefetch_related("permissions")

    @admin.display
    def members(self, group: Group) -> int:
        """Return how many users have the role."""
        return int(getattr(group, "member_count", 0))

    @admin.display(description="members may")
    def allows(self, group: Group) -> str:
        """Return its permissions, but only how many of them are for viewing."""
        names = [each.name.removeprefix("Can ") for each in group.permissions.all()]
        views = [name for name in names if name.startswith("view ")]
        others = [name for name in names if name not in views]
        seen = [f"view {len(views)} kinds of rows"] if views else []
        return ", ".join(seen + others) or EMPTY

    def effects_of_deletion(self, rows: Sequence[Group]) -> list[str]:
        """Say what it means for its members."""
        members = User.objects.filter(groups__in=rows).distinct().count()
        return [f"{members:,} {'user loses' if members == 1 else 'users lose'} what it allows."]


def register_users(site: AdminSite) -> None:
    """Register users in place of Django's page; those of a project keep the page that it has."""
    is_known = get_user_model() is User and site.is_registered(User)
    if is_known and type(site.get_model_admin(User)) is UserAdmin:
        site.unregister(User)
        site.register(User, ConsoleUserAdmin)
    if site.is_registered(Group) and type(site.get_model_admin(Group)) is GroupAdmin:
        site.unregister(Group)
        site.register(Group, ConsoleGroupAdmin)
