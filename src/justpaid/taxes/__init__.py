"""Which tax a customer is charged: rates, the rule that picks them, and the form of tax ids; see README.md."""

from justpaid.taxes.applicable import TaxStatus, rates_for
from justpaid.taxes.rates import NewTaxRate, check_known, create_rate, find_rate, list_rates, rates_by_key, update_rate
from justpaid.taxes.tables import TaxRate
from justpaid.taxes.tax_ids import TAX_ID_TYPES, check_tax_id

__all__ = [
    "TAX_ID_TYPES",
    "NewTaxRate",
    "TaxRate",
    "TaxStatus",
    "check_known",
    "check_tax_id",
    "create_rate",
    "find_rate",
    "list_rates",
    "rates_by_key",
    "rates_for",
    "update_rate",
]
