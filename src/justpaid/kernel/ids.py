"""Prefixed, time-sortable ids: TypeID (https://github.com/jetify-com/typeid), a UUIDv7 behind a short noun."""

from typing import Literal

from typeid import TypeID

Prefix = Literal[
    "org",
    "key",
    "usr",
    "mem",
    "ses",
    "otl",
    "req",
    "cus",
    "mtr",
    "plan",
    "pv",
    "sub",
    "phase",
    "inv",
    "il",
    "run",
    "evt",
    "aud",
    "shl",
    "acct",
    "entry",
    "grant",
    "topup",
    "rule",
    "prod",
    "bf",
    "txr",
    "cpn",
    "dis",
    "ii",
    "cn",
    "cnl",
    "imp",
    "ptl",
    "alr",
    "fir",
    "mail",
    "bt",
    "luc",
    "lul",
]


def new_id(prefix: Prefix) -> str:
    """A new id such as `cus_01k…`. Ids made later sort after ids made earlier."""
    return str(TypeID(prefix=prefix))
