import { Grid, Stack } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { organisationQuery } from "@/api/organisation";
import { overviewQuery } from "@/api/overview";
import { readersTimezone } from "@/app/formats";
import { ErrorState } from "@/components/ErrorState";
import { LiveEvents } from "@/components/events/LiveEvents";
import { PageHeader } from "@/components/PageHeader";
import { DailyUsage } from "./DailyUsage";
import { Figures } from "./Figures";
import { Pipeline } from "./Pipeline";

export function OverviewPage() {
  const organisation = useQuery(organisationQuery());
  // The organisation's days and months, so that everybody in it sees the same figures.
  const timezone = organisation.data?.timezone ?? readersTimezone();
  const overview = useQuery({ ...overviewQuery(timezone), enabled: !organisation.isPending });
  return (
    <>
      <PageHeader title="Overview" description="From event to revenue, as it happens." />
      <Stack gap="lg">
        {overview.error !== null && overview.data === undefined && (
          <ErrorState error={overview.error} onRetry={() => void overview.refetch()} />
        )}
        <Pipeline overview={overview.data} />
        <Figures overview={overview.data} />
        <Grid gap="lg">
          <Grid.Col span={{ base: 12, lg: 5 }}>
            <DailyUsage overview={overview.data} />
          </Grid.Col>
          <Grid.Col span={{ base: 12, lg: 7 }}>
            <LiveEvents timezone={timezone} />
          </Grid.Col>
        </Grid>
      </Stack>
    </>
  );
}
