import { Alert, Anchor, Breadcrumbs, Button, Card, Progress, SimpleGrid, Stack, Text } from "@mantine/core";
import { IconCircleCheck, IconDownload } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useEffect } from "react";
import { type Import, importQuery, rejectedRowsAddress } from "@/api/imports";
import { formatPercent, formatQuantity } from "@/app/formats";
import { ErrorState } from "@/components/ErrorState";
import { PageHeader } from "@/components/PageHeader";
import { PageSkeleton } from "@/components/PageSkeleton";
import { StatCard } from "@/components/StatCard";
import { StatusBadge } from "@/components/StatusBadge";
import { MappingForm } from "./MappingForm";

/** One uploaded file: what its columns mean, then how it goes, then what came of it. */
export function ImportPage() {
  const { importId } = useParams({ from: "/signed-in/events/imports/$importId" });
  const { data, error, refetch } = useQuery(importQuery(importId));
  useCountsAnew(data?.status);
  return (
    <>
      <Breadcrumbs mb="xs" aria-label="Breadcrumb" component="nav">
        <Anchor component={Link} to="/events" size="sm">
          Events
        </Anchor>
        <Anchor component={Link} to="/events?tab=imports" size="sm">
          CSV imports
        </Anchor>
      </Breadcrumbs>
      <PageHeader
        title={data?.filename ?? "Import"}
        description={
          data && `${formatQuantity(data.rows)} rows, ${data.encoding}. The same file twice counts nothing twice.`
        }
        actions={data && <StatusBadge status={data.status} />}
      />
      {error !== null && data === undefined && <ErrorState error={error} onRetry={() => void refetch()} />}
      {error === null && data === undefined && <PageSkeleton />}
      {data !== undefined && (data.status === "uploaded" ? <MappingForm key={data.id} of={data} /> : <Run of={data} />)}
    </>
  );
}

/** Usage, costs and events are others once a run has ended. */
function useCountsAnew(status: Import["status"] | undefined) {
  const queries = useQueryClient();
  useEffect(() => {
    if (status !== "completed" && status !== "failed") return;
    for (const key of ["usage", "customers", "events", "overview"]) {
      void queries.invalidateQueries({ queryKey: [key] });
    }
    void queries.invalidateQueries({ queryKey: ["imports", "list"] });
  }, [status, queries]);
}

function Run({ of }: { of: Import }) {
  const share = of.rows === 0 ? 1 : of.rows_done / of.rows;
  const running = of.status === "running";
  return (
    <Stack gap="lg">
      <Card component="section" aria-label="Progress">
        <Text mb="xs" role="status">
          {running
            ? `${formatQuantity(of.rows_done)} of ${formatQuantity(of.rows)} rows (${formatPercent(share)})`
            : of.status === "failed"
              ? "The import ended before all rows were read."
              : `All ${formatQuantity(of.rows)} rows are read.`}
        </Text>
        <Progress value={share * 100} animated={running} aria-label="Rows read" size="lg" />
      </Card>
      {of.error !== null && (
        <Alert color="red" role="alert" title="Why it failed">
          {of.error}
        </Alert>
      )}
      <SimpleGrid cols={{ base: 2, lg: 4 }} spacing={{ base: "sm", sm: "lg" }}>
        <StatCard label="Accepted" value={formatQuantity(of.accepted)} hint="count as usage" />
        <StatCard label="Duplicates" value={formatQuantity(of.duplicates)} hint="were there before" />
        <StatCard label="Conflicts" value={formatQuantity(of.conflicts)} hint="other content; the first counts" />
        <StatCard label="Rejected" value={formatQuantity(of.rejected)} hint="are no events" />
      </SimpleGrid>
      {of.rejected + of.conflicts > 0 && (
        <Alert
          color="gray"
          title={`${formatQuantity(of.rejected + of.conflicts)} ${of.rejected + of.conflicts === 1 ? "row was" : "rows were"} not taken`}
        >
          <Stack gap="sm" align="flex-start">
            <Text>The file of them says why, row by row. Correct them there and upload that file.</Text>
            <Button
              component="a"
              href={rejectedRowsAddress(of.id)}
              download
              variant="default"
              leftSection={<IconDownload size={16} />}
            >
              Download the bad rows
            </Button>
          </Stack>
        </Alert>
      )}
      {of.status === "completed" && (
        <Alert color="jade" icon={<IconCircleCheck size={18} />} title="What now">
          <Anchor component={Link} to="/usage">
            See the usage
          </Anchor>{" "}
          or look for{" "}
          <Anchor component={Link} to="/events?tab=unbilled">
            events that are in no bill
          </Anchor>
          .
        </Alert>
      )}
    </Stack>
  );
}
