import { Stack, Table } from "@mantine/core";
import type { Invoice } from "@/api/invoices";
import { formatMoney, formatPercent } from "@/app/formats";

const isZero = (amount: string) => /^-?0*(\.0*)?$/.test(amount);

/** From the lines to what is due, as the PDF adds it up. */
export function InvoiceTotals({ invoice }: { invoice: Invoice }) {
  const money = (amount: string) => formatMoney(amount, invoice.currency);
  const minus = (amount: string) => money(amount.startsWith("-") ? amount.slice(1) : `-${amount}`);
  const rows: [label: string, amount: string][] = [["Subtotal", money(invoice.subtotal)]];
  for (const discount of invoice.discounts) rows.push([discount.name, minus(discount.amount)]);
  for (const tax of invoice.taxes) {
    const share = formatPercent(shiftTwo(tax.percent));
    rows.push([`${tax.name} ${share}${tax.inclusive ? ", included" : ""}`, money(tax.amount)]);
  }
  if (!isZero(invoice.carried_over)) rows.push(["Carried over to the balance", money(invoice.carried_over)]);
  if (!isZero(invoice.credits_applied)) rows.push(["Credits", minus(invoice.credits_applied)]);
  const after: [label: string, amount: string][] = [];
  if (!isZero(invoice.amount_paid)) after.push(["Paid", minus(invoice.amount_paid)]);
  if (!isZero(invoice.amount_credited)) after.push(["Credit notes", minus(invoice.amount_credited)]);
  return (
    <Stack align="flex-end" mt="md">
      <Table w="auto" miw={280} withRowBorders={false} verticalSpacing={4} aria-label="Totals">
        <Table.Tbody>
          {rows.map(([label, amount]) => (
            <Row key={label} label={label} amount={amount} />
          ))}
          <Row label="Total" amount={money(invoice.total)} strong />
          {after.map(([label, amount]) => (
            <Row key={label} label={label} amount={amount} />
          ))}
          <Row label="Amount due" amount={money(invoice.amount_due)} strong />
        </Table.Tbody>
      </Table>
    </Stack>
  );
}

/** "19" as the ratio "0.19", without a float. */
function shiftTwo(percent: string): string {
  const [whole = "0", fraction = ""] = percent.split(".");
  const padded = whole.padStart(3, "0");
  return `${padded.slice(0, -2)}.${padded.slice(-2)}${fraction}`;
}

function Row({ label, amount, strong = false }: { label: string; amount: string; strong?: boolean }) {
  return (
    <Table.Tr fw={strong ? 600 : 400}>
      <Table.Th scope="row" fw="inherit" fz="md" c="var(--mantine-color-text)">
        {label}
      </Table.Th>
      <Table.Td ta="right">{amount}</Table.Td>
    </Table.Tr>
  );
}
