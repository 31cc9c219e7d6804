"""Who is billed: customers, and the keys by which events name them.

An event may name a customer by its id, external id or an alias. It keeps the key as it was sent and is attributed when
someone asks, so it may come before its customer exists. A key never means two customers.
"""

from justpaid.customers.create import NewCustomer, create_customer
from justpaid.customers.find import Sort, find_customer, keys_of, list_customers, names_of_keys, owners_of
from justpaid.customers.tables import Customer, CustomerKey
from justpaid.customers.update import update_customer

__all__ = [
    "Customer",
    "CustomerKey",
    "NewCustomer",
    "Sort",
    "create_customer",
    "find_customer",
    "keys_of",
    "list_customers",
    "names_of_keys",
    "owners_of",
    "update_customer",
]
