"""The person's fields that predicates and templates may name, and their types. One list, one place."""

from __future__ import annotations

from enum import StrEnum


class FieldType(StrEnum):
    """The types a field can have; each says which comparisons make sense."""

    TEXT = "text"
    NUMBER = "number"
    MONEY = "money"  # written in major units of the project's currency, held in minor units
    INSTANT = "instant"  # written as a date or moment, held as UTC epoch seconds
    FLAG = "flag"


_TEXT = """email phone first_name last_name title company company_domain linkedin language country region timezone
status_at_last_touch last_touch_channel source do_not_contact_scope meeting_status loss_reason churn_reason
product owner_name owner_email owner_phone""".split()

PERSON_FIELDS: dict[str, FieldType] = {
    **dict.fromkeys(_TEXT, FieldType.TEXT),
    **dict.fromkeys(
        "last_touch_at last_activity_at meeting_at closed_at churned_at last_purchase_at created_at".split(),
        FieldType.INSTANT,
    ),
    **dict.fromkeys("usage_30d purchases".split(), FieldType.NUMBER),
    **dict.fromkeys("lifetime_value quote".split(), FieldType.MONEY),
}

#: what text fields can hold whose words are rekindle's own; people.values may list others in their place
CLOSED_VALUES: dict[str, tuple[str, ...]] = {
    "meeting_status": ("booked", "attended", "no_show", "cancelled", "ignored"),
}

#: fields an import may set (``created_at`` is ours)
IMPORTABLE = frozenset(PERSON_FIELDS) - {"created_at"}

#: fields that tell the person's own history: a message that uses none of them acknowledges nothing (A4)
HISTORY_FIELDS = frozenset(
    """meeting_at meeting_status closed_at loss_reason quote churned_at churn_reason product last_purchase_at
    purchases last_activity_at last_touch_at status_at_last_touch""".split()
)
