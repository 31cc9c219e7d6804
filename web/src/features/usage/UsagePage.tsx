import { Code } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { type Meter, metersQuery } from "@/api/meters";
import { type Column, DataTable } from "@/components/DataTable";
import { EmptyState } from "@/components/EmptyState";
import { PageHeader } from "@/components/PageHeader";

const COLUMNS: Column<Meter>[] = [
  { key: "name", header: "Meter", cell: (meter) => meter.name },
  { key: "key", header: "Key", cell: (meter) => <Code>{meter.key}</Code> },
  { key: "event", header: "Event", cell: (meter) => <Code>{meter.event}</Code>, secondary: true },
  { key: "aggregation", header: "Aggregation", cell: (meter) => meter.aggregation.replaceAll("_", " ") },
  { key: "dimensions", header: "Dimensions", cell: (meter) => meter.dimensions.join(", "), secondary: true },
];

export function UsagePage() {
  const query = useInfiniteQuery(metersQuery());
  return (
    <>
      <PageHeader title="Usage" description="What your customers use, by meter." />
      <DataTable
        label="Meters"
        columns={COLUMNS}
        query={query}
        rowKey={(meter) => meter.id}
        empty={
          <EmptyState title="No meters yet">A meter says which events count, and what is taken from each.</EmptyState>
        }
      />
    </>
  );
}
