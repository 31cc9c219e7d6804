import { Card, MultiSelect, Select, SimpleGrid, Switch, TextInput } from "@mantine/core";
import type { Meter } from "@/api/meters";
import { CustomerSelect } from "@/components/CustomerSelect";
import type { Question } from "@/components/usage/question";
import type { UsageSearch } from "@/components/usage/search";
import { SPAN_NAMES, SPANS } from "@/components/usage/span";

const WINDOW_LABELS = { "5m": "5 minutes", hour: "Hour", day: "Day", month: "Month" };

interface Props {
  meters: Meter[];
  meter: Meter;
  search: UsageSearch;
  question: Question;
  onChoose: (change: UsageSearch) => void;
}

export function UsageControls({ meters, meter, search, question, onChoose }: Props) {
  return (
    <Card component="section" aria-label="What to show" p="md">
      <SimpleGrid cols={{ base: 1, xs: 2, md: 3, xl: 5 }} spacing="md" verticalSpacing="sm">
        <Select
          label="Meter"
          data={meters.map((each) => ({ value: each.key, label: each.name }))}
          value={meter.key}
          onChange={(key) => key !== null && onChoose({ meter: key, by: undefined })}
          searchable
          allowDeselect={false}
        />
        <CustomerSelect
          label="Customer"
          value={search.customer ?? null}
          onChange={(id) => onChoose({ customer: id ?? undefined })}
        />
        <Select
          label="Time"
          data={SPAN_NAMES.map((value) => ({ value, label: SPANS[value] }))}
          value={question.name}
          onChange={(span) => onChoose({ span: span ?? undefined, window: undefined })}
          allowDeselect={false}
        />
        <Select
          label="Window"
          data={question.windows.map((value) => ({ value, label: WINDOW_LABELS[value] }))}
          value={question.window}
          onChange={(window) => onChoose({ window: window ?? undefined })}
          allowDeselect={false}
          disabled={question.windows.length === 0}
        />
        <MultiSelect
          label="Group by"
          placeholder={question.by.length > 0 ? "" : meter.dimensions.length > 0 ? "Nothing" : "No dimensions"}
          data={meter.dimensions}
          value={question.by}
          onChange={(by) => onChoose({ by: by.length === 0 ? undefined : by.join(",") })}
          disabled={meter.dimensions.length === 0}
          clearable
          clearButtonProps={{ "aria-label": "Clear the groups" }}
        />
        {question.name === "custom" && (
          <>
            <TextInput
              type="date"
              label="First day"
              value={search.first ?? ""}
              onChange={(event) => onChoose({ first: event.currentTarget.value || undefined })}
            />
            <TextInput
              type="date"
              label="Last day"
              value={search.last ?? ""}
              min={search.first}
              onChange={(event) => onChoose({ last: event.currentTarget.value || undefined })}
            />
          </>
        )}
      </SimpleGrid>
      <Switch
        mt="md"
        label="Compare with the period before"
        checked={search.compare !== false}
        onChange={(event) => onChoose({ compare: event.currentTarget.checked ? undefined : false })}
      />
    </Card>
  );
}
