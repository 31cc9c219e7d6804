/** What a file's columns mean, as the form has it: one choice a column, and texts that are the same in all rows. */

import type { Mapping } from "@/api/imports";

export const FIELDS = ["customer_id", "event", "timestamp", "quantity", "id"] as const;
export type Field = (typeof FIELDS)[number];

export const LEFT_OUT = "";
/** In a column's choice: it becomes the property that stands beside it. */
export const PROPERTY = "property";
const PREFIX = "properties.";

export interface ColumnChoice {
  target: Field | typeof PROPERTY | typeof LEFT_OUT;
  property: string;
}

export interface Choices {
  /** By column. */
  columns: Record<string, ColumnChoice>;
  /** For all rows, of the two fields that are required. */
  values: Partial<Record<Field, string>>;
  timezone: string | null;
}

export function choicesOf(mapping: Mapping, columns: string[]): Choices {
  const targets = new Map(Object.entries(mapping.columns).map(([target, column]) => [column, target]));
  return {
    columns: Object.fromEntries(columns.map((column) => [column, choiceOf(targets.get(column), column)])),
    values: { ...mapping.values },
    timezone: mapping.timezone,
  };
}

function choiceOf(target: string | undefined, column: string): ColumnChoice {
  if (target === undefined) return { target: LEFT_OUT, property: column };
  if (target.startsWith(PREFIX)) return { target: PROPERTY, property: target.slice(PREFIX.length) };
  return { target: target as Field, property: column };
}

/** A field with a column has no text for all rows, and an empty text is none. */
export function mappingOf(choices: Choices): Mapping {
  const columns: Record<string, string> = {};
  for (const [column, { target, property }] of Object.entries(choices.columns)) {
    if (target === LEFT_OUT) continue;
    columns[target === PROPERTY ? PREFIX + (property.trim() || column) : target] = column;
  }
  const given = Object.entries(choices.values).filter(([field, text]) => text.trim() !== "" && !(field in columns));
  return { columns, values: Object.fromEntries(given), timezone: choices.timezone };
}

/** Each field comes from one column: choosing another frees the former. */
export function choose(choices: Choices, column: string, choice: ColumnChoice): Choices {
  const columns = Object.fromEntries(
    Object.entries(choices.columns).map(([name, each]) => [
      name,
      name !== column && choice.target !== PROPERTY && choice.target !== LEFT_OUT && each.target === choice.target
        ? { ...each, target: PROPERTY as typeof PROPERTY }
        : each,
    ]),
  );
  return { ...choices, columns: { ...columns, [column]: choice } };
}

/** Required fields that have neither a column nor a text. */
export function missing(mapping: Mapping): Field[] {
  return (["customer_id", "event"] as const).filter(
    (field) => !(field in mapping.columns) && !(field in mapping.values),
  );
}
