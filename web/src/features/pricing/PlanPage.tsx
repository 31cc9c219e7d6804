import {
  Accordion,
  Alert,
  Button,
  Card,
  DataList,
  Group,
  Menu,
  Select,
  Skeleton,
  Stack,
  Text,
  Title,
} from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { notifications } from "@mantine/notifications";
import { IconArchive, IconDots, IconTrash } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useState } from "react";
import {
  archivePlan,
  dropDraft,
  type PlanVersion,
  type PlanWithVersions,
  planQuery,
  publishVersion,
  unarchivePlan,
} from "@/api/plans";
import type { SentPrice } from "@/api/prices";
import { useMay } from "@/api/session";
import { ErrorState } from "@/components/ErrorState";
import { Instant } from "@/components/Instant";
import { Money } from "@/components/Money";
import { PageHeader } from "@/components/PageHeader";
import { StatusBadge } from "@/components/StatusBadge";
import { Calculator } from "./Calculator";
import { modelLabel } from "./models";
import { priceSummary } from "./priceSummary";
import { SubscribeDialog } from "./SubscribeDialog";

export function PlanPage() {
  const { plan: key } = useParams({ from: "/signed-in/pricing/$plan" });
  const { data: plan, error, refetch } = useQuery(planQuery(key));
  if (plan !== undefined) return <Plan plan={plan} />;
  return (
    <>
      <PageHeader title={key} />
      {error !== null ? <ErrorState error={error} onRetry={() => void refetch()} /> : <Skeleton h={420} />}
    </>
  );
}

function Plan({ plan }: { plan: PlanWithVersions }) {
  const draft = plan.versions.findLast((version) => version.status === "draft");
  const [chosen, setChosen] = useState<number | null>(null);
  const shown = plan.versions.find((version) => version.version === (chosen ?? plan.version)) ?? plan.versions[0];
  const maySubscribe = useMay("subscriptions:write") && plan.kind === "plan";
  const mayWrite = useMay("catalog:write");
  const [subscribing, dialog] = useDisclosure();
  const sells = plan.status === "published" && plan.archived_at === null;
  return (
    <>
      <PageHeader
        title={plan.name}
        description={plan.kind === "add_on" ? `Add-on, ${plan.key}` : plan.key}
        actions={
          <>
            {maySubscribe && sells && <Button onClick={dialog.open}>Subscribe a customer</Button>}
            {mayWrite && plan.archived_at === null && (
              <Button variant="default" component={Link} to={`/pricing/${plan.key}/edit`}>
                {draft === undefined ? "New version" : "Edit draft"}
              </Button>
            )}
            {plan.kind === "plan" && (
              <Button variant="default" component={Link} to={`/pricing/${plan.key}/backtest`}>
                Backtest
              </Button>
            )}
            {mayWrite && <MoreActions plan={plan} draft={draft} />}
          </>
        }
      />
      <Stack gap="lg">
        {draft !== undefined && <DraftNotice plan={plan} draft={draft} mayWrite={mayWrite} />}
        {shown !== undefined && (
          <>
            <Card component="section" aria-label="Terms">
              <Group justify="space-between" align="flex-start" gap="lg">
                <Terms plan={plan} version={shown} />
                <Select
                  label="Version"
                  w={210}
                  allowDeselect={false}
                  data={plan.versions.toReversed().map(({ version, status }) => ({
                    value: String(version),
                    label: `${version}, ${status}`,
                  }))}
                  value={String(shown.version)}
                  onChange={(version) => setChosen(Number(version))}
                />
              </Group>
            </Card>
            <Title order={2}>Prices</Title>
            <Accordion
              key={shown.version}
              variant="separated"
              order={3}
              keepMounted={false}
              defaultValue={shown.prices[0]?.key ?? null}
            >
              {shown.prices.map((price, at) => (
                <Accordion.Item key={price.key ?? at} value={price.key ?? String(at)}>
                  <Accordion.Control>
                    <Text component="span" fw={600}>
                      {price.name ?? price.key}
                    </Text>{" "}
                    <Text component="span" c="dimmed" size="sm">
                      {modelLabel(price.model)} · {priceSummary(price, shown.currency)}
                      {price.meter ? ` · ${price.meter}` : ""}
                    </Text>
                  </Accordion.Control>
                  <Accordion.Panel>
                    <Calculator
                      price={price as SentPrice}
                      currency={shown.currency}
                      label={price.name ?? price.key ?? ""}
                    />
                  </Accordion.Panel>
                </Accordion.Item>
              ))}
            </Accordion>
          </>
        )}
      </Stack>
      <SubscribeDialog plan={plan} opened={subscribing} onClose={dialog.close} />
    </>
  );
}

function Terms({ plan, version }: { plan: PlanWithVersions; version: PlanVersion }) {
  const currencies = [version.currency, ...Object.keys(version.currencies)];
  return (
    <DataList labelWidth={130}>
      <DataList.Item>
        <DataList.ItemLabel>State</DataList.ItemLabel>
        <DataList.ItemValue>
          <StatusBadge status={plan.archived_at === null ? version.status : "archived"} />
        </DataList.ItemValue>
      </DataList.Item>
      <DataList.Item>
        <DataList.ItemLabel>Billed</DataList.ItemLabel>
        <DataList.ItemValue>
          every {version.interval} in {currencies.join(", ")}
        </DataList.ItemValue>
      </DataList.Item>
      {version.trial_days > 0 && (
        <DataList.Item>
          <DataList.ItemLabel>Trial</DataList.ItemLabel>
          <DataList.ItemValue>{version.trial_days} days</DataList.ItemValue>
        </DataList.Item>
      )}
      {version.minimum_commitment !== null && (
        <DataList.Item>
          <DataList.ItemLabel>Minimum</DataList.ItemLabel>
          <DataList.ItemValue>
            <Money amount={version.minimum_commitment.amount} currency={version.currency} />
          </DataList.ItemValue>
        </DataList.Item>
      )}
      <DataList.Item>
        <DataList.ItemLabel>{version.published_at === null ? "Drafted" : "Published"}</DataList.ItemLabel>
        <DataList.ItemValue>
          <Instant at={version.published_at ?? version.created_at} />
        </DataList.ItemValue>
      </DataList.Item>
    </DataList>
  );
}

/** A change of the plan, after which all that shows plans asks anew. */
function usePlanChange<Answer>(change: () => Promise<Answer>, done: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ["plans"] });
      notifications.show({ color: "jade", message: done });
    },
    onError: (error) => notifications.show({ color: "red", message: error.message }),
  });
}

function DraftNotice({ plan, draft, mayWrite }: { plan: PlanWithVersions; draft: PlanVersion; mayWrite: boolean }) {
  const publishing = usePlanChange(
    () => publishVersion(plan.key, draft.version),
    `Version ${draft.version} is published: new subscriptions get it.`,
  );
  return (
    <Alert color="gray" variant="light" title={`Version ${draft.version} is a draft`}>
      <Stack gap="xs" align="flex-start">
        <Text size="sm">Nobody can be subscribed to it yet. Once it is published, its terms stay as they are.</Text>
        {mayWrite && (
          <Button size="xs" loading={publishing.isPending} onClick={() => publishing.mutate()}>
            Publish version {draft.version}
          </Button>
        )}
      </Stack>
    </Alert>
  );
}

function MoreActions({ plan, draft }: { plan: PlanWithVersions; draft: PlanVersion | undefined }) {
  const isArchived = plan.archived_at !== null;
  const archiving = usePlanChange(
    () => (isArchived ? unarchivePlan(plan.key) : archivePlan(plan.key)),
    isArchived ? "The plan is on offer again." : "The plan is archived: its subscriptions go on, new ones can't begin.",
  );
  const dropping = usePlanChange(() => dropDraft(plan.key, draft?.version ?? 0), "The draft is gone.");
  return (
    <Menu position="bottom-end" shadow="md">
      <Menu.Target>
        <Button variant="default" px="xs" aria-label="More actions">
          <IconDots size={18} />
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {draft !== undefined && plan.versions.length > 1 && (
          <Menu.Item leftSection={<IconTrash size={16} />} onClick={() => dropping.mutate()}>
            Delete the draft
          </Menu.Item>
        )}
        <Menu.Item leftSection={<IconArchive size={16} />} onClick={() => archiving.mutate()}>
          {isArchived ? "Take out of the archive" : "Archive"}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
