import { Card, Skeleton, Tabs, Text, Title } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { customersQuery } from "@/api/customers";
import { metersQuery } from "@/api/meters";
import { CodeBlock } from "@/components/CodeBlock";
import { curlOf, type Example, pythonOf, typescriptOf } from "./quickStart";

const LANGUAGES = [
  { name: "curl", write: curlOf },
  { name: "TypeScript", write: typescriptOf },
  { name: "Python", write: pythonOf },
];

/** Code to copy, with this server's address and what this organisation has. */
export function QuickStart() {
  const customers = useInfiniteQuery(customersQuery());
  const meters = useInfiniteQuery(metersQuery());
  if (customers.isPending || meters.isPending) return <Skeleton h={360} />;
  const customer = customers.data?.pages[0]?.data[0];
  const meter = meters.data?.pages[0]?.data[0];
  const property = meter?.property?.replace(/^properties\./, "");
  const example: Example = {
    address: globalThis.location.origin,
    customer: customer?.external_id ?? customer?.id ?? "acme",
    event: meter?.event ?? "api_call",
    meter: meter?.key ?? "api_calls",
    properties: property === undefined || property.includes(".") ? {} : { [property]: 1847 },
  };
  return (
    <Card component="section" aria-label="Quick start">
      <Title order={2}>Quick start</Title>
      <Text c="dimmed" size="sm" mb="md">
        Sends one event{customer === undefined ? "" : ` of ${customer.name}`}
        {meter === undefined ? "" : `, which the meter ${meter.name} counts`}. Put your key into JUSTPAID_API_KEY.
      </Text>
      <Tabs defaultValue="curl" keepMounted={false}>
        <Tabs.List mb="sm">
          {LANGUAGES.map(({ name }) => (
            <Tabs.Tab key={name} value={name}>
              {name}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {LANGUAGES.map(({ name, write }) => (
          <Tabs.Panel key={name} value={name}>
            <CodeBlock code={write(example)} label={`${name} example`} />
          </Tabs.Panel>
        ))}
      </Tabs>
    </Card>
  );
}
