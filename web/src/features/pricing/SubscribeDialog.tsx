import { Button, Group, Modal, NativeSelect, NumberInput, Select, Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { notifications } from "@mantine/notifications";
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { customersQuery } from "@/api/customers";
import type { Plan } from "@/api/plans";
import { Problem } from "@/api/problem";
import { createSubscription } from "@/api/subscriptions";
import { ErrorState } from "@/components/ErrorState";

interface Props {
  plan: Plan;
  opened: boolean;
  onClose: () => void;
}

/** Subscribes a customer to the published version of a plan. */
export function SubscribeDialog({ plan, opened, onClose }: Props) {
  return (
    <Modal opened={opened} onClose={onClose} title={`Subscribe a customer to ${plan.name}`}>
      <SubscribeForm plan={plan} onClose={onClose} />
    </Modal>
  );
}

function SubscribeForm({ plan, onClose }: Omit<Props, "opened">) {
  const queries = useQueryClient();
  const customers = useInfiniteQuery(customersQuery());
  const known = customers.data?.pages.flatMap((page) => page.data) ?? [];
  const hasSeats = plan.prices.some((price) => price.model === "seats");
  const form = useForm({ initialValues: { customer_id: "", start_on: "", billing_anchor: "anniversary", seats: 1 } });
  const subscribing = useMutation({
    mutationFn: createSubscription,
    onSuccess: async (made) => {
      await queries.invalidateQueries({ queryKey: ["subscriptions"] });
      const name = known.find((customer) => customer.id === made.customer_id)?.name ?? "The customer";
      notifications.show({ color: "jade", message: `${name} is subscribed to ${plan.name}.` });
      onClose();
    },
    onError: (error) =>
      error instanceof Problem &&
      form.setErrors({ ...error.fields, ...(error.fields.start_at ? { start_on: error.fields.start_at } : {}) }),
  });
  const submit = form.onSubmit(({ customer_id, start_on, billing_anchor, seats }) =>
    subscribing.mutate({
      customer_id,
      plan: plan.key,
      billing_anchor,
      ...(hasSeats ? { seats } : {}),
      ...(start_on === "" ? {} : { start_at: `${start_on}T00:00:00Z` }),
    }),
  );
  return (
    <form onSubmit={submit} noValidate>
      <Stack>
        <Select
          label="Customer"
          placeholder={customers.isPending ? "Loading" : "Choose a customer"}
          nothingFoundMessage="No customer by this name"
          required
          searchable
          data={known.map((customer) => ({
            value: customer.id,
            label: customer.external_id === null ? customer.name : `${customer.name} (${customer.external_id})`,
          }))}
          {...form.getInputProps("customer_id")}
        />
        <TextInput
          type="date"
          label="Starts on"
          description="At the start of the day in UTC; without a day, now. The past is billed too."
          {...form.getInputProps("start_on")}
        />
        <NativeSelect
          label="Periods begin"
          data={[
            { value: "anniversary", label: "On the day of the start" },
            { value: "calendar", label: "With the calendar" },
          ]}
          {...form.getInputProps("billing_anchor")}
        />
        {hasSeats && <NumberInput label="Seats" min={1} allowDecimal={false} {...form.getInputProps("seats")} />}
        {customers.error !== null && <ErrorState error={customers.error} />}
        {known.length === 0 && !customers.isPending && (
          <Text c="dimmed" size="sm">
            There is no customer yet: add one first.
          </Text>
        )}
        {subscribing.error !== null && <ErrorState error={subscribing.error} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={subscribing.isPending}>
            Subscribe
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
