import {
  Button,
  Card,
  Checkbox,
  Group,
  NativeSelect,
  NumberInput,
  SimpleGrid,
  Stack,
  TextInput,
  Title,
} from "@mantine/core";
import { useForm } from "@mantine/form";
import { notifications } from "@mantine/notifications";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { changeOrganisation, type Organisation, organisationQuery } from "@/api/organisation";
import { Problem } from "@/api/problem";
import { sessionQuery } from "@/api/session";
import { ErrorState } from "@/components/ErrorState";
import { organisationChange, valuesOf } from "./organisationValues";

const LOCALES = ["en", "en-GB", "de", "fr", "es", "it", "nl", "pt", "ja"];

/** The organisation's name, its face on invoices and its terms. */
export function OrganisationForm({ organisation, mayWrite }: { organisation: Organisation; mayWrite: boolean }) {
  const queries = useQueryClient();
  const form = useForm({ initialValues: valuesOf(organisation) });
  const saving = useMutation({
    mutationFn: changeOrganisation,
    onSuccess: async (saved) => {
      queries.setQueryData(organisationQuery().queryKey, saved);
      form.setInitialValues(valuesOf(saved));
      form.reset();
      await queries.invalidateQueries(sessionQuery);
      notifications.show({ color: "jade", message: "The settings are saved." });
    },
    onError: (error) => error instanceof Problem && form.setErrors(error.fields),
  });
  const seller = (field: string) => form.getInputProps(`settings.seller.${field}`);
  const invoice = (field: string) => form.getInputProps(`settings.invoice.${field}`);
  const timezones = Intl.supportedValuesOf("timeZone");
  return (
    <form onSubmit={form.onSubmit((values) => saving.mutate(organisationChange(values)))} noValidate>
      <Card component="fieldset" disabled={!mayWrite} m={0} aria-label="Organisation">
        <Stack>
          <Title order={2}>Organisation</Title>
          <SimpleGrid cols={{ base: 1, xs: 2 }}>
            <TextInput label="Organisation name" required {...form.getInputProps("name")} />
            <TextInput label="Legal name" description="On invoices, in place of the name." {...seller("legal_name")} />
            <NativeSelect
              label="Time zone"
              description="Of later customers, by default."
              data={timezones.includes(organisation.timezone) ? timezones : [organisation.timezone, ...timezones]}
              {...form.getInputProps("timezone")}
            />
            <TextInput
              label="Currency"
              description="Of later customers, by default."
              maxLength={3}
              {...form.getInputProps("currency")}
            />
          </SimpleGrid>
          <Title order={2} mt="md">
            Seller on invoices
          </Title>
          <SimpleGrid cols={{ base: 1, xs: 2 }}>
            <TextInput label="E-mail" type="email" {...seller("email")} />
            <NativeSelect label="Language of invoices" data={LOCALES} {...seller("locale")} />
            <TextInput label="Street" {...seller("address.line1")} />
            <TextInput label="More of the address" {...seller("address.line2")} />
            <TextInput label="Postal code" {...seller("address.postal_code")} />
            <TextInput label="City" {...seller("address.city")} />
            <TextInput label="State or region" {...seller("address.state")} />
            <TextInput
              label="Country"
              description="Two letters, such as DE."
              maxLength={2}
              {...seller("address.country")}
            />
          </SimpleGrid>
          <Title order={2} mt="md">
            Terms of invoices
          </Title>
          <SimpleGrid cols={{ base: 1, xs: 2 }}>
            <NumberInput label="Days until due" allowDecimal={false} {...invoice("net_days")} />
            <NativeSelect
              label="Invoices without any amount"
              data={[
                { value: "issue", label: "Are issued" },
                { value: "skip", label: "Are skipped" },
              ]}
              {...invoice("zero_amount_policy")}
            />
            <TextInput label="Before the number" {...invoice("number_prefix")} />
            <TextInput label="Before a credit note's number" {...invoice("credit_note_prefix")} />
            <NumberInput
              label="Hours that drafts wait for late events"
              placeholder="As the installation does"
              allowDecimal={false}
              {...invoice("grace_hours")}
            />
            <NativeSelect
              label="Usage that comes after its invoice"
              data={[
                { value: "next_invoice", label: "Goes on the next invoice" },
                { value: "supplementary_invoice", label: "Gets an invoice of its own" },
                { value: "credit_note", label: "Gets an invoice of its own, or a credit note" },
                { value: "none", label: "Is left to you" },
              ]}
              {...invoice("late_usage_policy")}
            />
          </SimpleGrid>
          <Checkbox
            label="One invoice for all subscriptions of a customer that fall due together"
            {...form.getInputProps("settings.invoice.consolidate_invoices", { type: "checkbox" })}
          />
          {saving.error !== null && <ErrorState error={saving.error} />}
          {mayWrite && (
            <Group justify="flex-end">
              <Button type="submit" loading={saving.isPending} disabled={!form.isDirty()}>
                Save
              </Button>
            </Group>
          )}
        </Stack>
      </Card>
    </form>
  );
}
