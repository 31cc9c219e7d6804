import { Button, Card, Code, Group, Select, SimpleGrid, Stack, Text, TextInput, Title } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconPlayerPlay } from "@tabler/icons-react";
import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { type Import, importQuery, type Mapping, type PreviewedRow, previewQuery, startImport } from "@/api/imports";
import { useMay } from "@/api/session";
import { type Column, DataTable } from "@/components/DataTable";
import { ErrorState } from "@/components/ErrorState";
import { onePage } from "@/components/onePage";
import { StatusBadge } from "@/components/StatusBadge";
import { TimezoneSelect } from "@/components/TimezoneSelect";
import {
  type Choices,
  type ColumnChoice,
  choicesOf,
  choose,
  FIELDS,
  LEFT_OUT,
  mappingOf,
  missing,
  PROPERTY,
} from "./mapping";

const FIELD_LABELS = {
  customer_id: "Customer",
  event: "Event",
  timestamp: "Time",
  quantity: "Quantity",
  id: "Event id",
};
const TARGETS: { value: ColumnChoice["target"]; label: string }[] = [
  ...FIELDS.map((field) => ({ value: field, label: FIELD_LABELS[field] })),
  { value: PROPERTY, label: "Property" },
  { value: LEFT_OUT, label: "Left out" },
];

/** What the columns mean, with the first rows as they would come out. */
export function MappingForm({ of }: { of: Import }) {
  const [choices, setChoices] = useState<Choices>(() =>
    choicesOf(
      of.suggested_mapping,
      of.columns.map((column) => column.name),
    ),
  );
  const mapping = mappingOf(choices);
  const lacking = missing(mapping);
  return (
    <Stack gap="lg">
      <Card component="section" aria-labelledby="mapping">
        <Title order={2} id="mapping" mb={4}>
          What the columns mean
        </Title>
        <Text c="dimmed" mb="md">
          An event needs a customer and a name, each from a column or the same in all rows. Without a time it happens
          when it is imported.
        </Text>
        <Stack gap="md">
          {of.columns.map((column) => (
            <ColumnRow
              key={column.name}
              column={column}
              choice={choices.columns[column.name] ?? { target: LEFT_OUT, property: column.name }}
              onChoose={(choice) => setChoices(choose(choices, column.name, choice))}
            />
          ))}
        </Stack>
        <SimpleGrid cols={{ base: 1, sm: 3 }} mt="lg" verticalSpacing="sm">
          {(["event", "customer_id"] as const).map((field) => (
            <TextInput
              key={field}
              label={`${FIELD_LABELS[field]} of all rows`}
              disabled={field in mapping.columns}
              placeholder={field in mapping.columns ? "From its column" : "The same in all rows"}
              error={lacking.includes(field) ? "Give a column or a text" : undefined}
              value={field in mapping.columns ? "" : (choices.values[field] ?? "")}
              onChange={(event) =>
                setChoices({ ...choices, values: { ...choices.values, [field]: event.currentTarget.value } })
              }
            />
          ))}
          <TimezoneSelect
            label="Time zone of times without one"
            placeholder="None: such rows are rejected"
            value={choices.timezone}
            onChange={(timezone) => setChoices({ ...choices, timezone })}
            clearable
            clearButtonProps={{ "aria-label": "Clear the time zone" }}
          />
        </SimpleGrid>
      </Card>
      {lacking.length === 0 && <Preview of={of} mapping={mapping} />}
    </Stack>
  );
}

interface ColumnProps {
  column: Import["columns"][number];
  choice: ColumnChoice;
  onChoose: (choice: ColumnChoice) => void;
}

function ColumnRow({ column, choice, onChoose }: ColumnProps) {
  return (
    <SimpleGrid cols={{ base: 1, sm: 3 }} verticalSpacing={6} style={{ alignItems: "end" }}>
      <div>
        <Text fw={500} truncate>
          {column.name}
        </Text>
        <Text c="dimmed" size="sm" truncate title={column.samples.join(", ")}>
          {column.samples.length === 0 ? "empty" : column.samples.join(", ")}
        </Text>
      </div>
      <Select
        aria-label={`Meaning of ${column.name}`}
        data={TARGETS}
        value={choice.target}
        onChange={(target) => target !== null && onChoose({ ...choice, target })}
        allowDeselect={false}
      />
      {choice.target === PROPERTY ? (
        <TextInput
          aria-label={`Property of ${column.name}`}
          leftSection={<Text size="sm">properties.</Text>}
          leftSectionWidth={86}
          value={choice.property}
          onChange={(event) => onChoose({ ...choice, property: event.currentTarget.value })}
        />
      ) : (
        <span />
      )}
    </SimpleGrid>
  );
}

function Preview({ of, mapping }: { of: Import; mapping: Mapping }) {
  const mayWrite = useMay("events:write");
  const queries = useQueryClient();
  const [asked] = useDebouncedValue(mapping, 300, { leading: true });
  const preview = useQuery({ ...previewQuery(of.id, asked), placeholderData: keepPreviousData, enabled: mayWrite });
  const start = useMutation({
    mutationFn: () => startImport(of.id, mapping),
    onSuccess: (started) => queries.setQueryData(importQuery(of.id).queryKey, started),
  });
  if (!mayWrite) return null;
  const rows = preview.data?.data;
  const bad = rows?.filter((row) => row.event === null).length ?? 0;
  return (
    <Stack gap="sm" component="section" aria-labelledby="preview">
      <Group justify="space-between">
        <div>
          <Title order={2} id="preview">
            The first rows
          </Title>
          <Text c="dimmed" role="status">
            {rows === undefined
              ? "Reading…"
              : bad === 0
                ? "All of them are events."
                : `${bad} of ${rows.length} would be rejected; the others go on.`}
          </Text>
        </div>
        <Button
          leftSection={<IconPlayerPlay size={16} />}
          loading={start.isPending}
          disabled={rows === undefined || preview.error !== null}
          onClick={() => start.mutate()}
        >
          Start the import
        </Button>
      </Group>
      {start.error !== null && <ErrorState error={start.error} />}
      {preview.error !== null ? (
        <ErrorState error={preview.error} onRetry={() => void preview.refetch()} />
      ) : (
        <DataTable
          label="Preview"
          columns={PREVIEW}
          query={onePage(preview, rows)}
          rowKey={(row) => String(row.row)}
          empty="The file has no rows"
        />
      )}
    </Stack>
  );
}

const field = (row: PreviewedRow, name: string) => {
  const value = row.event?.[name];
  return value === undefined || value === null ? "—" : String(value);
};

const PREVIEW: Column<PreviewedRow>[] = [
  { key: "row", header: "Row", cell: (row) => row.row, align: "right", width: 60 },
  { key: "customer", header: "Customer", cell: (row) => field(row, "customer_id") },
  { key: "event", header: "Event", cell: (row) => field(row, "event"), secondary: true },
  { key: "timestamp", header: "Time", cell: (row) => field(row, "timestamp"), secondary: true },
  { key: "quantity", header: "Quantity", cell: (row) => field(row, "quantity"), align: "right", secondary: true },
  {
    key: "outcome",
    header: "Becomes",
    cell: (row) =>
      row.event === null ? (
        <Text span>
          <StatusBadge status="rejected" /> {row.message}
        </Text>
      ) : (
        <Code>{JSON.stringify(row.event.properties ?? {})}</Code>
      ),
  },
];
