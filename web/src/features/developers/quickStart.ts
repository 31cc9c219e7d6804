/** Programs that send one event to this server and read the usage, for this organisation's own meter and customer. */

export interface Example {
  address: string;
  /** An external id or key that events are sent with. */
  customer: string;
  event: string;
  meter: string;
  /** Properties of the event, such as what the meter sums. */
  properties: Record<string, string | number>;
}

export function curlOf({ address, customer, event, properties }: Example): string {
  const body = JSON.stringify({ id: "evt-1", customer_id: customer, event, properties });
  return [
    'export JUSTPAID_API_KEY="sk_…"',
    "",
    `curl ${address}/v1/events \\`,
    '  -H "Authorization: Bearer $JUSTPAID_API_KEY" \\',
    '  -H "Content-Type: application/json" \\',
    `  -d ${quoted(body)}`,
  ].join("\n");
}

/** For a shell: nothing in single quotes means anything but itself. */
const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

export function typescriptOf({ address, customer, event, meter, properties }: Example): string {
  return `const headers = {
  Authorization: \`Bearer \${process.env.JUSTPAID_API_KEY}\`,
  "Content-Type": "application/json",
};

// The same id sent twice counts once, so a request that failed can be sent again.
const sent = await fetch("${address}/v1/events", {
  method: "POST",
  headers,
  body: JSON.stringify({
    id: crypto.randomUUID(),
    customer_id: ${JSON.stringify(customer)},
    event: ${JSON.stringify(event)},
    properties: ${JSON.stringify(properties)},
  }),
});
if (!sent.ok) throw new Error(await sent.text());

const query = new URLSearchParams({ meter: ${JSON.stringify(meter)}, customer_id: ${JSON.stringify(customer)} });
const usage = await fetch(\`${address}/v1/usage?\${query}\`, { headers });
console.log(await usage.json());`;
}

export function pythonOf({ address, customer, event, meter, properties }: Example): string {
  return `import os, uuid
import httpx  # pip install httpx

client = httpx.Client(
    base_url="${address}",
    headers={"Authorization": f"Bearer {os.environ['JUSTPAID_API_KEY']}"},
)

# The same id sent twice counts once, so a request that failed can be sent again.
event = {
    "id": str(uuid.uuid4()),
    "customer_id": ${JSON.stringify(customer)},
    "event": ${JSON.stringify(event)},
    "properties": ${JSON.stringify(properties)},
}
client.post("/v1/events", json=event).raise_for_status()

usage = client.get("/v1/usage", params={"meter": ${JSON.stringify(meter)}, "customer_id": ${JSON.stringify(customer)}})
print(usage.json())`;
}
