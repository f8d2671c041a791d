"""The forms of staff: inviting somebody, and changing a person."""

from wtforms import EmailField, RadioField, StringField

from admin_views.filters import spoken
from admin_views.forms import PostForm
from permissions import ROLE_WORDS

ROLES = [(role.value, f"{spoken(role.value)}: {words}") for role, words in ROLE_WORDS.items()]


class ChangeForm(PostForm):
    """What can be changed on a staff member."""

    name = StringField("Name", render_kw={"required": True, "maxlength": 120})
    role = RadioField("Role", choices=ROLES, validate_choice=False)


class InviteForm(ChangeForm):
    """What a staff member is made of."""

    email = EmailField(
        "User name",
        description="The person's e-mail address, where the invitation goes. "
        "It cannot be changed later.",
        render_kw={"required": True, "maxlength": 254},
    )
