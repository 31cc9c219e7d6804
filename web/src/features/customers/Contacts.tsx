import {
  Button,
  Card,
  Group,
  Select,
  SimpleGrid,
  Stack,
  Table,
  TagsInput,
  Text,
  TextInput,
  Title,
} from "@mantine/core";
import { useForm } from "@mantine/form";
import { notifications } from "@mantine/notifications";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { type Customer, type CustomerChange, changeCustomer, customerQuery } from "@/api/customers";
import { Problem } from "@/api/problem";
import { useMay } from "@/api/session";
import { CurrencySelect } from "@/components/CurrencySelect";
import { ErrorState } from "@/components/ErrorState";
import { TimezoneSelect } from "@/components/TimezoneSelect";

const ADDRESS = ["line1", "line2", "city", "state", "postal_code", "country"] as const;
type Part = (typeof ADDRESS)[number];
const PART_LABELS: Record<Part, string> = {
  line1: "Address",
  line2: "Address, second line",
  city: "City",
  state: "State or province",
  postal_code: "Postal code",
  country: "Country (two letters)",
};
const TAX_STATUSES = [
  { value: "taxable", label: "Taxable" },
  { value: "exempt", label: "Exempt" },
  { value: "reverse_charge", label: "Reverse charge" },
];

/** Who is written to and how invoices name the customer. */
export function Contacts({ customer }: { customer: Customer }) {
  const mayWrite = useMay("customers:write");
  const [editing, setEditing] = useState(false);
  return (
    <Card component="section" aria-labelledby="contacts" maw={760}>
      <Group justify="space-between" mb="sm" mih={36}>
        <Title order={2} id="contacts">
          Contact and billing details
        </Title>
        {mayWrite && !editing && (
          <Button variant="default" onClick={() => setEditing(true)}>
            Edit
          </Button>
        )}
      </Group>
      {editing ? <Form customer={customer} onDone={() => setEditing(false)} /> : <Details customer={customer} />}
    </Card>
  );
}

function Details({ customer }: { customer: Customer }) {
  const address = ADDRESS.map((part) => partOf(customer, part)).filter((text) => text !== "");
  const rows: [string, string][] = [
    ["Name", customer.name],
    ["External id", customer.external_id ?? ""],
    ["E-mail", customer.email ?? ""],
    ["Address", address.join(", ")],
    ["Currency", customer.currency],
    ["Time zone", customer.timezone],
    ["Further event keys", customer.aliases.join(", ")],
    ["Tax", TAX_STATUSES.find((each) => each.value === customer.tax_status)?.label ?? customer.tax_status],
    ["Tax ids", customer.tax_ids.map((each) => `${each.value} (${each.type.replaceAll("_", " ")})`).join(", ")],
    ["Payment term", customer.net_days === null ? "The organisation's" : `${customer.net_days} days`],
    ["Purchase order", customer.po_number ?? ""],
  ];
  return (
    <Table horizontalSpacing={0} aria-labelledby="contacts">
      <Table.Tbody>
        {rows.map(([name, value]) => (
          <Table.Tr key={name}>
            <Table.Th scope="row" w={150}>
              {name}
            </Table.Th>
            <Table.Td style={{ overflowWrap: "anywhere" }}>
              {value === "" ? (
                <Text span c="dimmed">
                  Not set
                </Text>
              ) : (
                value
              )}
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

function Form({ customer, onDone }: { customer: Customer; onDone: () => void }) {
  const queries = useQueryClient();
  const form = useForm({
    initialValues: {
      name: customer.name,
      external_id: customer.external_id ?? "",
      email: customer.email ?? "",
      currency: customer.currency,
      timezone: customer.timezone,
      aliases: customer.aliases,
      tax_status: customer.tax_status as string,
      po_number: customer.po_number ?? "",
      address: Object.fromEntries(ADDRESS.map((part) => [part, partOf(customer, part)])) as Record<Part, string>,
    },
  });
  const save = useMutation({
    mutationFn: () => changeCustomer(customer.id, changesOf(form.getValues(), customer)),
    onSuccess: (changed) => {
      queries.setQueryData(customerQuery(customer.id).queryKey, changed);
      void queries.invalidateQueries({ queryKey: ["customers"] });
      notifications.show({ color: "jade", message: "Saved." });
      onDone();
    },
    onError: (error) => form.setErrors(error instanceof Problem ? { ...error.fields } : {}),
  });
  return (
    <form onSubmit={form.onSubmit(() => save.mutate())} noValidate>
      <Stack gap="sm">
        <SimpleGrid cols={{ base: 1, sm: 2 }} verticalSpacing="sm">
          <TextInput label="Name" {...form.getInputProps("name")} />
          <TextInput label="External id" {...form.getInputProps("external_id")} />
          <TextInput label="E-mail" type="email" {...form.getInputProps("email")} />
          <TextInput label="Purchase order" {...form.getInputProps("po_number")} />
          {ADDRESS.map((part) => (
            <TextInput key={part} label={PART_LABELS[part]} {...form.getInputProps(`address.${part}`)} />
          ))}
          <CurrencySelect {...form.getInputProps("currency")} />
          <TimezoneSelect {...form.getInputProps("timezone")} />
          <Select label="Tax" data={TAX_STATUSES} allowDeselect={false} {...form.getInputProps("tax_status")} />
          <TagsInput
            label="Further event keys"
            description="Other values of customer_id that mean this customer."
            {...form.getInputProps("aliases")}
          />
        </SimpleGrid>
        {save.error !== null && <ErrorState error={save.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onDone}>
            Cancel
          </Button>
          <Button type="submit" loading={save.isPending}>
            Save
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

const partOf = (customer: Customer, part: Part): string => {
  const value = (customer.address as Partial<Record<Part, string | null>> | null)?.[part];
  return value ?? "";
};

interface Values {
  name: string;
  external_id: string;
  email: string;
  currency: string;
  timezone: string;
  aliases: string[];
  tax_status: string;
  po_number: string;
  address: Record<Part, string>;
}

/** Only what was changed is sent, so that what others change meanwhile stays. */
export function changesOf(values: Values, customer: Customer): CustomerChange {
  const { address, aliases, ...texts } = values;
  const changes: Record<string, unknown> = {};
  for (const [name, text] of Object.entries(texts)) {
    const value = text.trim() === "" ? null : text.trim();
    if (value !== customer[name as keyof typeof texts]) changes[name] = value;
  }
  if (JSON.stringify(aliases) !== JSON.stringify(customer.aliases)) changes.aliases = aliases;
  if (ADDRESS.some((part) => address[part].trim() !== partOf(customer, part))) {
    const given = Object.entries(address).filter(([, text]) => text.trim() !== "");
    changes.address = given.length === 0 ? null : Object.fromEntries(given.map(([part, text]) => [part, text.trim()]));
  }
  return changes as CustomerChange;
}
