import { Button, Card, Checkbox, Group, SimpleGrid, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { IconSearch } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import type { EventSearch } from "@/api/events";
import { EmptyState } from "@/components/EmptyState";
import { EventsTable } from "@/components/events/EventsTable";
import type { EventsSearch } from "./search";

interface Props {
  search: EventsSearch;
  onOpen: (id: string) => void;
}

export function SearchPanel({ search, onOpen }: Props) {
  const searched = Object.keys(asked(search)).length > 0;
  return (
    <>
      {/* A new address, as by the browser's way back, fills the fields anew. */}
      <Fields key={JSON.stringify({ ...search, event: undefined })} search={search} onOpen={onOpen} />
      <EventsTable
        search={asked(search)}
        onOpen={onOpen}
        {...(searched
          ? {
              empty: (
                <EmptyState title="No event matches" icon={IconSearch}>
                  Widen the time, or look whether the customer's key is the one that the events were sent with.
                </EmptyState>
              ),
            }
          : {})}
      />
    </>
  );
}

function Fields({ search, onOpen }: Props) {
  const navigate = useNavigate({ from: "/events" });
  const form = useForm({
    initialValues: {
      id: "",
      customer: search.customer ?? "",
      name: search.name ?? "",
      from: search.from ?? "",
      to: search.to ?? "",
      unattributed: search.unattributed ?? false,
    },
  });
  const find = ({ id, customer, name, from, to, unattributed }: typeof form.values) => {
    if (id.trim() !== "") return onOpen(id.trim());
    void navigate({
      search: {
        customer: customer.trim() || undefined,
        name: name.trim() || undefined,
        from: from || undefined,
        to: to || undefined,
        unattributed: unattributed || undefined,
      },
    });
  };
  return (
    <Card p="md" mb="lg">
      <form onSubmit={form.onSubmit(find)} aria-label="Search events">
        <SimpleGrid cols={{ base: 1, xs: 2, md: 3, xl: 5 }} verticalSpacing="sm">
          <TextInput label="Customer" placeholder="Any key, id or alias" {...form.getInputProps("customer")} />
          <TextInput label="Event" placeholder="api_call" {...form.getInputProps("name")} />
          <TextInput label="From" type="datetime-local" {...form.getInputProps("from")} />
          <TextInput label="Before" type="datetime-local" {...form.getInputProps("to")} />
          <TextInput label="Event id" placeholder="Opens that event" {...form.getInputProps("id")} />
        </SimpleGrid>
        <Group mt="md" justify="space-between">
          <Checkbox label="Only events of no customer" {...form.getInputProps("unattributed", { type: "checkbox" })} />
          <Group gap="xs">
            <Button variant="default" onClick={() => void navigate({ search: {} })}>
              Clear
            </Button>
            <Button type="submit" leftSection={<IconSearch size={16} />}>
              Search
            </Button>
          </Group>
        </Group>
      </form>
    </Card>
  );
}

/** What is asked of the API; times in the address are the reader's own. */
export function asked({ customer, name, from, to, unattributed }: EventsSearch): EventSearch {
  return {
    ...(customer === undefined ? {} : { customer_id: customer }),
    ...(name === undefined ? {} : { event: name }),
    ...(from === undefined ? {} : { from: new Date(from).toISOString() }),
    ...(to === undefined ? {} : { to: new Date(to).toISOString() }),
    ...(unattributed === true ? { unattributed } : {}),
  };
}
