"""What a call would cost under a plan: the question of an address, and its answer in words."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import request

import display
from models import CallKind, RatePlan
from usage import plans, rates

LONGEST = 86_400


@dataclass(frozen=True)
class Question:
    """What was asked, as typed, and the answer or what was wrong."""

    kind: str
    number: str
    day: str
    seconds: str
    tier: str
    answer: str = ""
    problem: str = ""


def asked(plan: RatePlan, today: date) -> Question:
    """Read the question of this request's address, and answer it where there is one."""
    typed = {
        "kind": request.args.get("q_kind", CallKind.OUTBOUND.value),
        "number": request.args.get("q", "").strip()[:40],
        "day": request.args.get("q_day", "").strip()[:20] or today.isoformat(),
        "seconds": request.args.get("q_seconds", "").strip()[:6] or "60",
        "tier": request.args.get("q_tier", "").strip()[:20],
    }
    if "q" not in request.args:
        return Question(**typed)
    answer, problem = _answer(plan, typed)
    return Question(**typed, answer=answer, problem=problem)


def _answer(plan: RatePlan, typed: dict[str, str]) -> tuple[str, str]:
    number = display.to_e164(typed["number"]) or typed["number"]
    digits = "".join(sign for sign in number if sign.isdigit())
    if not digits or typed["kind"] not in set(CallKind):
        return "", "Write a telephone number, such as (412) 555-0100."
    try:
        day = date.fromisoformat(typed["day"])
    except ValueError:
        return "", "Write a day like 2026-11-01."
    if not typed["seconds"].isascii() or not typed["seconds"].isdigit():
        return "", "Write the length in whole seconds."
    seconds = int(typed["seconds"])
    if seconds > LONGEST:
        return "", f"Write at most {LONGEST:,} seconds, which is a day."
    kind = CallKind(typed["kind"])
    return _words(plan, rates.quote(plan, kind, digits, day, seconds, typed["tier"])), ""


def _words(plan: RatePlan, found: rates.Quote) -> str:
    if found.rate is None:
        more = plans.markup(plan)
        beside = f", and {more} more" if more else ""
        return f"No rate holds for it: the client pays what it costs you{beside}."
    parts: list[Any] = [f"prefix {found.prefix}" if found.prefix else "any prefix"]
    if found.rate.tier:
        parts.append(f"tier {found.rate.tier}")
    parts.append(f"from {display.day(found.rate.starts_on)}")
    rule = f"{display.money(found.rate.minute_micros)} a minute"
    if found.rate.unit_micros:
        rule += f" and {display.money(found.rate.unit_micros)} a call"
    steps = f"{found.rate.minimum_seconds}/{found.rate.increment_seconds}"
    price = display.money(found.price_micros)
    return (
        f"{price} for {found.billed_seconds} billed seconds: {rule}, {steps} ({', '.join(parts)})."
    )
