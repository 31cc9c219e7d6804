import { Stack } from "@mantine/core";
import { useMay } from "@/api/session";
import { PageHeader } from "@/components/PageHeader";
import { ApiKeys } from "./ApiKeys";
import { QuickStart } from "./QuickStart";
import { RequestLog } from "./RequestLog";

export function DevelopersPage() {
  const mayReadKeys = useMay("api_keys:read");
  const mayReadLog = useMay("request_log:read");
  return (
    <>
      <PageHeader title="Developers" description="Keys, code to start with, and what your programs asked for." />
      <Stack gap="xl">
        <QuickStart />
        {mayReadKeys && <ApiKeys />}
        {mayReadLog && <RequestLog />}
      </Stack>
    </>
  );
}
