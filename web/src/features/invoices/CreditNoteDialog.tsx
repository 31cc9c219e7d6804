import { Button, Group, Modal, NativeSelect, SegmentedControl, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { notifications } from "@mantine/notifications";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { createCreditNote, type Invoice, type NewCreditNote } from "@/api/invoices";
import { Problem } from "@/api/problem";
import { formatMoney } from "@/app/formats";
import { ErrorState } from "@/components/ErrorState";

interface Props {
  invoice: Invoice;
  opened: boolean;
  onClose: () => void;
}

export function CreditNoteDialog({ invoice, opened, onClose }: Props) {
  return (
    <Modal opened={opened} onClose={onClose} title={`Credit note for ${invoice.number ?? "this invoice"}`} size="lg">
      <CreditNoteForm invoice={invoice} onClose={onClose} />
    </Modal>
  );
}

const REASONS = [
  { value: "other", label: "Other" },
  { value: "billing_error", label: "Error in billing" },
  { value: "duplicate", label: "Billed twice" },
  { value: "service_not_rendered", label: "Service not rendered" },
  { value: "goodwill", label: "Goodwill" },
  { value: "order_change", label: "Change of the order" },
];

function CreditNoteForm({ invoice, onClose }: Omit<Props, "opened">) {
  const queries = useQueryClient();
  const form = useForm({
    initialValues: {
      by: "all",
      amount: "",
      lines: invoice.lines.map(() => ""),
      reason: "other",
      memo: "",
      remainder: "balance",
    },
  });
  const crediting = useMutation({
    mutationFn: createCreditNote,
    onSuccess: async (note) => {
      await queries.invalidateQueries({ queryKey: ["invoices"] });
      const total = formatMoney(note.total, note.currency);
      notifications.show({ color: "jade", message: `${note.number} credits ${total}.` });
      onClose();
    },
    onError: (error) => error instanceof Problem && form.setErrors(error.fields),
  });
  const { by } = form.getValues();
  const submit = form.onSubmit((values) => {
    const lines = values.lines.flatMap((amount, at) => (amount.trim() === "" ? [] : [{ line: at + 1, amount }]));
    crediting.mutate({
      invoice: invoice.id,
      ...(values.by === "amount" ? { amount: values.amount } : values.by === "lines" ? { lines } : {}),
      reason: values.reason as NonNullable<NewCreditNote["reason"]>,
      remainder: values.remainder as NonNullable<NewCreditNote["remainder"]>,
      ...(values.memo === "" ? {} : { memo: values.memo }),
    });
  });
  return (
    <form onSubmit={submit} noValidate>
      <Stack>
        <SegmentedControl
          aria-label="What is credited"
          data={[
            { value: "all", label: "All that is left" },
            { value: "amount", label: "An amount" },
            { value: "lines", label: "Lines" },
          ]}
          {...form.getInputProps("by")}
        />
        {by === "amount" && (
          <TextInput
            label={`Amount in ${invoice.currency}, with tax`}
            inputMode="decimal"
            {...form.getInputProps("amount")}
          />
        )}
        {by === "lines" &&
          invoice.lines.map((line, at) => (
            <TextInput
              // biome-ignore lint/suspicious/noArrayIndexKey: a line is its place
              key={at}
              label={line.description}
              description={`Billed ${formatMoney(line.amount, invoice.currency)}; its tax is added.`}
              placeholder="Nothing"
              inputMode="decimal"
              {...form.getInputProps(`lines.${at}`)}
            />
          ))}
        <NativeSelect label="Reason" data={REASONS} {...form.getInputProps("reason")} />
        <NativeSelect
          label="What is more than is due"
          data={[
            { value: "balance", label: "Goes to the customer's balance" },
            { value: "refund", label: "Is to be paid back" },
          ]}
          {...form.getInputProps("remainder")}
        />
        <Textarea label="Memo" description="Printed on the credit note." autosize {...form.getInputProps("memo")} />
        <Text size="sm" c="dimmed">
          A credit note is issued at once. It can be voided, not changed.
        </Text>
        {crediting.error !== null && <ErrorState error={crediting.error} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={crediting.isPending}>
            Issue the credit note
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
