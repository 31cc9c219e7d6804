import { expect, it } from "vitest";
import type { Organisation } from "@/api/organisation";
import { organisationChange, valuesOf } from "./organisationValues";

const given = { name: "Larkspur", timezone: "UTC", currency: "USD", settings: {} } as unknown as Organisation;

it("sends null for what is empty, so that the default comes back", () => {
  const values = valuesOf(given);
  expect(organisationChange(values).settings).toMatchObject({
    seller: { legal_name: null, address: null, locale: "en" },
    invoice: { net_days: 30, grace_hours: null, consolidate_invoices: false },
  });
  values.settings.seller.address.city = "Berlin";
  expect(organisationChange(values).settings?.seller).toMatchObject({ address: { city: "Berlin", line1: null } });
});
