/** The price models, as the form and the pages speak of them. */

export const MODELS = [
  { value: "flat", label: "Flat fee", hint: "The same amount every period." },
  { value: "seats", label: "Seats", hint: "An amount for each seat, every period." },
  { value: "per_unit", label: "Per unit", hint: "Every unit costs the same." },
  { value: "graduated", label: "Graduated tiers", hint: "Each tier's units cost that tier's rate." },
  { value: "volume", label: "Volume tiers", hint: "All units cost the rate of the tier that the quantity reaches." },
  { value: "package", label: "Packages", hint: "Started packages are paid in full." },
  { value: "percentage", label: "Percentage", hint: "A share of the metered value, and a fixed amount an event." },
  { value: "matrix", label: "Matrix", hint: "The rate depends on the values of dimensions." },
  { value: "cost_plus", label: "Cost plus", hint: "What the model's provider charges by its list, and a markup." },
] as const;

export type ModelName = (typeof MODELS)[number]["value"];

const LABELS: Record<string, string> = Object.fromEntries(MODELS.map(({ value, label }) => [value, label]));
const HINTS: Record<string, string> = Object.fromEntries(MODELS.map(({ value, hint }) => [value, hint]));

export const modelLabel = (model: string) => LABELS[model] ?? model;
export const modelHint = (model: string) => HINTS[model] ?? "";

/** Whether the price depends on a meter; the others are due once a period. */
export const isMetered = (model: string) => model !== "flat" && model !== "seats";
