import { Button, Group, Modal, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { notifications } from "@mantine/notifications";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { createCustomer, type NewCustomer as Fields } from "@/api/customers";
import { Problem } from "@/api/problem";
import { CurrencySelect } from "@/components/CurrencySelect";
import { ErrorState } from "@/components/ErrorState";
import { TimezoneSelect } from "@/components/TimezoneSelect";

interface Props {
  opened: boolean;
  onClose: () => void;
}

export function NewCustomer({ opened, onClose }: Props) {
  return (
    <Modal opened={opened} onClose={onClose} title="New customer" centered>
      <NewCustomerForm onDone={onClose} />
    </Modal>
  );
}

const EMPTY = {
  name: "",
  external_id: "",
  email: "",
  currency: null as string | null,
  timezone: null as string | null,
};

function NewCustomerForm({ onDone }: { onDone: () => void }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const form = useForm({ initialValues: EMPTY });
  const create = useMutation({
    mutationFn: createCustomer,
    onSuccess: (customer) => {
      void queries.invalidateQueries({ queryKey: ["customers"] });
      notifications.show({ color: "jade", message: `${customer.name} is a customer now.` });
      onDone();
      void navigate({ to: "/customers/$customer", params: { customer: customer.id } });
    },
    onError: (error) => form.setErrors(error instanceof Problem ? { ...error.fields } : {}),
  });
  const general = create.error !== null && Object.keys(form.errors).length === 0;
  return (
    <form onSubmit={form.onSubmit((values) => create.mutate(given(values)))} noValidate>
      <Stack gap="sm">
        <TextInput label="Name" data-autofocus {...form.getInputProps("name")} />
        <TextInput
          label="External id"
          description="What your events send as customer_id."
          {...form.getInputProps("external_id")}
        />
        <TextInput label="E-mail" type="email" {...form.getInputProps("email")} />
        <Group grow align="flex-start">
          <CurrencySelect {...form.getInputProps("currency")} />
          <TimezoneSelect {...form.getInputProps("timezone")} />
        </Group>
        {general && <ErrorState error={create.error} />}
        <Group justify="flex-end" mt="xs">
          <Button variant="default" onClick={onDone}>
            Cancel
          </Button>
          <Button type="submit" loading={create.isPending}>
            Add customer
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

/** Fields that were left empty get the organisation's defaults. */
function given(values: typeof EMPTY): Fields {
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== null && value.trim() !== ""),
  ) as Fields;
}
