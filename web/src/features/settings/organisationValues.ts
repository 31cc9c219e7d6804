/** Settings as the form holds them: nothing is null, and paths are those of the API. */

import type { Organisation, OrganisationChange } from "@/api/organisation";

const ADDRESS = ["line1", "line2", "city", "state", "postal_code", "country"] as const;

export function valuesOf({ name, timezone, currency, settings }: Organisation) {
  const seller = settings.seller ?? {};
  const invoice = settings.invoice ?? {};
  const address = Object.fromEntries(ADDRESS.map((field) => [field, seller.address?.[field] ?? ""]));
  return {
    name,
    timezone,
    currency,
    settings: {
      seller: {
        legal_name: seller.legal_name ?? "",
        email: seller.email ?? "",
        locale: seller.locale ?? "en",
        address: address as Record<(typeof ADDRESS)[number], string>,
      },
      invoice: {
        net_days: (invoice.net_days ?? 30) as number | string,
        number_prefix: invoice.number_prefix ?? "INV-",
        credit_note_prefix: invoice.credit_note_prefix ?? "CN-",
        zero_amount_policy: invoice.zero_amount_policy ?? "issue",
        grace_hours: (invoice.grace_hours ?? "") as number | string,
        late_usage_policy: invoice.late_usage_policy ?? "next_invoice",
        consolidate_invoices: invoice.consolidate_invoices ?? false,
      },
    },
  };
}

/** What is sent: an empty field takes its default back. What the form does not show (logo, tax ids) stays. */
export function organisationChange(values: ReturnType<typeof valuesOf>): OrganisationChange {
  const { seller, invoice } = values.settings;
  const address = emptied(seller.address);
  const isEmpty = Object.values(address).every((value) => value === null);
  return {
    name: values.name,
    timezone: values.timezone,
    currency: values.currency,
    settings: { seller: { ...emptied(seller), address: isEmpty ? null : address }, invoice: emptied(invoice) },
  };
}

const emptied = (fields: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, value === "" ? null : value]));
