"""The forms of rate plans: of a plan, of a rate, of a file of rates, and of a question."""

from wtforms import BooleanField, FileField, SelectField, StringField

from admin_views.forms import PostForm
from admin_views.tiers import AMOUNT, typed_money
from models import CallKind, Rate, RatePlan
from usage import plans
from usage.reports import KINDS

DAY = {"type": "date"}
KIND_CHOICES = [(kind.value, label) for kind, label in KINDS.items() if kind.value in set(CallKind)]


class PlanForm(PostForm):
    """What a plan is made of beside its rates."""

    name = StringField("Name", render_kw={"required": True, "maxlength": 80})
    markup = StringField(
        "Mark-up in percent",
        description="On your cost of a call that no rate is for. Empty is none.",
        render_kw={"inputmode": "decimal", "maxlength": 10},
    )
    fixed = StringField(
        "Mark-up a call",
        description="What is added besides to every call that no rate is for.",
        render_kw=AMOUNT,
    )
    is_for_new = BooleanField("New clients begin with this plan")

    def show(self, plan: RatePlan) -> None:
        """Fill the form from a plan."""
        self.name.data, self.is_for_new.data = plan.name, plan.is_for_new
        self.markup.data = plans.percent(plan.markup_basis_points)
        self.fixed.data = typed_money(plan.markup_fixed_micros)


class CopyForm(PostForm):
    """The name of a copy."""

    name = StringField("Name of the copy", render_kw={"required": True, "maxlength": 80})


class RateForm(PostForm):
    """One rate."""

    kind = SelectField("Kind of call", choices=KIND_CHOICES, validate_choice=False)
    tier = SelectField("Tier of the client's number", validate_choice=False)
    prefix = StringField(
        "Far end begins with",
        description="Digits with the country code, such as 1412. Empty is every call; the longest "
        "prefix wins.",
        render_kw={"inputmode": "numeric", "maxlength": 20},
    )
    minute = StringField("Price a minute", render_kw=AMOUNT)
    unit = StringField(
        "Price a call or message",
        description="Whatever its length; it is added to the minutes.",
        render_kw=AMOUNT,
    )
    minimum = StringField(
        "Seconds at least",
        description="6, 30 or 60 are usual.",
        render_kw={"inputmode": "numeric", "maxlength": 5},
        default="60",
    )
    increment = StringField(
        "Then in steps of",
        description="Seconds; a length is rounded up to a whole step. 6 or 60 are usual.",
        render_kw={"inputmode": "numeric", "maxlength": 5},
        default="60",
    )
    starts_on = StringField("From this day on", render_kw=DAY | {"required": True})
    ends_on = StringField("Until the day before", description="Empty is for good.", render_kw=DAY)

    def offer(self, tiers: dict[str, str]) -> None:
        """Fill the menu of tiers."""
        self.tier.choices = [("", "Any"), *((label, label) for label in sorted(tiers.values()))]

    def show(self, rate: Rate) -> None:
        """Fill the form from a rate."""
        self.kind.data, self.tier.data, self.prefix.data = rate.kind.value, rate.tier, rate.prefix
        self.minute.data = typed_money(rate.minute_micros)
        self.unit.data = typed_money(rate.unit_micros)
        self.minimum.data, self.increment.data = (
            str(rate.minimum_seconds),
            str(rate.increment_seconds),
        )
        self.starts_on.data = rate.starts_on.isoformat()
        self.ends_on.data = rate.ends_on.isoformat() if rate.ends_on else ""


class DeckForm(PostForm):
    """A file of rates, and how it is read."""

    file = FileField("CSV file", render_kw={"required": True})
    kind = SelectField(
        "Kind of call",
        choices=KIND_CHOICES,
        validate_choice=False,
        default=CallKind.OUTBOUND.value,
        description="For lines that name none.",
    )
    starts_on = StringField(
        "From this day on",
        description="For lines that name no day of their own.",
        render_kw=DAY | {"required": True},
    )
    without_one = BooleanField("Prefixes are North American ones without the 1 in front")
    replaces = BooleanField("Rates of these kinds that the file does not have end on that day")
