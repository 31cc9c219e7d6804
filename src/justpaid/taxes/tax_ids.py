"""Tax ids, checked offline by their form and check digits. Whether one is registered only its authority knows.

Source: python-stdnum, which follows the authorities' published algorithms.
"""

from collections.abc import Mapping
from types import ModuleType
from typing import Final

from stdnum.au import abn
from stdnum.br import cnpj
from stdnum.ca import bn
from stdnum.ch import vat as ch_vat
from stdnum.eu import vat as eu_vat
from stdnum.exceptions import ValidationError
from stdnum.gb import vat as gb_vat
from stdnum.in_ import gstin
from stdnum.jp import cn
from stdnum.mx import rfc
from stdnum.no import mva
from stdnum.us import ein

_CHECKS: Final[Mapping[str, ModuleType]] = {
    "eu_vat": eu_vat,
    "gb_vat": gb_vat,
    "ch_vat": ch_vat,
    "no_vat": mva,
    "us_ein": ein,
    "ca_bn": bn,
    "au_abn": abn,
    "in_gst": gstin,
    "jp_cn": cn,
    "br_cnpj": cnpj,
    "mx_rfc": rfc,
}
#: `other` takes any text, for authorities that are not in this list.
TAX_ID_TYPES: Final = (*_CHECKS, "other")
MAX_LENGTH: Final = 50


def check_tax_id(type_: str, value: str) -> str:
    """The id in its compact form, such as DE136695976.  Raises: ValueError, with what is wrong with it."""
    if not 0 < len(value.strip()) <= MAX_LENGTH or not value.isprintable():
        raise ValueError(f"must have 1 to {MAX_LENGTH} printable characters")
    if type_ == "other":
        return value.strip()
    try:
        return str(_CHECKS[type_].validate(value))
    except ValidationError as error:
        example = ", such as DE136695976 with its country's letters" if type_ == "eu_vat" else ""
        raise ValueError(f"is no valid {type_}{example}: {str(error).rstrip('.').lower()}") from None
