import { Card, Group, Table, Text, Title } from "@mantine/core";
import { formatPeriod } from "@/app/formats";
import { Money } from "@/components/Money";
import { Quantity } from "@/components/Quantity";
import type { Estimate } from "./api";
import classes from "./LineItems.module.css";

/** The next invoice, as it would be now and at the period's end. */
export function LineItems({ estimate, timezone }: { estimate: Estimate; timezone: string }) {
  const { currency, projected } = estimate;
  const label = `Next invoice, ${formatPeriod(estimate.period_start, estimate.period_end, timezone)}`;
  return (
    <Card component="section" aria-label={label} p={0}>
      <Group px="lg" pt="lg" pb="sm" justify="space-between">
        <Title order={2}>Next invoice</Title>
        <Text c="dimmed" size="sm">
          {formatPeriod(estimate.period_start, estimate.period_end, timezone)}
        </Text>
      </Group>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard. */}
      <section className={classes.scroll ?? ""} aria-label={`${label}, line by line`} tabIndex={0}>
        <Table aria-label={label}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Item</Table.Th>
              <Table.Th ta="right">Quantity</Table.Th>
              <Table.Th ta="right">So far</Table.Th>
              <Table.Th ta="right">At the end</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {estimate.lines.map((line, at) => (
              <Table.Tr key={`${line.price_key} ${line.period_start} ${line.description}`}>
                <Table.Td className={classes.words ?? ""}>{line.description}</Table.Td>
                <Table.Td ta="right">
                  <Quantity value={line.quantity} />
                </Table.Td>
                <Table.Td ta="right">
                  <Money amount={line.amount} currency={currency} />
                </Table.Td>
                <Table.Td ta="right">
                  {projected.lines[at]?.price_key === line.price_key ? (
                    <Money amount={projected.lines[at].amount} currency={currency} />
                  ) : (
                    "—"
                  )}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
          <Table.Tfoot>
            {(["discount", "tax", "total"] as const)
              .filter((name) => name === "total" || Number(estimate[name]) !== 0 || Number(projected[name]) !== 0)
              .map((name) => (
                <Table.Tr key={name}>
                  <Table.Th colSpan={2}>{name === "total" ? "Total" : name === "tax" ? "Tax" : "Discount"}</Table.Th>
                  <Table.Td ta="right" fw={name === "total" ? 600 : 400}>
                    <Money amount={estimate[name]} currency={currency} />
                  </Table.Td>
                  <Table.Td ta="right" fw={name === "total" ? 600 : 400}>
                    <Money amount={projected[name]} currency={currency} />
                  </Table.Td>
                </Table.Tr>
              ))}
          </Table.Tfoot>
        </Table>
      </section>
    </Card>
  );
}
