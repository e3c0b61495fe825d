"""The login of the console; its failed logins are counted together with the API's."""

from typing import Any

from django.conf import settings
from django.contrib.admin.forms import AdminAuthenticationForm
from django.core.exceptions import ValidationError

from workflows.api.authentication import failure_counters


class LoginForm(AdminAuthenticationForm):
    """A login form that refuses further attempts after too many failed ones."""

    def clean(self) -> dict[str, Any]:
        """Check user name and password, unless too many logins have failed recently."""
        counts = failure_counters(self.cleaned_data.get("username", ""), self.request)  # type: ignore[arg-type]
        if any(count.is_full for count in counts):
            minutes = -(-settings.FAILED_LOGINS["seconds"] // 60)
            text = f"Too many failed logins. Try again in {minutes} minutes."
            raise ValidationError(text, code="throttled")
        try:
            return super().clean()
        except ValidationError:
            for count in counts:
                count.add()
            raise
