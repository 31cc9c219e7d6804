import { Skeleton, Stack } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { organisationQuery } from "@/api/organisation";
import { useMay, useSession } from "@/api/session";
import { ErrorState } from "@/components/ErrorState";
import { PageHeader } from "@/components/PageHeader";
import { Members } from "./Members";
import { OrganisationForm } from "./OrganisationForm";
import { OwnSessions } from "./OwnSessions";
import { TestClock } from "./TestClock";

export function SettingsPage() {
  const { data, error, refetch } = useQuery(organisationQuery());
  const { mode } = useSession().organisation;
  const mayWrite = useMay("organisation:write");
  const mayReadMembers = useMay("members:read");
  return (
    <>
      <PageHeader title="Settings" description="Your organisation, its people and how it bills." />
      <Stack gap="xl" maw={820}>
        {data !== undefined ? (
          <OrganisationForm organisation={data} mayWrite={mayWrite} />
        ) : error !== null ? (
          <ErrorState error={error} onRetry={() => void refetch()} />
        ) : (
          <Skeleton h={520} />
        )}
        {mayReadMembers && <Members />}
        <OwnSessions />
        {mode === "test" && <TestClock mayWrite={mayWrite} />}
      </Stack>
    </>
  );
}
