"""Pages that few tests open are accessible."""

from django.contrib.auth.models import Group

from tests.browser.axe import serious_violations
from tests.browser.conftest import Browse
from tests.factories import UserFactory


def test_pages_of_user_and_group_have_no_serious_accessibility_violation(browse: Browse) -> None:
    kim = UserFactory.create(username="kim")
    group = Group.objects.create(name="night shift")
    page = browse(f"/admin/auth/user/{kim.pk}/change/")
    assert serious_violations(page) == []
    page.goto(f"/admin/auth/group/{group.pk}/change/")
    assert serious_violations(page) == []
