"""Products on the wire."""

from pydantic import Field

from justpaid.api.values import Input, Instant, Output
from justpaid.catalog import Product


class ProductFields(Input):
    name: str | None = Field(default=None, min_length=1, max_length=200, description="Defaults to the key.")
    description: str | None = Field(default=None, min_length=1, max_length=2000)
    tax_rates: list[str] | None = Field(
        default=None,
        max_length=100,
        description="Keys of the tax rates of what it sells, instead of the customer's, where they fit the customer's"
        " address; an empty list means no tax.",
        examples=[["de-7"]],
    )


class ProductIn(ProductFields):
    key: str = Field(description="How prices name it; it never changes.", examples=["api"])


class ProductPatch(ProductFields):
    """Only the fields that are sent change; null clears `description` and `tax_rates`."""

    name: str = Field(default="", min_length=1, max_length=200)


class ProductOut(Output):
    id: str
    key: str
    name: str
    description: str | None
    tax_rates: list[str] | None
    created_at: Instant

    @classmethod
    def of(cls, product: Product) -> "ProductOut":
        return cls(
            id=product.id,
            key=product.key,
            name=product.name,
            description=product.description,
            tax_rates=product.tax_rates,
            created_at=product.created_at,
        )
