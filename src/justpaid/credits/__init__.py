"""Prepaid and promotional credits: grants, how invoices draw them, top-ups; see README.md."""

from justpaid.credits.balance import Balance, balances_of
from justpaid.credits.burn_down import Draw, burn_down, rank
from justpaid.credits.check import check_credits
from justpaid.credits.draw import Charge, draw, give_back
from justpaid.credits.entries import HELD
from justpaid.credits.expire import post_expired
from justpaid.credits.grant import (
    GrantStatus,
    NewGrant,
    Rollover,
    find_grant,
    grant_credits,
    list_grants,
    status_of,
)
from justpaid.credits.tables import CreditGrant, CreditKind, GrantAt, TopUp, TopUpRule, TopUpStatus
from justpaid.credits.top_up import (
    Purse,
    find_top_up,
    list_top_ups,
    order_top_up,
    record_payment,
    top_up_if_low,
)
from justpaid.credits.top_up_rules import NewTopUpRule, list_top_up_rules, remove_top_up_rule, set_top_up_rule
from justpaid.credits.void import cancel_top_up, void_grant

__all__ = [
    "HELD",
    "Balance",
    "Charge",
    "CreditGrant",
    "CreditKind",
    "Draw",
    "GrantAt",
    "GrantStatus",
    "NewGrant",
    "NewTopUpRule",
    "Purse",
    "Rollover",
    "TopUp",
    "TopUpRule",
    "TopUpStatus",
    "balances_of",
    "burn_down",
    "cancel_top_up",
    "check_credits",
    "draw",
    "find_grant",
    "find_top_up",
    "give_back",
    "grant_credits",
    "list_grants",
    "list_top_up_rules",
    "list_top_ups",
    "order_top_up",
    "post_expired",
    "rank",
    "record_payment",
    "remove_top_up_rule",
    "set_top_up_rule",
    "status_of",
    "top_up_if_low",
    "void_grant",
]
