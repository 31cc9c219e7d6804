import {
  Button,
  Card,
  Group,
  Progress,
  Select,
  SimpleGrid,
  Skeleton,
  Stack,
  Text,
  TextInput,
  Title,
} from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { Problem } from "@/api/problem";
import { formatInstant, formatMoney, formatPercent, formatQuantity } from "@/app/formats";
import { EmptyState } from "@/components/EmptyState";
import { ErrorState } from "@/components/ErrorState";
import { StatusBadge } from "@/components/StatusBadge";
import {
  type Alert,
  alertsQuery,
  createAlert,
  type NewAlert,
  recipientsIn,
  removeAlert,
  thresholdOf,
  type Unit,
} from "./alerts";
import { type Me, type Meter, metersQuery } from "./api";
import { ViewHeader } from "./ViewHeader";

/** Thresholds that the customer sets: on the cost of a period, or the usage of a meter. */
export default function AlertsView({ me }: { me: Me }) {
  const alerts = useQuery(alertsQuery);
  const meters = useQuery(metersQuery);
  return (
    <>
      <ViewHeader
        me={me}
        title="Alerts"
        description="An e-mail when the cost or usage of a period reaches what you set. Once a period; nothing is cut off."
      />
      <Stack gap="lg">
        <NewAlertForm me={me} meters={meters.data?.data ?? []} />
        {alerts.error !== null && alerts.data === undefined ? (
          <ErrorState error={alerts.error} onRetry={() => void alerts.refetch()} />
        ) : alerts.data === undefined ? (
          <Skeleton h={120} />
        ) : alerts.data.data.length === 0 ? (
          <Card>
            <EmptyState title="No alerts yet">Set the first one above.</EmptyState>
          </Card>
        ) : (
          alerts.data.data.map((alert) => (
            <AlertCard key={alert.id} alert={alert} me={me} meters={meters.data?.data ?? []} />
          ))
        )}
      </Stack>
    </>
  );
}

const COST = "cost of the period";
const WHOLES = { included_quantity: "included quantity", last_period: "period before" };

function NewAlertForm({ me, meters }: { me: Me; meters: Meter[] }) {
  const queries = useQueryClient();
  const [on, setOn] = useState(COST);
  const [unit, setUnit] = useState<Unit>("number");
  const [threshold, setThreshold] = useState("");
  const [to, setTo] = useState(me.customer.email ?? "");
  const creating = useMutation({
    mutationFn: (alert: NewAlert) => createAlert(alert),
    onSuccess: () => {
      setThreshold("");
      return queries.invalidateQueries({ queryKey: alertsQuery.queryKey });
    },
  });
  const meter = meters.find((each) => each.key === on);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const value = threshold.trim();
    creating.mutate({
      name: `${meter?.name ?? "Cost"} at ${unit === "number" ? value : `${value} % of the ${WHOLES[unit]}`}`,
      recipients: recipientsIn(to),
      ...thresholdOf(unit, value, meter?.key),
    });
  };
  const fields = creating.error instanceof Problem ? creating.error.fields : {};
  return (
    <Card component="section" aria-labelledby="new-alert">
      <Title order={2} id="new-alert" mb="sm">
        New alert
      </Title>
      <form onSubmit={submit}>
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          <Select
            label="On"
            data={[
              { value: COST, label: "Cost of the period" },
              ...meters.map(({ key, name }) => ({ value: key, label: `Usage of ${name}` })),
            ]}
            value={on}
            onChange={(chosen) => {
              setOn(chosen ?? COST);
              setUnit("number");
            }}
            allowDeselect={false}
          />
          <Select
            label="Threshold"
            data={[
              { value: "number", label: meter === undefined ? `Amount in ${me.customer.currency}` : "Quantity" },
              ...(meter === undefined ? [] : [{ value: "included_quantity", label: "% of the included quantity" }]),
              { value: "last_period", label: "% of the period before" },
            ]}
            value={unit}
            onChange={(chosen) => setUnit(chosen as Unit)}
            allowDeselect={false}
          />
          <TextInput
            label={unit === "number" ? "Reaches" : "Reaches, in %"}
            inputMode="decimal"
            required
            value={threshold}
            onChange={(event) => setThreshold(event.currentTarget.value)}
            error={fields.amount ?? fields.quantity ?? fields.percent ?? fields.of}
          />
          <TextInput
            label="E-mail to"
            description="Several with commas between"
            inputWrapperOrder={["label", "input", "description", "error"]}
            value={to}
            onChange={(event) => setTo(event.currentTarget.value)}
            error={fields.recipients}
          />
        </SimpleGrid>
        {creating.error !== null && (
          <Text role="alert" size="sm" c="var(--mantine-color-error)" mt="sm">
            {creating.error.message}
          </Text>
        )}
        <Button type="submit" mt="md" loading={creating.isPending}>
          Set alert
        </Button>
      </form>
    </Card>
  );
}

function AlertCard({ alert, me, meters }: { alert: Alert; me: Me; meters: Meter[] }) {
  const queries = useQueryClient();
  const removing = useMutation({
    mutationFn: () => removeAlert(alert.id),
    onSuccess: () => queries.invalidateQueries({ queryKey: alertsQuery.queryKey }),
  });
  const shown = (value: string) =>
    alert.measure === "cost" ? formatMoney(value, alert.currency ?? me.customer.currency) : formatQuantity(value);
  const what = alert.measure === "cost" ? "Cost" : (meters.find(({ key }) => key === alert.meter)?.name ?? alert.meter);
  const reached = Math.min(Math.max(Number(alert.share ?? 0) * 100, 0), 100);
  return (
    <Card component="section" aria-label={alert.name}>
      <Group justify="space-between" align="flex-start">
        <div>
          <Group gap="xs">
            <Title order={2}>{alert.name}</Title>
            {alert.has_fired && <StatusBadge status="fired" />}
          </Group>
          <Text c="dimmed" size="sm">
            {what}: {alert.value === null ? "—" : shown(alert.value)} of{" "}
            {alert.threshold === null ? "—" : shown(alert.threshold)}
            {alert.share !== null && ` (${formatPercent(alert.share)})`}
          </Text>
        </div>
        <Button
          variant="default"
          size="xs"
          loading={removing.isPending}
          onClick={() => removing.mutate()}
          aria-label={`Delete ${alert.name}`}
        >
          Delete
        </Button>
      </Group>
      <Progress value={reached} mt="sm" aria-label={`${alert.name}: share of the threshold`} color="var(--jp-bar)" />
      <Text size="sm" c="dimmed" mt="sm">
        {alert.recipients.length === 0 ? "Shown here only." : `E-mails ${alert.recipients.join(", ")}.`}
        {alert.recipients.length > 0 && alert.delivery === "in_app_only" && " E-mail is not set up yet; it waits."}
        {alert.last_fired !== null &&
          ` Last fired ${formatInstant(alert.last_fired.at, "minute", me.customer.timezone)} at ${shown(alert.last_fired.value)}.`}
      </Text>
      {removing.error !== null && (
        <Text role="alert" size="sm" c="var(--mantine-color-error)">
          {removing.error.message}
        </Text>
      )}
    </Card>
  );
}
