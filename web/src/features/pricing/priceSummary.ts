import type { Price } from "@/api/plans";
import { formatMoney, formatPercent, formatQuantity, formatRate } from "@/app/formats";

/** What a price asks, in one line. */
export function priceSummary(price: Price, currency: string): string {
  const rate = (amount: string | null | undefined) => formatRate(amount ?? "0", currency);
  switch (price.model) {
    case "flat":
      return `${formatMoney(price.amount, currency)} in ${price.billing ?? "arrears"}`;
    case "seats":
      return `${rate(price.unit_amount)} a seat in ${price.billing ?? "arrears"}`;
    case "per_unit":
      return `${rate(price.unit_amount)} a unit`;
    case "package":
      return `${rate(price.amount)} for each ${formatQuantity(price.package_size)}`;
    case "percentage":
      return `${formatPercent(price.rate)} of the value`;
    case "matrix":
      return `${price.cells.length} cells by ${price.dimensions.join(", ")}`;
    case "cost_plus":
      return `list of ${price.provider} and ${formatPercent(price.markup)}`;
    default: {
      const first = price.tiers[0];
      const tiers = price.tiers.length === 1 ? "1 tier" : `${price.tiers.length} tiers`;
      return `${tiers} from ${rate(first?.unit_amount)}`;
    }
  }
}
