import { type Decimal, formatMoney, formatRate } from "@/app/formats";

interface Props {
  /** Exact, in major units, as the API gives it. */
  amount: Decimal;
  currency: string;
  /** Rates show all their places, amounts those of the currency. */
  rate?: boolean;
}

export function Money({ amount, currency, rate = false }: Props) {
  return <span>{rate ? formatRate(amount, currency) : formatMoney(amount, currency)}</span>;
}
