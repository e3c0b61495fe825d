"""People make and revoke their tokens in the console; new users have roles and may log in."""

import re

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from knox.models import AuthToken

from tests.admin.conftest import ClientOf, add_url, list_url, text_of, url_of
from tests.factories import UserFactory


def made(client: Client, **data: object) -> str:
    """Make a token and return it as the page shows it."""
    answer = client.post(add_url(AuthToken), {"days": 3, **data})
    found = re.search(r'id="token">(\w+)<', answer.content.decode())
    assert found, text_of(answer)
    assert "no-store" in answer["Cache-Control"]
    return found[1]


def test_token_is_shown_once_works_and_is_revoked_by_its_owner(viola: Client) -> None:
    token = made(viola)
    row = AuthToken.objects.get()

    assert row.user.get_username() == "viola"
    assert token not in text_of(viola.get(list_url(AuthToken)))
    assert row.token_key in text_of(viola.get(list_url(AuthToken)))
    headers = {"Authorization": f"Token {token}"}
    assert Client().get("/workflow-runs", headers=headers).status_code == 200
    question = text_of(viola.get(url_of(row, "delete")))
    assert f"Revoke token {row.token_key} of viola?" in question
    viola.post(url_of(row, "delete"), {"post": "yes"})
    assert Client().get("/workflow-runs", headers=headers).status_code == 401


def test_others_tokens_are_neither_seen_revoked_nor_made(
    viola: Client, client_of: ClientOf, root: Client
) -> None:
    made(root, username="root")
    row = AuthToken.objects.get()

    assert row.token_key not in text_of(viola.get(list_url(AuthToken)))
    assert viola.post(url_of(row, "delete"), {"post": "yes"}).status_code in {302, 403, 404}
    assert AuthToken.objects.count() == 1
    made(viola, username="root")
    assert AuthToken.objects.latest("created").user.get_username() == "viola"
    made(root, username="viola")
    assert AuthToken.objects.filter(user__username="viola").count() == 2


@pytest.mark.parametrize("data", [{"days": 0}, {"days": "x"}, {"days": 3, "username": "nobody"}])
def test_wrong_answers_make_no_token(root: Client, data: dict[str, object]) -> None:
    answer = root.post(add_url(AuthToken), {"username": "root", **data})

    assert answer.status_code == 200
    assert "errorlist" in answer.content.decode()
    assert not AuthToken.objects.exists()


@pytest.mark.usefixtures("groups")
def test_new_user_has_roles_and_may_log_in(root: Client) -> None:
    form = root.get(add_url(User)).content.decode()
    group = Group.objects.get(name="Workflow operator")

    assert re.search(r'name="is_staff"[^>]*checked', form)
    assert f'type="checkbox" name="groups" value="{group.pk}"' in form
    password = "correct horse battery"
    root.post(
        add_url(User),
        {
            "username": "lee",
            "usable_password": "true",
            "password1": password,
            "password2": password,
            "is_staff": "on",
            "groups": [group.pk],
        },
    )
    lee = User.objects.get(username="lee")
    assert (lee.is_staff, list(lee.groups.all())) == (True, [group])
    assert Client().login(username="lee", password=password)
    other = UserFactory.create(username="kim")
    assert 'type="checkbox" name="groups"' in root.get(url_of(other)).content.decode()


@pytest.mark.usefixtures("groups")
def test_question_before_users_and_roles_are_deleted_says_what_goes_and_what_stays(
    root: Client,
) -> None:
    group = Group.objects.get(name="Workflow operator")
    lee, kim = UserFactory.create(username="lee"), UserFactory.create(username="kim")
    lee.groups.add(group)
    click = {"action": "delete_selected", "_selected_action": [lee.pk, kim.pk]}

    one = text_of(root.get(url_of(lee, "delete")))
    both = text_of(root.post(list_url(User), click))
    role = text_of(root.get(url_of(group, "delete")))

    assert "Delete user lee?" in one
    assert "stays in the trail" in one
    assert "Delete 2 users?" in both
    assert "Keep them" in both
    assert "1 user loses what it allows." in role
    root.post(list_url(User), {**click, "post": "yes"})
    assert not User.objects.filter(username__in=("lee", "kim")).exists()


@pytest.mark.usefixtures("groups")
def test_lists_say_who_has_which_role_and_what_it_allows(root: Client) -> None:
    lee = UserFactory.create(username="lee", is_staff=True)
    lee.groups.set(Group.objects.filter(name__in=("Workflow operator", "Workflow approver")))
    users, roles = text_of(root.get(list_url(User))), text_of(root.get(list_url(Group)))

    assert "Workflow approver, Workflow operator" in users
    assert "superuser" in users
    assert "Workflow operator 1 view 8 kinds of rows, " in roles
    assert "dispatch and steer runs and their tasks" in roles
    assert "May log in here" in text_of(root.get(url_of(lee)))
