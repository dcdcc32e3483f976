"""The form of an endpoint. What is wrong with its fields the service says, all at once."""

from __future__ import annotations

from collections.abc import Mapping

from flask_wtf import FlaskForm
from wtforms import SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import Length, Optional

from webapp.webhooks.models import WebhookEndpoint
from webapp.webhooks.rules import DESCRIPTIONS, MAX_URL, WebhookEvent
from webapp.webhooks.services.endpoints import MAX_DESCRIPTION

EVENTS = [SelectChoice(event.value, DESCRIPTIONS[event]) for event in WebhookEvent]


class EndpointForm(FlaskForm):  # type: ignore[misc]
    """Address, events and a note for oneself."""

    url = StringField(
        "Address",
        [Optional(), Length(max=MAX_URL, message=f"Keep the address within {MAX_URL} characters.")],
        render_kw={"required": True, "inputmode": "url", "autocapitalize": "none", "spellcheck": "false"},
    )
    events = SelectMultipleField("Events", choices=EVENTS, validate_choice=False)
    description = StringField(
        "Note", [Length(max=MAX_DESCRIPTION, message=f"Keep this within {MAX_DESCRIPTION} characters.")]
    )

    @classmethod
    def filled(cls, endpoint: WebhookEndpoint) -> EndpointForm:
        """Return the form with an endpoint's own values."""
        return cls(url=endpoint.url, events=endpoint.events, description=endpoint.description)

    def show_errors(self, wrong: Mapping[str, str]) -> None:
        """Put messages at their fields; one without a field stands above the form."""
        for name, text in wrong.items():
            if name in self:
                self[name].errors = [text]
            else:
                self.form_errors.append(text)
