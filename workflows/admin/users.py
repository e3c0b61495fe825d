"""Users of the stand-alone console: roles as check-boxes, and new ones may log in to it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.admin import AdminSite
from django.contrib.auth import get_user_model
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.forms.widgets import Script

from workflows.admin.ui.deleting import DeletingAdmin

if TYPE_CHECKING:
    from django.contrib.auth.forms import UserCreationForm

    UserPage = UserAdmin[User]
    NewUser = UserCreationForm[User]
else:
    NewUser, UserPage = UserAdmin.add_form, UserAdmin


PERMISSIONS = (Script("workflows/permissions.js", type="module"),)


class NewUserForm(NewUser):
    """A new user of the console."""

    is_staff = forms.BooleanField(
        label="May log in here", required=False, initial=True, help_text="Without, only the API."
    )
    groups = forms.ModelMultipleChoiceField(
        label="Roles",
        queryset=Group.objects.order_by("name"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="What the user may do; several add up.",
    )


class ConsoleUserAdmin(DeletingAdmin, UserPage):
    """Django's, with groups as check-boxes."""

    add_form = NewUserForm
    add_fieldsets = (*UserAdmin.add_fieldsets, ("Roles", {"fields": ("is_staff", "groups")}))
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

    def formfield_for_manytomany(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        """Show groups as check-boxes."""
        if db_field.name == "groups":
            kwargs["widget"] = forms.CheckboxSelectMultiple
            kwargs["help_text"] = "What the user may do; several add up."
        return super().formfield_for_manytomany(db_field, request, **kwargs)


class ConsoleGroupAdmin(DeletingAdmin, GroupAdmin):
    """Django's, with our question."""

    class Media:
        """What Django's lists of permissions lack."""

        js = PERMISSIONS

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
