/**
 * A price as the form holds it: every field is text, as it is written. Its paths are those of the API
 * (`prices.0.tiers.2.up_to`), so that the server's errors find their fields by themselves.
 */

import { randomId } from "@mantine/hooks";
import type { Price } from "@/api/plans";
import type { SentPrice } from "@/api/prices";
import { isMetered, type ModelName } from "./models";

export interface TierDraft {
  up_to: string;
  unit_amount: string;
  flat_amount: string;
}

export interface CellDraft {
  match: Record<string, string>;
  unit_amount: string;
}

export interface PriceDraft {
  /** Only for React: a key may be changed while it is written. */
  id: string;
  model: ModelName;
  key: string;
  name: string;
  meter: string;
  billing: "advance" | "arrears";
  amount: string;
  unit_amount: string;
  package_size: string;
  tiers: TierDraft[];
  rate: string;
  fixed_amount: string;
  min_per_event: string;
  max_per_event: string;
  dimensions: string[];
  cells: CellDraft[];
  default_unit_amount: string;
  provider: string;
  markup: string;
  included_quantity: string;
  minimum_amount: string;
  maximum_amount: string;
  /** As it was given, what the form does not show and must not lose: product, conversion, list prices. */
  kept: SentPrice;
}

const OWN: Record<ModelName, readonly (keyof PriceDraft)[]> = {
  flat: ["amount", "billing"],
  seats: ["unit_amount", "billing"],
  per_unit: ["unit_amount"],
  graduated: ["tiers"],
  volume: ["tiers"],
  package: ["package_size", "amount"],
  percentage: ["rate", "fixed_amount", "min_per_event", "max_per_event"],
  matrix: ["dimensions", "cells", "default_unit_amount"],
  cost_plus: ["provider", "markup"],
};
const MODIFIERS = ["included_quantity", "minimum_amount", "maximum_amount"] as const;
/** Kept to compare with: what belongs to another model or provider does not go with a new one. */
const BESIDE = new Set(["model", "provider"]);
/** Left out where nothing is written; any other empty field is sent, and the server says that it is needed. */
const OPTIONAL = new Set<string>([
  ...MODIFIERS,
  "fixed_amount",
  "min_per_event",
  "max_per_event",
  "default_unit_amount",
  "name",
  "meter",
]);

export function newPrice(model: ModelName = "per_unit"): PriceDraft {
  return {
    id: randomId(),
    model,
    key: "",
    name: "",
    meter: "",
    billing: "arrears",
    amount: "",
    unit_amount: "",
    package_size: "",
    tiers: [
      { up_to: "1000", unit_amount: "", flat_amount: "" },
      { up_to: "", unit_amount: "", flat_amount: "" },
    ],
    rate: "",
    fixed_amount: "",
    min_per_event: "",
    max_per_event: "",
    dimensions: ["model"],
    cells: [{ match: {}, unit_amount: "" }],
    default_unit_amount: "",
    provider: "openai",
    markup: "",
    included_quantity: "",
    minimum_amount: "",
    maximum_amount: "",
    kept: {},
  };
}

const text = (value: unknown) => (value === null || value === undefined ? "" : String(value));

/** The draft of a price that the API gave. */
export function draftOf(price: Price): PriceDraft {
  const given = price as Record<string, unknown>;
  const blank = newPrice(price.model);
  const draft: Record<string, unknown> = { ...blank };
  for (const [name, value] of Object.entries(given)) {
    if (typeof blank[name as keyof PriceDraft] === "string") draft[name] = text(value);
  }
  const tiers = given.tiers as Record<string, unknown>[] | undefined;
  if (tiers !== undefined) {
    draft.tiers = tiers.map((tier) => ({
      up_to: text(tier.up_to),
      unit_amount: text(tier.unit_amount),
      flat_amount: text(tier.flat_amount),
    }));
  }
  if (price.model === "matrix") {
    draft.dimensions = [...price.dimensions];
    draft.cells = price.cells.map((cell) => ({ match: { ...cell.match }, unit_amount: text(cell.unit_amount) }));
  }
  draft.kept = Object.fromEntries(
    Object.entries(given).filter(([name, value]) => value !== null && (!(name in blank) || BESIDE.has(name))),
  );
  return draft as unknown as PriceDraft;
}

/** What is sent. Text stays text: no digit is lost. */
export function sentPrice(draft: PriceDraft): SentPrice {
  const names = [
    "model",
    "key",
    "name",
    ...(isMetered(draft.model) ? (["meter", ...MODIFIERS] as const) : []),
    ...OWN[draft.model],
  ] as const;
  const sent: SentPrice = {};
  for (const name of names) {
    const value = draft[name];
    if (name === "tiers") sent.tiers = draft.tiers.map(sentTier);
    else if (name === "cells") sent.cells = draft.cells.map((cell) => sentCell(cell, draft.dimensions));
    else if (typeof value !== "string") sent[name] = value;
    else if (value.trim() !== "" || !OPTIONAL.has(name)) sent[name] = value.trim();
  }
  for (const [name, value] of Object.entries(draft.kept)) {
    const isOfModel = draft.kept.model === draft.model;
    if (!BESIDE.has(name) && (isOfModel || name === "product")) sent[name] = value;
  }
  // Another provider has other list prices: those of today.
  if (draft.kept.provider !== draft.provider) delete sent.list_prices;
  return sent;
}

function sentTier(tier: TierDraft) {
  const amounts: SentPrice = { up_to: tier.up_to.trim() === "" ? null : tier.up_to.trim() };
  if (tier.unit_amount.trim() !== "") amounts.unit_amount = tier.unit_amount.trim();
  if (tier.flat_amount.trim() !== "") amounts.flat_amount = tier.flat_amount.trim();
  return amounts;
}

function sentCell(cell: CellDraft, dimensions: string[]) {
  const match = Object.fromEntries(
    dimensions.map((name) => [name, (cell.match[name] ?? "").trim()] as const).filter(([, value]) => value !== ""),
  );
  return { match, unit_amount: cell.unit_amount.trim() };
}

/** For the calculator: without what only a plan needs. */
export function calculatedPrice(price: SentPrice): SentPrice {
  const { key: _key, name: _name, meter: _meter, product: _product, ...rest } = price;
  return rest;
}

/** Letters, digits and underscores of a name: "API calls" → "api_calls". */
export function keyOf(name: string): string {
  return name
    .toLowerCase()
    .normalize("NFKD")
    .replaceAll(/[^a-z0-9]+/g, "_")
    .replaceAll(/^_+|_+$/g, "");
}
