import { Button, Stack } from "@mantine/core";
import { IconDownload, IconGauge } from "@tabler/icons-react";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { customerQuery } from "@/api/customers";
import { metersQuery } from "@/api/meters";
import { organisationQuery } from "@/api/organisation";
import { usageCsvAddress } from "@/api/usage";
import { readersTimezone } from "@/app/formats";
import { EmptyState } from "@/components/EmptyState";
import { ErrorState } from "@/components/ErrorState";
import { PageHeader } from "@/components/PageHeader";
import { PageSkeleton } from "@/components/PageSkeleton";
import { MeterUsage } from "@/components/usage/MeterUsage";
import { questionOf } from "@/components/usage/question";
import type { UsageSearch } from "@/components/usage/search";
import { useMinute } from "@/components/usage/useMinute";
import { UsageControls } from "./UsageControls";

export function UsagePage() {
  const search = useSearch({ from: "/signed-in/usage" });
  const navigate = useNavigate({ from: "/usage" });
  const now = useMinute();
  const meters = useInfiniteQuery(metersQuery());
  const organisation = useQuery(organisationQuery());
  const customer = useQuery({ ...customerQuery(search.customer ?? ""), enabled: search.customer !== undefined });

  const all = meters.data?.pages.flatMap((page) => page.data);
  const meter = all?.find((each) => each.key === search.meter) ?? all?.[0];
  // A customer's days are those of its time zone, in which it is billed.
  const zone = customer.data?.timezone ?? organisation.data?.timezone ?? readersTimezone();
  const question = meter && questionOf(search, meter, now, zone);
  const choose = (change: UsageSearch) =>
    void navigate({ search: (before) => ({ ...before, ...change }), replace: true, resetScroll: false });

  return (
    <>
      <PageHeader
        title="Usage"
        description="What your customers use, by meter, customer and dimension."
        actions={
          question?.asked && (
            <Button
              component="a"
              href={usageCsvAddress(question.asked)}
              download
              variant="default"
              leftSection={<IconDownload size={16} />}
            >
              Export CSV
            </Button>
          )
        }
      />
      {meters.error !== null && all === undefined && (
        <ErrorState error={meters.error} onRetry={() => void meters.refetch()} />
      )}
      {meters.isPending && <PageSkeleton />}
      {all?.length === 0 && (
        <EmptyState title="No meters yet" icon={IconGauge}>
          A meter says which events count, and what is taken from each. Make one with POST /v1/meters; it counts the
          events that you have sent before, too.
        </EmptyState>
      )}
      {meter !== undefined && all !== undefined && question !== undefined && (
        <Stack gap="lg">
          <UsageControls meters={all} meter={meter} search={search} question={question} onChoose={choose} />
          {customer.error !== null && search.customer !== undefined ? (
            <ErrorState error={customer.error} onRetry={() => void customer.refetch()} />
          ) : (
            <MeterUsage meter={meter} question={question} now={now} zone={zone} ready={!organisation.isPending} />
          )}
        </Stack>
      )}
    </>
  );
}
