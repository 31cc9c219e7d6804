import { Box, Table } from "@mantine/core";
import type { components } from "@/api/schema.gen";
import { formatMoney, formatQuantity, formatRate } from "@/app/formats";
import classes from "./Steps.module.css";

type Step = components["schemas"]["StepOut"];

interface Props {
  label: string;
  steps: Step[];
  currency: string;
  /** Rounded once, at the end. */
  amount: string;
}

/** The arithmetic of an amount: quantity × rate = part, then their sum, rounded once. */
export function Steps({ label, steps, currency, amount }: Props) {
  return (
    <Box className={classes.scroll ?? ""} role="region" aria-label={label} tabIndex={0}>
      <Table verticalSpacing={6} horizontalSpacing="sm" fz="sm" aria-label={label}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Step</Table.Th>
            <Table.Th ta="right">Quantity</Table.Th>
            <Table.Th ta="right">Rate</Table.Th>
            <Table.Th ta="right">Amount</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {steps.map((step, position) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: steps have an order and nothing else that tells them apart
            <Table.Tr key={position}>
              <Table.Td>{step.description}</Table.Td>
              <Table.Td ta="right">{formatQuantity(step.quantity)}</Table.Td>
              <Table.Td ta="right">{formatRate(step.unit_amount, currency)}</Table.Td>
              <Table.Td ta="right">{formatRate(step.amount, currency)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
        <Table.Tfoot>
          <Table.Tr>
            <Table.Th colSpan={3}>Sum, rounded once</Table.Th>
            <Table.Th ta="right" c="var(--mantine-color-text)" fz="sm">
              {formatMoney(amount, currency)}
            </Table.Th>
          </Table.Tr>
        </Table.Tfoot>
      </Table>
    </Box>
  );
}
