import { Select, type SelectProps } from "@mantine/core";

const CURRENCIES = Intl.supportedValuesOf("currency");

export function CurrencySelect(props: Omit<SelectProps<string>, "data">) {
  return (
    <Select label="Currency" placeholder="The organisation's" {...props} data={CURRENCIES} searchable limit={100} />
  );
}
