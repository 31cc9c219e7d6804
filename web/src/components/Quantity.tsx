import { type Decimal, formatQuantity, formatShort } from "@/app/formats";

interface Props {
  value: Decimal;
  /** 1.2M, with the exact figure on hover. */
  short?: boolean;
}

export function Quantity({ value, short = false }: Props) {
  const exact = formatQuantity(value);
  if (!short) return <span>{exact}</span>;
  const shown = formatShort(value);
  return <span title={shown === exact ? undefined : exact}>{shown}</span>;
}
