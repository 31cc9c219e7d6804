import { Card, DataList, Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { organisationQuery } from "@/api/organisation";
import { ErrorState } from "@/components/ErrorState";
import { Instant } from "@/components/Instant";
import { PageHeader } from "@/components/PageHeader";

export function SettingsPage() {
  const { data, error, refetch } = useQuery(organisationQuery());
  return (
    <>
      <PageHeader title="Settings" description="Your organisation, its people and how it bills." />
      {error !== null && data === undefined ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : (
        <Card maw={640}>
          {data === undefined ? (
            <Skeleton h={140} />
          ) : (
            <DataList labelWidth={140}>
              {[
                ["Name", data.name],
                ["Mode", data.mode],
                ["Time zone", data.timezone],
                ["Currency", data.currency],
              ].map(([label, value]) => (
                <DataList.Item key={label}>
                  <DataList.ItemLabel>{label}</DataList.ItemLabel>
                  <DataList.ItemValue>{value}</DataList.ItemValue>
                </DataList.Item>
              ))}
              <DataList.Item>
                <DataList.ItemLabel>Since</DataList.ItemLabel>
                <DataList.ItemValue>
                  <Instant at={data.created_at} style="date" />
                </DataList.ItemValue>
              </DataList.Item>
            </DataList>
          )}
        </Card>
      )}
    </>
  );
}
