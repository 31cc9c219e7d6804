import { Select } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { customerQuery, customersQuery } from "@/api/customers";

interface Props {
  label: string;
  placeholder?: string;
  /** An id, or null for none. */
  value: string | null;
  onChange: (id: string | null) => void;
}

/** One customer of however many: the server searches by name, external id and e-mail. */
export function CustomerSelect({ label, placeholder = "Every customer", value, onChange }: Props) {
  const [typed, setTyped] = useState("");
  const [search] = useDebouncedValue(typed, 200);
  const chosen = useQuery({ ...customerQuery(value ?? ""), enabled: value !== null });
  const name = chosen.data?.name;
  // What is written after a choice is the name that was chosen, and no search.
  const wanted = search === "" || search === name ? {} : { search };
  const found = useInfiniteQuery(customersQuery({ ...wanted, sort: "name" }));
  const customers = found.data?.pages.flatMap((page) => page.data) ?? [];
  const options = customers.map((each) => ({ value: each.id, label: each.name }));
  const known = chosen.data;
  if (known !== undefined && !options.some((each) => each.value === known.id)) {
    options.unshift({ value: known.id, label: known.name });
  }
  return (
    <Select
      label={label}
      placeholder={placeholder}
      data={options}
      value={known?.id ?? value}
      onChange={onChange}
      searchable
      clearable
      onSearchChange={setTyped}
      // The server has searched already, in more than the name.
      filter={({ options: all }) => all}
      nothingFoundMessage={found.isFetching ? "Searching…" : "No such customer"}
      comboboxProps={{ withinPortal: true }}
      clearButtonProps={{ "aria-label": `Clear ${label.toLowerCase()}` }}
    />
  );
}
