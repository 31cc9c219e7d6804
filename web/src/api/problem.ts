import type { components } from "./schema.gen";

type ProblemDocument = components["schemas"]["Problem"];

/** An error that the server answered with (RFC 9457), or `unreachable` where it answered nothing. */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly status: number;
  /** Stable, for decisions; `message` is for people and says what to do. */
  readonly code: string;
  readonly title: string;
  readonly incidentId: string | undefined;
  /** Message by field, as the server names it: `prices.0.tiers.2.up_to`. */
  readonly fields: Readonly<Record<string, string>>;

  constructor(document: Omit<ProblemDocument, "type">) {
    super(document.detail);
    this.status = document.status;
    this.code = document.code;
    this.title = document.title;
    this.incidentId = document.incident_id;
    this.fields = Object.fromEntries((document.errors ?? []).map((each) => [each.field, each.message]));
  }
}

export function unreachable(): Problem {
  return new Problem({
    status: 0,
    code: "unreachable",
    title: "The server does not answer",
    detail: "Check your connection. What is shown may be out of date; this page tries again by itself.",
  });
}

export async function problemOf(response: Response): Promise<Problem> {
  const text = await response.text();
  try {
    const parsed: unknown = JSON.parse(text);
    if (isProblem(parsed)) return new Problem(parsed);
  } catch {
    // A proxy's page, or nothing.
  }
  return new Problem({
    status: response.status,
    code: `http_${response.status}`,
    title: "The server could not answer",
    detail: `It answered with status ${response.status}. Try again in a moment.`,
  });
}

function isProblem(value: unknown): value is ProblemDocument {
  return typeof value === "object" && value !== null && "code" in value && "detail" in value && "status" in value;
}
