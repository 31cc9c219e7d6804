import type { NewVersion, PlanWithVersions } from "@/api/plans";
import { draftOf, newPrice, type PriceDraft, sentPrice } from "./priceDraft";

/** A plan as the form holds it; its paths are those of the API. */
export interface PlanDraft {
  key: string;
  name: string;
  currency: string;
  interval: string;
  trial_days: string;
  minimum_commitment: string;
  prices: PriceDraft[];
}

export const INTERVALS = ["day", "week", "month", "quarter", "year"];

export function newPlan(currency: string): PlanDraft {
  return {
    key: "",
    name: "",
    currency,
    interval: "month",
    trial_days: "0",
    minimum_commitment: "",
    prices: [newPrice()],
  };
}

type Terms = PlanWithVersions | PlanWithVersions["versions"][number];

export function planDraftOf(plan: PlanWithVersions, terms: Terms = plan): PlanDraft {
  return {
    key: plan.key,
    name: plan.name,
    currency: terms.currency,
    interval: terms.interval,
    trial_days: String(terms.trial_days),
    minimum_commitment: terms.minimum_commitment?.amount ?? "",
    prices: terms.prices.map(draftOf),
  };
}

/**
 * What is sent. The terms that the form does not show (further currencies, thresholds) are left out, which keeps those
 * of the version before.
 */
export function sentTerms(draft: PlanDraft, before?: Terms) {
  const amount = draft.minimum_commitment.trim();
  const currencies = before?.minimum_commitment?.currencies;
  return {
    currency: draft.currency,
    interval: draft.interval,
    trial_days: Number(draft.trial_days),
    minimum_commitment: amount === "" ? null : { amount, ...(currencies === undefined ? {} : { currencies }) },
    // Prices are checked by the server, which names each wrong field.
    prices: draft.prices.map(sentPrice) as NonNullable<NewVersion["prices"]>,
  };
}
